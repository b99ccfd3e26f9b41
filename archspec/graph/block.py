"""What every block is: fields, and either three rules (a primitive) or an expansion into other blocks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple, Protocol

from pydantic import Field

from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError
from archspec.schema.kinds import Kinds
from archspec.schema.model import Model

if TYPE_CHECKING:
    from torch import nn


FREE = Cost()
Merge = Literal["add", "multiply", "concat"]
Channels = Annotated[int, Field(ge=1, le=65_536)]


class Build(Protocol):
    """A graph under construction, as blocks add to it; nodes are known by their names."""

    def signal(self, name: str) -> Signal:
        """What a node gives out."""
        ...

    def primitive(self, name: str, block: Primitive, x: str) -> str:
        """One node that applies a block to node `x`; its name."""
        ...

    def body(self, name: str, blocks: Sequence[Block], x: str) -> str:
        """One block after another; the name of the last node."""
        ...

    def merge(self, name: str, how: Merge, inputs: Sequence[str], kind: str) -> str:
        """The merge of several nodes; of one node, that node."""
        ...


BLOCKS = Kinds("archsearch.blocks", "block")
HEADS = Kinds("archsearch.heads", "head")


class Block(Model):
    """One kind of node. Subclasses state `kind`, a literal that tells them apart in data."""

    family: ClassVar[Kinds] = BLOCKS
    kind: str

    @abstractmethod
    def expand(self, build: Build, name: str, x: str) -> str:
        """Add the nodes of this block, reading node `x`; the name of the node that holds the result."""


class LearnedSizes(NamedTuple):
    """What a layer has learned that changes its cost.

    Attributes:
        taps: per axis that a window leaves of a kernel; None without a learned window.
        elements: how many elements of the group it reads and gives; None where that is all of them.
        inside: the cost of the network that it is run around; None without one.
    """

    taps: tuple[int, ...] | None = None
    elements: tuple[int, int] | None = None
    inside: Cost | None = None


class Primitive(Block):
    """A block that is one node of the graph.

    `reads_partial` says how it reads a signal of which only some elements count: `refused`, `unaffected` (each element
    by itself), `masked` (the others are made zero before), `given` (its layer is told). `reads_scales`: whether
    it can read a signal on scales, which have no inverses within the few that there are. `draws`: whether two of it
    that read the same may give different numbers, as random ones are drawn in it. `turnable`: whether its kernels can
    be sampled at turns of a sector, which another node states.
    """

    reads_partial: ClassVar[str] = "refused"
    reads_scales: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    turnable: ClassVar[bool] = False

    def expand(self, build: Build, name: str, x: str) -> str:
        return build.primitive(name, self, x)

    @abstractmethod
    def infer(self, x: Signal) -> Signal:
        """Output signal; raises SignalError, naming the field and a remedy, if `x` does not fit."""

    @abstractmethod
    def lower(self, x: Signal) -> nn.Module:
        """A fresh torch module that computes this block on `x`."""

    def cost(self, x: Signal) -> Cost:
        """One forward pass on one example; `activations` are those inside, what it gives out comes to them."""
        return FREE

    @property
    def states(self) -> Literal["elements", "turns"] | None:
        """What its layer says to the nodes after it: which elements of the group count, or at which turns they are."""
        return None

    @property
    def elementwise(self) -> bool:
        """Whether each element of the group that it gives comes of that element of what it reads."""
        return self.reads_partial == "unaffected"

    def has_kernel_at_turns(self, x: Signal) -> bool:
        """Whether its kernel can be sampled between the elements of the group; False where it keeps what it reads.

        Raises:
            SignalError: it can do neither.
        """
        raise SignalError(f"a {self.kind} has no kernel that can be sampled between the elements")

    def summary(self) -> str | None:
        """In a few words what a table of architectures says of it; None where it is not worth a mention."""
        return None

    def traits(self) -> dict[str, str]:
        """Choices by which a report compares architectures, each by its name."""
        return {}

    def algorithm_for(self, x: Signal, target: Target) -> str | None:
        """Of a convolution, what a target runs: `direct` sums over taps, or `fft`."""
        return None

    def cost_for(self, x: Signal, target: Target) -> Cost:
        """The cost where `target` runs it; another than `cost` where that depends on it."""
        return self.cost(x)

    def cost_now(self, x: Signal, learned: LearnedSizes, target: Target) -> Cost:
        """The cost where `target` runs it, with what its layer has learned."""
        return self.cost_for(x, target)

    def warnings(self, x: Signal) -> Iterator[str]:
        """What is allowed here but only approximate."""
        yield from ()

    def spread(self, x: Signal, given: float) -> float:
        """About the standard deviation of what it gives before training, where that of what it reads is `given`."""
        return given

    def check_reads(self, x: Signal) -> None:
        """Raise SignalError if it cannot read a signal on scales, or one of which only some elements count."""
        if x.group.scaling and not self.reads_scales:
            raise SignalError(f"it cannot read a signal on the scales {x.group}; put it after GroupPool()")
        if x.partial and self.reads_partial == "refused":
            raise SignalError(
                f"it cannot read a signal on part of {x.group}; put it before Partial(), or GroupPool() before it"
            )

    def simplified(self, x: Signal) -> Primitive | None:
        """A plainer block that computes the same functions of `x`, or None when it changes nothing."""
        return self

    def bound_to_grid(self, x: Signal) -> str | None:
        """What of it says where on the grid of `x` something lies, in words; None where the grid may have any size."""
        return None

    def nodes_within(self, x: Signal) -> int:
        """Number of nodes of a network inside it."""
        return 0

    def identity(self, x: Signal, written: bytes) -> bytes:
        """What tells it from other blocks that read `x`, in hashes too: how it is `written`, unless it holds a body."""
        return written


AnyBlock = Annotated[Block, BLOCKS]
AnyHead = Annotated[Primitive, HEADS]
