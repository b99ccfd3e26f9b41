"""Tasks, training, the engine that asks and tells, backends that train, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search.bundled import digits
    from search.candidate import Candidate
    from search.drawing import Exhausted
    from search.engine import Engine
    from search.objectives import at_most, maximize, minimize
    from search.outcome import Failed, Outcome, Scored
    from search.result import Front, Result, Trial
    from search.run import Search
    from search.task import Task
    from search.training import Training

# Loaded when first asked for: the command line answers without torch and optuna where it can.
_HOME = {
    "Candidate": "search.candidate",
    "Engine": "search.engine",
    "Exhausted": "search.drawing",
    "Failed": "search.outcome",
    "Front": "search.result",
    "Outcome": "search.outcome",
    "Result": "search.result",
    "Scored": "search.outcome",
    "Search": "search.run",
    "Task": "search.task",
    "Training": "search.training",
    "Trial": "search.result",
    "at_most": "search.objectives",
    "digits": "search.bundled",
    "maximize": "search.objectives",
    "minimize": "search.objectives",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        from importlib import import_module

        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'search' has no attribute {name!r}")


__all__ = [
    "Candidate",
    "Engine",
    "Exhausted",
    "Failed",
    "Front",
    "Outcome",
    "Result",
    "Scored",
    "Search",
    "Task",
    "Training",
    "Trial",
    "at_most",
    "digits",
    "maximize",
    "minimize",
]
