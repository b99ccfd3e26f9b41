"""A network answers with the preparation that it was trained with, whatever task or file there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from archspec import SpecError, export, lower
from search import Predictor, Task
from search.errors import RunError
from search.files import RunDirectory
from search.prepared import preparation_of, require_alike
from search.tasks.preparation import Preparation
from search.trial import Trial
from tests.search.training.watched import PLAIN

OWN = Preparation("regression", mean=(3.0,), spread=(2.0,), target_mean=(10.0,), target_spread=(4.0,), size=(1,))
OTHER = Preparation("regression", mean=(5.0,), spread=(1.0,), target_mean=(-1.0,), target_spread=(9.0,), size=(1,))
RECORDED = {"preparation": json.loads(json.dumps(OWN.to_data()))}


def task(prepared: Preparation | None) -> Task:
    """A task of which all but the preparation is the same."""
    data = torch.zeros(2, 1, 1), torch.zeros(2, 1)
    return Task("levels", "regression", data, data, data, preparation=prepared)


def file_of(prepared: Preparation | None, place: Path) -> RunDirectory:
    """The directory of a run with this preparation in the file beside its record."""
    directory = RunDirectory(place)
    if prepared is not None:
        place.mkdir(parents=True, exist_ok=True)
        directory.preparation.write_text(json.dumps(prepared.to_data()))
    return directory


def test_what_the_record_says_is_how_examples_are_prepared(tmp_path: Path) -> None:
    for number, (kept, given) in enumerate([(None, None), (OTHER, None), (None, OTHER), (OTHER, OTHER)]):
        directory = file_of(kept, tmp_path / str(number))
        assert preparation_of(RECORDED, directory, task(given)) == OWN
        assert preparation_of(RECORDED, directory, None) == OWN
    assert preparation_of(RECORDED, None, None) == OWN


def test_where_the_record_says_nothing_it_is_the_task_s_or_that_in_the_file(tmp_path: Path) -> None:
    for number, (kept, given, wanted) in enumerate(
        [(None, None, None), (OWN, None, OWN), (None, OWN, OWN), (OTHER, OWN, OWN)]
    ):
        directory = file_of(kept, tmp_path / str(number))
        for settings in ({}, {"preparation": None}):
            assert preparation_of(settings, directory, task(given)) == wanted


@pytest.mark.parametrize("text", ["", "{", "3", '{"kind": "guess"}', "[" * 100_000])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, text: str) -> None:
    directory = file_of(OWN, tmp_path / "run")
    directory.preparation.write_text(text)
    with pytest.raises(RunError, match=r"preparation\.json cannot be read .*; remove it, and give the task"):
        preparation_of({}, directory, None)
    with pytest.raises(RunError, match="the preparation in the record cannot be read"):
        preparation_of({"preparation": {"kind": text}}, directory, None)


def test_a_predictor_and_an_export_of_a_trial_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trial, "model", lambda trial: lower(PLAIN))
    trial = Trial(0, 0, {}, task=task(OTHER), settings=RECORDED, directory=RunDirectory(tmp_path))
    assert trial.predictor().preparation == OWN
    monkeypatch.setattr("search.trial.Trial.test", lambda trial: {})
    assert Predictor.open(trial.export(tmp_path / "best")).preparation == OWN


class Identity(nn.Module):
    """A network that answers with its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


def test_test_data_that_are_prepared_otherwise_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trial, "model", lambda trial: Identity())
    near = Preparation.from_data(OWN.to_data() | {"mean": [3.0 + 1e-12]})
    for given in (OWN, near, None):
        assert "loss" in Trial(0, 0, {}, task=task(given), settings=RECORDED).test()
    assert "loss" in Trial(0, 0, {}, task=task(OTHER)).test()
    with pytest.raises(RunError, match="otherwise than that of the run: another mean; give the task of the run"):
        Trial(0, 0, {}, task=task(OTHER), settings=RECORDED).test()
    named = Preparation("multilabel", classes=("a", "b"), mean=(3.0,), spread=(2.0,))
    recorded = json.loads(json.dumps(named.to_data()))
    for part, value in (("classes", ["b", "a"]), ("classes", ["a"]), ("spread", [2.1]), ("kind", "classification")):
        require_alike({"preparation": recorded}, task(named))
        with pytest.raises(RunError, match=f"another {part}"):
            require_alike({"preparation": recorded | {part: value}}, task(named))


def _changed(file: Path) -> None:
    file.write_text(file.read_text().replace("10.0", "11.0"))


def _swapped(file: Path) -> None:
    file.write_text(json.dumps(OTHER.to_data()))


TAMPERING: dict[str, Callable[[Path], None]] = {"changed": _changed, "of another": _swapped, "missing": Path.unlink}


def test_an_export_whose_preparation_was_changed_or_lost_answers_nothing(tmp_path: Path) -> None:
    for what, tamper in TAMPERING.items():
        place = export(lower(PLAIN), tmp_path / what, formats=(), preparation=OWN.to_data())
        assert Predictor.open(place).preparation == OWN
        tamper(place / "preparation.json")
        with pytest.raises(SpecError, match=r"preparation\.json is .*; export the network again"):
            Predictor.open(place)
    assert Predictor.open(export(lower(PLAIN), tmp_path / "none", formats=())).preparation == Preparation()
