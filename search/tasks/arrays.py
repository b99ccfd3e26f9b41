"""Numbers as people hold them, in arrays, lists, tensors and frames, made into arrays that torch can read."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

NUMBER = (Real, Decimal, np.bool_)
WIDE = (torch.uint16, torch.uint32, torch.uint64)  # of which torch compares and sorts none


def for_numpy(raw: Any) -> Any:
    """A tensor as numpy can read it, which has no device, no gradient and no bfloat16; anything else as it is."""
    if isinstance(raw, list | tuple) and raw and isinstance(raw[0], Tensor):
        return [for_numpy(one) for one in raw]
    if not isinstance(raw, Tensor):
        return raw
    return (raw.float() if raw.dtype == torch.bfloat16 else raw).detach().cpu()


def as_array(raw: Any) -> NDArray[Any]:
    """Anything as an array; of numbers one that torch reads: forwards, by this machine's order of bytes, up to float64.

    Raises:
        ValueError: it is of rows of different lengths.
    """
    given = np.asarray(for_numpy(raw))
    if given.dtype.kind not in "biuf":
        return given
    torch_has = given.dtype.kind != "f" or given.dtype.itemsize <= 8
    given = np.asarray(given, given.dtype.newbyteorder("=") if torch_has else np.float64)
    return given.copy() if min(given.strides, default=0) < 0 else given


def unboxed(given: NDArray[Any]) -> NDArray[Any]:
    """An array of Python's objects that are all numbers as one of numbers; any other as it is."""
    boxed = given.dtype.kind == "O" and given.size > 0
    if not boxed or not all(isinstance(one, NUMBER) for one in given.flat):
        return given
    found = np.array(given.tolist())
    return found.astype(np.float64) if found.dtype.kind == "O" else found


def is_text(given: NDArray[Any]) -> bool:
    """Whether an array holds text, or objects that are no numbers."""
    return given.dtype.kind in "OUST"


def as_text(given: NDArray[Any]) -> NDArray[np.str_]:
    """An array as text; bytes, as files of HDF5 hold it, are read as UTF-8."""
    texts = [one.decode() if isinstance(one, bytes) else str(one) for one in given.flat]
    return np.array(texts, dtype=np.str_).reshape(given.shape)


def comparable(labels: Tensor) -> Tensor:
    """Labels of unsigned numbers wider than a byte in 64 bits; others as they are."""
    return labels.long() if labels.dtype in WIDE else labels
