"""The memory that tensors hold while something runs: all that is made is followed from its making to its end."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor
from torch.backends.cpu import get_cpu_capability
from torch.utils._python_dispatch import TorchDispatchMode

# Bytes that an operator holds beside its arguments and results, from these.
Beside = Callable[[str, tuple[Any, ...], Any], int]


class Lives:
    """Bytes that tensors without numbers hold, those of torch's `meta` device, from their making to their end.

    Args:
        beside: what operators hold beside tensors.

    Attributes:
        now: bytes that are held.
        peak: the most bytes that were held at one time.
    """

    def __init__(self, beside: Beside) -> None:
        self.beside, self.now, self.peak = beside, 0, 0
        self._held: dict[int, int] = {}

    def made(self, operator: str, args: tuple[Any, ...], results: Any) -> None:
        """Count what an operator has made."""
        for tensor in _tensors(results):
            if tensor.device.type == "meta":
                self._hold(tensor.untyped_storage())
        self.peak = max(self.peak, self.now + self.beside(operator, args, results))

    def followed(self) -> AbstractContextManager[object]:
        """A context in which all operators of torch are counted, those of backward passes too."""
        return _Mode(self)

    def _hold(self, storage: torch.UntypedStorage) -> None:
        """Count a storage once, whatever views there are of it, until nothing refers to it any more."""
        if id(storage) not in self._held:
            self._held[id(storage)] = storage.nbytes()
            self.now += storage.nbytes()
            weakref.finalize(storage, self._free, id(storage)).atexit = False

    def _free(self, storage: int) -> None:
        self.now -= self._held.pop(storage)


class _Mode(TorchDispatchMode):
    """Torch calls it for each operator."""

    def __init__(self, lives: Lives) -> None:
        TorchDispatchMode.__init__(self)
        self.lives = lives

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        results = func(*args, **(kwargs or {}))
        self.lives.made(func.overloadpacket.__name__, args, results)
        return results


def _tensors(results: Any) -> Iterator[Tensor]:
    """Those of an operator, which gives one, several or none."""
    if isinstance(results, Tensor):
        yield results
    elif isinstance(results, tuple | list):
        for part in results:
            yield from _tensors(part)


def nothing(name: str, args: tuple[Any, ...], made: Any) -> int:
    """Where only tensors are to count."""
    return 0


def beside_on_cpu(name: str, args: tuple[Any, ...], made: Any) -> int:
    """What operators on a CPU hold beside tensors: the copies of oneDNN's convolutions, and of transforms back.

    A convolution reads and writes channels in blocks of 8 or 16, unless an operand is channels-last: then whatever is
    not is copied to that. Up to three channels are read as they are, unless each by itself, or by a kernel of one tap.
    """
    match name:
        case "convolution":
            x, weight = args[:2]
            if _channels_last(x) or _channels_last(weight):
                return _bytes_unless_last(x)
            return _read(x, weight) + _blocked(made)
        case "convolution_backward":
            gradient, x, weight = args[:3]
            if _channels_last(x) or _channels_last(weight):
                return _bytes_unless_last(gradient) + _bytes_unless_last(x)
            to_x, to_weight = map(bool, args[-1][:2])
            return _blocked(gradient) + max(_blocked(x) * to_x, _read(x, weight) * to_weight)
        case "_fft_c2r" if len(args[1]) > 1:
            return 2 * int(args[0].nbytes)
    return 0


def beside_on_gpu(name: str, args: tuple[Any, ...], made: Any) -> int:
    """What they hold on a GPU: a copy of what is transformed back. Workspaces of cuDNN's convolutions do not count."""
    return int(args[0].nbytes) if name == "_fft_c2r" else 0


def _channels_last(tensor: Tensor) -> bool:
    """Whether its format is channels-last, and no other too."""
    last = {4: torch.channels_last, 5: torch.channels_last_3d}.get(tensor.dim())
    return last is not None and tensor.is_contiguous(memory_format=last) and not tensor.is_contiguous()


def _bytes_unless_last(tensor: Tensor) -> int:
    return 0 if _channels_last(tensor) else int(tensor.nbytes)


def _read(x: Tensor, weight: Tensor) -> int:
    """Bytes of the copy of x that a convolution reads."""
    few = weight.shape[1] == x.shape[1] <= 3 and math.prod(weight.shape[2:]) > 1
    return 0 if few else _blocked(x)


def _blocked(tensor: Tensor) -> int:
    """Bytes of a tensor (B, C, *S) whose channels are in blocks."""
    block = 16 if get_cpu_capability() == "AVX512" else 8
    batch, channels, *grid = tensor.shape
    return batch * -(-channels // block) * block * math.prod(grid) * tensor.element_size()
