"""What a block says of itself, its output signal and its cost, held to be whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import index
from pathlib import Path
from typing import Any

from archspec.graph.block import Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal

COSTS = tuple(quantity.name for quantity in fields(Cost))


def signal_of(block: Primitive, x: Signal) -> Signal:
    """What a block infers; TypeError, which names its line, if that is no signal of whole numbers."""
    found: Any = block.infer(x)
    try:
        channels, *grid = whole = [index(size) for size in (found.channels, *found.grid)]
        if not isinstance(found, Signal) or min(whole) < 1:
            raise TypeError
    except (TypeError, AttributeError):
        raise _mistaken(
            block.infer, block, found, "a Signal whose channels and grid are whole numbers from 1"
        ) from None
    same = type(found.grid) is tuple and all(type(size) is int for size in (found.channels, *found.grid))
    return found if same else found._replace(channels=channels, grid=tuple(grid))


def cost_of(block: Primitive, ask: Callable[..., Cost], *given: object) -> Cost:
    """The cost that a block gives when it is asked; TypeError, which names its line, if it is none of whole numbers."""
    found: Any = ask(*given)
    try:
        amounts = {name: index(getattr(found, name)) for name in COSTS}
        if not isinstance(found, Cost) or min(amounts.values()) < 0:
            raise TypeError
    except (TypeError, AttributeError):
        raise _mistaken(ask, block, found, "a Cost of whole numbers from 0") from None
    same = all(type(getattr(found, name)) is int for name in COSTS)
    return found if same else Cost(**amounts)


def _mistaken(ask: Callable[..., object], block: Primitive, found: object, wanted: str) -> TypeError:
    code = getattr(ask, "__code__", None)
    place = f" ({Path(code.co_filename).name}, line {code.co_firstlineno})" if code else ""
    return TypeError(f"{block.kind}: its {ask.__name__}{place} gives {found!r}, and must give {wanted}")
