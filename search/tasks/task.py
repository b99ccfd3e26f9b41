"""A task: training, validation and test data, how a network is trained on them, and how a prediction is scored."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor, nn

from search.tasks.batches import Batch, Data, alone, batch_count, batches, example_count, length
from search.tasks.constants import constant
from search.tasks.first_batches import first_batch
from search.tasks.ignoring import as_ignored, counting, cross_entropy, kept
from search.tasks.kinds import Kind, kind_of
from search.tasks.labels import class_weights, labels_of
from search.tasks.making import Loss, Made, Options, Weights
from search.tasks.metrics import Metric, Metrics, NamedMetric, read_metrics
from search.tasks.preparation import Preparation
from search.tasks.sources import Parts

__all__ = ["Batch", "Data", "Kind", "Metric", "Task", "batch_count", "batches"]


@dataclass(frozen=True, repr=False)
class Task(Made):
    """Training, validation and test data, and how they are learned. A search uses training and validation data only.

    Attributes:
        name: the name of the task in reports.
        kind: what is predicted: `classification` (one of several classes; cross-entropy), `binary` (yes or no),
            `multilabel` (any of several labels), `regression` (real numbers; mean squared error), or `dense` (one class
            at each position).
        train: training data.
        validation: validation data.
        test: test data; None in the copy that workers get.
        metrics: further scores: names of metrics such as `["f1", "auroc"]`, or by name functions of the outputs and
            targets of the whole validation or test data, or `("minimize", function)`.
        criterion: a loss of your own, such as `nn.HuberLoss()`, called with outputs and targets, instead of the kind's;
            as an argument of `from_arrays` and the others it is called `loss`.
        class_weights: weights of the classes in the loss, or `"balanced"`: inversely proportional to their frequency.
        classes: names of the classes, in the order of the labels.
        ignored: a label that does not count, such as 255 of pixels without a class: it is neither learned nor scored.
            A loss and metrics of your own are given it with the others.
        preparation: how raw examples become inputs, and outputs answers.
        functions: the metrics by name.
        directions: for each metric whose direction is known, whether it is maximised.

    Raises:
        ValueError: there is no such kind or metric, or the weights do not fit the classes.
    """

    name: str
    kind: Kind
    train: Data
    validation: Data
    test: Data | None = None
    metrics: Metrics | None = None
    criterion: Loss | None = None
    class_weights: Weights | None = None
    classes: Sequence[str] = ()
    ignored: int | None = None
    preparation: Preparation | None = None
    functions: Mapping[str, Metric] = field(init=False)
    directions: Mapping[str, bool] = field(init=False)

    def __post_init__(self) -> None:
        if self.criterion is not None and self.class_weights is not None:
            raise ValueError("class_weights are of the loss of the kind, and a criterion has its own; give either")
        for what, text in (("the name of the task", self.name), *(("the class", name) for name in self.classes)):
            _check_text(text, what)
        functions, directions = read_metrics(self.metrics, kind_of(self.kind).name)
        ignored = as_ignored(self.ignored, kind_of(self.kind))
        weights = (
            None
            if self.class_weights is None
            else class_weights(self.class_weights, self.kind, self.train, len(self.classes), ignored)
        )
        made = {"functions": functions, "directions": directions, "class_weights": weights, "ignored": ignored}
        for name, value in (made | {"classes": tuple(map(str, self.classes))}).items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        """Its name, kind, and how many examples each part holds, if that is known."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        counts = {part: example_count(data) for part, data in parts.items() if data is not None}
        listed = ", ".join(f"{part}: {'?' if count is None else f'{count:,}'}" for part, count in counts.items())
        named = f", classes {', '.join(self.classes)}" if self.classes else ""
        return f"Task({self.name!r}, {self.kind}, examples of {listed}{named})"

    @classmethod
    def of_parts(cls, kind: Kind, parts: Parts, options: Options) -> Task:
        """A task of parts that were made before, and of the options of every way to make a task."""
        rest: dict[str, Any] = dict(options)
        classes = tuple(map(str, rest.pop("classes", ())))
        prepared = parts.preparation or Preparation(kind, classes=classes)
        classes = classes or prepared.classes
        return cls(
            rest.pop("name", "task"),
            kind,
            parts.train,
            parts.validation,
            parts.test,
            preparation=prepared,
            classes=classes,
            criterion=rest.pop("loss", None),
            **rest,
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels and grid of an example: (channels, *grid)."""
        return tuple(self._first_batch[0].shape[1:])

    @property
    def outputs(self) -> int:
        """Number of outputs that a network needs (for `dense`, at each position).

        Raises:
            ValueError: the number of classes is not known; the remedy is to name them.
        """
        kind, y = kind_of(self.kind), self._first_batch[1]
        if not kind.counted:
            return int(y.shape[1]) if y.dim() > 1 else 1
        if self.classes:
            return len(self.classes)
        labels = [labels_of(data) for data in (self.train, self.validation, self.test) if data is not None]
        known = [kept(found, self.ignored) for found in labels if found is not None and found.numel()]
        if len(known) < len(labels):
            raise ValueError(f"the number of classes of {self.name} is not known; name them: classes=(…)")
        return max((int(found.max()) for found in known if found.numel()), default=0) + 1

    @property
    def per_position(self) -> bool:
        """Whether there is a target at each position of the grid: classes (`dense`), or numbers (n, numbers, *grid)."""
        x, y = self._first_batch
        return self.kind == "dense" or (self.kind == "regression" and y.dim() > 2 and y.shape[2:] == x.shape[2:])

    @property
    def _first_batch(self) -> Batch:
        found = first_batch(self.train, f"the training data of {self.name}", 1)
        if isinstance(found, str):
            raise ValueError(found)
        return found

    def without_test(self) -> Task:
        """A copy of the task without its test data, also where its parts are views of one tensor."""
        if self.test is None:
            return self
        return self.with_fields(test=None, train=alone(self.train), validation=alone(self.validation))

    def with_fields(self, **changes: Any) -> Task:
        """A copy of the task with other values of some attributes."""
        return replace(self, **changes)

    def loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """The training loss, averaged over the batch."""
        wanted = self.preparation.scaled(targets) if self.preparation else targets
        return self._loss(outputs, wanted, label_smoothing)

    def restored(self, outputs: Tensor) -> Tensor:
        """The outputs of a network in the units of the targets: those of a regression are learned standardised."""
        return self.preparation.restored(outputs) if self.preparation else outputs

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Scores of the outputs for the whole validation or test data: loss, those of the kind, and the metrics.

        Numbers are in the units of the targets; see `restored`.
        """
        kind = kind_of(self.kind)
        targets = kind.precise(targets, outputs)
        counted = (outputs, targets) if self.ignored is None else counting(outputs, targets, self.ignored)
        if not len(counted[1]):
            return dict.fromkeys((*kind.scores_known, *self.functions), math.nan)
        result = {"loss": float(self._loss(outputs, targets, 0.0))} | kind.scores(*counted)
        for name, metric in self.functions.items():
            found, wanted = counted if isinstance(metric, NamedMetric) else (outputs, targets)
            # Numbers have the shape of their targets: (n, 1) against (n,) would compare each with all.
            alike = found if kind.labels else found.reshape(wanted.shape)
            # A metric may change what it is given, as one that leaves a label out does; others see what there was.
            result[name] = float(metric(alike.clone(), wanted.clone()))
        return result

    @property
    def recordable(self) -> bool:
        """Whether the loss is the same function at every step, as those of the kinds and of torch are.

        Then a step can be recorded on a GPU and replayed. A class with a loss of its own says so itself.
        """
        own = self.criterion is not None and type(self.criterion).__module__.partition(".")[0] != "torch"
        return type(self).loss is Task.loss and not own

    def _loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float) -> Tensor:
        kind = kind_of(self.kind)
        if self.criterion is not None:
            if isinstance(self.criterion, nn.Module):
                self.criterion.to(outputs.device)
            if kind.counted:
                return self.criterion(outputs, kind.precise(targets, outputs))
            return self.criterion(outputs, targets.view_as(outputs).to(outputs.dtype))
        weights, like = self.class_weights, outputs
        weigh = constant(tuple(weights.tolist()), like.dtype, like.device) if isinstance(weights, Tensor) else None
        if self.ignored is not None:
            return cross_entropy(outputs, targets, label_smoothing, weigh, self.ignored)
        return kind.loss(outputs, targets, label_smoothing, weigh)

    @property
    def fingerprint(self) -> str:
        """A hash of name, kind, and training and validation data: of arrays their values, of datasets their lengths."""
        digest = hashlib.blake2b(f"{self.name} {self.kind}".encode(), digest_size=8)
        for part in (self.train, self.validation):
            if isinstance(part, tuple):
                for tensor in part:
                    digest.update(str(tuple(tensor.shape)).encode() + tensor.numpy().tobytes())
            elif (count := length(part)) is not None:
                digest.update(str(count).encode())
        return digest.hexdigest()


def _check_text(text: object, what: str) -> None:
    """Refuse text that no file can hold: with half of a character, as in a file's name that is no UTF-8; ValueError."""
    try:
        str(text).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} {str(text)!r} holds what is no character and no file can hold; rename it") from None
