"""A warm start: what an older run has found is tried first, and what it has measured is not measured again."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.graph.signal import SignalError
from archspec.schema.hole import Scalar
from search.errors import RunError
from search.files import RunDirectory, write_whole
from search.objectives import Constraint, Objective
from search.outcome import Scored, to_record
from search.record.history import History
from search.result import Result
from search.training.settings import Training
from search.trial import Trial
from spaces import Space

WarmStart: TypeAlias = str | Path | Sequence[Architecture | Trial]
# The terms of a run that decide what a training comes to, beside the settings of the training.
DECISIVE = ("task", "data", "class weights", "preparation", "target")


@dataclass(frozen=True)
class Wanted:
    """What a search asks of the designs of a warm start."""

    space: Space
    training: Training
    objectives: Sequence[Objective]
    constraints: Sequence[Constraint]
    target: Target
    terms: Mapping[str, Any]


def name_of(warm_start: WarmStart) -> str:
    """What tells a warm start from another, for the terms of a run.

    Raises:
        RunError: there is no run in the directory.
    """
    if isinstance(warm_start, str | Path):
        directory = RunDirectory(Path(warm_start))
        run = Result.open(warm_start).history.settings.run
        return f"run {run if directory.record.exists() else directory.path.resolve()}"
    hashes = [str(given.hash) for given in warm_start]
    return f"{len(hashes)} architectures {hashlib.blake2b(' '.join(hashes).encode(), digest_size=8).hexdigest()}"


def designs(warm_start: WarmStart, wanted: Wanted) -> list[dict[str, Any]]:
    """The designs of a warm start as plain data, in the order in which they are tried.

    First come those whose outcome is known: scored trials of a run under the same terms. Then come the other scored
    trials, those of their run's front first, and architectures. What is not of the space, does not fit together, or
    breaks a constraint is left out.

    Raises:
        RunError: there is no run in the directory.
    """
    seen: set[tuple[Scalar, ...]] = set()
    found: list[dict[str, Any]] = []
    for given in _in_order(warm_start):
        design = _design(given, wanted)
        if design is None:
            continue
        key = (given.hash, *(design["values"][name] for name in wanted.training.parameters))
        if key not in seen:
            seen.add(key)
            found.append(design)
    return sorted(found, key=lambda design: "outcome" not in design)


def carry_weights(history: History, home: RunDirectory) -> None:
    """Copy the weights of trials that were carried over into the directory of the run, where they still exist.

    Raises:
        RunError: they cannot be copied.
    """
    for trial in history:
        if trial.source is None or home.weights(trial.number).exists():
            continue
        source = Path(str(history.settings.designs[trial.slot].get("weights")))
        try:
            if source.is_file():
                write_whole(home.weights(trial.number), partial(_copied, source))
        except OSError as error:
            raise RunError(
                f"{source} cannot be copied to {home.path}: {error.strerror}; make room, and run the same again"
            ) from None


def _copied(source: Path, path: Path) -> None:
    shutil.copyfile(source, path)


def _in_order(warm_start: WarmStart) -> Iterator[Architecture | Trial]:
    if not isinstance(warm_start, str | Path):
        yield from warm_start
        return
    result = Result.open(warm_start)
    front = list(result.front)
    yield from front
    yield from (trial for trial in result.trials if trial not in front)


def _design(given: Architecture | Trial, wanted: Wanted) -> dict[str, Any] | None:
    """A design as plain data; None if it cannot be a candidate."""
    trial = given if isinstance(given, Trial) else None
    architecture = trial.architecture if trial else given
    if not isinstance(architecture, Architecture) or (trial and trial.state != "scored"):
        return None
    try:
        values = wanted.space.values_of(architecture)
        cost = price(architecture, wanted.target)
    except (ValueError, SignalError):
        return None
    if any(constraint.excess(cost, architecture) > 0 for constraint in wanted.constraints):
        return None
    settings = {name: hole.drawn(0.5) for name, hole in wanted.training.parameters.items()}
    if trial is None:
        return {"values": values | settings}
    like = wanted.training.values_like(trial.training)
    design: dict[str, Any] = {"values": values | settings | (like or {})}
    if like is None or not _same_terms(trial, wanted.terms) or not _measured(trial, wanted):
        return design
    place = trial.directory.path if trial.directory else None
    known = {"outcome": to_record(_outcome(trial)), "source": f"{place}, trial {trial.number}"}
    weights = {"weights": str(trial.directory.weights(trial.number).resolve())} if trial.directory else {}
    return design | known | weights


def _same_terms(trial: Trial, terms: Mapping[str, Any]) -> bool:
    """Whether a trial's training would have come to the same under these terms, but for its seed."""
    old, new = trial.settings, json.loads(json.dumps(terms))
    measures = [
        {name: text for name, text in known.get("functions", {}).items() if name.startswith(("metric ", "loss"))}
        for known in (old, new)
    ]
    same = all(name in old and old[name] == new[name] for name in DECISIVE)
    pieces = {name: text for name, text in old.get("code", {}).items() if name != "strategy"}
    same = same and all(new["code"].get(name, text) == text for name, text in pieces.items())
    return same and measures[0] == measures[1] and old.get("goals", [])[:1] == new["goals"][:1]


def _measured(trial: Trial, wanted: Wanted) -> bool:
    """Whether the trial has a finite value of each objective, and of each limit on its trained network."""
    if any(limit.trained and limit.name not in trial.scores for limit in wanted.constraints):
        return False
    try:
        values = [o.value(trial.cost, trial.scores) for o in wanted.objectives] if trial.cost else [math.nan]
        return all(map(math.isfinite, values))
    except Exception:  # a function of the person's own, over scores that it was not written for
        return False


def _outcome(trial: Trial) -> Scored:
    symmetry = trial.symmetry.to_data() if trial.symmetry else None
    curve = tuple(trial.curve.values())
    known = Scored(dict(trial.scores), trial.fidelity, trial.seconds, trial.cost, symmetry, curve)
    return replace(known, proxies=dict(trial.proxies))


def checked(warm_start: WarmStart | None) -> WarmStart | None:
    """The warm start, if it is one.

    Raises:
        ValueError: it is neither a directory nor a list of architectures and trials.
    """
    if warm_start is None or isinstance(warm_start, str | Path):
        return warm_start
    if not isinstance(warm_start, list | tuple):
        raise ValueError("warm_start is the directory of a run, or a list of architectures and trials")
    given = list(warm_start)
    if not all(isinstance(one, Architecture | Trial) for one in given):
        raise ValueError("warm_start is the directory of a run, or a list of architectures and trials")
    return given
