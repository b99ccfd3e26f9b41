"""Inspecting a task's data: whether it can be read, has the shape of the space's input, and targets of its kind."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from archspec.architecture import Architecture
from search.tasks.batches import Batch, batches, length, untouched
from search.tasks.kinds import KINDS, TaskKind
from search.tasks.labels import known_labels
from search.tasks.named import AnyTask

PATIENCE = 120.0  # seconds to wait for a first batch
PARTS = ("training", "validation", "test")
_ATTRIBUTES = {"training": "train", "validation": "validation", "test": "test"}


def data_mistakes(task: AnyTask, part: str, size: int, architecture: Architecture) -> tuple[Batch | None, list[str]]:
    """The first batch of a part of the data, if it can be used, and sentences about what is wrong with it.

    Args:
        task: the task.
        part: `training`, `validation` or `test`.
        size: batch size.
        architecture: any of the space; its input is what the examples must look like.
    """
    data, name = getattr(task, _ATTRIBUTES[part]), f"the {part} data"
    try:
        with _unspent(data):
            wrong = _in_time(lambda: _first_example(data, name) or _first_batch(data, name, size), name)
        if isinstance(wrong, str):
            return None, [wrong]
    except Exception as error:
        reason = " ".join(str(error).split())
        return None, [f"{name} cannot be read: {type(error).__name__}: {reason}"]
    x, y = wrong
    return (x, y), [f"{name}: {text}" for text in _input_mistakes(x, data, architecture)]


def _in_time(read: Callable[[], Batch | str], name: str) -> Batch | str:
    """What `read` returns, or a sentence if that takes too long; then it is left behind in its thread."""
    found: list[Batch | str] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            found.append(read())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if errors:
        raise errors[0]
    return found[0] if found else f"{name} give no batch within {PATIENCE:g} s; does their loader wait for something?"


@contextlib.contextmanager
def _unspent(data: Any) -> Iterator[None]:
    """Leave the generator of a loader as it was, so that training gets the same examples as without a preflight."""
    generator = getattr(data, "generator", None)
    state = generator.get_state() if isinstance(generator, torch.Generator) else None
    try:
        yield
    finally:
        if state is not None and isinstance(generator, torch.Generator):
            generator.set_state(state)


def _first_example(data: Any, name: str) -> str | None:
    """What is wrong with the first example of a dataset, before it is put in a batch."""
    if isinstance(data, tuple):
        if len(data) != 2 or not all(isinstance(part, Tensor) for part in data):
            return f"{name} must be a pair of tensors (x, y)"
        if len(data[0]) != len(data[1]):
            return f"{name} hold {len(data[0])} examples but {len(data[1])} targets"
        return None if len(data[0]) else f"{name} hold no example; give some"
    if length(data) == 0:
        return f"{name} hold no example; give some"
    if not isinstance(data, Dataset) or isinstance(data, IterableDataset):
        return None
    example = data[0]
    if isinstance(example, dict):
        names = ", ".join(map(repr, example))
        return f"an example of {name} is a mapping of {names}; say which are input and target: columns=(…, …)"
    if not isinstance(example, tuple | list) or len(example) != 2:
        return f"an example of {name} is a {type(example).__name__}; give pairs (x, y)"
    if hasattr(example[0], "convert"):
        return f"the inputs of {name} are images of PIL; turn them into tensors (torchvision's ToTensor, or columns=)"
    return None


def _first_batch(data: Any, name: str, size: int) -> Batch | str:
    if not isinstance(data, tuple | Dataset):
        data = untouched(data)
        batch = next(iter(data), None)
        if batch is None:
            return f"{name} give no batch; a loader must give batches each time it is iterated over"
        if next(iter(data), None) is None:
            return f"{name} give no batch the second time; give a loader, which can be iterated over again and again"
        if not isinstance(batch, tuple | list) or len(batch) != 2 or not all(isinstance(p, Tensor) for p in batch):
            return f"a batch of {name} is a {type(batch).__name__}; give pairs of tensors (x, y)"
        data = [tuple(batch)]
    found = next(iter(batches(data, size)), None)
    if found is None:
        return f"{name} hold no example; give some"
    if not all(isinstance(part, Tensor) for part in found):
        return f"a batch of {name} is not a pair of tensors (x, y); give numbers"
    return found


def cast(task: AnyTask) -> str | None:
    """A sentence about inputs of another precision, which `batches` casts; None if there are none."""
    for part in PARTS[:2]:
        data = getattr(task, _ATTRIBUTES[part])
        if isinstance(data, tuple):
            continue
        with _unspent(data):
            indexed = isinstance(data, Dataset) and not isinstance(data, IterableDataset)
            first = data[0] if indexed else next(iter(untouched(data)))
        dtype = torch.as_tensor(first[0]).dtype
        if dtype.is_floating_point and dtype != torch.get_default_dtype():
            own, real = (str(d).removeprefix("torch.") for d in (dtype, torch.get_default_dtype()))
            return f"the inputs of the {part} data are {own}, and are cast to {real}"
    return None


def _input_mistakes(x: Tensor, data: Any, architecture: Architecture) -> Iterator[str]:
    wanted, found = (architecture.input.channels, *architecture.input.grid), tuple(x.shape[1:])
    if found != wanted:
        shape, own = "×".join(map(str, wanted)), "×".join(map(str, found)) or "single numbers"
        remedy = f"write the size of the data in the space's input, or bring them to {shape}"
        if found == wanted[1:] and wanted[0] == 1:
            remedy = "add the axis of the channels: x[:, None]"
        elif sorted(found) == sorted(wanted) and found == (*wanted[1:], wanted[0]):
            remedy = "the channels come last; move them to the front: np.moveaxis(x, -1, 1)"
        yield f"inputs are {own} (channels × grid), and the space is for {shape}; {remedy}"
        return
    if not x.is_floating_point():
        scale = "x / 255 gives numbers from 0 to 1" if x.dtype == torch.uint8 else "x.float()"
        yield f"inputs are whole numbers ({str(x.dtype).removeprefix('torch.')}); convert them: {scale}"
        return
    seen = data[0] if isinstance(data, tuple) else x
    if not bool(seen.isfinite().all()):
        what = "NaN" if bool(seen.isnan().any()) else "infinite numbers"
        yield f"inputs hold {what}; fill them in, or leave these examples out"


def target_mistakes(task: AnyTask, part: str, y: Tensor, output: tuple[int, ...]) -> Iterator[str]:
    """Sentences about what is wrong with targets.

    Args:
        task: the task.
        part: the part of the data that they are of.
        y: the targets of a batch.
        output: shape of the output of a network for one example.
    """
    kind = KINDS.get(str(task.kind))
    if kind is None:  # a kind of another package
        return
    every = [known_labels(data) for data in (task.train, task.validation, task.test) if data is not None]
    known = known_labels(getattr(task, _ATTRIBUTES[part]))
    seen, name = y if known is None else known, f"the {part} data"
    wanted, found = kind.shape(output), tuple(y.shape[1:])
    alike = found == wanted or (kind.loose and _numel(found) == _numel(wanted) == _numel(output) == 1)
    if not alike:
        yield f"{name}: {_shape_mistake(kind, y, found, wanted, output)}"
        return
    if not kind.labels:
        if not bool(seen.isfinite().all()):
            yield f"{name}: targets hold NaN or infinite numbers; leave these examples out"
        return
    if kind.counted and (seen.is_floating_point() or seen.dtype == torch.bool):
        dtype = str(seen.dtype).removeprefix("torch.")
        yield f"{name}: labels are {dtype}; give whole numbers (y.long()), or another kind"
    elif kind.counted:
        yield from (f"{name}: {text}" for text in _label_mistakes(seen, output[0]))
        if part == "training" and known is not None and not getattr(task, "classes", ()):
            yield from (f"{name}: {text}" for text in _gaps(known, output[0]))
        highest = max((int(labels.max()) for labels in every if labels is not None and labels.numel()), default=-1)
        if all(labels is not None for labels in every):
            yield from _unused_classes(highest + 1, output[0], getattr(task, "classes", ()))
    elif not bool(((seen == 0) | (seen == 1)).all()):
        odd = seen[(seen != 0) & (seen != 1)].flatten()[0]
        yield f"{name}: labels of the kind {kind.name} are 0 or 1, and one is {float(odd):g}"


def _shape_mistake(
    kind: TaskKind, y: Tensor, found: tuple[int, ...], wanted: tuple[int, ...], output: tuple[int, ...]
) -> str:
    if kind.counted and found == output and bool(((y == 0) | (y == 1)).all()) and bool((y.sum(1) == 1).all()):
        return f"targets are one-hot, {output[0]} numbers each; give class numbers: y.argmax(1)"
    if kind.counted and wanted == () and found == (1,):
        return "targets are a column (n, 1); give y[:, 0]"
    of = "one number" if found == () else f"{'×'.join(map(str, found))} numbers"
    head = f"the head gives {'×'.join(map(str, output))}"
    asked = "one number" if wanted == () else f"{'×'.join(map(str, wanted))}"
    return f"a target is {of}, and {head}, which for the kind {kind.name} asks for {asked}; change the head or the kind"


def _label_mistakes(y: Tensor, classes: int) -> Iterator[str]:
    low, high = int(y.min()), int(y.max())
    if low < 0:
        yield f"a label is {low}; labels are 0 … {classes - 1}, so leave these examples out"
    elif high >= classes and low == 1 and high == classes:
        yield f"labels run from 1 to {high}; classes are counted from 0: give y - 1"
    elif high >= classes:
        yield f"labels go up to {high}, and the head has {classes} classes; write classes={high + 1} in the head"


def _gaps(y: Tensor, classes: int) -> Iterator[str]:
    found = set(torch.unique(y).tolist())
    if len(found) == 1:
        yield f"all labels are {found.pop()}, so that there is nothing to tell apart"
    elif min(found) == 1 and max(found) == classes - 1:
        yield f"labels run from 1 to {max(found)}; classes are counted from 0: give y - 1"
    elif missing := sorted(set(range(min(classes, max(found)))) - found):
        yield f"no label is {missing[0]}; number the classes without gaps, or name all of them: classes=(…)"


def _unused_classes(count: int, classes: int, names: Sequence[str]) -> Iterator[str]:
    if count < classes and len(names) != classes:
        yield (
            f"labels go up to {count - 1}, and the head has {classes} classes; write classes={count} in the head, or "
            "name all classes of the task: classes=(…)"
        )


def _numel(shape: tuple[int, ...]) -> int:
    count = 1
    for n in shape:
        count *= n
    return count
