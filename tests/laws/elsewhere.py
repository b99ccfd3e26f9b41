"""A device where there is none: its tensors go by PyTorch's rules of devices, and have their numbers here.

Each operation is tried once on PyTorch's fake tensors, which raise where devices are mixed, and then done on the
numbers, so that what reads values (a window's width, a certificate) works too. The device is not called `cuda`: a build
of PyTorch without it aborts as soon as such a tensor has a gradient.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("elsewhere")
AWAY = torch.device("elsewhere", 0)


class Away(Tensor):
    """Says that it is on `AWAY`."""

    value: Tensor

    @staticmethod
    def __new__(cls, value: Tensor) -> Away:
        made: Away = Tensor._make_wrapper_subclass(
            cls,
            value.shape,
            strides=value.stride(),
            storage_offset=value.storage_offset(),
            dtype=value.dtype,
            device=AWAY,
        )
        made.value = value
        return made

    def __repr__(self, **_: Any) -> str:
        return f"Away({self.value!r})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _done(func, args, kwargs or {})


class Elsewhere(TorchDispatchMode):
    """Within it tensors may be on `AWAY`."""

    def __enter__(self) -> Any:
        torch._C._set_only_lift_cpu_tensors(True)  # `torch.tensor(…, device=…)` is made here and then moved
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        torch._C._set_only_lift_cpu_tensors(False)
        super().__exit__(*error)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _done(func, args, kwargs or {})


def _done(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    leaves, shape = tree_flatten((args, kwargs))
    kinds = tuple(map(_kind, leaves))
    if AWAY not in kinds and "away" not in kinds and "a number away" not in kinds:
        return func(*args, **kwargs)
    if func is torch.ops.aten.record_stream.default:
        return None
    away = _where(func, leaves, shape, kinds)
    here = [x.value if isinstance(x, Away) else torch.device("cpu") if _is_away(x) else x for x in leaves]
    values_args, values_kwargs = tree_unflatten(here, shape)
    found, outs = tree_flatten(func(*values_args, **values_kwargs))
    pairs = zip(found, (True,) * len(found) if away is None else away, strict=True)
    wrapped = [Away(x.resolve_conj().resolve_neg()) if isinstance(x, Tensor) and there else x for x, there in pairs]
    result = tree_unflatten(wrapped, outs)
    return return_and_correct_aliasing(func, args, kwargs, result) if _aliases(func) else result


def _is_away(x: Any) -> bool:
    return isinstance(x, torch.device) and x.type == AWAY.type


def _kind(x: Any) -> Any:
    """All that the rules of devices ask of an argument: a single number may be on the CPU where the rest is away.

    Flags say which results there are.
    """
    if isinstance(x, Tensor):
        return ("a number " if x.dim() == 0 else "") + ("away" if isinstance(x, Away) else "here")
    return (AWAY if _is_away(x) else x) if isinstance(x, torch.device | bool) else type(x)


@cache
def _aliases(func: Any) -> bool:
    """Whether a result is a view of an argument, or the argument itself."""
    return any(x.alias_info is not None for x in (*func._schema.arguments, *func._schema.returns))


_KNOWN: dict[Any, tuple[bool, ...] | None] = {}


def _where(func: Any, leaves: list[Any], shape: Any, kinds: tuple[Any, ...]) -> tuple[bool, ...] | None:
    """Which results are away, by the rules of fake tensors; None, all: what depends on values is where they are."""
    key = (func, shape, kinds)
    if key not in _KNOWN:
        _KNOWN[key] = _asked(func, leaves, shape)
    return _KNOWN[key]


def _asked(func: Any, leaves: list[Any], shape: Any) -> tuple[bool, ...] | None:
    with FakeTensorMode(allow_non_fake_inputs=False) as mode:

        def fake(x: Any) -> Any:
            if not isinstance(x, Tensor):
                return x
            device = AWAY if isinstance(x, Away) else x.device
            with mode:
                return torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device=device)

        args, kwargs = tree_unflatten([fake(x) for x in leaves], shape)
        try:
            found, _ = tree_flatten(func(*args, **kwargs))
        except (DataDependentOutputException, DynamicOutputShapeException):
            return None
        return tuple(isinstance(x, Tensor) and x.device.type == AWAY.type for x in found)


def sent(x: Any) -> Any:
    """Tensors moved to `AWAY`."""
    return tree_map(lambda t: t.to(AWAY) if isinstance(t, Tensor) else t, x)
