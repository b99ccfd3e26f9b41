"""What every layer answers for itself: how it is frozen, pruned, resampled, fitted, trained and penalised."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archspec.geometry.fourier import Target

Places: TypeAlias = tuple[int, ...]
Role = Literal["kernel", "window", "omega", "elements", "plain"]


class Active(NamedTuple):
    """The elements of the group that a layer still has to compute, where it was learned which of them count.

    Attributes:
        reads: those that it reads.
        weights: (N,) by how much each of these counts; None where each counts by 1.
        gives: those that it gives.
    """

    reads: Places
    weights: Tensor | None
    gives: Places


class Layer(nn.Module):
    """A torch module that a block is lowered to; modules of torch itself need not be one.

    Attributes:
        prunable: whether `prune` is written; of others all elements are computed.
        roles: what part parameters play in training: by their names, those of parts too, and under "" all others.
    """

    prunable: ClassVar[bool] = False
    roles: ClassVar[Mapping[str, Role]] = {}

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same function in evaluation, by fresh modules of torch alone, on the folded layout (B, C·N, *S)."""
        raise NotImplementedError(f"{type(self).__name__} does not say its plain form; write plain(target)")

    def prune(self, active: Active) -> None:
        """Compute these elements of the group only, from now on. It is frozen afterwards, not trained."""
        raise NotImplementedError(f"{type(self).__name__} cannot be pruned")

    def between(self, active: Active) -> Places:
        """Of the first of two stages: the elements that it has to give, where the second gives `active.gives`."""
        return active.reads

    def resample(self, out: tuple[float, ...], read: tuple[float, ...]) -> None:
        """Sample its kernels at these turns, in radians, of what it gives and of what it reads; empty: the group's."""

    def fit(self) -> bool:
        """Crop its kernels to what learned windows have grown or shrunk to; whether that changed a size."""
        return False

    def renew(self) -> None:
        """Make anew what follows from the precision of its parameters, once these were replaced."""

    def taps_left(self) -> tuple[int, ...] | None:
        """Taps per axis that a learned window leaves of its kernels by now; None without one."""
        return None

    def inside(self) -> nn.Module | None:
        """The network that it is run around; None where there is none."""
        return None

    def take_over(self, other: Layer, state: dict[str, Tensor], prefix: str) -> None:
        """Fit the weights of `other`, the same layer of another kernel size, which stand in `state` under `prefix`."""

    def stretch(self, other: Layer) -> None:
        """Once weights of `other` were loaded: be the same function of the offset in steps of the grid."""

    def penalty(self, name: str) -> Tensor | None:
        """(n,) terms of the penalty of this name, `alias` or `admissibility`; None if it has no part in it."""
        return None


def plain_of(module: nn.Module, target: Target) -> nn.Module:
    """The plain form of any module: those of torch are copied, others say it by `plain`."""
    if isinstance(module, Layer):
        return module.plain(target).eval()
    say = getattr(module, "plain", None)
    return copy.deepcopy(say() if callable(say) else module).eval()


def penalty(model: nn.Module, name: str) -> Tensor:
    """The sum of what the layers of a network add to the penalty of this name; zero where none does."""
    found = [added for part in model.modules() if isinstance(part, Layer) and (added := part.penalty(name)) is not None]
    if not found:
        return torch.zeros((), device=next((p.device for p in model.parameters()), None))
    return torch.cat(found).sum()
