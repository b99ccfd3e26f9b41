"""A stand-in for CUDA graphs on a CPU: the operations of a run, repeated on the same memory without any Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# What copies to the host or from it, or has a size that the host would have to read; a GPU that records refuses it.
REFUSED = {"_local_scalar_dense", "lift_fresh", "nonzero", "masked_select", "_unique2"}
Operation = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], list[Tensor]]


class Tape(TorchDispatchMode):
    """Notes every operation, and refuses those that a GPU cannot record."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[Operation] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket.__name__ in REFUSED:
            raise RuntimeError(f"{func.overloadpacket.__name__} is not permitted when a stream is capturing")
        found = func(*args, **(kwargs or {}))
        given = {place(tensor) for tensor in tensors((args, kwargs))}
        self.operations.append((func, args, kwargs or {}, [t for t in tensors(found) if place(t) not in given]))
        return found

    @torch.no_grad()
    def replay(self) -> None:
        """Repeat the operations; what one gives anew goes to where it was when it was recorded."""
        for func, args, kwargs, results in self.operations:
            found = func(*args, **kwargs)
            if results:
                given = {place(tensor) for tensor in tensors((args, kwargs))}
                for before, now in zip(results, (t for t in tensors(found) if place(t) not in given), strict=True):
                    before.copy_(now)


class Tapes:
    """In place of `Graphs`. A tape cannot be made without running it: the replay that follows at once does nothing."""

    def __init__(self) -> None:
        self.ran, self.replayed, self.recorded = 0, 0, 0

    def run(self, step: Callable[[], None]) -> None:
        self.ran += 1
        step()

    def record(self, step: Callable[[], None]) -> Callable[[], None]:
        with Tape() as tape:
            step()
        self.recorded += 1
        due = iter([False])

        def replay() -> None:
            self.replayed += 1
            if next(due, True):
                tape.replay()

        return replay


def tensors(tree: Any) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor))


def place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
