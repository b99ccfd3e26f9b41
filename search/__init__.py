"""Architecture search: tasks, strategies, the engine, the backends that train candidates, and results."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from archspec.moved import former, keep_old_names
from search.old_names import MODULES, NAMES

if TYPE_CHECKING:
    from search.backends.backend import Backend
    from search.confirmation import Confirmation
    from search.drawing import Exhausted
    from search.engine import Engine
    from search.front import Front
    from search.objectives import Objective, at_most, maximize, minimize
    from search.outcome import Failed, Outcome, Scored
    from search.prediction import Predictor
    from search.result import Result
    from search.sampler import FrontSampler
    from search.search import Search
    from search.simulating import simulate
    from search.strategies.strategy import Budget, Proposal, Strategy
    from search.tasks.batches import batches
    from search.tasks.datasets import character_trajectories, cifar10, sequential_mnist, speech_commands
    from search.tasks.digits import digits
    from search.tasks.images import medmnist, pcam, rotated_mnist
    from search.tasks.irregular import drop, on_grid
    from search.tasks.named import AnyTask
    from search.tasks.synthetic.oscillations import dilated_chirps, textures
    from search.tasks.synthetic.sequences import adding_problem, bumps_1d, copy_memory, nearby, recall, waves
    from search.tasks.synthetic.shapes import shapes
    from search.tasks.synthetic.symmetric import half_turns, mirrored
    from search.tasks.synthetic.voxels import chiral_voxels
    from search.tasks.task import Task
    from search.training.evaluation import evaluate
    from search.training.memory import training_memory
    from search.training.rates import Rate, parameter_groups
    from search.training.settings import Training
    from search.trial import Trial

if find_spec("fcntl") is None:  # what locks a run
    raise ImportError("archsearch runs on Linux and macOS; on Windows use it in WSL")

keep_old_names("search", MODULES, NAMES)

# The module of each public name, imported on first access: commands that need no torch and no optuna import neither.
_HOME = {
    "AnyTask": "search.tasks.named",
    "Backend": "search.backends.backend",
    "Budget": "search.strategies.strategy",
    "Confirmation": "search.confirmation",
    "Engine": "search.engine",
    "Exhausted": "search.drawing",
    "Failed": "search.outcome",
    "Front": "search.front",
    "FrontSampler": "search.sampler",
    "Objective": "search.objectives",
    "Outcome": "search.outcome",
    "Predictor": "search.prediction",
    "Proposal": "search.strategies.strategy",
    "Rate": "search.training.rates",
    "Result": "search.result",
    "Scored": "search.outcome",
    "Search": "search.search",
    "Strategy": "search.strategies.strategy",
    "Task": "search.tasks.task",
    "Training": "search.training.settings",
    "Trial": "search.trial",
    "adding_problem": "search.tasks.synthetic.sequences",
    "at_most": "search.objectives",
    "batches": "search.tasks.batches",
    "bumps_1d": "search.tasks.synthetic.sequences",
    "character_trajectories": "search.tasks.datasets",
    "chiral_voxels": "search.tasks.synthetic.voxels",
    "cifar10": "search.tasks.datasets",
    "copy_memory": "search.tasks.synthetic.sequences",
    "digits": "search.tasks.digits",
    "dilated_chirps": "search.tasks.synthetic.oscillations",
    "drop": "search.tasks.irregular",
    "evaluate": "search.training.evaluation",
    "half_turns": "search.tasks.synthetic.symmetric",
    "maximize": "search.objectives",
    "medmnist": "search.tasks.images",
    "minimize": "search.objectives",
    "mirrored": "search.tasks.synthetic.symmetric",
    "nearby": "search.tasks.synthetic.sequences",
    "on_grid": "search.tasks.irregular",
    "parameter_groups": "search.training.rates",
    "pcam": "search.tasks.images",
    "recall": "search.tasks.synthetic.sequences",
    "rotated_mnist": "search.tasks.images",
    "sequential_mnist": "search.tasks.datasets",
    "shapes": "search.tasks.synthetic.shapes",
    "simulate": "search.simulating",
    "speech_commands": "search.tasks.datasets",
    "textures": "search.tasks.synthetic.oscillations",
    "training_memory": "search.training.memory",
    "waves": "search.tasks.synthetic.sequences",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        from importlib import import_module

        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    return former(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "AnyTask",
    "Backend",
    "Budget",
    "Confirmation",
    "Engine",
    "Exhausted",
    "Failed",
    "Front",
    "FrontSampler",
    "Objective",
    "Outcome",
    "Predictor",
    "Proposal",
    "Rate",
    "Result",
    "Scored",
    "Search",
    "Strategy",
    "Task",
    "Training",
    "Trial",
    "adding_problem",
    "at_most",
    "batches",
    "bumps_1d",
    "character_trajectories",
    "chiral_voxels",
    "cifar10",
    "copy_memory",
    "digits",
    "dilated_chirps",
    "drop",
    "evaluate",
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
    "simulate",
    "speech_commands",
    "textures",
    "training_memory",
    "waves",
]
