"""The shape of the project: its layers, its size, its public names, and what it takes to add a block."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import archspec
import spaces
from archspec.blocks.conv.conv import Convolution
from archspec.blocks.heads import Readout
from archspec.graph.block import BLOCKS, HEADS, Block, Primitive
from archspec.kernels import KERNELS
from archspec.kernels.windows import WINDOWS
from tests.examples import EXAMPLES

ROOT = Path(__file__).parents[1]
PACKAGES = ("archspec", "spaces", "search")


def run(*command: str, at: Path = ROOT) -> str:
    """What a Python process of its own prints."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=at,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(at)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_layers_hold() -> None:
    report = run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")
    assert "0 broken" in report


@pytest.mark.parametrize(
    "use",
    [
        "import archspec, spaces",
        "import spaces; spaces.Space.from_json(spaces.images(1, (28, 28), 10).to_json()).size()",
        "import spaces, random, archspec; s = spaces.images(1, (28, 28), 10); a = s.sample(random.Random(0)); "
        "a.hash, archspec.price(a), a.warnings, archspec.Architecture.from_yaml(a.to_yaml()), s.values_of(a)",
    ],
)
def test_reading_typing_hashing_and_pricing_load_no_torch(use: str) -> None:
    heavy = "{'torch', 'optuna', 'ray', 'scipy', 'sklearn', 'matplotlib'}"
    assert run("-c", f"{use}\nimport sys; print(sorted({heavy} & set(sys.modules)))").strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_is_short_and_says_what_it_is(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        text = file.read_text()
        assert len(text.splitlines()) <= 250, file
        assert text.startswith('"""'), file


PUBLIC = {
    "Activation",
    "Attention",
    "Architecture",
    "Block",
    "Branch",
    "Check",
    "Kernel",
    "Primitive",
    "Canonicalise",
    "Classifier",
    "Conv",
    "Cost",
    "Dense",
    "Disc",
    "Dropout",
    "Exponential",
    "Fourier",
    "Finite",
    "FrameAverage",
    "Gaussian",
    "Graph",
    "GraphNode",
    "Group",
    "GroupPool",
    "Hyena",
    "Image",
    "Lift",
    "Magnet",
    "Mlp",
    "Network",
    "Norm",
    "Partial",
    "Pointwise",
    "Pool",
    "Regressor",
    "Repeat",
    "Residual",
    "Restrict",
    "Scales",
    "SelfAttention",
    "SelfAttentionLift",
    "Sequential",
    "Series",
    "Signal",
    "SignalError",
    "S4D",
    "Siren",
    "SpecError",
    "Spline",
    "Table",
    "TestTimeAverage",
    "Volume",
    "admissibility_penalty",
    "alias_penalty",
    "carry",
    "choice",
    "export",
    "freeze",
    "integer",
    "kept_kernels",
    "load",
    "lower",
    "order",
    "price",
    "real",
    "register",
    "roles",
}


def test_the_public_names_are_these() -> None:
    assert set(archspec.__all__) == PUBLIC
    assert set(spaces.__all__) == {
        "Parameter",
        "Space",
        "attentive_gcnn",
        "ccnn",
        "choice",
        "ckcnn",
        "flexnet",
        "flextcn",
        "gsa_net",
        "images",
        "integer",
        "octahedral_cnn",
        "order",
        "p4cnn",
        "p4mcnn",
        "partial_gcnn",
        "real",
        "rotated_images",
        "separable_gcnn",
        "sequences",
        "volumes",
        "wavelet_net",
    }
    assert all(getattr(module, name) is not None for module in (archspec, spaces) for name in module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = archspec.nothing


def leaves(kind: type[Block]) -> set[type[Block]]:
    below = kind.__subclasses__()
    return {kind} if not below else {leaf for child in below for leaf in leaves(child)}


def test_every_kind_is_in_the_union_and_has_an_example() -> None:
    union = {*BLOCKS.values(), *HEADS.values()}
    assert {kind for kind in leaves(Block) if kind.__module__.startswith("archspec.")} == union - {
        Primitive,
        Convolution,
        Readout,
    }
    written = " ".join(architecture.to_json() for architecture in EXAMPLES.values())
    for kind in (*union, *KERNELS.values(), *WINDOWS.values()):
        assert f'"kind": "{kind.model_fields["kind"].default}"' in written or kind is archspec.Table


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
TOY_LAWS = (
    "archspec/blocks/test_laws.py",
    "archspec/symmetry",
    "archspec/graph/test_hash.py",
    "archspec/graph/test_passes.py",
    "archspec/kernels/test_kernels.py",
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


def test_a_new_block_takes_four_places_and_everything_else_follows(tmp_path: Path) -> None:
    for package in ("archspec", "spaces", "tests"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "search", "benchmarks")
        )
    blocks, examples = tmp_path / "archspec/blocks/__init__.py", tmp_path / "tests/examples.py"
    (tmp_path / "archspec/blocks/toy.py").write_text(TOY_BLOCK)
    (tmp_path / "archspec/layers/toy.py").write_text(TOY_LAYER)
    blocks.write_text(
        blocks.read_text()
        .replace("BLOCKS.write_out(", "from archspec.blocks.toy import Toy\n\nBLOCKS.write_out(", 1)
        .replace("    Canonicalise,\n    Graph,\n)", "    Canonicalise,\n    Graph,\n    Toy,\n)", 1)
    )
    examples.write_text(
        examples.read_text()
        .replace("COMPOSED: dict", "from archspec.blocks.toy import Toy\n\nTOY = Toy(start=2.0)\nCOMPOSED: dict", 1)
        .replace('    "nothing": network(LINE),\n', TOY_EXAMPLE)
    )
    run("-W", "ignore", "-c", TOY_USE, str(tmp_path / "exported"), at=tmp_path)
    laws = [str(tmp_path / "tests" / name) for name in TOY_LAWS]
    report = run("-m", "pytest", "-q", "-k", "toy or in_the_union", "-p", "no:cacheprovider", *laws, at=tmp_path)
    assert "toy" not in report
    assert " passed" in report or "[100%]" in report
