"""Training by which sizes are learned with the weights, under a budget (Romero and Zeghidour 2023, arXiv 2302.05400).

The loss is that of the task plus λ·(C / C₀ − 1)², where C is the exact price of the network, continued between whole
sizes, and C₀ the budget. After each epoch the network is built anew from its own weights if its sizes need less room,
so that steps get cheaper as it shrinks. In the end the sizes settle at whole ones. Near the budget, of
the gradient in the sizes the part that changes the price is kept as short as the rest (`MaskedNetwork.levelled`).
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from archspec.graph.cost import Cost
from archspec.lowering import Network, lower
from archspec.transfer import inherit
from search.files import write_whole
from search.masks.carrying import carried
from search.masks.learnable import Learnable
from search.masks.network import MaskedNetwork
from search.masks.settling import settled
from search.objectives import Score
from search.seeds import derived_seed
from search.tasks.named import AnyTask
from search.tasks.task import batch_count
from search.training.clock import running_time
from search.training.devices import device_of, placed
from search.training.epochs import shown
from search.training.evaluation import evaluate
from search.training.rates import Schedule, set_rates
from search.training.settings import Training
from search.training.steps import Step, as_ours, optimizer_of


@dataclass(frozen=True)
class Learning:
    """How sizes are learned.

    Attributes:
        budget: the price that the network is to have.
        share: share of the epochs in which sizes are learned; in the others the network of whole sizes is trained.
        strength: λ, the factor of the penalty on the price.
        rate: learning rate of the logarithms of the sizes.
    """

    budget: float
    share: float = 0.3
    strength: float = 4.0
    rate: float = 0.03

    def epochs(self, training: Training) -> int:
        """Number of epochs in which sizes are learned."""
        return max(1, min(training.epochs - 1, round(self.share * training.epochs)))


def begun(known: Learnable, budget: float, apart: Sequence[float] = ()) -> list[float]:
    """Sizes on the way from the smallest to the largest whose price is the budget, or the end that is nearer to it.

    Args:
        known: the sizes.
        budget: the price.
        apart: for each size, by which share of the way it is ahead of the others.
    """
    sizes = known.fillings.sizes
    ahead = apart or [0.0] * len(sizes)

    def at(share: float) -> list[float]:
        shares = [min(1.0, max(0.0, share + more)) for more in ahead]
        found = [s.values[0] ** (1 - t) * s.values[-1] ** t for s, t in zip(sizes, shares, strict=True)]
        return [min(max(x, float(s.values[0])), float(s.values[-1])) for x, s in zip(found, sizes, strict=True)]

    def price(share: float) -> float:
        return float(known.fillings.cost(torch.tensor(at(share), dtype=torch.float64)))

    low, high = -1.0, 2.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if price(middle) < budget else (low, middle)
    return at((low + high) / 2)


class SizeLoop:
    """The state of a training in which sizes are learned, in float32 whatever the precision of the training.

    Args:
        known: the sizes.
        how: how they are learned.
        task: the data, loss and scores.
        training: the settings of the whole training.
        seed: seed of all randomness.
        goal: the validation score that is shown after each epoch.
        sizes: the sizes to begin with; by default those of `begun`.
        parent: a trained network from whose weights it begins.
    """

    def __init__(
        self,
        known: Learnable,
        how: Learning,
        task: AnyTask,
        training: Training,
        seed: int,
        goal: Score,
        sizes: Sequence[float] | None = None,
        parent: Network | None = None,
    ) -> None:
        self.known, self.how, self.task, self.training, self.seed, self.goal = known, how, task, training, seed, goal
        self.device = device_of(training.device)
        self.train, self.validation = placed(task.train, self.device), placed(task.validation, self.device)
        torch.manual_seed(seed)
        self.model = MaskedNetwork(known.fillings, known.shown, sizes or begun(known, how.budget))
        if parent is not None:
            inherit(self.model.network, parent)
        self.model.to(self.device)
        self.optimizer, self.loss = self._optimizer(), torch.zeros((), device=self.device)
        self.epochs, self.done, self.step = how.epochs(training), 0, 0
        self.steps = batch_count(task.train, training.batch_size)
        total = max(1, self.steps * self.epochs)
        self.schedule = Schedule(total, training.warmup, total, total)
        # The sizes after each epoch, by name, and the scores.
        self.sizes: dict[str, list[float]] = {size.name: [] for size in known.fillings.sizes}
        self.history: list[float] = []
        self.seconds, self.began = 0.0, running_time()

    @property
    def finished(self) -> bool:
        """Whether all epochs in which sizes are learned are done."""
        return self.done >= self.epochs

    @property
    def elapsed(self) -> float:
        """Seconds of training, including those before an interruption."""
        return self.seconds + running_time() - self.began

    def epoch(self, each_batch: Callable[[], None]) -> str | None:
        """Train for one epoch; returns the reason if training has diverged, else None."""
        self.model.train()
        self.loss.zero_()
        step = self._step()
        for at, x, y in shown(self.train, self.training, self.seed, self.done, self.steps, self.device):
            each_batch()
            set_rates(self.optimizer, self.training.learning_rate, at, self.schedule)
            self.optimizer.param_groups[-1]["lr"] = self.how.rate * (1 - at / self.schedule.end)
            step(x, y)
            if not math.isfinite(value := self.loss.item()):
                return f"diverged: the loss is {value} in epoch {self.done + 1}"
            self.step += 1
        self._end_epoch()
        return None

    def _end_epoch(self) -> None:
        before = self.model.network
        if self.model.fit():
            self.optimizer = carried(self.optimizer, before, self.model.network, self._optimizer())
        extracted = self.model.extracted()
        score = self.goal.value(Cost(), evaluate(extracted, self.task, self.validation, device=self.device))
        self.history.append(score if math.isfinite(score) else math.nan)
        for values, size in zip(self.sizes.values(), self.model.sizes.tolist(), strict=True):
            values.append(size)
        self.done += 1

    def settle(self) -> Network:
        """The network of a filling of the space, whose price is next to the budget, with the weights so far.

        It has no windows: taps near the end of a kernel, which these made small, count fully from now on.
        """
        at = settled(self.known.fillings, self.model.sizes.tolist(), self.how.budget)
        torch.manual_seed(derived_seed(self.seed, "settle"))  # new units are drawn
        self.model.set_sizes([float(size) for size in at])
        self.model.fit(1.0)
        fillings, extracted = self.known.fillings, self.model.extracted()
        network = lower(fillings.space.fill(fillings.values(at))).to(self.device)
        inherit(network, extracted)
        return network.eval()

    def save(self, path: Path, of: Mapping[str, Any]) -> None:
        """Write a checkpoint, from which this training can be resumed."""
        state = {
            "of": dict(of),
            "at": list(self.model.at),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "sizes": self.sizes,
            "history": self.history,
            "done": self.done,
            "step": self.step,
            "seconds": self.elapsed,
        }
        written = io.BytesIO()
        torch.save(state, written)
        write_whole(path, lambda temporary: temporary.write_bytes(written.getbuffer()))

    def restore(self, path: Path, of: Mapping[str, Any]) -> bool:
        """Resume from a checkpoint; False if there is none that can be read and is of this training."""
        try:
            found = torch.load(path, map_location=self.device, weights_only=True)
            if found["of"] != dict(of) or not 0 < found["done"] == len(found["history"]) <= self.epochs:
                return False
            with torch.random.fork_rng(devices=[]):
                network = lower(self.known.fillings.at(found["at"]).architecture)
            self.model.build(tuple(found["at"]), network.to(self.device))
            self.optimizer = self._optimizer()
            self.model.load_state_dict(found["model"])
            self.optimizer.load_state_dict(as_ours(found["optimizer"], self.optimizer))
        except Exception:  # whatever a file of any content makes torch raise
            return False
        self.sizes, self.history = found["sizes"], found["history"]
        self.done, self.step, self.seconds = found["done"], found["step"], found["seconds"]
        return True

    def _step(self) -> Step:
        """The step of an ordinary training, with the penalty on the price."""
        plain, scaler = replace(self.training, precision="float32"), torch.amp.GradScaler(enabled=False)
        network, price = self.model.network, self._price
        return Step(network, self.model, self.task, plain, self.optimizer, scaler, self.loss, price)

    def _price(self) -> Tensor:
        """The penalty on a price that is not the budget."""
        return self.how.strength * (self.model.cost() / self.how.budget - 1).square()

    def _optimizer(self) -> torch.optim.Optimizer:
        optimizer = optimizer_of(self.model.network, self.training, self.device)
        sizes = {
            "params": [self.model.log_sizes],
            "lr": self.how.rate,
            "weight_decay": 0.0,
            "factor": 1.0,
            "still": 0.0,
        }
        optimizer.add_param_group(sizes)
        optimizer.register_step_pre_hook(self._level)
        return optimizer

    def _level(self, *_: Any) -> None:
        if (gradient := self.model.log_sizes.grad) is not None:
            gradient.copy_(self.model.levelled(gradient, self.how.budget))
