"""What was registered where a search runs is known where it trains, however its module came there."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from archspec import Finite, register
from archspec.geometry.families import GROUPS
from archspec.geometry.groups import Group
from search.backends import worker
from search.backends.storage import Storage
from search.backends.worker import Trainer
from search.events import Event, Finished, Interrupted
from search.objectives import Score
from search.outcome import Failed
from search.training.settings import Training
from tests.laws.process import run
from tests.search.made_up import engine_in
from tests.search.tiny import bars

MIRRORS = Finite("Mirrors", {2: np.array([np.diag(d) for d in ((1, 1), (-1, 1), (1, -1), (-1, -1))], dtype=float)})


def trainer(directory: Path) -> Trainer:
    return Trainer(bars(12).without_test(), Training(epochs=1), Score("accuracy", True), str(directory))


def test_what_is_registered_here_is_registered_where_the_trainer_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archspec.doors._registered", {})
    monkeypatch.setattr(GROUPS, "known", {**GROUPS.known})
    register(MIRRORS)
    sent = pickle.dumps(trainer(tmp_path))
    del GROUPS.known["Mirrors"]  # as in a process that has not imported what registers it
    loaded = pickle.loads(sent)
    assert "Mirrors" in GROUPS
    assert Group("Mirrors").order == 4
    assert pickle.loads(sent).registered == loaded.registered  # once more is no clash


@pytest.mark.parametrize("stored", [False, True])
def test_what_a_worker_cannot_read_is_an_interruption(stored: bool, tmp_path: Path) -> None:
    """Also where its files go through the storage of a cluster."""
    heard: list[Event] = []
    unknown = {"input": {"kind": "image", "size": [6, 6]}, "body": [{"kind": "unheard_of"}]}
    cost = {"macs": 0, "fft_flops": 0, "params": 0, "activations": 0, "kernel_macs": 0}
    data = {"number": 7, "slot": 0, "values": {}, "architecture": unknown, "hash": "", "cost": cost, "seed": 0}
    try:
        if stored:
            Storage(str(tmp_path), "run").train(trainer(tmp_path), data, heard.append, "node")
        else:
            trainer(tmp_path).run(data, heard.append)
    except ValueError as error:
        pytest.fail(f"its process ends: {error}")
    (event,) = heard
    assert isinstance(event, Interrupted)
    assert (event.number, event.died) == (7, False)
    assert event.reason.startswith("what was drawn cannot be read here: body[0]: unknown kind 'unheard_of'")


# A notebook's cells, as it were: no worker process can import them.
CELLS = """
import json
from typing import Literal
import archspec
from archspec import Architecture, Classifier, GroupPool, Image, Lift
from search import Search, Training
from spaces import Space, choice
from tests.search.backends.test_registered import MIRRORS
from tests.search.tiny import bars

def layer():
    import torch
    class Same(torch.nn.Module):
        def forward(self, x):
            return x
    return Same()

class Same(archspec.Primitive):
    kind: Literal["same"] = "same"
    def infer(self, x):
        return x
    def lower(self, x):
        return layer()

archspec.register(Same)
archspec.register(MIRRORS)
body = [Lift(group=choice("C1", "Mirrors"), channels=2), Same(), GroupPool()]
space = Space(Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2)))
search = Search(space, bars(), trials=2, strategy="exhaustive", training=Training(epochs=1, batch_size=32))
result = search.run("run", workers=1, watch=None)
confirmed = result.confirm(seeds=1, workers=1)
print(json.dumps([[trial.state for trial in result.trials], [len(row.scored) for row in confirmed.rows]]))
"""


@pytest.mark.thorough
def test_pieces_that_no_worker_can_import_are_searched_and_confirmed(tmp_path: Path) -> None:
    states, confirmed = json.loads(run("-", within=tmp_path, given=CELLS))
    assert states == ["scored", "scored"]
    assert confirmed
    assert set(confirmed) == {1}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("\n  Some words.\nMore.\n", "Some words."),
        ("first\nsecond", "first"),
        ("", "no message"),
        ("\n ", "no message"),
    ],
)
def test_why_a_candidate_failed_is_not_a_blank_line(
    words: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(*args: object, **named: object) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(worker, "train", train)
    engine = engine_in(tmp_path / "engine")
    candidate = engine.ask()
    engine.record.close()
    assert candidate is not None
    heard: list[Event] = []
    trainer(tmp_path).run(candidate.to_data(), heard.append)
    assert isinstance(heard[-1], Finished)
    assert heard[-1].outcome == Failed(f"RuntimeError: {reason}")
