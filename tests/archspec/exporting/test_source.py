"""Networks as Python source and as programs of torch.export, which run without this package as they do frozen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn.utils import prune

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Image,
    Network,
    export,
    freeze,
    load,
    lower,
)
from archspec.exporting import source_code
from archspec.exporting.agreement import Disagreement
from archspec.exporting.program_file import PROGRAM
from archspec.exporting.source_code import source_of
from archspec.exporting.source_file import SOURCE, TENSORS
from archspec.exporting.writing import PREPARATION, README
from archspec.schema.mistakes import SpecError
from tests.archspec.exporting.small import small
from tests.examples import EXAMPLES, KINDS, KINDS_BY_DEFAULT, built, noise

pytestmark = pytest.mark.thorough
BOTH = ("source", "pt2")


def made_of(source: str, state: dict[str, Tensor]) -> nn.Module:
    """The model that a source defines, with these weights."""
    names: dict[str, Any] = {"__file__": "model.py", "__name__": "model"}
    exec(compile(source, "model.py", "exec"), names)
    model: nn.Module = names["Model"]()
    model.load_state_dict(state)
    return model.eval()


def example(name: str) -> Network:
    return built(EXAMPLES[name]).float().eval()


def written_out(name: str) -> tuple[Tensor, Tensor]:
    """What the source of an example answers for three inputs, and what its frozen network does."""
    network = example(name)
    frozen, x = freeze(network), noise(EXAMPLES[name], batch=3).float()
    with torch.no_grad():
        return made_of(*source_of(frozen, network.architecture.signal.shape, name))(x), frozen(x)


@pytest.mark.parametrize("name", KINDS_BY_DEFAULT)
def test_the_source_of_an_example_is_its_frozen_network(name: str) -> None:
    assert torch.equal(*written_out(name))


_arguments, _attribute = source_code._arguments, source_code._attribute


def _without_settings(module: nn.Module) -> tuple[list[Any], dict[str, Any]]:
    return _arguments(module)[0], {}


def _in_another_order(frozen: fx.GraphModule, kind: str, path: str, name: str) -> tuple[str, dict[str, Tensor]]:
    line, tensors = _attribute(frozen, kind, path, name)
    return line, {key: tensor.flip(0) if tensor.ndim else tensor for key, tensor in tensors.items()}


FAULTS: dict[str, tuple[str, Callable[..., object]]] = {
    "settings left out": ("_arguments", _without_settings),
    "weights in another order": ("_attribute", _in_another_order),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_source_fails_that_law_and_is_not_exported(
    fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(source_code, *FAULTS[fault])
    wrong = AssertionError, RuntimeError, ValueError  # other answers, or none, as sizes do not fit
    with pytest.raises(wrong):
        test_the_source_of_an_example_is_its_frozen_network("D4 residual")
    with pytest.raises((Disagreement, RuntimeError, ValueError)):
        export(example("D4 residual"), tmp_path / "best", formats=["source"])
    assert not (tmp_path / "best").exists()


ALONE = """
import sys, torch
sys.path.insert(0, sys.argv[1])
from model import load
x, y = torch.load(sys.argv[2], weights_only=True)
for model in (load(), torch.export.load(sys.argv[1] + "/model.pt2").module()):
    for batch in (1, 3):
        assert torch.allclose(model(x[:batch]), y[:batch], rtol=0, atol=1e-6)
assert not {"archspec", "search", "spaces", "safetensors"} & set(sys.modules)
"""


def test_both_run_where_this_package_is_not(tmp_path: Path) -> None:
    network = small()
    directory = export(network, tmp_path / "best", formats=BOTH)
    x = torch.randn(3, 1, 6, 6)
    with torch.no_grad():
        torch.save((x, network(x)), tmp_path / "answers.pt")
        assert torch.equal(load(directory)(x), network(x))
    command = [sys.executable, "-I", "-c", ALONE, str(directory), str(tmp_path / "answers.pt")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    readme = (directory / README).read_text()
    assert f"Loading `{SOURCE}` and `{PROGRAM}` runs code" in readme
    assert all(f"- `{name}`:" in readme for name in (SOURCE, TENSORS, PROGRAM))


def test_a_later_export_without_them_leaves_none_of_their_files(tmp_path: Path) -> None:
    export(small(), tmp_path / "best", formats=BOTH)
    export(small(seed=1), tmp_path / "best")
    assert not {SOURCE, TENSORS, PROGRAM} & {file.name for file in (tmp_path / "best").iterdir()}


OWN = """
import sys
from typing import Literal
from torch import nn
from archspec import Architecture, Classifier, Image, Primitive, export, lower, register

class Own(Primitive):
    kind: Literal["own_of_an_export"] = "own_of_an_export"
    def infer(self, x): return x
    def lower(self, x): return nn.SiLU()

register(Own)
own = Architecture(input=Image(channels=1, size=(6, 6)), body=[Own()], head=Classifier(classes=2))
export(lower(own), sys.argv[1], formats=["source"])
"""


def test_a_block_that_is_not_known_is_named_and_its_source_runs(tmp_path: Path) -> None:
    """Here it is not: another process registers and exports it."""
    directory = tmp_path / "best"
    subprocess.run([sys.executable, "-c", OWN, str(directory)], check=True)
    with pytest.raises(SpecError) as told:
        load(directory)
    assert str(told.value) == (
        f"{directory} is whole, but cannot be read here: body[0]: unknown kind 'own_of_an_export'; import the module "
        "that registers it, or use the version that wrote it"
    )
    command = [sys.executable, "-c", "from model import load; load()"]
    subprocess.run(command, cwd=directory, check=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})


def test_an_export_whose_source_was_imported_is_replaced(tmp_path: Path) -> None:
    directory = export(small(), tmp_path / "best", formats=["source"])
    command = [sys.executable, "-c", "from model import load; load()"]
    subprocess.run(command, cwd=directory, check=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""})
    assert (directory / "__pycache__").is_dir()
    try:
        export(small(seed=1), directory)
    except FileExistsError as error:
        pytest.fail(str(error))
    assert not (directory / "__pycache__").exists()


@pytest.mark.parametrize("wrong", [torch.zeros(1, 1, 6, 7), torch.zeros(1, 1, 6, 6, dtype=torch.int64)])
def test_the_source_refuses_what_the_network_does_not_take(wrong: Tensor) -> None:
    network = small()
    model = made_of(*source_of(freeze(network), (1, 6, 6), "small"))
    with pytest.raises(ValueError, match=r"takes real numbers of the shape \(batch, 1, 6, 6\), not torch"):
        model(wrong)


class Function(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(2, 1, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        points = x.flatten(2).transpose(1, 2)
        found: Tensor = self.inner(points, points, points)[0]
        return found.transpose(1, 2).reshape(x.shape)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.GRU(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.inner(x.flatten(0, 1))[0]
        return found.view(x.shape)


def pruned() -> nn.Module:
    module: nn.Module = prune.l1_unstructured(nn.Conv2d(2, 2, 1), "weight", 0.5)
    return module


# What a block of somebody's own may be lowered to.
LAYERS: dict[str, Callable[[], nn.Module]] = {
    "limits that have older names": lambda: nn.Hardtanh(-0.1, 0.2),
    "weights computed from others": pruned,
    "attention": Attention,
    "erf": lambda: Function(torch.special.erf),
    "a norm": lambda: Function(lambda x: x / torch.linalg.vector_norm(x, dim=(1, 2, 3), keepdim=True)),
}


def with_layer(layer: nn.Module, monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setattr(Activation, "lower", lambda self, x: layer)
    body = [Conv(channels=2, kernel_size=3), Activation()]
    return lower(Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2))).eval()


@pytest.mark.parametrize("what", LAYERS)
def test_layers_of_ones_own_that_are_torchs_are_written_out(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen, x = freeze(with_layer(LAYERS[what](), monkeypatch)), torch.randn(3, 1, 6, 6)
    try:
        model = made_of(*source_of(frozen, (1, 6, 6), what))
    except (ValueError, RuntimeError, AttributeError) as error:
        pytest.fail(str(error))
    with torch.no_grad():
        assert torch.equal(model(x), frozen(x))


def test_a_layer_whose_settings_are_not_known_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = freeze(with_layer(Recurrent(), monkeypatch))
    with pytest.raises(
        ValueError, match=r"^body_1_activation.inner is torch.nn.GRU, which cannot be made anew from its"
    ):
        source_of(frozen, (1, 6, 6), "recurrent")


def test_the_sources_pass_the_default_rules_of_ruff(tmp_path: Path) -> None:
    for number, name in enumerate([*KINDS, "C2 by irreducible parts"]):
        network = example(name)
        source, _ = source_of(freeze(network), network.architecture.signal.shape, name)
        (tmp_path / f"model_{number}.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


NAMED = """
import sys
from archspec import export
from tests.archspec.exporting.small import small
export(small(), sys.argv[1], formats=["source"], preparation={"classes": ["\\u00d6l"]}, explained="1. 2 \\u00d7 3.")
"""


def test_what_is_written_does_not_depend_on_the_locale(tmp_path: Path) -> None:
    """Another machine reads it, whose locale is not that of this one."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", NAMED, str(tmp_path / "best")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | plain)
    assert ran.returncode == 0, ran.stderr
    assert "Öl" in (tmp_path / "best" / PREPARATION).read_text(encoding="utf-8")


def _own(x: Tensor) -> Tensor:
    return x + 1


def test_an_operation_that_is_not_of_torch_is_named() -> None:
    graph = fx.Graph()
    graph.output(graph.call_function(_own, (graph.placeholder("x"),)))
    with pytest.raises(ValueError, match="the operation tests_archspec_exporting_test_source__own is not torch's own"):
        source_of(fx.GraphModule(nn.Module(), graph), (1, 6, 6), "own")
