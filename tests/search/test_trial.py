"""A trial is tested on test data, and exported with what was measured under the name of what it was measured on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archspec import Network, lower
from archspec.exporting import writing
from search.training.evaluation import evaluate
from search.trial import Trial
from tests.search.training.watched import PLAIN, noise


def one_network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """The network of every trial."""
    network = lower(PLAIN)
    monkeypatch.setattr(Trial, "model", lambda trial: network)
    return network


def test_it_is_tested_on_test_data(monkeypatch: pytest.MonkeyPatch) -> None:
    network, task = one_network(monkeypatch), noise()
    assert task.test is not None
    found = Trial(0, 0, {}, task=task).test()
    assert found == evaluate(network, task, task.test)
    assert found != evaluate(network, task, task.validation)


def test_scores_are_exported_under_the_name_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    network = one_network(monkeypatch)
    exported: dict[str, Any] = {}

    def export(model: Network, directory: Path, **options: Any) -> Path:
        exported.update(options, model=model)
        return directory

    monkeypatch.setattr(writing, "export", export)
    trial = Trial(0, 0, {}, task=noise(), scores={"accuracy": 0.25})
    assert trial.export(Path("there")) == Path("there")
    assert exported["model"] is network
    tested = {f"test {name}": value for name, value in trial.test().items()}
    assert exported["scores"] == {"validation accuracy": 0.25} | tested
