"""Training of one candidate: AdamW, early stopping, best weights; resumable after every epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.lowering import Network
from archspec.moved import former_names
from archspec.symmetry.certificate import largest
from archspec.symmetry.certifying import certify
from search.objectives import Score
from search.outcome import Failed, Outcome, Scored, Stopped
from search.tasks.named import AnyTask
from search.training.clock import running_time
from search.training.loop import Loop
from search.training.measuring import measured
from search.training.proxies import proxies_of
from search.training.settings import Training
from search.training.shortage import shortage
from search.training.weights import save_weights


def train(
    architecture: Architecture,
    task: AnyTask,
    training: Training,
    seed: int,
    goal: Score,
    weights: Path | None = None,
    checkpoint: Path | None = None,
    each_epoch: Callable[[int, float], None] | None = None,
    target: Target = "torch",
    each_batch: Callable[[], None] = lambda: None,
    epochs: int | None = None,
    trunk: Path | None = None,
    measure: Collection[str] = (),
    parent: Network | None = None,
) -> Outcome:
    """Train an architecture, and score the network with the best weights on validation data.

    Args:
        architecture: what to train.
        task: training and validation data, loss and scores.
        training: the settings of the training.
        seed: seed of the initial weights, the order of the examples and all other randomness.
        goal: the validation score that selects the best weights.
        weights: file to write the best weights to (safetensors).
        checkpoint: file to write the state to after each epoch; training is resumed from it if it exists. It stays at
            the end, so that nothing is lost before the outcome is on the disk; where training has failed it is deleted.
        each_epoch: called after each epoch with its number, from 1, and its score.
        target: what the cost of the trained network is computed for.
        each_batch: called before each batch; what it raises ends the training, and its checkpoint is kept.
        epochs: number of epochs, if it is to be less than that of the training: the training pauses there, or with a
            cooldown ends with one.
        trunk: file of the state at the pause, or before the cooldown: a training of more epochs goes on from there,
            with the same result as without the file. It is read if it exists, and written by a training that is not
            whole.
        measure: what else is measured of the network and counted among its scores: see `search.training.measuring`.
        parent: a trained network, from whose weights this one begins as far as they fit (see `archspec.inherit`).

    Returns:
        `Scored`; `Stopped` after fewer epochs than those of the training; or `Failed` if training diverges, lasts
        longer than `training.seconds`, runs out of memory or takes more than there is, or if no epoch has a finite
        score. Other errors are raised, and the checkpoint is kept.
    """
    training = training.filled({})  # an open setting is refused
    began = running_time()

    def trained() -> Outcome:
        if (why := shortage(architecture, task, training)) is not None:
            return Failed(why)
        proxies = proxies_of(architecture, task, seed) if training.proxies else {}
        least = min(epochs or training.epochs, training.epochs)
        loop = Loop(architecture, task, training, seed, goal, least, parent)
        failure = _run(loop, checkpoint, trunk, each_epoch, each_batch)
        if failure is not None:
            return Failed(failure, loop.elapsed)
        outcome = _outcome(loop, architecture, weights, target, loop.epochs == training.epochs, measure)
        if trunk is not None and loop.epochs == training.epochs:
            trunk.unlink(missing_ok=True)
        return outcome if isinstance(outcome, Failed) else replace(outcome, proxies=proxies, ran=loop.ran)

    try:
        outcome = trained()
    except MemoryError:
        outcome = Failed("ran out of memory", running_time() - began)
    except torch.OutOfMemoryError:
        outcome = Failed("ran out of GPU memory", running_time() - began)
    except RuntimeError as error:
        if "can't allocate memory" not in str(error) and "not enough memory" not in str(error):
            raise
        outcome = Failed("ran out of memory", running_time() - began)
    if isinstance(outcome, Failed) and checkpoint is not None and not checkpoint.is_dir():
        checkpoint.unlink(missing_ok=True)
    return outcome


def _run(
    loop: Loop,
    checkpoint: Path | None,
    trunk: Path | None,
    each_epoch: Callable[[int, float], None] | None,
    each_batch: Callable[[], None],
) -> str | None:
    """Run the loop to its end; returns the reason if the training has failed, else None."""
    resumed = checkpoint is not None and checkpoint.exists() and loop.restore(checkpoint)
    if not resumed and trunk is not None and loop.trunk and loop.restore_trunk(trunk) and each_epoch is not None:
        for epoch, score in enumerate(loop.history, 1):
            each_epoch(epoch, score)
    while not loop.finished:
        failure = loop.epoch(each_batch)
        if failure:
            return failure
        common = loop.done == loop.trunk or (loop.done < loop.trunk and loop.finished)  # of patience, say
        if trunk is not None and common and loop.epochs < loop.training.epochs:
            loop.save_trunk(trunk)
        if checkpoint is not None:
            loop.save(checkpoint)
        if each_epoch is not None:
            each_epoch(loop.done, loop.history[-1])
    return None


def _outcome(
    loop: Loop,
    architecture: Architecture,
    weights: Path | None,
    target: Target,
    whole: bool,
    measure: Collection[str],
) -> Outcome:
    """What has come of a training that ran to its end."""
    if all(math.isnan(score) for score in loop.comparable):
        remedy = "look for NaN in the validation data, and in what the metric gives"
        return Failed(f"{loop.goal.name} was not a finite number after any epoch; {remedy}", loop.elapsed)
    loop.model.load_state_dict(loop.best_state)
    scores = loop.scores()
    if weights is not None:
        save_weights(loop.on(loop.grids.own).state_dict(), architecture, weights)
    if not whole:
        return Stopped(scores, loop.done, loop.elapsed, tuple(loop.history))
    cost, begun, plain = loop.model.cost(target), price(architecture, target), largest(architecture.graph).trivial
    symmetry = None if plain else certify(loop.model).to_data()
    scores |= measured(measure, loop.model, loop.task, loop.goal, scores, symmetry)
    return Scored(scores, loop.done, loop.elapsed, cost if cost != begun else None, symmetry, tuple(loop.history))


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
