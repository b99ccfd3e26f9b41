"""Tasks, training, the engine that asks and tells, backends that train, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search.bundled import digits
    from search.candidate import Candidate
    from search.datasets import character_trajectories, cifar10, sequential_mnist, speech_commands
    from search.drawing import Exhausted
    from search.engine import Engine
    from search.images import medmnist, pcam, rotated_mnist
    from search.irregular import drop, on_grid
    from search.objectives import at_most, maximize, minimize
    from search.oscillations import dilated_chirps, textures
    from search.outcome import Failed, Outcome, Scored
    from search.rates import Rate, parameter_groups
    from search.result import Front, Result, Trial
    from search.run import Search
    from search.sequences import adding_problem, bumps_1d, copy_memory, nearby, recall, waves
    from search.settings import Training
    from search.shapes import shapes
    from search.symmetric import half_turns, mirrored
    from search.task import Task
    from search.voxels import chiral_voxels

# Loaded when first asked for: the command line answers without torch and optuna where it can.
_HOME = {
    "Candidate": "search.candidate",
    "Engine": "search.engine",
    "Exhausted": "search.drawing",
    "Failed": "search.outcome",
    "Front": "search.result",
    "Outcome": "search.outcome",
    "Rate": "search.rates",
    "Result": "search.result",
    "Scored": "search.outcome",
    "Search": "search.run",
    "Task": "search.task",
    "Training": "search.settings",
    "Trial": "search.result",
    "adding_problem": "search.sequences",
    "at_most": "search.objectives",
    "bumps_1d": "search.sequences",
    "character_trajectories": "search.datasets",
    "chiral_voxels": "search.voxels",
    "cifar10": "search.datasets",
    "copy_memory": "search.sequences",
    "digits": "search.bundled",
    "dilated_chirps": "search.oscillations",
    "drop": "search.irregular",
    "half_turns": "search.symmetric",
    "maximize": "search.objectives",
    "medmnist": "search.images",
    "minimize": "search.objectives",
    "mirrored": "search.symmetric",
    "nearby": "search.sequences",
    "on_grid": "search.irregular",
    "parameter_groups": "search.rates",
    "pcam": "search.images",
    "recall": "search.sequences",
    "rotated_mnist": "search.images",
    "sequential_mnist": "search.datasets",
    "shapes": "search.shapes",
    "speech_commands": "search.datasets",
    "textures": "search.oscillations",
    "waves": "search.sequences",
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
    "Rate",
    "Result",
    "Scored",
    "Search",
    "Task",
    "Training",
    "Trial",
    "adding_problem",
    "at_most",
    "bumps_1d",
    "character_trajectories",
    "chiral_voxels",
    "cifar10",
    "copy_memory",
    "digits",
    "dilated_chirps",
    "drop",
    "half_turns",
    "maximize",
    "medmnist",
    "minimize",
    "mirrored",
    "nearby",
    "on_grid",
    "parameter_groups",
    "pcam",
    "recall",
    "rotated_mnist",
    "sequential_mnist",
    "shapes",
    "speech_commands",
    "textures",
    "waves",
]
