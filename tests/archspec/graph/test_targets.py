"""The same architecture costs what the thing that runs it does: torch on a CPU, on a GPU, the ONNX file."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from archspec import Architecture, Conv, Fourier, FrameAverage, Gaussian, Image, Series, Siren, freeze, price
from archspec.exporting.onnx_file import export_onnx
from archspec.geometry.fourier import CROSSOVERS, TARGETS, Target, crossovers
from examples.readme import space as readme_space
from tests.benchmarks.crossover import Cell, fitted, write
from tests.examples import EXAMPLES, SEPARABLE, built, network, on
from tests.laws.onnx_counting import counted_in_file

LONG = {
    "dense, by transforms there too": network(
        Series(channels=2, length=300), Conv(channels=3, kernel_size=257, kernel=Siren(hidden=4), causal=True)
    ),
    "separable, by sums there": network(
        Series(channels=2, length=300),
        Conv(channels=3, kernel_size=201, kernel=Siren(hidden=4), factorisation=SEPARABLE),
    ),
    "separable, by transforms there too": network(
        Series(channels=2, length=1100),
        Conv(channels=3, kernel_size=1101, kernel=Siren(hidden=4), factorisation=SEPARABLE),
    ),
    "image": network(
        Image(size=(32, 32)), Conv(channels=2, kernel_size=33, kernel=Fourier(features=2), window=Gaussian(sigma=2))
    ),
    "on a group": on(
        "C4",
        kernel=Siren(hidden=4),
        channels=1,
        kernel_size=33,
        input=Image(channels=1, size=(20, 20)),
        algorithm="fft",
    ),
    "moved as a whole": network(
        Image(channels=1, size=(20, 20)),
        FrameAverage(group="C2", body=[Conv(channels=1, kernel_size=33, kernel=Siren(hidden=4))]),
    ),
}
IN_THE_FILE = LONG | {name: EXAMPLES[name] for name in ("D1 attention in time", "C4 in part")}


def in_the_file(architecture: Architecture, directory: Path) -> int:
    """FLOPs that the exported file has by an independent count."""
    model = built(architecture).float().eval()
    export_onnx(freeze(model, target="onnx"), architecture, directory / "model.onnx")
    return counted_in_file(directory / "model.onnx")


@pytest.fixture(scope="module")
def in_its_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], int]:
    """FLOPs in the file of a network of the table above, which is written once."""
    return cache(lambda name: in_the_file(IN_THE_FILE[name], tmp_path_factory.mktemp("onnx")))


@pytest.mark.thorough
@pytest.mark.parametrize("name", IN_THE_FILE)
def test_the_flops_priced_for_onnx_are_those_of_the_file(name: str, in_its_file: Callable[[str], int]) -> None:
    assert price(IN_THE_FILE[name], "onnx").flops == in_its_file(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_flops_priced_for_onnx_are_those_of_every_file(name: str, tmp_path: Path) -> None:
    assert price(EXAMPLES[name], "onnx").flops == in_the_file(EXAMPLES[name], tmp_path)


@pytest.mark.thorough
def test_a_price_that_takes_one_target_for_another_fails_that_law(in_its_file: Callable[[str], int]) -> None:
    for name in ("separable, by sums there", "image", "on a group", "moved as a whole"):
        assert price(LONG[name], "torch").flops != in_its_file(name), name


def test_the_graph_states_what_each_target_runs() -> None:
    found = {t: LONG["separable, by sums there"].graph.algorithms(t) for t in TARGETS}
    assert found == {"torch": {"body.0": "fft"}, "cuda": {"body.0": "direct"}, "onnx": {"body.0": "direct"}}
    assert LONG["dense, by transforms there too"].graph.algorithms("onnx") == {"body.0": "fft"}


@pytest.mark.thorough
def test_the_example_of_the_readme_is_priced_for_the_file(tmp_path: Path) -> None:
    rng = random.Random(0)
    drawn = (readme_space.sample(rng) for _ in range(200))
    continuous = next(a for a in drawn if price(a, "onnx").flops > 2 * price(a).flops)
    assert price(continuous, "onnx").flops == in_the_file(continuous, tmp_path)


def test_no_other_target() -> None:
    target: Target = "tpu"
    with pytest.raises(ValueError, match="no target 'tpu'; use one of torch, cuda, onnx"):
        price(EXAMPLES["table"], target)


def test_an_old_name_of_the_target_still_works() -> None:
    model = built(LONG["separable, by sums there"]).eval()
    with pytest.warns(DeprecationWarning, match="target"):
        frozen = freeze(model, powers_of_two=True)
    assert "rfft" not in frozen.code
    assert "rfft" in freeze(model).code


def test_every_kind_of_device_has_a_whole_table() -> None:
    kinds = {
        f"{d}-D {how} {when}" for d in (1, 2, 3) for how in ("depthwise", "full") for when in ("evaluation", "training")
    }
    assert {device: set(table) for device, table in crossovers().items()} == {"cpu": kinds, "cuda": kinds}


def test_a_table_is_fitted_to_what_was_measured_and_written_beside_the_others(tmp_path: Path) -> None:
    def cells(a: float, b: float) -> list[Cell]:
        at = [(n, k) for n in (16, 32, 64) for k in (3, 5, 7, 9, 11, 13, 15, 21, 31)]
        return [Cell("2-D full training", n, k, 8, 1.5 if k > a + b / n else 0.7) for n, k in at]

    for a, b in ((8, 0), (4, 128), (8, 64), (2, 0), (60, 0)):
        found = fitted(cells(a, b), (1, 0))
        assert all(cell.regret(*found) == 1 for cell in cells(a, b)), (a, b, found)
    assert fitted(cells(8, 0), (8.5, 0)) == (8.5, 0), "what is as good stays"
    file, table = tmp_path / "copy.json", crossovers()
    write(file, "cpu", table["cpu"], json.loads(CROSSOVERS.read_text())["measured"]["cpu"])
    assert file.read_text() == CROSSOVERS.read_text()
    write(file, "cuda", table["cpu"], "somewhere")
    assert json.loads(file.read_text())["sizes"] == {"cpu": table["cpu"], "cuda": table["cpu"]}
