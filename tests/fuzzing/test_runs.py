"""Damaged runs and exports: what is read is what was written, or one sentence says that it is not.

pytest -m slow tests/fuzzing                              a thousand of them
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from archspec import Network, SpecError, load
from search import Result
from search.cli.main import main
from search.errors import RunError
from search.files import RunDirectory
from search.record.writing import Record
from tests.fuzzing.mutations import of_bytes, of_tokens
from tests.laws.bounds import bounded
from tests.search.tiny import small_search

SECONDS = 5


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("run") / "run"
    result = small_search(trials=4, constraints=()).run(place, workers=1, watch=None)
    result.best("accuracy").export(place / "exported", formats=["torch"])
    return place


def state_of(network: Network) -> dict[str, Any]:
    """All that decides what a network answers."""
    return {"hash": network.architecture.hash} | {name: value.tolist() for name, value in network.state_dict().items()}


def told(result: Result) -> list[tuple[Any, ...]]:
    """All that is known of each trial."""
    return [
        (t.number, t.state, t.hash, dict(t.values), dict(t.scores), t.cost, t.seed, dict(t.curve), t.reason, t.fidelity)
        for t in result.trials
    ]


def damage(rng: random.Random, place: Path) -> str:
    """Damage one to three files of a directory; returns what was done."""
    done = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        files = sorted(path for path in place.rglob("*") if path.is_file())
        records = [path for path in files if path.name == "record.jsonl"]
        file = rng.choice(records if records and rng.random() < 0.5 else files)
        text = file.read_bytes()
        name = rng.choice(("bytes", "tokens", "lines", "cut", "gone", "noise", "exchanged"))
        lines = text.splitlines(keepends=True)
        match name:
            case "bytes":
                file.write_bytes(of_bytes(rng, text))
            case "tokens":
                file.write_bytes(of_tokens(rng, text) if len(text) < 100_000 else of_bytes(rng, text))
            case "lines" if len(lines) > 1:
                i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
                lines[i], lines[j] = lines[j], lines[i]
                file.write_bytes(b"".join(lines[: rng.randint(1, len(lines))] + lines[rng.randrange(len(lines)) :]))
            case "cut":
                file.write_bytes(text[: rng.randrange(len(text) + 1)])
            case "gone":
                file.unlink()
            case "noise":
                file.write_bytes(rng.randbytes(rng.randrange(2000)))
            case _:
                other = rng.choice(sorted(path for path in place.rglob(f"*{file.suffix}") if path.is_file()))
                file.write_bytes(other.read_bytes())
        done.append(f"{name} of {file.relative_to(place)}")
    return ", ".join(done)


def told_or_a_sentence(read: Callable[[], Any]) -> Any:
    """What is read, or None where one sentence says why it cannot be."""
    try:
        with bounded(SECONDS):
            return read()
    except (RunError, SpecError) as error:
        message = str(error)
        assert message, "no word of it"
        assert "\n" not in message
        assert len(message) < 1000
        return None


def fuzz_runs(run: Path, place: Path, seed: int, count: int) -> Counter[str]:
    """How often each came of so many damaged copies of a run."""
    whole = Result.open(run)
    known = told(whole)
    networks = {t.hash: state_of(t.model()) for t in whole.trials if t.state == "scored"}
    settings = small_search(trials=4, constraints=())._terms()
    found: Counter[str] = Counter()
    for i in range(count):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(run, place, ignore=shutil.ignore_patterns("exported", "study.journal", "lock"))
        what = damage(random.Random(f"{seed} {i}"), place)
        try:
            result = told_or_a_sentence(lambda: Result.open(place))
            found["read" if result else "a sentence"] += 1
            if result is not None:
                now = told(result)
                # Whole lines may be lost at the end, as of a killed process; then less is known, and nothing else.
                assert all(t[:4] == k[:4] or t[1] == "running" for t, k in zip(now, known, strict=False)), (
                    "other trials"
                )
                assert all(t in known or t[1] == "running" for t in now), "other outcomes"
                for trial in result.trials:
                    network = told_or_a_sentence(trial.model)
                    if network is not None:
                        assert state_of(network) == networks[trial.hash], f"another network of trial {trial.number}"
                        found["networks"] += 1
            resumed = told_or_a_sentence(lambda: Record(RunDirectory(place), settings))
            if resumed is not None:
                resumed.close()
                found["resumed"] += 1
        except BaseException as error:
            raise AssertionError(f"seed {seed}, number {i}, {what}: {type(error).__name__}: {error}") from error
    return found


def fuzz_exports(run: Path, place: Path, seed: int, count: int) -> Counter[str]:
    """How often each came of so many damaged copies of an export."""
    whole = state_of(load(run / "exported"))
    found: Counter[str] = Counter()
    for i in range(count):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(run / "exported", place)
        what = damage(random.Random(f"{seed} {i}"), place)
        try:
            network = told_or_a_sentence(lambda: load(place))
            found["read" if network else "a sentence"] += 1
            assert network is None or state_of(network) == whole, "another network"
        except BaseException as error:
            raise AssertionError(f"seed {seed}, number {i}, {what}: {type(error).__name__}: {error}") from error
    return found


@pytest.mark.thorough
def test_a_few_damaged_runs_and_exports(run: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    found = fuzz_runs(run, tmp_path / "run", 0, 25)
    assert found["a sentence"] > 5
    assert found["read"] > 5
    assert fuzz_exports(run, tmp_path / "export", 0, 25)["a sentence"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_hundred_damaged_runs_and_exports(seed: int, run: Path, tmp_path: Path) -> None:
    assert fuzz_runs(run, tmp_path / "run", seed, 70)["a sentence"] > 10
    assert fuzz_exports(run, tmp_path / "export", seed, 40)["a sentence"] > 10


@pytest.mark.thorough
def test_the_commands_say_one_sentence_of_a_damaged_run(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(8):
        place = tmp_path / str(i)
        shutil.copytree(run, place)
        damage(random.Random(i), place)
        for command in ("status", "front", "report"):
            code = main([command, str(place)])
            assert len(capsys.readouterr().err.splitlines()) == (code != 0)
