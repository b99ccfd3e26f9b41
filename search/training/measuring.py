"""What is measured of a trained network where a search limits it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch

from archspec.graph.cost import Cost
from archspec.lowering import Network
from archspec.symmetry.certificate import Certificate
from search.measures import finer
from search.objectives import Score
from search.tasks.named import AnyTask
from search.training.evaluation import evaluate
from search.training.resolution import Resampled


def measured(
    names: Collection[str],
    model: Network,
    task: AnyTask,
    goal: Score,
    scores: Mapping[str, float],
    symmetry: Mapping[str, Any] | None,
) -> dict[str, float]:
    """The measurements of these names, as constraints limit them.

    Args:
        names: of `equivariance_error` and `resolution_gap`.
        model: the network with its best weights.
        task: the task, whose validation data it is measured on.
        goal: the score whose gap is measured.
        scores: the validation scores of the network.
        symmetry: its certificate as plain data; None for a network without a group, whose error is 0.
    """
    found = {}
    if "equivariance_error" in names:
        found["equivariance_error"] = Certificate.from_data(symmetry).error if symmetry else 0.0
    if "resolution_gap" in names:
        found["resolution_gap"] = resolution_gap(model, task, goal, scores)
    return found


def resolution_gap(model: Network, task: AnyTask, goal: Score, scores: Mapping[str, float]) -> float:
    """By how much a score is worse on validation data with twice as many points along each axis; below 0 if better.

    Examples are interpolated linearly. Answers that have a grid are averaged over the cells of the coarser one. The
    network runs as it is: nothing is trained or estimated again. It is 0 for a network whose input has no grid.

    Raises:
        SignalError: a block cannot be resampled.
    """
    if not model.grid:
        return 0.0
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    there = evaluate(Finer(model), task, task.validation, device=device)
    worse = goal.value(Cost(), scores) - goal.value(Cost(), there)
    return worse if goal.maximize else -worse


class Finer(Resampled):
    """The network on the finer grid, between examples and answers on its own."""

    def __init__(self, model: Network) -> None:
        network = model.at_resolution(*finer(model.architecture).input.grid)
        super().__init__(network, model.architecture.graph.signal.grid)
