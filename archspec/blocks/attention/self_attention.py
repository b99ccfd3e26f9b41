"""Self-attention with relative positions, on a plain signal or a group; `SelfAttentionLift` lifts to a group."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from archspec.geometry.groups import Group, groups_for
from archspec.geometry.relative_positions import Shape, View, counts, positions
from archspec.graph.block import Channels, Primitive
from archspec.graph.cost import Cost
from archspec.graph.grids import covered, require_turnable, require_unpooled
from archspec.graph.signal import Signal, SignalError
from archspec.schema.model import later

if TYPE_CHECKING:
    from torch import nn

Relative = Literal["exact", "published"]
MOST_PAIRS = 2**28  # points × keys × elements; above it, the index arrays alone take gigabytes


class Attention(Primitive):
    """The base class of both kinds: scores are products of queries with keys and with embeddings of their positions."""

    channels: Channels = Field(description="fields of the output")
    heads: int = Field(default=2, ge=1, le=1024, description="number of attention heads")
    hidden: Channels | None = Field(
        default=None,
        description="channels of queries, keys and values over all heads; by default half the output's, rounded up to "
        "a multiple of the heads with one channel per head for each axis and, on a group, one for its elements",
    )
    window: Annotated[int, Field(ge=1, le=1_048_575)] | None = Field(
        default=None,
        description="extent per axis of a point's keys, an odd number of reference steps; by default the whole grid",
    )
    shape: Shape = later(
        "auto",
        description="shape of the window: a disc, or a square as in the authors' code; auto is a disc on groups with "
        "turns other than quarter turns (C8, D8, …), which break a square, and else a square",
    )
    position_hidden: int = Field(default=16, ge=2, le=1024, description="hidden units of the position embeddings")

    def acting(self, x: Signal) -> Group:
        """The group of the output."""
        return x.group

    def published(self) -> bool:
        """Whether relative elements are computed as in the authors' code."""
        return False

    def infer(self, x: Signal) -> Signal:
        group = self.acting(x)
        require_unpooled(x, "self-attention")
        if self.width(x) % self.heads:
            raise SignalError(
                f"{self.heads} heads do not divide {self.hidden} channels; use a multiple of {self.heads}", "hidden"
            )
        if self.width(x) // self.heads < self._least(x):
            raise SignalError(
                f"each head needs {self._least(x)} channels to embed the position of a key; use at least "
                f"{self._least(x) * self.heads}, or fewer heads",
                "hidden",
            )
        self._require_window(x)
        require_turnable(group, x)
        view = self.view(x)
        keys = math.prod(view.taps.taps) if view.window else x.positions
        if x.positions * keys * group.order > MOST_PAIRS:
            raise SignalError(
                f"{x.positions} points with {keys} keys each on {group} do not fit into memory; use a smaller window, "
                "or pool the grid before",
                "window",
            )
        return x._replace(channels=self.channels, group=group)

    def cost(self, x: Signal) -> Cost:
        """Cost in the deployed form: scores of contents, elements and positions, then the two-step sum of the values.

        Activations are the attention weights: over points and, on a group, over the elements at each point.
        """
        keys, places = counts(self.view(x))
        width, units, outputs = self.width(x), self.position_hidden, self.acting(x).order
        *axes, of_element = self.parts(x)
        elements = x.group.order
        macs = 3 * x.channels * elements * width + outputs * width * self.channels  # linear maps at each point
        macs += elements**2 * keys * width + outputs * elements * keys * width  # scores of contents, sum of values
        macs += self.heads * elements * sum(u * part for u, part in zip(places, axes, strict=True))
        params = 3 * x.channels * width + 2 * width + (width + 1) * self.channels
        shares = outputs * elements * keys
        if elements > 1:
            mixed = elements if self.published() else 1
            macs += self.heads * elements**2 * of_element + mixed * elements**2 * keys * width
            shares += mixed * elements**2 * keys
            params += elements * of_element
        return Cost(
            macs=macs * x.positions,
            params=params + sum((4 + part) * units for part in axes),
            activations=self.heads * shares * x.positions,
            kernel_macs=sum(u * (1 + part) * units for u, part in zip(places, axes, strict=True)),
        )

    def warnings(self, x: Signal) -> Iterator[str]:
        group = self.acting(x)
        if not group.action(x.dims).exact:
            yield f"turns of {group} other than quarter turns are approximate on a grid; measure them with certify()"
            if self.view(x).window and not self.view(x).round:
                yield f"{group} turns the corners of a square window out of it; use shape='disc'"

    def simplified(self, x: Signal) -> Primitive | None:
        view = self.view(x)
        plainest = {
            "hidden": None if self.hidden == self._default(x) else self.hidden,
            "window": view.window,
            "shape": "auto" if view.round == view._replace(shape="auto").round else view.shape,
        }
        changes = {field: value for field, value in plainest.items() if getattr(self, field) != value}
        return self.with_fields(changes) if changes else self

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.self_attention import SelfAttention as Layer

        group = self.acting(x)
        relative = None
        if not x.group.trivial:
            action = group.action(x.dims)
            relative = action.product[:, action.relative] if self.published() else action.relative[None]
        return Layer(
            x.channels,
            self.channels,
            self.heads,
            self.parts(x),
            self.position_hidden,
            grid=x.grid,
            order=group.order,
            positions=positions(self.view(x)),
            relative=relative,
        )

    def width(self, x: Signal) -> int:
        """Channels of queries, keys and values over all heads."""
        return self.hidden or self._default(x)

    def parts(self, x: Signal) -> tuple[int, ...]:
        """How a head's channels are split among the position embeddings: one part per axis, then the elements'."""
        each, rest = divmod(self.width(x) // self.heads, self._least(x))
        if x.group.trivial:
            return (*(each,) * (x.dims - 1), each + rest, 0)
        return (*(each,) * x.dims, each + rest)

    def view(self, x: Signal) -> View:
        """The keys of each point; a window that covers the whole grid is replaced by None."""
        group, window = self.acting(x), self.window
        everything = 2 * max(x.reference) - 1
        view = View(group, x.grid, window, x.spacing, self.shape)
        return view._replace(window=None) if window is not None and window >= everything and not view.round else view

    def receptive_field(self, x: Signal) -> float:
        return covered(self.view(x).taps.taps if self.view(x).window else [2 * n - 1 for n in x.grid], x)

    def _least(self, x: Signal) -> int:
        return x.dims + (not x.group.trivial)

    def bound_to_grid(self, x: Signal) -> str | None:
        return None if self.view(x).window else "attention over the whole grid measures positions by its extent"

    def _default(self, x: Signal) -> int:
        return self.heads * max(self._least(x), -(-self.channels // (2 * self.heads)))

    def _require_window(self, x: Signal) -> None:
        if self.window is None:
            return
        longest = max(x.reference)
        if self.window % 2 == 0:
            raise SignalError(f"a window of {self.window} points has no centre; use an odd number", "window")
        if self.window > 2 * longest - 1:
            raise SignalError(
                f"a window of {self.window} points on an axis of {longest}; use at most {2 * longest - 1}, or None for "
                "the whole grid",
                "window",
            )


class SelfAttention(Attention):
    """Self-attention over the grid and the elements of the signal's group (Romero & Cordonnier 2021, arXiv 2010.00977).

    s_h(x, g; y, m) = q(x, g)·(k(y, m) + ρ(h⁻¹(y - x)) + t(g⁻¹m)) / √(channels of a head); softmax over all keys (y, m)
    of each (x, g); f(x, h) = W·mean_g Σ_(y, m) a_h(x, g; y, m) v(y, m). ρ is a small network for each axis, t a table
    with an entry for each element.
    """

    kind: Literal["self_attention"] = "self_attention"
    relative: Relative = Field(
        default="exact",
        description="t is indexed by g⁻¹m; as published on C_n by h·g⁻¹m, which is not equivariant",
    )

    def published(self) -> bool:
        return self.relative == "published"

    def infer(self, x: Signal) -> Signal:
        if self.published() and not x.group.cyclic:
            raise SignalError(
                f"the published relation is for C_n, and this signal is on {x.group}; use 'exact'", "relative"
            )
        return super().infer(x)

    def warnings(self, x: Signal) -> Iterator[str]:
        yield from super().warnings(x)
        if self.published() and not x.group.trivial:
            yield f"relative='published' breaks {x.group}; use relative='exact'"

    def simplified(self, x: Signal) -> Primitive | None:
        if self.published() and x.group.trivial:
            return self.with_fields({"relative": "exact"}).simplified(x)
        return super().simplified(x)


class SelfAttentionLift(Attention):
    """Self-attention from a plain signal onto a group: f(x, h) = W·Σ_y a_h(x; y) v(y).

    a_h is the softmax over y of q(x)·(k(y) + ρ(h⁻¹(y - x))) / √(channels of a head). Onto C1 it is `SelfAttention`.
    """

    kind: Literal["self_attention_lift"] = "self_attention_lift"
    group: Group = Field(description="the symmetry: C1, C4, D4, C8, … , in three dimensions also T, O, Oh")

    def acting(self, x: Signal) -> Group:
        return self.group

    def infer(self, x: Signal) -> Signal:
        if not x.group.trivial:
            raise SignalError(f"the signal is already on {x.group}; use SelfAttention() here, or Restrict() before it")
        if not self.group.acts_on(x.dims):
            raise SignalError(
                f"{self.group} does not act on a grid of {x.dims} axes; use {groups_for(x.dims)}", "group"
            )
        if self.group.scaling:
            raise SignalError(f"attention is under turns and flips, {self.group} are scales; use Lift()", "group")
        return super().infer(x)

    def simplified(self, x: Signal) -> Primitive | None:
        if not self.group.trivial:
            return super().simplified(x)
        fields: dict[str, Any] = {name: getattr(self, name) for name in Attention.model_fields if name != "kind"}
        return SelfAttention(**fields).simplified(x)
