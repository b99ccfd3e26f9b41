"""Inspecting a task's data: whether it can be read, has the shape of the space's input, and targets of its kind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from archspec.architecture import Architecture
from search.tasks.arrays import comparable
from search.tasks.batches import Batch, batch_count, without_length
from search.tasks.first_batches import counted, first_batch, unspent
from search.tasks.kinds import KINDS, TaskKind
from search.tasks.labels import known_labels
from search.tasks.named import AnyTask
from search.tasks.numbering import class_mistakes, name_mistakes, unused

PATIENCE = 120.0  # seconds to wait for a first batch
PASS = 10.0  # seconds that a pass over data may take which do not say how many they are
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
        with unspent(data):
            wrong = _in_time(lambda: first_batch(data, name, size), name)
        if isinstance(wrong, str):
            return None, [wrong]
    except Exception as error:
        return None, [_unread(name, error)]
    x, y = wrong
    return (x, y), [f"{name}: {text}" for text in _input_mistakes(x, data, architecture)]


def pass_mistakes(task: AnyTask, part: str, size: int, limited: bool) -> tuple[int, list[str]]:
    """The number of batches of a pass over a part of the data, and sentences about one that may never end.

    Args:
        task: the task.
        part: `training` or `validation`.
        size: batch size.
        limited: whether a training has a limit of time, which would end such a pass.
    """
    data, name = getattr(task, _ATTRIBUTES[part]), f"the {part} data"
    if not without_length(data):
        return batch_count(data, size), []
    try:
        with unspent(data):
            found = counted(data, name, size, PASS)
    except Exception as error:
        return 0, [_unread(name, error)]
    if isinstance(found, str):
        return 0, [found]
    if found is not None or limited:
        return found or 1, []
    return 1, [
        f"{name} have no length, and did not end within {PASS:g} s: an epoch is a pass to their end; let them end, say "
        "how many there are (__len__), or limit the time of a trial: Training(seconds=…)"
    ]


def _unread(name: str, error: Exception) -> str:
    return f"{name} cannot be read: {type(error).__name__}: {' '.join(str(error).split())}"


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
    if isinstance(data, tuple) and x.dtype != torch.get_default_dtype():  # what is read is cast
        own, real = (str(dtype).removeprefix("torch.") for dtype in (x.dtype, torch.get_default_dtype()))
        yield f"inputs are {own}, and networks take {real}; convert them: x.to(torch.{real})"
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
    known = known_labels(getattr(task, _ATTRIBUTES[part]))
    seen, name = comparable(y) if known is None else known, f"the {part} data"
    wanted, found = kind.shape(output), tuple(y.shape[1:])
    alike = found == wanted or (kind.loose and _numel(found) == _numel(wanted) == _numel(output) == 1)
    if not alike:
        yield f"{name}: {_shape_mistake(kind, y, found, wanted, output)}"
        return
    if part == "training":
        yield from name_mistakes(kind, getattr(task, "classes", ()), output[0])
    if not kind.labels:
        if not bool(seen.isfinite().all()):
            yield f"{name}: targets hold NaN or infinite numbers; leave these examples out"
        elif part == "training" and known is not None and bool((known == known[:1]).all()):
            yield f"{name}: all numbers are equal, so that there is nothing to predict"
        return
    if kind.counted and (seen.is_floating_point() or seen.dtype == torch.bool):
        dtype = str(seen.dtype).removeprefix("torch.")
        yield f"{name}: labels are {dtype}; give whole numbers (y.long()), or another kind"
    elif kind.counted:
        yield from (f"{name}: {text}" for text in class_mistakes(task, part == "training", known, seen, output[0]))
        yield from unused(task, output[0])
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
    if found == () and wanted == (1,):
        return f"targets are one number each, and of the kind {kind.name} a row of labels; give a column: y[:, None]"
    if not kind.labels and len(output) == 1 and len(found) > 1:
        return (
            f"a target is {'×'.join(map(str, found))} numbers, and the head gives {output[0]} for a whole example; for "
            f"numbers at each position take the head Dense(outputs={found[0]}), else give a row: y.reshape(len(y), -1)"
        )
    if not kind.labels and output == (1, *found):
        return f"a target is {'×'.join(map(str, found))} numbers, one at each position; give its axis too: y[:, None]"
    of = "one number" if found == () else f"{'×'.join(map(str, found))} numbers"
    head = f"the head gives {'×'.join(map(str, output))}"
    asked = "one number" if wanted == () else f"{'×'.join(map(str, wanted))}"
    return f"a target is {of}, and {head}, which for the kind {kind.name} asks for {asked}; change the head or the kind"


def _numel(shape: tuple[int, ...]) -> int:
    count = 1
    for n in shape:
        count *= n
    return count
