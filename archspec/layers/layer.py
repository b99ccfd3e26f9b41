"""The base class of layers: methods to freeze, prune, resample, fit and penalise a layer and to transfer weights."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from archspec.layers.inheriting import copied
from archspec.layers.role import Role as Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archspec.geometry.fourier import Target
    from archspec.geometry.units import Units

Places: TypeAlias = tuple[int, ...]


class Active(NamedTuple):
    """The active group elements of the input and the output of a layer, as indices into the group.

    Attributes:
        reads: indices of the N active elements of the input.
        weights: (N,) factors of these elements; None where all are 1.
        gives: indices of the active elements of the output.
    """

    reads: Places
    weights: Tensor | None
    gives: Places


class Layer(nn.Module):
    """The base class of torch modules that blocks are lowered to; a block may also use a module of torch itself.

    Attributes:
        prunable: whether the subclass implements `prune`; a layer that does not always computes all group elements.
        roles: the role of each parameter in training by its name, which may be that of a submodule's parameter; the
            entry "" is for all parameters that are not listed.
    """

    prunable: ClassVar[bool] = False
    roles: ClassVar[Mapping[str, Role]] = {}

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same function in evaluation mode as a new module, on the folded layout (B, C·N, *S).

        It uses modules and operations of torch only, so that tracing leaves nothing of this package.

        Args:
            target: what will run it, see `archspec.price`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no plain form; implement plain(target)")

    def prune(self, active: Active) -> None:
        """Compute only active elements from now on, in place. The layer is then frozen; it is not trained any more."""
        raise NotImplementedError(f"{type(self).__name__} cannot be pruned; implement prune(active)")

    def between(self, active: Active) -> Places:
        """The elements that the first of two stages has to output, where `active` is for both stages together."""
        return active.reads

    def resample(self, out: tuple[float, ...], read: tuple[float, ...]) -> None:
        """Resample its kernels between other turns than those of the group, if it has kernels over the group.

        Args:
            out: angles of the elements of the output, in radians; empty: those of the group.
            read: angles of the elements of the input, in radians; empty: those of the group.
        """

    def fit(self) -> bool:
        """Crop its kernels to the present width of their learned windows; returns whether a size changed."""
        return False

    def renew(self) -> None:
        """Recompute buffers that depend on the precision of its parameters, after parameters were replaced."""

    def taps_left(self) -> tuple[int, ...] | None:
        """Taps per axis of its kernels after cropping by a learned window; None without such a window."""
        return None

    def inside(self) -> nn.Module | None:
        """The network that it wraps; None if it wraps none."""
        return None

    def take_over(self, other: Layer, state: dict[str, Tensor], prefix: str) -> None:
        """Adapt the weights of another layer, in place, so that they can be loaded into this one (weight transfer).

        Args:
            other: the same layer with another kernel size or group order.
            state: the `state_dict` of the other network, which is changed.
            prefix: prefix of the layer's keys in `state`.

        Raises:
            NotCarried: the weights cannot be transferred.
        """

    def stretch(self, other: Layer) -> None:
        """After weights of `other` were loaded, rescale kernels to the same function of the offset in grid steps.

        Raises:
            NotCarried: the kernel cannot have another size.
        """

    def unfolded(self) -> Tensor | None:
        """(O·N, I·J, K): its weights from each unit to each at K taps, without a window; None if it is not linear.

        Of a layer that convolves each channel by itself, (C·N, J, K).
        """
        return None

    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over what it can of the layer at its place in another network, whatever their sizes (inheritance).

        Args:
            other: the layer at the same place in the parent.
            reads: which units of the parent's its input has.
            gives: which units of the parent's its output has.

        Returns:
            The number of parameters that were inherited; the others stay as they were drawn.
        """
        return copied(self, other)

    def silence(self) -> bool:
        """Set weights such that its output is zero, and not stay so in training; False if it has none such."""
        return False

    def outgoing(self) -> Mapping[str, Tensor]:
        """The parameters whose rows its output is proportional to, by name: n rows after one another for each channel.

        If the rows of a channel in all of them are multiplied by a number, so is that channel of the output. Empty if
        there are no such parameters.
        """
        return {}

    def between_stages(self) -> Mapping[str, Tensor]:
        """The parameters (C, …) by which its output depends on channel c of its input even where that is zero, by name.

        If those of a channel are zero too, it does nothing.
        """
        return {}

    def penalty(self, name: str) -> Tensor | None:
        """Its terms (n,) of the penalty of this name, `alias` or `admissibility`; None if it has none."""
        return None


def over_rows(factors: Tensor, rows: Tensor) -> Tensor:
    """Factors (C,) of channels as those of the rows (C·n, …) of an outgoing parameter; see `Layer.outgoing`."""
    return factors.repeat_interleave(len(rows) // len(factors)).view(-1, *(1,) * (rows.dim() - 1))


def plain_of(module: nn.Module, target: Target) -> nn.Module:
    """The plain form of any module: the result of its method `plain`, or a copy if it has none (modules of torch)."""
    if isinstance(module, Layer):
        return module.plain(target).eval()
    plain = getattr(module, "plain", None)
    return copy.deepcopy(plain() if callable(plain) else module).eval()


def penalty(model: nn.Module, name: str) -> Tensor:
    """The sum of the terms of all layers of a network of the penalty of this name; zero if there are none."""
    found = [added for part in model.modules() if isinstance(part, Layer) and (added := part.penalty(name)) is not None]
    if not found:
        return torch.zeros((), device=next((p.device for p in model.parameters()), None))
    return torch.cat(found).sum()
