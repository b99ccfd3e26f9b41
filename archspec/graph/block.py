"""The base classes of blocks: a primitive has rules (infer, cost, lower), other blocks expand into primitives."""

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
    """The graph under construction that a block adds its nodes to. Nodes are referred to by their names."""

    def signal(self, name: str) -> Signal:
        """The output signal of a node."""
        ...

    def primitive(self, name: str, block: Primitive, x: str) -> str:
        """Add one node that applies a block to the output of node `x`; returns the node's name."""
        ...

    def body(self, name: str, blocks: Sequence[Block], x: str) -> str:
        """Add blocks one after another, the first reading node `x`; returns the name of the last node."""
        ...

    def merge(self, name: str, how: Merge, inputs: Sequence[str], kind: str) -> str:
        """Add a node that merges several nodes; returns its name. A single input is returned as it is."""
        ...


BLOCKS = Kinds("archsearch.blocks", "block")
HEADS = Kinds("archsearch.heads", "head")


class Block(Model):
    """The base class of every kind of block. A subclass has a literal field `kind`, which names it in data."""

    family: ClassVar[Kinds] = BLOCKS
    kind: str

    @abstractmethod
    def expand(self, build: Build, name: str, x: str) -> str:
        """Add the nodes of this block, which reads node `x`; returns the name of the node that is its output."""


class LearnedSizes(NamedTuple):
    """The learned sizes of a layer that change its cost.

    Attributes:
        taps: taps per axis of the kernel after its learned window has cropped it; None without a learned window.
        elements: number of active group elements of the input and of the output; None where all are active.
        inside: cost of the network that the layer wraps; None without one.
    """

    taps: tuple[int, ...] | None = None
    elements: tuple[int, int] | None = None
    inside: Cost | None = None


class Primitive(Block):
    """A block that is one node of the graph.

    Attributes:
        reads_partial: how it treats an input signal of which only some group elements are active: `refused` (an
            error), `unaffected` (it maps each element by itself), `masked` (the input is multiplied by the weights of
            the elements first, zero for inactive ones), `given` (its layer is called with these weights).
        reads_scales: whether the input signal may be on a group with scales. Scales form a group only without bounds:
            a finite range of them lacks inverses.
        draws: whether it draws random numbers, so that two equal blocks with the same input may differ in output.
        turnable: whether its kernels can be sampled at the turns of a learned sector, which another node states.
    """

    reads_partial: ClassVar[str] = "refused"
    reads_scales: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    turnable: ClassVar[bool] = False

    def expand(self, build: Build, name: str, x: str) -> str:
        return build.primitive(name, self, x)

    @abstractmethod
    def infer(self, x: Signal) -> Signal:
        """The output signal for input signal `x`.

        Raises:
            SignalError: the block cannot read `x`; the error names the field and a remedy.
        """

    @abstractmethod
    def lower(self, x: Signal) -> nn.Module:
        """A new torch module, with randomly drawn weights, that computes this block on input signal `x`."""

    def cost(self, x: Signal) -> Cost:
        """Cost of one forward pass on one example. `activations` counts internal ones; the graph adds the output's."""
        return FREE

    @property
    def states(self) -> Literal["elements", "turns"] | None:
        """What its layer states to later nodes: which group elements are active, or the angles of the elements."""
        return None

    @property
    def elementwise(self) -> bool:
        """Whether each group element of the output depends on the same element of the input alone."""
        return self.reads_partial == "unaffected"

    def has_kernel_at_turns(self, x: Signal) -> bool:
        """Whether it has a kernel that can be sampled at offsets, that is, at turns between the elements of the group.

        False for a block that acts on each turn alike: then the elements of its output are the same turns as those of
        its input.

        Raises:
            SignalError: neither is so, and offsets cannot be used with this block.
        """
        raise SignalError(f"a {self.kind} has no kernel that can be sampled between the elements")

    def summary(self) -> str | None:
        """A few words that describe it in a table of architectures; None to leave it out."""
        return None

    def traits(self) -> dict[str, str]:
        """Design choices by which a report groups architectures: the name of each choice and its value."""
        return {}

    def algorithm_for(self, x: Signal, target: Target) -> str | None:
        """The algorithm of a convolution on a target: `direct` (sums over taps) or `fft`; None for other blocks."""
        return None

    def cost_for(self, x: Signal, target: Target) -> Cost:
        """The cost when `target` runs the network; by default `cost`, the same on all targets."""
        return self.cost(x)

    def cost_now(self, x: Signal, learned: LearnedSizes, target: Target) -> Cost:
        """The cost when `target` runs the network, with the sizes that its layer has learned."""
        return self.cost_for(x, target)

    def warnings(self, x: Signal) -> Iterator[str]:
        """Sentences about what is allowed on `x` but only approximate."""
        yield from ()

    def spread(self, x: Signal, given: float) -> float:
        """Approximate standard deviation of the output before training, where that of the input is `given`."""
        return given

    def receptive_field(self, x: Signal) -> float:
        """The largest share of an axis of `x` that lies between the points that a point of the output depends on."""
        return 0.0

    def reads_ahead(self, x: Signal) -> bool:
        """Whether, on a series, a point of the output depends on later points of `x` in evaluation."""
        return self.receptive_field(x) > 0

    def check_reads(self, x: Signal) -> None:
        """Raise SignalError if `x` is on scales, or has inactive elements, and this block cannot read such a signal."""
        if x.group.scaling and not self.reads_scales:
            raise SignalError(f"it cannot read a signal on the scales {x.group}; put it after GroupPool()")
        if x.partial and self.reads_partial == "refused":
            raise SignalError(
                f"it cannot read a signal on part of {x.group}; put it before Partial(), or GroupPool() before it"
            )

    def simplified(self, x: Signal) -> Primitive | None:
        """A simpler block that computes the same functions of `x`; the block itself if there is none.

        None if the block is the identity on `x`, and can be left out.
        """
        return self

    def bound_to_grid(self, x: Signal) -> str | None:
        """Why the block works on a grid of this size only, in words; None where the grid may have any size."""
        return None

    def nodes_within(self, x: Signal) -> int:
        """Number of nodes of the network that it wraps; 0 without one."""
        return 0

    def identity(self, x: Signal, written: bytes) -> bytes:
        """Bytes that are equal for equal blocks reading `x` and differ for others; they enter the architecture's hash.

        Args:
            x: the input signal.
            written: the block serialised as JSON, which is the default.
        """
        return written


AnyBlock = Annotated[Block, BLOCKS]
AnyHead = Annotated[Primitive, HEADS]
