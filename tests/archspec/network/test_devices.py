"""Everything public runs where the network is, on a stand-in device here; on a GPU where there is one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import EXAMPLES, KINDS, SELECTED
from tests.laws.devices import steps_of

pytestmark = pytest.mark.thorough
SOME = set(KINDS)  # that take all steps by default; under `slow` every example does
CARRIED = ("C4 siren", "gaussian")  # to another order, to other sizes
# Every third one; under `slow` all examples are run.
RUN = list(dict.fromkeys([*SELECTED[::3], *KINDS, *CARRIED]))
OFTEN = {"train", "frozen", "certified", "turned"}
SMALLEST = 4  # elements of a group that is certified by default
FAULTY = {"index_on_the_cpu": {"D4 table": ["certified"]}, "buffer_on_the_cpu": {"C8 siren": ["turned"]}}


def on_the_stand_in(runs: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, str]]:
    """What goes wrong there, by fault and example, in one process."""
    command = [sys.executable, "-W", "error", "-m", "tests.laws.devices", json.dumps(runs)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    wrong: dict[str, dict[str, str]] = json.loads(run.stdout)
    return wrong


def by_default(name: str) -> list[str]:
    steps = [s for s in steps_of(EXAMPLES[name], SMALLEST) if s in OFTEN or name in SOME or name in CARRIED]
    return [*steps, "exported"] if name in CARRIED else steps


@pytest.fixture(scope="module")
def wrong(request: pytest.FixtureRequest) -> dict[str, dict[str, str]]:
    """Of the examples that are asked for."""
    asked = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    return on_the_stand_in({"none": {n: by_default(n) for n in RUN if n in asked}, **FAULTY})


@pytest.mark.parametrize("name", RUN)
def test_a_network_runs_wholly_where_it_is(name: str, wrong: dict[str, dict[str, str]]) -> None:
    assert name not in wrong["none"], wrong["none"][name]


@pytest.mark.parametrize("fault", FAULTY)
def test_what_is_made_on_the_cpu_fails_that_law(fault: str, wrong: dict[str, dict[str, str]]) -> None:
    (said,) = wrong[fault].values()
    assert "on the same device" in said


@pytest.mark.slow
def test_all_steps_of_all_examples_run_where_the_network_is() -> None:
    assert on_the_stand_in({"none": {name: steps_of(EXAMPLES[name]) for name in EXAMPLES}}) == {"none": {}}
