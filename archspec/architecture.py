"""An architecture: input, body, head. Data that can be read, written, hashed, typed and priced without torch."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal, Self, TypeVar, get_args

from pydantic import Field

from archspec.blocks import AnyBlock, AnyHead
from archspec.canonical import canonical_hash
from archspec.cost import Cost
from archspec.data import to_data
from archspec.graph import INPUT, Builder, Graph
from archspec.inputs import AnyInput
from archspec.kernels import AnyKernel, Disc
from archspec.model import Model
from archspec.passes import optimise, price_by_block
from archspec.signal import SignalError

A = TypeVar("A", bound="Architecture")
# Which model each `kind` in data stands for.
KINDS: dict[str, type[Model]] = {
    str(model.model_fields["kind"].default): model
    for model in (
        *(m for union in (AnyBlock, AnyHead, AnyInput, AnyKernel) for m in get_args(get_args(union)[0])),
        Disc,
    )
}


class Architecture(Model):
    """A network as data. With holes in it, it is what a `spaces.Space` is made of."""

    schema_version: Literal[1] = Field(default=1, description="version of this format")
    input: AnyInput
    body: tuple[AnyBlock, ...]
    head: AnyHead

    @cached_property
    def filled(self) -> bool:
        """Whether there is no hole in it."""
        return not self.is_open()

    @cached_property
    def of_space(self) -> bool:
        """Whether it fills a space, so that its blocks recur in other fillings."""
        return False

    @cached_property
    def graph(self) -> Graph:
        """The typed graph after all passes.

        Raises:
            SignalError: the architecture does not fit together, or has holes.
        """
        return optimise(self.elaborate())

    def elaborate(self) -> Graph:
        """The typed graph as written, before any pass."""
        if not self.filled:
            raise SignalError("this architecture has holes: fill it through spaces.Space(architecture) first")
        build = Builder(self.input.signal)
        body = build.body("body", self.body, INPUT)
        head = self.head.expand(build, "head", body)
        return Graph(build.nodes, head)

    @cached_property
    def hash(self) -> str:
        """Equal for architectures that compute the same functions by the same graph, in whatever order written."""
        return canonical_hash(self.graph)

    @property
    def warnings(self) -> list[str]:
        """What is allowed but only approximate, each with the path of its block."""
        return self.graph.warnings()

    def to_data(self) -> dict[str, Any]:
        """Plain JSON-ready data, defaults left out."""
        data: dict[str, Any] = to_data(self)
        return data

    def to_json(self) -> str:
        """JSON text."""
        from archspec.document import write_json

        return write_json(self.to_data())

    def to_yaml(self) -> str:
        """YAML text."""
        from archspec.document import write_yaml

        return write_yaml(self.to_data())

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read JSON text; SpecError with the place and the remedy if it is not an architecture without holes."""
        from archspec.document import parsed_json

        return _known_filled(parsed_json(cls, text))

    @classmethod
    def from_yaml(cls, text: str | bytes) -> Self:
        """Read YAML text; as `from_json`."""
        from archspec.document import read_yaml

        return cls.from_data(read_yaml(text))

    @classmethod
    def from_data(cls, data: Any) -> Self:
        """From plain data; as `from_json`."""
        from archspec.document import parsed

        return _known_filled(parsed(cls, data))


def _known_filled(architecture: A) -> A:
    """Read from data, which cannot hold holes: there is nothing to look for."""
    architecture.__dict__["filled"] = True
    return architecture


def price(what: Architecture | Graph) -> Cost:
    """The cost of one example through an architecture, or through its graph; see `Cost` for what counts.

    Raises:
        SignalError: the architecture does not fit together.
    """
    if isinstance(what, Graph):
        return what.cost()
    if what.of_space and "graph" not in what.__dict__:
        try:
            return price_by_block(what.input.signal, (*what.body, what.head))
        except SignalError:
            pass  # the graph says it again, with the path
    return what.graph.cost()
