"""The terms of a run: whatever decides its results, as plain data, which must be the same for it to be resumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archspec.geometry.fourier import Target
from archspec.schema.data import to_data
from search.errors import RunError
from search.identity import of_array, of_data, of_function
from search.objectives import Constraint, Objective, Score, in_words
from search.sources import sources
from search.strategies.strategy import Strategy
from search.tasks.batches import example_count
from search.tasks.named import AnyTask
from search.training.settings import Training
from spaces import Space


def terms(
    space: Space,
    task: AnyTask,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    training: Training,
    seed: int,
    target: Target,
    strategy: str | Strategy,
) -> dict[str, object]:
    """The terms of a run; RunError if an example of the data cannot be read."""
    return {
        "target": target,
        "strategy": strategy if isinstance(strategy, str) else strategy.name,
        "space": to_data(space.template),
        "objectives": [in_words(o.name, o.maximize) for o in objectives],
        "constraints": [str(c) for c in constraints],
        "seed": seed,
        "training": training.record(),
        "goals": [in_words(o.name, o.maximize) for o in objectives if isinstance(o, Score)],
        **of_task(task),
        "functions": functions(task, objectives, constraints),
        "code": sources(to_data(space.template), task, strategy),
    }


def of_task(task: AnyTask) -> dict[str, object]:
    """Those of the terms that are the task's own, but its functions; RunError if an example cannot be read."""
    weights, prepared = getattr(task, "class_weights", None), getattr(task, "preparation", None)
    return {
        "task": f"{task.name} ({task.fingerprint})",
        "directions": dict(getattr(task, "directions", {})),
        "preparation": prepared and {name: value for name, value in prepared.to_data().items() if name != "real"},
        # Of their own, as runs of earlier versions do not have them: what a run did not record is not compared.
        "numbers": prepared.real if prepared and prepared.source != "image" else None,
        "pixels": prepared.real if prepared and prepared.source == "image" else None,
        "class weights": None if weights is None else of_array(weights),
        "ignored label": getattr(task, "ignored", None),
        "examples": example_count(task.train),
        "data": {part: _data(task, part) for part in ("train", "validation")},
    }


def functions(task: AnyTask, objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()) -> dict[str, str]:
    """Functions of the objectives, the constraints and the task by name, as text that changes with their source."""
    own: dict[str, Any] = {}
    for kind, named in (("objective", objectives), ("constraint", constraints)):
        own |= {f"{kind} {one.name}": getattr(one, "measure", None) for one in named}
    own |= {f"metric {name}": metric for name, metric in getattr(task, "functions", {}).items()}
    own["loss"] = getattr(task, "criterion", None)
    return {name: of_function(function) for name, function in own.items() if function is not None}


def _data(task: AnyTask, part: str) -> str:
    try:
        return of_data(getattr(task, part))
    except ValueError as error:
        raise RunError(str(error)) from None
