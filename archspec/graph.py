"""The typed graph an architecture is elaborated to. Nodes are the truth; the networkx view is derived from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from archspec import sectors
from archspec.block import FREE, Block, Primitive
from archspec.cost import Cost
from archspec.mistakes import shortened_path
from archspec.signal import Signal, SignalError

if TYPE_CHECKING:
    import networkx as nx

Merge = Literal["add", "multiply", "concat"]
INPUT = "input"
MAX_NODES = 10_000
_MOST_FACTS = 50_000
_FACTS: dict[tuple[bytes, Signal], Facts] = {}


class Facts(NamedTuple):
    """All that is known of a block reading a signal.

    `plain` is its plainest form, unless it is `simple` already; `text` tells it from other blocks;
    `size` counts it and the nodes within it.
    """

    signal: Signal
    cost: Cost
    simple: bool
    plain: Primitive | None
    text: bytes
    size: int = 1


class Node(NamedTuple):
    """One operation. `block` is None for the input and for a pure merge; several inputs are merged before the block."""

    block: Primitive | None
    inputs: tuple[str, ...]
    merge: Merge
    facts: Facts

    @property
    def signal(self) -> Signal:
        """What the node gives out."""
        return self.facts.signal


def facts(block: Primitive, x: Signal) -> Facts:
    """What `block` makes of `x` by its three rules, remembered by value: a search meets the same blocks again."""
    text = block.__pydantic_serializer__.to_json(block)
    known = _FACTS.get((text, x))
    if known is None:
        if len(_FACTS) >= _MOST_FACTS:
            _FACTS.clear()
        block.check_reads(x)
        signal, plain = block.infer(x), block.simplified(x)
        identity, size = block.identity(x, text), 1 + block.nodes_within(x)
        known = _FACTS[text, x] = Facts(signal, block.cost(x), plain is block, plain, identity, size)
    return known


def merge_facts(signal: Signal) -> Facts:
    """What is known of a node without a block."""
    return Facts(signal, FREE, True, None, b"")


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each comes after its inputs, the first being the input."""

    nodes: dict[str, Node]
    output: str

    def __deepcopy__(self, memo: object) -> Graph:
        return self  # nothing in it ever changes

    @property
    def signal(self) -> Signal:
        """What comes out."""
        return self.nodes[self.output].signal

    def source(self, name: str) -> Signal:
        """What the block of a node reads, its inputs merged."""
        node = self.nodes[name]
        return merged(node.merge, [self.nodes[i].signal for i in node.inputs])

    def cost(self) -> Cost:
        """Cost of one example through all nodes."""
        macs = fft = params = activations = kernel_macs = 0
        for _, _, _, (signal, cost, *_) in self.nodes.values():
            activations += signal.maps * signal.positions
            if cost is not FREE:
                activations += cost.activations  # of nodes inside this one
                macs += cost.macs
                fft += cost.fft_flops
                params += cost.params
                kernel_macs += cost.kernel_macs
        given = self.nodes[INPUT].signal
        return Cost(macs, fft, params, activations - given.maps * given.positions, kernel_macs)

    def dag(self) -> nx.MultiDiGraph[str]:
        """The graph as networkx sees it: a node's `node`, an edge's `position` among the inputs."""
        import networkx as nx

        dag: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for name, node in self.nodes.items():
            dag.add_node(name, node=node)
            dag.add_edges_from((source, name, {"position": i}) for i, source in enumerate(node.inputs))
        return dag


class Builder:
    """A graph under construction: every node is typed as it is added."""

    def __init__(self, x: Signal) -> None:
        self.nodes: dict[str, Node] = {INPUT: Node(None, (), "add", merge_facts(x))}
        self.size = 1

    def body(self, name: str, blocks: Sequence[Block], x: str) -> str:
        """One block after another; the name of the last node."""
        for i, block in enumerate(blocks):
            x = block.expand(self, f"{name}.{i}", x)
        return x

    def primitive(self, name: str, block: Primitive, x: str) -> str:
        """One node that applies `block` to node `x`; its name."""
        try:
            known = facts(block, self.nodes[x].facts.signal)
        except SignalError as error:
            raise located(error, name, block.kind) from None
        return self._add(name, Node(block, (x,), "add", known))

    def merge(self, name: str, how: Merge, inputs: Sequence[str], kind: str) -> str:
        """The merge of several nodes; of one node, that node."""
        if len(inputs) == 1:
            return inputs[0]
        try:
            signal = merged(how, [self.nodes[i].signal for i in inputs])
            if len({self._elements(i) for i in inputs}) > 1:
                raise SignalError(f"cannot {how} signals of which different elements count; put Partial() after it")
        except SignalError as error:
            raise located(error, name, kind) from None
        return self._add(name, Node(None, tuple(inputs), how, merge_facts(signal)))

    def _elements(self, name: str) -> tuple[str | None, ...]:
        """What says which elements a node has, and which its readers will have."""
        nodes = self.nodes
        return partial_source(nodes, name), sectors.source(nodes, name), sectors.ahead(nodes, name)

    def _add(self, name: str, node: Node) -> str:
        self.size += node.facts.size
        if self.size > MAX_NODES:
            raise SignalError(
                f"{shortened_path(path(name))}: the architecture has more than {MAX_NODES} nodes; repeat less"
            )
        self.nodes[name] = node
        return name


def merged(how: Merge, signals: Sequence[Signal]) -> Signal:
    """The signal of several merged into one; SignalError where they do not fit."""
    first = signals[0]
    for other in signals[1:]:
        if other.partial != first.partial:
            raise SignalError(f"cannot {how} a signal on all and one on part of {first.group}; put Partial() after it")
        if other[1:] != first[1:]:
            raise SignalError(f"cannot {how} ({first}) and ({other}); give every branch the same grid and group")
        if how != "concat" and other.channels != first.channels:
            raise SignalError(
                f"cannot {how} {first.channels} and {other.channels} channels; make them equal, or concat"
            )
    if how == "concat":
        return first._replace(channels=sum(s.channels for s in signals))
    return first


def partial_source(nodes: dict[str, Node], name: str) -> str | None:
    """The node that says which elements of the group count at node `name`; None if all do, be they where they are."""
    while nodes[name].signal.partial and not nodes[name].signal.scattered:
        block, inputs, *_ = nodes[name]
        if not inputs or (block is not None and block.kind == "partial"):
            return name
        name = inputs[0]
    return None


def module_names(graph: Graph) -> dict[str, str]:
    """The name of the module of each node that has a block."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name, node in graph.nodes.items():
        if node.block:
            target = f"{name.replace('.', '_')}_{node.block.kind}"
            while target in taken:
                target += "_"
            taken.add(target)
            names[name] = target
    return names


def verify(graph: Graph) -> None:
    """Infer every signal anew and compare: what a pass must leave true."""
    for name, node in graph.nodes.items():
        assert all(i in graph.nodes for i in node.inputs), f"{name} reads a node that is gone"
        if node.inputs:
            source = graph.source(name)
            signal = source if node.block is None else node.block.infer(source)
            assert signal == node.signal, f"{name} was typed ({node.signal}), but is ({signal})"
    assert graph.output in graph.nodes


def path(name: str) -> str:
    """A node's name as the place in the specification: body.1.body.0 is body[1].body[0]."""
    first, *rest = name.split(".")
    return first + "".join(
        f"[{part}]" if part.isdigit() else f".nodes.{part[5:]}" if part.startswith("node_") else f".{part}"
        for part in rest
    )


def located(error: SignalError, name: str, kind: str) -> SignalError:
    """The same error with the place it happened."""
    if error.within:
        return SignalError(shortened_path(path(name)) + f".{error.message}")
    where = shortened_path(path(name)) + (f".{error.field}" if error.field else "")
    return SignalError(f"{where} ({kind}): {error.message}")


def reachable(nodes: dict[str, Node], output: str) -> set[str]:
    """Names of the nodes that `output` depends on, itself included."""
    seen: set[str] = set()
    open_: list[str] = [output]
    while open_:
        name = open_.pop()
        if name not in seen:
            seen.add(name)
            open_.extend(nodes[name].inputs)
    return seen
