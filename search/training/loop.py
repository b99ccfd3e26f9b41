"""The training loop: the state of one training, which moves on by an epoch at a time and can be saved after each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from archspec.architecture import Architecture
from archspec.graph.cost import Cost
from archspec.lowering import Network, lower
from archspec.network.offsets import turn, turns
from archspec.network.statistics import reestimate
from archspec.transfer import inherit
from search.objectives import Score
from search.tasks.named import AnyTask
from search.tasks.task import batch_count, batches
from search.training.checkpoints import Checkpoint, read_checkpoint
from search.training.clock import running_time
from search.training.devices import brought, device_of, placed
from search.training.epochs import shown
from search.training.evaluation import EVALUATION_BATCH, evaluate, is_finite
from search.training.limits import time_limit
from search.training.rates import Schedule, set_rates
from search.training.recording import Recorded, hindrance, recorder_of
from search.training.resolution import Grids
from search.training.settings import Training
from search.training.steps import Step, as_ours, optimizer_of
from search.training.weights import digest_of

# Steps on a GPU after which training looks whether it has diverged; it looks at the end of each epoch in any case.
LOOK = 100


class Loop:
    """The state of one training: network, optimizer, and scores so far.

    Args:
        architecture: what is trained.
        task: the data, loss and scores.
        training: the settings of a whole training.
        seed: seed of all randomness.
        goal: the validation score that selects the best weights.
        epochs: number of epochs of this training, at most those of a whole one.
        parent: a trained network from whose weights it begins (see `archspec.inherit`); None for new weights.
    """

    def __init__(
        self,
        architecture: Architecture,
        task: AnyTask,
        training: Training,
        seed: int,
        goal: Score,
        epochs: int,
        parent: Network | None = None,
    ) -> None:
        self.task, self.training, self.seed, self.goal, self.epochs = task, training, seed, goal, epochs
        self.of = {"hash": architecture.hash, "seed": seed, "goal": goal.name, "training": training.record()}
        if parent is not None:
            self.of["parent"] = digest_of(parent.state_dict())
        self.device = device_of(training.device)
        self.train, self.validation = placed(task.train, self.device), placed(task.validation, self.device)
        torch.manual_seed(seed)
        self.model = lower(architecture)
        if parent is not None:
            inherit(self.model, parent)
        self.model.to(self.device)
        self.optimizer = optimizer_of(self.model, training, self.device)
        # Only networks with a group of turns can be sampled at offsets; others of the space are trained without.
        offsets = training.offsets > 0 and turns(self.model)
        self.turns = np.random.default_rng(seed) if offsets else None
        self.grids = Grids(architecture, training)
        # Gradients in float16 overflow or vanish: the loss is scaled, and a step whose gradients overflow is skipped.
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=training.precision == "fp16")
        self.done = 0
        self.steps = batch_count(task.train, training.batch_size)
        self.trunk = training.trunk(epochs)
        # The epoch from which the rate falls, and patience counts.
        self.falls = 0 if training.cooldown is None else math.floor(epochs * (1 - training.cooldown) + 1e-9)
        cools = training.cooldown is not None
        total, end = (max(1, self.steps * n) for n in (training.epochs, epochs if cools else training.epochs))
        self.schedule = Schedule(total, training.warmup, end, self.steps * self.falls if cools else None)
        self.step = 0
        # What steps write their loss to, and after how many it is read: on a GPU that waits for all that is to be done.
        self.loss, self.look = torch.zeros((), device=self.device), 1 if self.device.type == "cpu" else LOOK
        self.run: Callable[[Tensor, Tensor], None] | None = None
        self.recorded: Recorded | None = None
        self.history: list[float] = []
        self.best_state = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.seconds, self.began = 0.0, running_time()

    @property
    def elapsed(self) -> float:
        """Seconds of training, including those before an interruption."""
        return self.seconds + running_time() - self.began

    @property
    def ran(self) -> str:
        """How steps ran on a GPU: `recorded`, or why one by one; empty on a CPU."""
        return (self.recorded.hindrance or "recorded") if self.recorded else ""

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the last `patience` scores are worse than the best."""
        patience = self.training.patience
        best = self._best_epoch()
        waited = len(self.history) - max(self.falls, 1 + best) if best >= 0 and self.model.grid == self.grids.own else 0
        return self.done >= self.epochs or (patience is not None and waited >= patience)

    def epoch(self, each_batch: Callable[[], None]) -> str | None:
        """Train for one epoch; returns the reason if training has diverged or its time is over, else None."""
        network = self.on(self.grids.at(self.done))
        if self.run is None or network is not self.model:
            self.model, self.run = network, self._run_of(network)
        if self.turns:
            self.turns = np.random.default_rng((self.seed, self.done))
        self.model.train()
        self.loss.zero_()
        for step, x, y in shown(self.train, self.training, self.seed, self.done, self.steps, self.device):
            each_batch()
            if self.training.seconds is not None and self.elapsed > self.training.seconds:
                return time_limit(self.training.seconds)
            self._begin_step(step)
            self.run(x, y)
            self.step += 1
            if self.step % self.look == 0 and not math.isfinite(self.loss.item()):
                break
        if not math.isfinite(value := self.loss.item()):
            return f"diverged: the loss is {value} in epoch {self.done + 1}"
        if not is_finite(self.model):
            return f"diverged: a weight is infinite or not a number after epoch {self.done + 1}"
        self._end_epoch()
        score = self.goal.value(Cost(), self.scores())
        # Early on a score may be undefined (the precision of a class that no prediction is of): any other is better.
        self.history.append(score if math.isfinite(score) else math.nan)
        self.done += 1
        if self._best_epoch() == len(self.history) - 1:
            self.best_state = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        return None

    def scores(self) -> dict[str, float]:
        """Scores on validation data of the network as it is."""
        answer = self.grids.between(self.model)
        return evaluate(answer, self.task, self.validation, self.training.batch_size, self.device)

    @property
    def comparable(self) -> list[float]:
        """The scores of the epochs at the resolution of the last one, among which the best weights are chosen."""
        last = self.grids.at(len(self.history) - 1)
        return [score for epoch, score in enumerate(self.history) if self.grids.at(epoch) == last]

    def on(self, grid: tuple[int, ...]) -> Network:
        """The network on a grid, with the same parameters; statistics of another grid are estimated again on it."""
        if grid == self.model.grid:
            return self.model
        network = self.model.at_resolution(*grid)
        if self.done:
            self._reestimate(network)
        return network

    def save(self, path: Path) -> None:
        """Write a checkpoint, from which this training can be resumed."""
        self._checkpoint(self._own()).write(path)

    def save_trunk(self, path: Path) -> None:
        """Write a checkpoint, from which any training that has the epochs so far in common can go on."""
        self._checkpoint(self.of).write(path)

    def restore(self, path: Path) -> bool:
        """Resume from a checkpoint; False if there is none that can be read and is of this training."""
        return self._restored(read_checkpoint(path, self._own(), self.model, self.optimizer, self.epochs, self.device))

    def restore_trunk(self, path: Path) -> bool:
        """Go on from what `save_trunk` wrote in a training of fewer epochs; False if there is none such."""
        return self._restored(read_checkpoint(path, self.of, self.model, self.optimizer, self.trunk, self.device))

    def _own(self) -> dict[str, object]:
        """What the checkpoints of this training are of, and no others."""
        return self.of if self.epochs == self.training.epochs else self.of | {"epochs": self.epochs}

    def _checkpoint(self, of: Mapping[str, object]) -> Checkpoint:
        states = self.model.state_dict(), self.optimizer.state_dict(), self.scaler.state_dict(), self.best_state
        return Checkpoint(of, *states, self.done, self.step, self.history, self.elapsed)

    def _restored(self, found: Checkpoint | None) -> bool:
        if found is None:
            return False
        self.model = self.on(self.grids.at(found.done - 1))
        self.model.load_state_dict(found.model)
        self.optimizer.load_state_dict(as_ours(found.optimizer, self.optimizer))
        self.scaler.load_state_dict(found.scaler)
        self.best_state, self.history = found.best, found.history
        self.done, self.step, self.seconds = found.done, found.step, found.seconds
        return True

    def _best_epoch(self) -> int:
        """Index, from 0, of the last epoch with the best score; -1 if no epoch has one that is a number.

        Epochs at coarser resolutions than the last one do not count.
        """
        scores = [score for score in self.comparable if not math.isnan(score)]
        if not scores:
            return -1
        best = max(scores) if self.goal.maximize else min(scores)
        return len(self.history) - 1 - self.history[::-1].index(best)

    def _run_of(self, network: Network) -> Callable[[Tensor, Tensor], None]:
        """How steps of a network run from now on: recorded and replayed where that is the same, else one by one."""
        answer = self.grids.between(network)
        step = Step(network, answer, self.task, self.training, self.optimizer, self.scaler, self.loss)
        recorder = recorder_of(self.device)
        if recorder is None:
            return step
        against = hindrance(network, self.task, self.training, self.turns is not None)
        self.recorded = Recorded(step, recorder, against)
        return self.recorded

    def _begin_step(self, step: int) -> None:
        """Set the learning rates of a step of the schedule, and random offsets in the last share of the training."""
        set_rates(self.optimizer, self.training.learning_rate, step, self.schedule)
        if self.turns and step >= (1 - self.training.offsets) * self.schedule.end:
            turn(self.model, self.turns)

    def _end_epoch(self) -> None:
        """Prepare the network for evaluation: crop kernels to their windows, and remove the offsets.

        After offsets, the statistics of batch norms are estimated again, from kernels sampled at the elements.
        """
        if self.model.fit():
            self.run = None
        if self.turns:
            turn(self.model, None)
            self._reestimate(self.model)

    def _reestimate(self, network: Network) -> None:
        examples = (x for x, _ in brought(batches(self.train, EVALUATION_BATCH), self.device))
        reestimate(self.grids.between(network), examples)
