"""An architecture: input, body, head. Data that can be read, written, hashed, typed and priced without torch."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar

from pydantic import Field, model_validator

from archspec.blocks import AnyBlock, AnyHead
from archspec.geometry.fourier import TARGETS, Target
from archspec.graph import lints
from archspec.graph.canonical import canonical_hash
from archspec.graph.cost import Cost
from archspec.graph.drawing import Drawing, draw, stated
from archspec.graph.graph import INPUT, Builder, Graph, located
from archspec.graph.passes import optimise, price_by_block
from archspec.graph.signal import Signal, SignalError
from archspec.inputs import AnyInput, Extent
from archspec.moved import former_names
from archspec.schema.data import to_data
from archspec.schema.model import Model

A = TypeVar("A", bound="Architecture")


class Architecture(Model):
    """A network as data: input, body, head. With holes it is the template of a `spaces.Space`."""

    schema_version: Literal[1] = Field(default=1, description="version of this format")
    input: AnyInput
    body: tuple[AnyBlock, ...]
    head: AnyHead
    reference: tuple[Extent, ...] | None = Field(
        default=None, description="the reference grid, for which sizes and strides are stated; by default the input's"
    )

    @model_validator(mode="after")
    def _reference_fits(self) -> Self:
        if self.reference is not None and not self.is_open() and len(self.reference) != len(self.input.grid):
            raise ValueError(
                f"reference has {len(self.reference)} axes, the input {len(self.input.grid)}; give one size for each"
            )
        return self

    @cached_property
    def filled(self) -> bool:
        """Whether it contains no hole."""
        return not self.is_open()

    @cached_property
    def of_space(self) -> bool:
        """Whether it is a filling of a space; then it is priced block by block, as its blocks recur in others."""
        return False

    @cached_property
    def graph(self) -> Graph:
        """The typed graph after all passes.

        Raises:
            SignalError: the blocks do not fit together, or there are holes.
        """
        return optimise(self.elaborate())

    @cached_property
    def signal(self) -> Signal:
        """The signal of the input.

        Raises:
            SignalError: the reference has another number of axes, which a space can be filled with.
        """
        if self.reference is None or self.reference == self.input.grid:
            return self.input.signal
        if len(self.reference) != len(self.input.grid):
            raise SignalError(
                f"reference has {len(self.reference)} axes, the input {len(self.input.grid)}; give one size for each"
            )
        spacing = tuple(Fraction(a, b) for a, b in zip(self.reference, self.input.grid, strict=True))
        return self.input.signal._replace(spacing=spacing)

    def at_resolution(self, *size: int | tuple[int, ...]) -> Self:
        """The same network on a finer or coarser grid over the same field of view: `at_resolution(32, 32)`.

        It has the same parameters. Kernels are sampled on the new grid and weighted by the size of its cells. The
        extents of windows, pooling and strides stay the same, as nearly as the grid allows.

        Args:
            size: points per axis of the new grid.

        Raises:
            ValueError: the number of sizes is not the number of axes.
        """
        grid = self._sizes(size)
        reference = self.reference or self.input.grid
        field = self.input.resized(grid)
        return self.model_copy(update={"input": field, "reference": None if grid == reference else reference})

    def on_grid(self, *size: int | tuple[int, ...]) -> Self:
        """The same network for a signal of other extent at the same sampling rate: `on_grid(4000)`, `on_grid(64, 96)`.

        It has the same parameters; kernels, windows, pooling and strides stay the same in steps of the signal.

        Args:
            size: points per axis of the new grid.

        Raises:
            ValueError: the number of sizes is not the number of axes, or the extent is no whole number of reference
                steps.
            SignalError: a block depends on the extent of its grid.
        """
        grid = self._sizes(size)
        if grid == self.input.grid:
            return self
        for name, node in self.graph.nodes.items():
            if node.block and (whole := node.block.bound_to_grid(self.graph.source(name))):
                reason = f"{whole}, so the network cannot run on another grid; use at_resolution(), or change the block"
                raise located(SignalError(reason), name, node.block.kind)
        if self.reference is None:
            return self.model_copy(update={"input": self.input.resized(grid)})
        steps = [Fraction(r, m) for r, m in zip(self.reference, self.input.grid, strict=True)]
        extents = [n * step for n, step in zip(grid, steps, strict=True)]
        if any(extent.denominator != 1 for extent in extents):
            raise ValueError(
                f"{grid} points are no whole number of steps of the reference grid {self.reference}; "
                f"use multiples of {' and '.join(str(step.denominator) for step in steps)}"
            )
        return self.model_copy(update={"input": self.input.resized(grid), "reference": tuple(map(int, extents))})

    def _sizes(self, size: tuple[int | tuple[int, ...], ...]) -> tuple[int, ...]:
        grid = tuple(n for part in size for n in (part if isinstance(part, tuple) else (part,)))
        if len(grid) != len(self.input.grid):
            raise ValueError(f"{len(grid)} sizes for {len(self.input.grid)} axes; give one for each axis")
        return grid

    def elaborate(self) -> Graph:
        """The typed graph before any pass.

        Raises:
            SignalError: the blocks do not fit together, or there are holes.
        """
        if not self.filled:
            raise SignalError("this architecture has holes: fill it through spaces.Space(architecture) first")
        build = Builder(self.signal)
        body = build.body("body", self.body, INPUT)
        head = self.head.expand(build, "head", body)
        return Graph(build.nodes, head)

    @cached_property
    def hash(self) -> str:
        """The canonical hash: equal for architectures with the same graph after all passes, in any order of writing."""
        return canonical_hash(self.graph)

    @property
    def warnings(self) -> list[str]:
        """Sentences about what is allowed but approximate, each beginning with the path of a block."""
        return lints.warnings(self.graph)

    def draw(self, target: Target = "torch") -> Drawing:
        """Its blocks as a tree, with signals and, on a target of `price`, costs; with holes, the blocks alone.

        Raises:
            SignalError: the blocks do not fit together.
        """
        graph, whole = (self.graph, self.elaborate()) if self.filled else (None, None)
        return draw({"body": self.body, "head": self.head}, stated(self.input), graph, whole, target)

    def to_data(self) -> dict[str, Any]:
        """The architecture as plain JSON-ready data; fields with their default value are left out."""
        data: dict[str, Any] = to_data(self)
        return data

    def to_json(self) -> str:
        """The architecture as JSON text."""
        from archspec.schema.document import write_json

        return write_json(self.to_data())

    def to_yaml(self) -> str:
        """The architecture as YAML text."""
        from archspec.schema.document import write_yaml

        return write_yaml(self.to_data())

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read JSON text; SpecError with the path and the remedy if it is not an architecture, or has holes."""
        from archspec.schema.document import parsed_json

        return _known_filled(parsed_json(cls, text))

    @classmethod
    def from_yaml(cls, text: str | bytes) -> Self:
        """Read YAML text; errors as `from_json`."""
        from archspec.schema.document import read_yaml

        return cls.from_data(read_yaml(text))

    @classmethod
    def from_data(cls, data: Any) -> Self:
        """Read plain data; errors as `from_json`."""
        from archspec.schema.document import parsed

        return _known_filled(parsed(cls, data))


def _known_filled(architecture: A) -> A:
    """Mark an architecture without holes as `filled`, which saves searching it for holes."""
    architecture.__dict__["filled"] = True
    return architecture


class Priced(Protocol):
    """An object that has a cost: a graph, or a lowered network with its learned sizes."""

    def cost(self, target: Target = "torch") -> Cost:
        """The cost of one example when `target` runs it."""
        ...


def price(what: Architecture | Priced, target: Target = "torch") -> Cost:
    """The cost of one example through an architecture, its graph or its network; see `Cost` for what counts.

    Args:
        what: an architecture, a graph or a network.
        target: what runs it: `torch` on a CPU, `cuda` for torch on a GPU, `onnx` for the exported file in onnxruntime.
            They differ in which convolutions use Fourier transforms, and in the lengths of these.

    Raises:
        SignalError: the blocks of the architecture do not fit together.
        ValueError: there is no such target.
        TypeError: it is none of these, such as a space: its architectures have prices (`space.costs`).
    """
    if target not in TARGETS:
        raise ValueError(f"there is no target {target!r}; use one of {', '.join(TARGETS)}")
    if not isinstance(what, Architecture):
        if not hasattr(what, "cost"):
            raise TypeError(f"price takes an architecture, a graph or a network, not a {type(what).__name__}")
        return what.cost(target)
    if what.of_space and "graph" not in what.__dict__:
        try:
            return price_by_block(what.signal, (*what.body, what.head), target)
        except SignalError:
            pass  # the graph raises it again, with the path
    return what.graph.cost(target)


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
