"""Limits on what is measured before a candidate is trained: latency, and whether it runs on a finer grid."""

from __future__ import annotations

from itertools import chain, repeat
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from archspec import Architecture, Classifier, Conv, Image, Magnet, freeze, lower, price
from search import Exhausted, constraints, measures
from search.measures import latency, weight_bytes
from search.objectives import parse_constraint
from search.preflight import preflight
from search.training.settings import Training
from spaces import Space
from tests.search.made_up import drive, engine_in
from tests.search.test_engine import OBJECTIVES
from tests.search.tiny import bars, small_space

ERROR = "equivariance_error <= 0.001"


def continuous(kernel_size: int = 3) -> Architecture:
    body = [Conv(channels=2, kernel_size=kernel_size, kernel=Magnet(hidden=4, layers=1))]
    return Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2))


def of_params(monkeypatch: pytest.MonkeyPatch) -> list[Architecture]:
    """A made-up latency, a microsecond for each parameter; and the architectures that it was asked of."""
    asked: list[Architecture] = []

    def found(architecture: Architecture) -> float:
        asked.append(architecture)
        return 1e-6 * price(architecture).params

    monkeypatch.setattr(constraints, "latency", found)
    return asked


@pytest.mark.parametrize(
    ("text", "limit", "written"),
    [
        ("latency <= 5ms", 0.005, "latency <= 5 ms"),
        ("latency<=200 us", 0.0002, "latency <= 0.2 ms"),
        ("latency < 0.1s", 0.1, "latency <= 100 ms"),
        ("equivariance_error <= 1e-3", 0.001, ERROR),
        ("resolution_gap <= 0.05", 0.05, "resolution_gap <= 0.05"),
    ],
)
def test_limits_on_measurements_are_read(text: str, limit: float, written: str) -> None:
    constraint = parse_constraint(text)
    assert constraint.limit == pytest.approx(limit)
    assert str(constraint) == written
    assert parse_constraint(written).limit == pytest.approx(limit)


@pytest.mark.parametrize("text", ["latency <= 5", "latency <= 5m", "latency <= fast", "resolution_gap <= 5ms"])
def test_a_time_has_a_unit_and_nothing_else_has(text: str) -> None:
    with pytest.raises(ValueError, match="or 'latency <= 5ms'"):
        parse_constraint(text)


def test_latency_is_of_one_core_and_leaves_no_trace() -> None:
    latency.cache_clear()
    threads, random = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(threads + 1)
    try:
        assert latency(small_space().default) > 0
        assert torch.get_num_threads() == threads + 1
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.get_rng_state(), random)


def test_an_architecture_has_one_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(1, 99))
    monkeypatch.setattr(measures, "_fastest", lambda run: next(times))
    assert latency(continuous(5)) == latency(continuous(5))


def test_latency_is_the_fastest_run_after_the_first_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    # Three to warm up; after the sixth, half a second is over.
    lengths = chain([0.01, 0.01, 0.01, 0.3, 0.02, 0.25], repeat(0.0))
    monkeypatch.setattr(measures.time, "perf_counter", lambda: now[0])

    def run() -> None:
        now[0] += next(lengths)

    assert measures._fastest(run) == pytest.approx(0.02)


def test_a_limit_on_latency_is_decided_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_params(monkeypatch)
    engine = engine_in(tmp_path, constraints=["latency <= 100us"], trials=99)
    drive(engine)
    known = {a.hash: price(a).params for a in small_space().enumerate()}
    trained = [trial for trial in engine.history if trial.state != "rejected"]
    assert {trial.hash for trial in trained} == {name for name, params in known.items() if params <= 100}
    reasons = {str(trial.reason).split(":")[0] for trial in engine.history if trial.state == "rejected"}
    assert "breaks latency <= 0.1 ms" in reasons


@pytest.mark.parametrize("architecture", [small_space().default, continuous(5)])
def test_bytes_are_those_of_the_exported_weights(architecture: Architecture, tmp_path: Path) -> None:
    weight_bytes.cache_clear()
    random = torch.get_rng_state()
    held = weight_bytes(architecture)
    assert torch.equal(torch.get_rng_state(), random)
    save_file(freeze(lower(architecture)).state_dict(), tmp_path / "weights.safetensors")
    written = (tmp_path / "weights.safetensors").read_bytes()
    assert held == len(written) - 8 - int.from_bytes(written[:8], "little")  # less the file's table of contents
    assert parse_constraint("bytes <= 1k").excess(price(architecture), architecture) == held / 1000 - 1


def test_a_limit_on_bytes_is_decided_before_training(tmp_path: Path) -> None:
    known = {a.hash: weight_bytes(a) for a in small_space().enumerate()}
    limit = sorted(known.values())[len(known) // 2]
    engine = engine_in(tmp_path, constraints=[f"bytes <= {limit}"], trials=99)
    drive(engine)
    trained = {trial.hash for trial in engine.history if trial.state != "rejected"}
    assert trained == {name for name, held in known.items() if held <= limit}


def test_what_a_cost_decides_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = of_params(monkeypatch)
    drive(engine_in(tmp_path, constraints=["params <= 100", "latency <= 1s"], trials=6))
    assert asked
    assert max(price(architecture).params for architecture in asked) <= 100


def test_a_limit_that_no_latency_keeps_tells_the_least(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_params(monkeypatch)
    least = min(price(architecture).params for architecture in small_space().enumerate()) / 1000
    with pytest.raises(Exhausted, match=f"break latency <= 0.001 ms; the least met is {least} ms; loosen that limit"):
        engine_in(tmp_path, constraints=["latency <= 1us"]).ask()


def test_the_preflight_measures_a_few_architectures(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = of_params(monkeypatch)
    found = preflight(small_space(), bars(), OBJECTIVES, [parse_constraint("latency <= 1us")], Training(epochs=1))
    assert len(asked) <= 36
    assert str(found.tight).startswith(f"none of {len(asked)} architectures keeps latency <= 0.001 ms")


def test_what_cannot_run_on_a_finer_grid_is_not_trained(tmp_path: Path) -> None:
    limit = ["resolution_gap <= 0.5"]
    with pytest.raises(Exhausted, match="leave that limit out, or let the space hold blocks that run on a finer grid"):
        engine_in(tmp_path / "none", constraints=limit).ask()
    space = Space(continuous().model_copy(update={"body": [Conv(channels=2, kernel_size=3)]}))
    engine = engine_in(tmp_path / "one", space, constraints=limit)
    with pytest.raises(Exhausted):
        engine.ask()
    (reason,) = {trial.reason for trial in engine.history}
    assert str(reason).startswith("breaks resolution_gap <= 0.5: body[0].kernel (conv): a table has weights at its own")
