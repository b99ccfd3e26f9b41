"""Metrics: further scores of a task, by name from torchmetrics or as functions, each with its direction."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from search.directions import direction_of
from search.tasks.kinds import Kind, kind_of

Metric: TypeAlias = Callable[[Tensor, Tensor], float]
Direction = Literal["maximize", "minimize"]
# Names; or for each name a function (outputs, targets), such a function with its direction, or a name of torchmetrics'.
Metrics: TypeAlias = Sequence[str] | Mapping[str, str | Metric | tuple[Direction, str | Metric]]

# Names here, those of functions of torchmetrics, and what is passed to these.
_CLASSES: dict[str, tuple[str, dict[str, str]]] = {
    "auroc": ("auroc", {}),
    "average_precision": ("average_precision", {}),
    "calibration_error": ("calibration_error", {}),
    "cohen_kappa": ("cohen_kappa", {}),
    "f1": ("f1_score", {"average": "macro"}),
    "iou": ("jaccard_index", {"average": "macro"}),
    "mcc": ("matthews_corrcoef", {}),
    "precision": ("precision", {"average": "macro"}),
    "recall": ("recall", {"average": "macro"}),
    "specificity": ("specificity", {"average": "macro"}),
}
# Defined only for a class of which there are examples and of which there are not all.
_RANKS = ("auroc", "average_precision")
# Of several labels at a time torchmetrics has none.
_NOT_OF_LABELS = ("calibration_error", "cohen_kappa")
_CORRELATIONS = ("pearson", "spearman")  # which torchmetrics has of numbers (n, numbers) alone
_NUMBERS = {
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "pearson": "pearson_corrcoef",
    "spearman": "spearman_corrcoef",
}


@dataclass(frozen=True)
class NamedMetric:
    """A metric of torchmetrics, macro-averaged over the classes where it has an average.

    Attributes:
        name: its name here.
        kind: the kind of the task.

    Raises:
        ValueError: tasks of this kind have no metric of this name.
    """

    name: str
    kind: Kind

    def __post_init__(self) -> None:
        known = [*_NUMBERS, "rmse"] if self.kind == "regression" else [*_CLASSES, "balanced_accuracy"]
        known = [name for name in known if self.kind != "multilabel" or name not in _NOT_OF_LABELS]
        if self.name not in known:
            raise ValueError(
                f"there is no metric {self.name!r} for a task of the kind {self.kind}; use {', '.join(sorted(known))}, "
                "or a function of (outputs, targets)"
            )

    def __call__(self, outputs: Tensor, targets: Tensor) -> float:
        """The metric of the outputs for a whole split; NaN if it is not defined there."""
        found = kind_of(self.kind).predictions(outputs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes without an example, which are left out
            if self.kind == "regression":
                if found.dim() > 2 and self.name in _CORRELATIONS:  # each position is an example
                    found, targets = (part.movedim(1, -1).flatten(0, -2) for part in (found, targets))
                functions: Any = import_module("torchmetrics.functional")
                value = getattr(functions, _NUMBERS.get(self.name, "mean_squared_error"))(found, targets).mean()
                return float(value.sqrt() if self.name == "rmse" else value)
            if self.name == "balanced_accuracy":
                return self._balanced(found, targets)
            if self.name in _RANKS:
                return self._ranked(found, targets)
            return float(self._of_classes(self.name, found, targets))

    def _balanced(self, found: Tensor, targets: Tensor) -> float:
        """The mean over the classes that occur of the share of their examples that are found.

        Of each label, yes and no are the classes.
        """
        if self.kind not in ("binary", "multilabel"):
            each = self._of_classes("recall", found, targets, average=None)
            return float(each[targets.unique()].mean())
        wanted, answers = targets.view_as(found) > 0.5, found > 0.5
        shares = [((answers == wanted) & own).sum(0) / own.sum(0) for own in (wanted, ~wanted)]
        return float(torch.stack(shares).nanmean())

    def _ranked(self, found: Tensor, targets: Tensor) -> float:
        """A metric of how well examples are ranked, the mean over the classes or labels for which it is defined."""
        if self.kind in ("binary", "multilabel"):
            share = targets.view_as(found).double().mean(0)
            each = [
                self._of_classes(self.name, found[:, i], targets.view_as(found)[:, i], family="binary")
                for i in ((share > 0) & (share < 1)).nonzero().flatten()
            ]
            return float(torch.stack(each).mean()) if each else float("nan")
        there = targets.unique()
        each_class = self._of_classes(self.name, found, targets, average=None)
        return float(each_class[there].mean()) if len(there) > 1 else float("nan")

    def _of_classes(self, name: str, found: Tensor, targets: Tensor, family: str = "", **more: Any) -> Tensor:
        """A metric of torchmetrics for predictions of classes."""
        function, options = _CLASSES[name]
        family = family or (self.kind if self.kind in ("binary", "multilabel") else "multiclass")
        # Of one label torchmetrics has no mean.
        family = "binary" if family == "multilabel" and found.shape[1] == 1 else family
        metric = getattr(import_module("torchmetrics.functional.classification"), f"{family}_{function}")
        count = {"multilabel": "num_labels", "multiclass": "num_classes"}.get(family)
        wanted = options | ({count: found.shape[1]} if count else {}) | more
        accepted = inspect.signature(metric).parameters
        given = {name: value for name, value in wanted.items() if name in accepted}
        value: Tensor = metric(found, targets if family == "multiclass" else targets.view_as(found).long(), **given)
        return value


def read_metrics(metrics: Metrics | None, kind: Kind) -> tuple[dict[str, Metric], dict[str, bool]]:
    """Functions by name, and for each name whose direction is known whether it is maximised.

    Raises:
        ValueError: a metric is neither a function nor a name that there is.
    """
    if isinstance(metrics, str):
        raise ValueError(f"metrics is a list of names or a mapping, not a text: metrics=[{metrics!r}]")
    functions: dict[str, Metric] = {}
    directions: dict[str, bool] = {}
    given = metrics if isinstance(metrics, Mapping) else {name: name for name in metrics or ()}
    for name, what in given.items():
        if not isinstance(name, str):
            raise ValueError(f"a metric of your own needs a name: metrics={{'name': function}}, not {name!r}")
        if name in kind_of(kind).scores_known and not isinstance(what, str):
            raise ValueError(f"every task of the kind {kind} has a score {name} already; give the metric another name")
        if isinstance(what, tuple):
            if len(what) != 2 or what[0] not in ("maximize", "minimize"):
                raise ValueError(f"write the metric {name} as ('maximize', function) or ('minimize', function)")
            directions[name], what = what[0] == "maximize", what[1]
        elif (large := direction_of(what if isinstance(what, str) else name)) is not None:
            directions[name] = large
        if not isinstance(what, str) and not callable(what):
            raise ValueError(f"the metric {name} must be a function of (outputs, targets) or a name, not {what!r}")
        functions[name] = NamedMetric(what, kind) if isinstance(what, str) else what
    return functions, directions
