"""Trainings so small that each of their steps can be worked out by hand, and all that they did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

from archspec import Activation, Architecture, Classifier, Conv, Image, Network, Norm, lower
from search import Outcome, Task, Training
from search.objectives import Score
from search.training import loop, trainer
from search.training.evaluation import evaluate

ACCURACY, LOSS = Score("accuracy", True), Score("loss", False)
SMALL = Image(channels=1, size=(4, 4))
PLAIN = Architecture(input=SMALL, body=[Conv(channels=2), Norm(), Activation()], head=Classifier(classes=2))
State = dict[str, Tensor]


def noise(*shape: int, count: int = 32) -> Task:
    """Noise with the labels 0 and 1: as many examples to train on as to validate and to test on, each another."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, count, *(shape or (1, 4, 4)), generator=generator)
    y = torch.randint(0, 2, (3, count), generator=generator)
    train, validation, test = zip(x, y, strict=True)
    return Task("noise", "classification", train, validation, test)


@dataclass
class Step:
    """What an optimizer was about to do: the batch, and for each parameter by name its value, gradient and rate."""

    x: Tensor
    state: State
    gradients: State
    rates: dict[str, float]


@dataclass
class Evaluation:
    """A network as it was evaluated, and on what."""

    data: Any
    state: State
    training: bool


@dataclass
class Watched:
    """What a training did, one after the other."""

    network: Network | None = None
    steps: list[Step] = field(default_factory=list)
    shown: list[Tensor] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    outcome: Outcome | None = None

    def lower(self, architecture: Architecture) -> Network:
        """In place of `lower`: the network, which notes what it is shown in training."""
        self.network = lower(architecture)
        self.network.register_forward_pre_hook(self._show)
        return self.network

    def _show(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if torch.is_grad_enabled():
            self.shown.append(inputs[0].clone())

    @contextmanager
    def each_step(self) -> Iterator[None]:
        """Note every step of the optimizer."""

        def look(optimizer: Optimizer, *_: object) -> None:
            assert self.network
            rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
            named = dict(self.network.named_parameters())
            gradients = {name: p.grad.clone() for name, p in named.items() if p.grad is not None}
            at = {name: rates[id(p)] for name, p in named.items()}
            self.steps.append(Step(self.shown[-1], copied(self.network), gradients, at))

        handle = register_optimizer_step_pre_hook(look)
        try:
            yield
        finally:
            handle.remove()


def copied(model: nn.Module) -> State:
    """The state of a network as it is now."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def watch(
    monkeypatch: pytest.MonkeyPatch,
    training: Training,
    architecture: Architecture = PLAIN,
    task: Task | None = None,
    seed: int = 3,
    goal: Score = ACCURACY,
    scores: Sequence[float] | None = None,
    **options: Any,
) -> Watched:
    """Train, and say what was done; with `scores`, evaluations find these, one after the other, whatever is true."""
    watched = Watched()
    given = iter(scores or ())

    def evaluated(model: nn.Module, task: Task, data: Any, *rest: Any) -> dict[str, float]:
        found = evaluate(model, task, data, *rest)
        watched.evaluations.append(Evaluation(data, copied(model), model.training))
        return found if scores is None else {goal.name: next(given)}

    with monkeypatch.context() as patched, watched.each_step():
        patched.setattr(loop, "lower", watched.lower)
        patched.setattr(loop, "evaluate", evaluated)
        watched.outcome = trainer.train(architecture, task or noise(), training, seed, goal, **options)
    return watched
