"""A search is for one target: its constraints, its objectives and its trials' costs are what that target runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec import Activation, Architecture, Classifier, Conv, GroupPool, Image, Lift, Magnet, Norm, price
from search import Result, Search, Training
from search.errors import RunError
from spaces import Space, choice
from tests.search.tiny import bars, small_search


def continuous(**options: object) -> Search:
    """Kernels that torch transforms and the ONNX file sums, so that the same architectures cost several times more."""
    body = [
        Lift(group="C1", channels=2, kernel_size=3),
        Norm(),
        Activation(),
        Conv(channels=choice(2, 4), kernel_size=choice(3, 7, 9, 11), kernel=Magnet(hidden=4, layers=1)),
        GroupPool(),
    ]
    space = Space(Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2)))
    settings: dict[str, object] = {"trials": 4, "training": Training(epochs=1), "seed": 1} | options
    return Search(space, bars(), **settings)


def test_constraints_and_costs_are_of_the_target(tmp_path: Path) -> None:
    limit = "flops <= 60k"
    result = continuous(target="onnx", constraints=[limit]).run(tmp_path / "onnx", workers=1)
    assert [t for t in result.trials if t.state == "scored"]
    for trial in result.trials:
        if trial.architecture is not None:
            assert trial.cost == price(trial.architecture, "onnx")
            assert price(trial.architecture, "onnx").flops <= 60_000
    # Under another target some of what was refused would have been taken.
    space = continuous().space
    costs = [(price(a, "torch").flops, price(a, "onnx").flops) for a in space.enumerate()]
    assert any(torch <= 60_000 < onnx for torch, onnx in costs)


def test_a_run_goes_on_under_its_own_target_only(tmp_path: Path) -> None:
    continuous(target="onnx", trials=1).run(tmp_path, workers=1)
    with pytest.raises(RunError, match="another target"):
        continuous(trials=1).run(tmp_path, workers=1)
    assert Result.open(tmp_path).study.user_attrs["target"] == "onnx"


def test_a_run_that_was_begun_before_there_were_targets_is_for_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Search._terms
    monkeypatch.setattr(Search, "_terms", lambda self, *a: {k: v for k, v in said(self, *a).items() if k != "target"})
    small_search(trials=1).run(tmp_path, workers=1)
    monkeypatch.setattr(Search, "_terms", said)
    with pytest.raises(RunError, match="another target"):
        small_search(trials=1, target="onnx").run(tmp_path, workers=1)
    assert len(small_search(trials=2).run(tmp_path, workers=1).front) >= 1


def test_no_other_target() -> None:
    with pytest.raises(ValueError, match="no target 'tpu'; use one of torch, cuda, onnx"):
        small_search(target="tpu")
