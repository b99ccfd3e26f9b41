"""Train architectures again from new seeds: a score that a search selected is biased upwards, these are not."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from safetensors.torch import load_file

from archspec.architecture import Architecture
from archspec.lowering import Network, lower
from search.errors import RunError
from search.objectives import Score
from search.outcome import Failed
from search.tasks.named import AnyTask
from search.training.augmentation import check_augmentation
from search.training.evaluation import evaluate
from search.training.randomness import as_found
from search.training.settings import Training
from search.training.threads import one_thread
from search.training.trainer import train

ACCURACY = Score("accuracy", True)


def retrain(
    architectures: Sequence[Architecture],
    task: AnyTask,
    training: Training,
    seeds: Sequence[int],
    goal: Score = ACCURACY,
    workers: int = 1,
) -> list[list[dict[str, float]]]:
    """Test scores of each architecture trained from each seed; the best weights are selected on validation data.

    Args:
        architectures: what to train.
        task: the data, with test data.
        training: how each is trained.
        seeds: seeds of the trainings of each architecture.
        goal: the score that selects the best weights.
        workers: number of processes.

    Returns:
        For each architecture, for each seed, the scores by name.

    Raises:
        RunError: the task has no test data, or a training failed.
        ValueError: the group of the augmentation does not act on the task's examples.
    """
    if task.test is None:
        raise RunError("the task has no test data to score on; give it some")
    check_augmentation(training.augment, task)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=one_thread) as pool:
        tested = partial(_tested, task, training, goal)
        each = [architecture for architecture in architectures for _ in seeds]
        scores = list(pool.map(tested, each, [*seeds] * len(architectures)))
    return [scores[i : i + len(seeds)] for i in range(0, len(scores), len(seeds))]


def _tested(task: AnyTask, training: Training, goal: Score, architecture: Architecture, seed: int) -> dict[str, float]:
    return retrained(architecture, task, training, seed, goal)[1]


def retrained(
    architecture: Architecture, task: AnyTask, training: Training, seed: int, goal: Score = ACCURACY
) -> tuple[Network, dict[str, float]]:
    """A network trained from a new seed, in evaluation mode, and its scores on test data.

    What the caller draws at random afterwards is what it would have drawn without.

    Raises:
        RunError: the task has no test data, or the training failed.
    """
    if task.test is None:
        raise RunError("the task has no test data to score on; give it some")
    with as_found(), tempfile.TemporaryDirectory() as directory:
        weights = Path(directory) / "best.safetensors"
        outcome = train(architecture, task.without_test(), training, seed, goal, weights=weights)
        if isinstance(outcome, Failed):
            raise RunError(f"training failed: {outcome.reason}")
        model = lower(architecture)
        model.load_state_dict(load_file(weights))
        return model.eval(), evaluate(model, task, task.test)
