"""What it takes to add a block: four places, and everything else follows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.laws.process import ROOT, run

TOY_BLOCK = '''"""A toy: every channel scaled by a number of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from archspec.graph.block import Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


class Toy(Primitive):
    """Scale every channel."""

    kind: Literal["toy"] = "toy"
    start: float = Field(default=1.0, gt=0)

    def infer(self, x: Signal) -> Signal:
        if x.channels > 99:
            raise SignalError("a toy scales at most 99 channels; use fewer")
        return x

    def cost(self, x: Signal) -> Cost:
        return Cost(params=x.channels)

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.toy import Toy as Layer

        return Layer(x.channels, x.group.order, x.dims, self.start)
'''
TOY_LAYER = '''"""A toy layer."""

import torch
from torch import Tensor, nn


class Toy(nn.Module):
    """(B, C, …) scaled along C."""

    def __init__(self, channels: int, order: int, dims: int, start: float) -> None:
        super().__init__()
        self.order, self.dims = order, dims
        self.scale = nn.Parameter(torch.full((channels,), start))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale.view(-1, *(1,) * (x.dim() - 2))

    def plain(self) -> nn.Module:
        return Folded(self.scale.detach().repeat_interleave(self.order).view(-1, *(1,) * self.dims))


class Folded(nn.Module):
    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.scale = nn.Parameter(scale)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale
'''
TOY_EXAMPLE = """    "toy": on("D4", TOY, Norm()),
    "plain toy": network(LINE, Residual(body=[TOY])),
"""
TOY_NAMES = """from archspec.blocks.toy import Toy
from tests.examples.building import on

TOY = Toy(start=2.0)
"""
TOY_LAWS = (
    "archspec/graph/test_laws.py",
    "archspec/graph/test_passes.py",
    "archspec/kernels/test_kernels.py",
    "archspec/network/test_laws.py",
    "archspec/schema/test_round_trips.py",
    "archspec/symmetry",
    "test_structure.py",
)
TOY_USE = """
import json, random, sys, warnings
from pathlib import Path
import archspec, spaces
from archspec import Architecture, Classifier, Conv, Lift, GroupPool, Image, choice
from archspec.blocks.toy import Toy
space = spaces.Space(Architecture(input=Image(size=(9, 9)), head=Classifier(classes=2), body=[
    Lift(group="C4", channels=2), choice(Toy(start=choice(0.5, 2.0)), Conv(channels=2)), GroupPool()]))
assert space.size() == 3 and spaces.Space.from_json(space.to_json()).size() == 3
found = [a for a in space.enumerate() if "toy" in a.to_json()]
assert len({a.hash for a in found}) == 2 and space.values_of(found[0])["body[1][toy].start"] == 0.5
bad = json.loads(found[0].to_json()); bad["body"][1]["start"] = -1
try: Architecture.from_data(bad)
except archspec.SpecError as error: assert str(error).startswith("body[1].start: "), error
else: raise AssertionError
model = archspec.lower(found[0]).eval()
directory = archspec.export(model, sys.argv[1])
assert archspec.load(directory).state_dict().keys() == model.state_dict().keys()
assert {p.name for p in directory.iterdir()} >= {"model.onnx", "weights.safetensors", "architecture.json"}
"""


@pytest.mark.thorough
def test_a_new_block_takes_four_places_and_everything_else_follows(tmp_path: Path) -> None:
    for package in ("archspec", "spaces", "tests"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "search", "benchmarks")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    blocks, examples = tmp_path / "archspec/blocks/__init__.py", tmp_path / "tests/examples/composed.py"
    (tmp_path / "archspec/blocks/toy.py").write_text(TOY_BLOCK)
    (tmp_path / "archspec/layers/toy.py").write_text(TOY_LAYER)
    blocks.write_text(
        blocks.read_text()
        .replace("BLOCKS.write_out(", "from archspec.blocks.toy import Toy\n\nBLOCKS.write_out(", 1)
        .replace("    Canonicalise,\n    Graph,\n)", "    Canonicalise,\n    Graph,\n    Toy,\n)", 1)
    )
    examples.write_text(
        examples.read_text()
        .replace("COMPOSED: dict", f"{TOY_NAMES}COMPOSED: dict", 1)
        .replace('    "nothing": network(LINE),\n', TOY_EXAMPLE)
    )
    run("-W", "ignore", "-c", TOY_USE, str(tmp_path / "exported"), at=tmp_path)
    laws = [str(tmp_path / "tests" / name) for name in TOY_LAWS]
    report = run("-m", "pytest", "-q", "-k", "toy or in_the_union", "-p", "no:cacheprovider", *laws, at=tmp_path)
    assert "toy" not in report
    assert " passed" in report or "[100%]" in report
