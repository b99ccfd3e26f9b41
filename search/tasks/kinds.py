"""The kinds of tasks: what targets must look like, how outputs are scored, and what is maximised by default."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Kind = Literal["classification", "binary", "multilabel", "regression", "dense"]


@dataclass(frozen=True)
class TaskKind(ABC):
    """One kind of task.

    Attributes:
        name: the name of the kind.
        score: name of the score that is maximised by default.
        scores_known: names of all scores that every task of this kind has.
        labels: whether targets are classes, not real numbers.
        counted: whether a target is the number of a class.
        loose: whether targets of a single number may have an axis of one or not.
    """

    name: ClassVar[Kind]
    score: ClassVar[str]
    scores_known: ClassVar[tuple[str, ...]]
    labels: ClassVar[bool] = True
    counted: ClassVar[bool] = False
    loose: ClassVar[bool] = False

    def precise(self, targets: Tensor, outputs: Tensor) -> Tensor:
        """The targets in a precision in which they can be reckoned with.

        Labels are often bytes, in which sums overflow and which index as masks; numbers may be whole, or half precise.
        """
        if self.labels and not targets.is_floating_point():
            return targets.long()
        return targets.to(torch.promote_types(targets.dtype, outputs.dtype))

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float, weights: Tensor | None) -> Tensor:
        """The training loss, averaged over the batch; `weights` are of the classes."""

    @abstractmethod
    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Scores of the outputs for a whole split, without the loss."""

    @abstractmethod
    def predictions(self, outputs: Tensor) -> Tensor:
        """Probabilities of the classes, or numbers, for metrics and for people."""

    @abstractmethod
    def shape(self, outputs: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one example's target, for outputs of this shape (without the batch)."""


class Classification(TaskKind):
    """One of several classes: outputs (B, classes), targets (B,) from 0; cross-entropy.

    With a head per position, outputs (B, classes, *grid) and targets (B, *grid), it is one class at each position.
    """

    name: ClassVar[Kind] = "classification"
    score = "accuracy"
    scores_known: ClassVar[tuple[str, ...]] = ("loss", "accuracy")
    counted = True

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float, weights: Tensor | None) -> Tensor:
        return F.cross_entropy(outputs, targets.long(), weight=weights, label_smoothing=smoothing)

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        # A ratio of integers, so that equal predictions have exactly equal accuracies.
        return {"accuracy": int((outputs.argmax(1) == targets).sum()) / targets.numel()}

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(1)

    def shape(self, outputs: tuple[int, ...]) -> tuple[int, ...]:
        return outputs[1:]


class DenseClassification(Classification):
    """One class at each position: outputs (B, classes, *grid), targets (B, *grid); cross-entropy.

    `iou` is the mean over the classes that occur of intersection over union.
    """

    name = "dense"
    score = "accuracy"
    scores_known = ("loss", "accuracy", "iou")

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        found, classes = outputs.argmax(1), outputs.shape[1]
        seen = torch.bincount(classes * targets.flatten() + found.flatten(), minlength=classes**2)
        table = seen.reshape(classes, classes)
        both, either = table.diagonal(), table.sum(0) + table.sum(1) - table.diagonal()
        there = either > 0
        return super().scores(outputs, targets) | {"iou": float((both[there] / either[there]).mean())}


class Binary(TaskKind):
    """Yes or no: outputs (B, 1), targets (B,) or (B, 1) of 0 and 1; binary cross-entropy."""

    name: ClassVar[Kind] = "binary"
    loose = True
    score = "accuracy"
    scores_known = ("loss", "accuracy", "f1")

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float, weights: Tensor | None) -> Tensor:
        wanted = targets.view_as(outputs).to(outputs.dtype)
        weight = None if weights is None else torch.where(wanted > 0.5, weights[-1], weights[0])
        return F.binary_cross_entropy_with_logits(outputs, wanted * (1 - smoothing) + smoothing / 2, weight)

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        found, wanted = outputs > 0, targets.view_as(outputs) > 0.5
        both, either = int((found & wanted).sum()), int(found.sum()) + int(wanted.sum())
        return {"accuracy": int((found == wanted).sum()) / wanted.numel(), "f1": 2 * both / max(1, either)}

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs.sigmoid()

    def shape(self, outputs: tuple[int, ...]) -> tuple[int, ...]:
        return outputs


class Multilabel(Binary):
    """Any of several labels: outputs (B, labels), targets (B, labels) of 0 and 1; binary cross-entropy of each label.

    `accuracy` is the share of single answers that are right, `f1` the mean over the labels.
    """

    name = "multilabel"
    loose = False
    score = "f1"
    scores_known = ("loss", "accuracy", "f1")

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float, weights: Tensor | None) -> Tensor:
        wanted = targets.to(outputs.dtype) * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(outputs, wanted, pos_weight=weights)

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        found, wanted = outputs > 0, targets > 0.5
        both, either = (found & wanted).sum(0), found.sum(0) + wanted.sum(0)
        each = torch.where(either > 0, 2 * both / either.clamp(min=1), 1.0)
        return {"accuracy": int((found == wanted).sum()) / wanted.numel(), "f1": float(each.mean())}


class Regression(TaskKind):
    """Real numbers: outputs (B, numbers), targets (B, numbers) or (B,); mean squared error.

    With a head per position, outputs and targets (B, numbers, *grid), they are numbers at each position. `r2` is the
    mean over the numbers.
    """

    name = "regression"
    score = "r2"
    scores_known = ("loss", "r2")
    labels = False
    loose = True

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float, weights: Tensor | None) -> Tensor:
        return F.mse_loss(outputs, targets.view_as(outputs).to(outputs.dtype))

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        wanted = targets.view_as(outputs)
        if outputs.dim() > 1 and outputs.shape[1] > 1:  # each target counts alike, whatever its scale
            each = [self.scores(outputs[:, i : i + 1], wanted[:, i : i + 1])["r2"] for i in range(outputs.shape[1])]
            return {"r2": sum(each) / len(each)}
        spread = float((wanted - wanted.mean(0)).pow(2).mean()) or 1.0
        return {"r2": 1 - float(F.mse_loss(outputs, wanted)) / spread}

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs

    def shape(self, outputs: tuple[int, ...]) -> tuple[int, ...]:
        return outputs


KINDS: dict[str, TaskKind] = {
    kind.name: kind for kind in (Classification(), Binary(), Multilabel(), Regression(), DenseClassification())
}


def kind_of(name: str) -> TaskKind:
    """The kind of this name; ValueError, naming those there are, if there is none."""
    if name not in KINDS:
        raise ValueError(f"there is no kind of task {name!r}; use {', '.join(KINDS)}")
    return KINDS[name]
