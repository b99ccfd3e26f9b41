"""Blocks that are composed of other blocks."""

from __future__ import annotations

import contextlib
import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from archspec.blocks.pointwise import Pointwise
from archspec.blocks.pool import Pool
from archspec.graph.block import AnyBlock, Block, Build, Merge
from archspec.graph.graph import located, path
from archspec.graph.signal import Signal, SignalError
from archspec.schema.mistakes import listed, shortened_path
from archspec.schema.model import Copies, Model

Body = tuple[AnyBlock, ...]
NodeName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]


class Sequential(Block):
    """Blocks one after another; without any, the identity."""

    kind: Literal["sequential"] = "sequential"
    body: Body = Field(default=(), description="the blocks, in order")

    def expand(self, build: Build, name: str, x: str) -> str:
        return build.body(f"{name}.body", self.body, x)


class Residual(Block):
    """x + body(x). If the body changes the shape, the shortcut is pooled or strided and mapped by a Pointwise."""

    kind: Literal["residual"] = "residual"
    body: Body = Field(description="the blocks beside the shortcut, in order")

    def expand(self, build: Build, name: str, x: str) -> str:
        result = build.body(f"{name}.body", self.body, x)
        shortcut = self._shortcut(build, name, x, build.signal(result))
        return build.merge(f"{name}.sum", "add", (shortcut, result), self.kind)

    def _shortcut(self, build: Build, name: str, x: str, to: Signal) -> str:
        source = build.signal(x)
        turns = source.pooled == to.pooled or source.pooled.trivial  # then it turns as the body's output does
        if source.group != to.group or not turns or source.dims != to.dims:
            raise located(
                SignalError(
                    f"the body turns ({source}) into ({to}), which no shortcut can; move the block that "
                    "changes the group out of the residual"
                ),
                name,
                self.kind,
            )
        if source.grid != to.grid:
            x = build.primitive(f"{name}.shortcut.0", _resize(source, to, name), x)
        if source.channels != to.channels:
            x = build.primitive(f"{name}.shortcut.1", Pointwise(channels=to.channels, bias=False), x)
        return x


class Repeat(Block):
    """The body repeated `times` times, each copy with separate weights.

    In a space the copies share their holes by default; with `tied=False` each copy has separate holes.
    """

    kind: Literal["repeat"] = "repeat"
    times: int = Field(ge=0, le=1_000, description="number of copies, one after another")
    body: Body = Field(description="the blocks of each copy, in order")
    tied: bool = Field(default=True, description="in a space: the copies share their holes")

    def copies(self) -> Copies | None:
        return None if self.tied or not self.is_open() else Copies(self.times, self.body, _joined, self._split)

    def _split(self, value: Any) -> list[Any] | None:
        if not isinstance(value, Sequential):
            return None
        length = len(self.body)
        times, left = divmod(len(value.body), length) if length else (0, 1)
        return None if left else [value.body[i * length : (i + 1) * length] for i in range(times)]

    def expand(self, build: Build, name: str, x: str) -> str:
        for copy in range(self.times):
            before, x = x, build.body(f"{name}.copy{copy}.body", self.body, x)
            if x == before:
                break  # the body is empty, and so are its copies
        return x


class Branch(Block):
    """Several bodies with the same input; their outputs are added, multiplied or concatenated along the channels."""

    kind: Literal["branch"] = "branch"
    branches: Annotated[tuple[Body, ...], Field(min_length=1)] = Field(description="lists of blocks, one or more")
    merge: Merge = "add"

    def expand(self, build: Build, name: str, x: str) -> str:
        results = [build.body(f"{name}.branches.{i}", body, x) for i, body in enumerate(self.branches)]
        return build.merge(f"{name}.{self.merge}", self.merge, results, self.kind)


class GraphNode(Model):
    """A node of an explicit graph: a block whose input is the merge of the outputs of other nodes.

    Attributes:
        block: the block.
        inputs: names of the nodes whose outputs it reads; `input` is the input of the graph.
        merge: how several of them are merged: added, multiplied, or concatenated along the channels.
    """

    block: AnyBlock
    inputs: Annotated[tuple[NodeName, ...], Field(min_length=1)] = ("input",)
    merge: Merge = "add"


class Graph(Block):
    """An explicit directed acyclic graph; `input` is the name of the input of this block.

    `nodes` are its nodes by name: each has a `block`, the names of its `inputs`, by default the graph's input, and a
    `merge` of these, as in `Branch`. `output` names the node whose output is that of the block.
    """

    kind: Literal["graph"] = "graph"
    nodes: Annotated[dict[NodeName, GraphNode], Field(min_length=1)] = Field(description="the nodes by name")
    output: NodeName = Field(description="name of the node whose output is that of the block")

    @field_validator("nodes")
    @classmethod
    def _input_is_taken(cls, nodes: dict[str, Any]) -> dict[str, Any]:
        if "input" in nodes:
            raise ValueError("no node can be called input, which names the input of the graph; rename it")
        return nodes

    def __hash__(self) -> int:
        """The hash of the names alone, as a mapping has none; graphs that differ may share it."""
        return hash((frozenset(self.nodes), self.output))

    def expand(self, build: Build, name: str, x: str) -> str:
        results = {"input": x}
        for key in self._order(name):
            node = self.nodes[key]
            read = build.merge(
                f"{name}.node_{key}.{node.merge}", node.merge, [results[i] for i in node.inputs], self.kind
            )
            results[key] = node.block.expand(build, f"{name}.node_{key}", read)
        return results[self.output]

    def _order(self, name: str) -> list[str]:
        """Names of the nodes in topological order; SignalError if a node is missing or there is a cycle."""
        import networkx as nx

        where = shortened_path(path(name))
        known = {"input", *self.nodes}
        for key, node in self.nodes.items():
            for i, source in enumerate(node.inputs):
                if source not in known:
                    raise SignalError(
                        f"{where}.nodes.{key}.inputs[{i}] (graph): there is no node {source!r}; the "
                        f"nodes are {listed(sorted(known))}"
                    )
        if self.output not in self.nodes:
            raise SignalError(
                f"{where}.output (graph): there is no node {self.output!r}; the nodes are {listed(sorted(self.nodes))}"
            )
        dag = nx.DiGraph((source, key) for key, node in self.nodes.items() for source in node.inputs)
        try:
            return [key for key in nx.lexicographical_topological_sort(dag) if key in self.nodes]
        except nx.NetworkXUnfeasible:
            cycle = listed(source for source, _ in nx.find_cycle(dag))
            raise SignalError(
                f"{where}.nodes (graph): {cycle} read one another in a circle; remove one of these inputs"
            ) from None


def _joined(copies: list[Any]) -> Sequential:
    return Sequential.model_construct(body=tuple(block for body in copies for block in body))


def _resize(source: Signal, to: Signal, name: str) -> Pool:
    """A pool from the shortcut's grid to the body's: averages where windows divide it, else every n-th point."""
    ratios = [(a * s) / (b * t) for a, s, b, t in zip(source.grid, source.steps, to.grid, to.steps, strict=True)]
    stride = math.ceil(ratios[0])
    for pool in (Pool(size=stride, reduce="average"), Pool(size=1, stride=stride, reduce="average")):
        with contextlib.suppress(SignalError):
            found = pool.infer(source._replace(pooled=to.pooled))
            left = any((n - k) % k for n, k in zip(source.grid, source.strides(stride), strict=True))
            if found.grid == to.grid and found.spacing == to.spacing and (pool.size == 1 or not left):
                return pool
    raise located(
        SignalError(
            f"the body turns ({source}) into ({to}), a grid no shortcut reaches; use padding='same' in "
            "it, and the same stride on every axis"
        ),
        name,
        "residual",
    )
