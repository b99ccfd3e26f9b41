"""The same seed gives the same candidates as it did before runs had a record of their own, killed or not.

`candidates.json` was written by that version: the first letters of the hashes, in the order of the slots.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from search.strategies.strategy import Proposal
from search.strategies.tpe import Tpe
from tests.search.made_up import BOTH, candidates, deep_space, drive, engine_in
from tests.search.tiny import small_space

EXPECTED: dict[str, list[str]] = json.loads(Path(__file__).with_name("candidates.json").read_text())
SEARCHES: dict[str, dict[str, Any]] = {
    "small, 2 workers": {"space": small_space(), "constraints": ["params <= 300"], "lag": 2},
    "tight, 2 workers": {"space": small_space(), "constraints": ["params <= 120", "flops <= 20k"], "lag": 2},
    "deep, 1 worker": {"space": deep_space(), "constraints": ["params <= 6k"], "lag": 1},
    "deep, 2 workers": {"space": deep_space(), "constraints": ["params <= 6k"], "lag": 2},
    "single, 3 workers": {
        "space": deep_space(),
        "objectives": ["minimize loss"],
        "constraints": ["flops <= 400k"],
        "lag": 3,
        "seed": 5,
    },
}


def found(directory: Path, name: str, **options: Any) -> list[str]:
    engine = engine_in(directory, trials=22, **SEARCHES[name], **options)
    drive(engine)
    engine.record.close()
    return [name[:8] for name in candidates(engine)]


@pytest.mark.parametrize("name", SEARCHES)
def test_candidates_are_those_of_before(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, name) == EXPECTED[name]


@pytest.mark.parametrize("name", ["tight, 2 workers", "deep, 2 workers"])
def test_killed_again_and_again_and_told_the_newest_first_they_are_too(tmp_path: Path, name: str) -> None:
    done = False
    while not done:
        engine = engine_in(tmp_path, trials=22, **SEARCHES[name])
        drive(engine, newest=True, tell=3)
        done = engine.done
        engine.record.close()
    assert [name[:8] for name in candidates(engine)] == EXPECTED[name]


def test_a_sampler_that_forgets_what_it_drew_for_those_in_training_is_noticed(tmp_path: Path) -> None:
    class Forgetful(Tpe):
        def propose(self, *asked: Any) -> Proposal:
            return Proposal(super().propose(*asked).values)

    space = SEARCHES["deep, 2 workers"]["space"]
    objectives = engine_in(tmp_path / "any", objectives=BOTH).objectives
    assert found(tmp_path, "deep, 2 workers", strategy=Forgetful(space, objectives)) != EXPECTED["deep, 2 workers"]
