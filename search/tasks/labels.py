"""Targets as people have them: labels as numbers or text, their counts, and weights of the classes."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from search.tasks.arrays import NUMBER, as_array, as_text, comparable, is_text, unboxed
from search.tasks.batches import Data, length
from search.tasks.ignoring import kept
from search.tasks.kinds import kind_of

SHOWN = 5  # values listed in an error
COMPARED = 5  # examples of a dataset that are read to see whether its list of labels is of them
PIECE = 1_000_000  # labels that are looked at together
MOST_READ = 2_000  # examples of a dataset without a list of labels that are read for them


def as_targets(y: Any, kind: str, classes: Sequence[str] = ()) -> Tensor:
    """Targets as a tensor: whole numbers for classes, else real numbers in double precision.

    Args:
        y: the targets; classes may be text if `classes` lists them.
        kind: the kind of the task.
        classes: names of the classes, in the order of their numbers.

    Raises:
        ValueError: they are text without `classes`, or a label is not a whole number.
    """
    try:
        given = unboxed(as_array(y))
    except ValueError:  # of rows of different lengths
        raise ValueError("the targets are of different lengths; give an array (n,) or (n, labels)") from None
    if is_text(given):
        if not kind_of(kind).labels:
            odd = next(one for one in given.flat if not isinstance(one, NUMBER))
            raise ValueError(f"the targets of a regression are numbers, and one is {str(odd)!r}")
        given = _numbered(given, classes)
    if not kind_of(kind).labels:
        return torch.tensor(given, dtype=torch.float64)
    if given.dtype.kind == "f" and not (np.isfinite(given).all() and (given == np.round(given)).all()):
        odd = given[~(np.isfinite(given) & (given == np.round(given)))]
        raise ValueError(f"labels are whole numbers, and {odd.flat[0]:g} is not; for numbers use kind='regression'")
    return torch.from_numpy(given.astype(np.int64))


def strata(targets: Tensor | None, kind: str) -> Tensor | None:
    """What each part of a split has the same share of, as numbers (n,); None for nothing.

    Those are the classes; of several labels their combinations, in an order in which those with the rarest label lie
    together, so that each part has its share of that one too.
    """
    if targets is None or not kind_of(kind).labels:
        return None
    if targets.dim() == 1:
        return None if targets.is_floating_point() else targets
    if kind not in ("binary", "multilabel") or targets.dim() != 2:
        return None
    there = targets > 0.5
    combination: Tensor = torch.unique(there[:, there.sum(0).argsort()], dim=0, return_inverse=True)[1]
    return combination


def _numbered(given: Any, classes: Sequence[str]) -> Any:
    given = as_text(given)
    names = sorted(set(given.flatten().tolist()))
    number = {str(name): i for i, name in enumerate(classes)}
    if unknown := [name for name in names if name not in number]:
        if not classes:
            listed = ", ".join(map(repr, names[:SHOWN])) + (", …" if len(names) > SHOWN else "")
            raise ValueError(f"the targets are text; number them by the names of the classes: classes=({listed})")
        raise ValueError(f"the label {unknown[0]!r} is not among the classes {', '.join(number)}")
    return np.vectorize(number.__getitem__, otypes=[np.int64])(given)


def known_labels(data: Any) -> Tensor | None:
    """All targets of tensors, and of datasets that hold them as `targets`, `labels` or `tensors`; else None."""
    if isinstance(data, tuple):
        return comparable(torch.as_tensor(data[1]))
    if isinstance(data, Subset):
        all_ = known_labels(data.dataset)
        return None if all_ is None else all_[torch.as_tensor(data.indices)]
    held = [getattr(data, name, None) for name in ("targets", "labels")]
    tensors = getattr(data, "tensors", None)
    for found in (*held, tensors[1] if tensors and len(tensors) == 2 else None):
        if found is not None and not callable(found):
            try:
                labels = comparable(torch.as_tensor(as_array(found)))
            except (TypeError, ValueError):
                return None
            return labels if tensors or _are_answers(labels, data) else None
    return None


def _are_answers(labels: Tensor, data: Any) -> bool:
    """Whether labels that a dataset holds are those that it gives: it may change them, or hold something else."""
    count = length(data)
    if not labels.dim() or len(labels) != count or getattr(data, "target_transform", None) is not None:
        return False
    try:
        some = sorted({i * (count - 1) // (COMPARED - 1) for i in range(COMPARED)})
        given = [comparable(torch.as_tensor(as_array(data[i][1]))) for i in some]
        return all(
            own.shape == labels.shape[1:] and bool((own == labels[i]).all()) for own, i in zip(given, some, strict=True)
        )
    except Exception:  # what is wrong with an example is said by the preflight
        return True


def present(labels: Tensor, classes: int) -> set[int]:
    """The numbers that occur; the labels are read in pieces, until all of the classes are found."""
    found: set[int] = set()
    for piece in labels.flatten().split(PIECE):
        found |= set(piece.unique().tolist())
        if found.issuperset(range(classes)):
            break
    return found


def labels_of(data: Any) -> Tensor | None:
    """All targets of the data: the known ones, or read from at most 2,000 examples; None for others and for loaders."""
    known = known_labels(data)
    if known is not None or not (isinstance(data, Dataset) and isinstance(data, Sized) and len(data) <= MOST_READ):
        return known
    try:
        return comparable(torch.as_tensor(np.asarray([as_array(data[i][1]) for i in range(len(data))])))
    except Exception:  # what is wrong with an example is said by the preflight
        return None


def _check_count(count: int, kind: str, labels: Tensor | None) -> None:
    """ValueError unless there are as many weights as a task of the kind, with these labels, has classes."""
    if kind == "binary" and count > 2:
        raise ValueError(f"class_weights of a binary task are two, of 0 and of 1, not {count}")
    if labels is None or not labels.numel() or kind == "binary":
        return
    of_labels = kind == "multilabel" and labels.dim() > 1
    least = labels.shape[1] if of_labels else int(labels.max()) + 1
    if count < least or (of_labels and count > least):
        raise ValueError(
            f"there are {count} class_weights for {least} {'labels' if of_labels else 'classes'}; give one for each"
        )


def class_weights(weights: Any, kind: str, train: Data, classes: int = 0, ignored: int | None = None) -> Tensor:
    """Weights of the classes in the loss.

    `"balanced"` is n / (classes · count) of each class; of each label of a multi-label task, and for 1 against 0 there,
    the ratio of examples without it to those with it.

    Args:
        weights: `"balanced"`, or a number for each class.
        kind: the kind of the task.
        train: the training data.
        classes: number of the classes, if they are named: of some there may be no training data.
        ignored: the label that does not count, if there is one.

    Raises:
        ValueError: the task is a regression, the labels are not known, a weight is not above 0, or there are more or
            fewer weights than classes.
    """
    if not kind_of(kind).labels:
        raise ValueError("a regression has no classes to weigh; leave class_weights out")
    if not isinstance(weights, str):
        try:
            found = torch.as_tensor(np.asarray(as_array(weights), dtype=np.float64), dtype=torch.get_default_dtype())
        except (TypeError, ValueError):
            found = torch.zeros(())
        if found.dim() != 1 or not bool((found > 0).all() and bool(found.isfinite().all())):
            raise ValueError("class_weights is one number above 0 for each class, or 'balanced'")
        known = known_labels(train)
        _check_count(len(found), kind, None if known is None else kept(known, ignored))
        return found
    labels = labels_of(train)
    if weights != "balanced" or labels is None:
        reason = "the training data do not tell their labels" if weights == "balanced" else f"not {weights!r}"
        raise ValueError(f"class_weights is one number above 0 for each class, or 'balanced'; {reason}")
    if kind == "multilabel":
        with_ = labels.double().sum(0).clamp(min=1)
        return ((len(labels) - with_).clamp(min=1) / with_).to(torch.get_default_dtype())
    labels = kept(labels, ignored)
    if labels.numel() and int(labels.min()) < 0:
        raise ValueError(f"classes are numbered from 0, and one label is {int(labels.min())}; number them anew")
    count = torch.bincount(labels.flatten().long(), minlength=max(2, classes)).double()
    return (labels.numel() / (len(count) * count.clamp(min=1))).to(torch.get_default_dtype())
