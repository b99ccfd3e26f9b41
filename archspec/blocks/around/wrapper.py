"""The base class of blocks that wrap a plain network and make it equivariant by moving its inputs and outputs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from archspec.geometry.fourier import Target
from archspec.geometry.groups import TRIVIAL, Group, groups_for, is_subgroup
from archspec.graph import lints
from archspec.graph.block import AnyBlock, Build, LearnedSizes, Primitive
from archspec.graph.canonical import canonical_hash
from archspec.graph.cost import Cost
from archspec.graph.graph import INPUT, Builder, Graph
from archspec.graph.grids import require_no_group, require_turnable
from archspec.graph.passes import optimise
from archspec.graph.receptive_field import receptive_field
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from archspec.layers.moving import Moves


class Wrapper(Primitive):
    """A body that is run on a plain signal moved by elements of a group, its output moved back; over C1 just the body.

    The output is plain. Its grid turns under the group, as after GroupPool, or under the smaller group that was pooled
    before this block. The body itself need not have any symmetry.
    """

    draws: ClassVar[bool] = True  # a block in the body may
    group: Group = Field(description="the symmetry: C1 (the body alone), C4, D4, … , in three dimensions T, O, Oh")
    body: tuple[AnyBlock, ...] = Field(
        description="blocks that are run on the moved signal; their output must be plain"
    )

    @abstractmethod
    def cost_around(self, x: Signal, inside: Cost, target: Target = "torch") -> Cost:
        """The cost of this block, where `inside` is the cost of one run of the body."""

    def expand(self, build: Build, name: str, x: str) -> str:
        return build.body(f"{name}.body", self.body, x) if self.group.trivial else super().expand(build, name, x)

    def infer(self, x: Signal) -> Signal:
        require_no_group(x, "a block that moves the whole signal")
        if self.group.scaling:
            raise SignalError(
                f"the scales {self.group} cannot move a signal back; use Lift(group='{self.group}')", "group"
            )
        if not self.group.acts_on(x.dims):
            known = groups_for(x.dims, scales=False)
            raise SignalError(f"{self.group} does not act on a grid of {x.dims} axes; use {known}", "group")
        if not is_subgroup(x.pooled, self.group, x.dims):
            raise SignalError(
                f"moved by {self.group} alone, a signal loses {x.pooled}, which was pooled before; use a group that "
                "contains it, or Restrict() before this block to a subgroup, such as C1",
                "group",
            )
        require_turnable(self.group, x)
        y = self.inner(x).signal
        if not y.group.trivial:
            raise SignalError(
                f"its output is on {y.group}, which cannot be moved back; end it with GroupPool()", "body"
            )
        require_turnable(self.group, y, "body")
        return y._replace(pooled=self.group if x.pooled.trivial else x.pooled)

    def cost(self, x: Signal) -> Cost:
        return self.cost_for(x, "torch")

    def cost_for(self, x: Signal, target: Target) -> Cost:
        return self.cost_around(x, self.inner(x).cost(target), target)

    def cost_now(self, x: Signal, learned: LearnedSizes, target: Target) -> Cost:
        inside = learned.inside or self.inner(x).cost(target)
        return self.cost_around(x, inside, target)

    def warnings(self, x: Signal) -> Iterator[str]:
        if not self.group.action(x.dims).exact:
            yield f"turns of {self.group} other than quarter turns are interpolated; measure them with certify()"
        yield from lints.warnings(self.inner(x))

    def bound_to_grid(self, x: Signal) -> str | None:
        graph = self.inner(x)
        found = (node.block.bound_to_grid(graph.source(n)) for n, node in graph.nodes.items() if node.block)
        return next(filter(None, found), None)

    def spread(self, x: Signal, given: float) -> float:
        graph = self.inner(x)
        return lints.spreads(graph, given)[graph.output]

    def receptive_field(self, x: Signal) -> float:
        return receptive_field(self.inner(x))

    def nodes_within(self, x: Signal) -> int:
        return sum(node.facts.size for node in self.inner(x).nodes.values())

    def identity(self, x: Signal, written: bytes) -> bytes:
        """Its fields without the body, and the hash of the body's graph."""
        fields = self.with_fields({"body": ()})
        return fields.__pydantic_serializer__.to_json(fields) + canonical_hash(self.inner(x)).encode()

    @cached_property
    def graphs(self) -> dict[Signal, Graph]:
        """Cached graphs of the body, by its input signal."""
        return {}

    def inner(self, x: Signal) -> Graph:
        """The graph of the body with input signal `x`, after the passes.

        Raises:
            SignalError: the blocks of the body do not fit together; the message begins with the path in the body.
        """
        if x not in self.graphs:
            build = Builder(x._replace(pooled=TRIVIAL))  # the body need not have the symmetry that was pooled
            try:
                output = build.body("body", self.body, INPUT)
            except SignalError as error:
                raise SignalError(error.message, within=True) from None
            self.graphs[x] = optimise(Graph(build.nodes, output))
        return self.graphs[x]

    def moves(self, signal: Signal, back: bool) -> Moves:
        """The module that moves a plain signal by every element of the group or, with `back`, by their inverses."""
        from archspec.layers.moving import Moves

        matrices = self.group.action(signal.dims).matrices
        # (g·x)(p) = x(g⁻¹p), and the inverse of a turn or flip is its transpose.
        return Moves(matrices if back else matrices.transpose(0, 2, 1), signal.channels, signal.grid)
