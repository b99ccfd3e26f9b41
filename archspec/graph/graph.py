"""The typed graph that an architecture is elaborated to, and the builder that blocks add their nodes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.geometry.fourier import Target
from archspec.geometry.groups import Group
from archspec.graph import sectors
from archspec.graph.block import FREE, Block, Merge, Primitive
from archspec.graph.cost import Cost
from archspec.graph.merging import merged, origins
from archspec.graph.node import Facts, Node, facts, merge_facts
from archspec.graph.signal import Signal, SignalError
from archspec.graph.stated import cost_of
from archspec.schema.mistakes import shortened_path

if TYPE_CHECKING:
    import networkx as nx

INPUT = "input"
MAX_NODES = 10_000
_MOST_COSTS = 50_000
# Costs of nodes on targets other than torch on a CPU, by the `id` of their facts, which the entry keeps alive.
_COSTS: dict[tuple[Target, int], tuple[Facts, Cost]] = {}


@dataclass(frozen=True)
class Graph:
    """A typed graph: nodes by name, each after its inputs and the first one the input, and the name of the output."""

    nodes: dict[str, Node]
    output: str

    def __deepcopy__(self, memo: object) -> Graph:
        return self  # it is immutable

    @property
    def signal(self) -> Signal:
        """The signal of the output node."""
        return self.nodes[self.output].signal

    def source(self, name: str) -> Signal:
        """The input signal of a node's block: the merge of its inputs."""
        node = self.nodes[name]
        return merged(node.merge, [self.nodes[i].signal for i in node.inputs])

    def cost(self, target: Target = "torch") -> Cost:
        """Cost of one forward pass of one example through all nodes, when `target` runs them."""
        macs = fft = params = activations = kernel_macs = 0
        for name, (_, _, _, (signal, cost, *_)) in self.nodes.items():
            if target != "torch" and cost is not FREE:
                cost = self.cost_at(name, target)
            activations += signal.maps * signal.positions
            if cost is not FREE:
                activations += cost.activations  # those inside the block
                macs += cost.macs
                fft += cost.fft_flops
                params += cost.params
                kernel_macs += cost.kernel_macs
        given = self.nodes[INPUT].signal
        return Cost(macs, fft, params, activations - given.maps * given.positions, kernel_macs)

    def cost_at(self, name: str, target: Target = "torch") -> Cost:
        """Cost of one node, without the activations of its output."""
        node = self.nodes[name]
        if target == "torch" or node.block is None:
            return node.facts.cost
        known = _COSTS.get((target, id(node.facts)))
        if known is None:
            if len(_COSTS) >= _MOST_COSTS:
                _COSTS.clear()
            found = cost_of(node.block, node.block.cost_for, self.source(name), target)
            known = _COSTS[target, id(node.facts)] = (node.facts, found)
        return known[1]

    def algorithms(self, target: Target = "torch") -> dict[str, str]:
        """The algorithm of each convolution on a target, by node name: `direct` (sums over taps) or `fft`."""
        blocks = {name: node.block for name, node in self.nodes.items() if node.block}
        return {name: found for name, b in blocks.items() if (found := b.algorithm_for(self.source(name), target))}

    def dag(self) -> nx.MultiDiGraph[str]:
        """The graph in networkx: nodes have the attribute `node`, edges the `position` among the reader's inputs."""
        import networkx as nx

        dag: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for name, node in self.nodes.items():
            dag.add_node(name, node=node)
            dag.add_edges_from((source, name, {"position": i}) for i, source in enumerate(node.inputs))
        return dag


class Builder:
    """A graph under construction: the signal of every node is inferred as it is added.

    Args:
        x: the signal of the input node.
    """

    def __init__(self, x: Signal) -> None:
        self.nodes: dict[str, Node] = {INPUT: Node(None, (), "add", merge_facts(x))}
        self.origins: dict[Group, dict[str, frozenset[str]]] = {}
        self.size = 1

    def signal(self, name: str) -> Signal:
        """The output signal of a node."""
        return self.nodes[name].facts.signal

    def body(self, name: str, blocks: Sequence[Block], x: str) -> str:
        """Add blocks one after another, the first reading node `x`; returns the name of the last node."""
        for i, block in enumerate(blocks):
            x = block.expand(self, f"{name}.{i}", x)
        return x

    def primitive(self, name: str, block: Primitive, x: str) -> str:
        """Add one node that applies `block` to node `x`; returns its name.

        Raises:
            SignalError: the block cannot read the signal of `x`; the message begins with the path.
        """
        try:
            known = facts(block, self.signal(x))
        except SignalError as error:
            raise located(error, name, block.kind) from None
        return self._add(name, Node(block, (x,), "add", known))

    def merge(self, name: str, how: Merge, inputs: Sequence[str], kind: str) -> str:
        """Add a node that merges several nodes; returns its name. A single input is returned as it is.

        Raises:
            SignalError: the signals do not fit together; the message begins with the path.
        """
        if len(inputs) == 1:
            return inputs[0]
        try:
            signal = merged(how, [self.nodes[i].signal for i in inputs])
            self._require_turning(how, inputs, signal.pooled)
            if len({self._elements(i) for i in inputs}) > 1:
                raise SignalError(f"cannot {how} signals of which different elements count; put Partial() after it")
        except SignalError as error:
            raise located(error, name, kind) from None
        return self._add(name, Node(None, tuple(inputs), how, merge_facts(signal)))

    def _require_turning(self, how: Merge, inputs: Sequence[str], group: Group) -> None:
        """Raise SignalError if the group was pooled in some inputs, and a plain one does not turn when those do."""
        plain = [i for i in inputs if self.nodes[i].signal.pooled != group]
        if not plain:
            return
        known = self.origins.setdefault(group, {})
        turning = {at for i in inputs if i not in plain for at in origins(self.nodes, i, group, known)}
        for other in plain:
            if apart := origins(self.nodes, other, group, known) - turning:
                raise SignalError(
                    f"cannot {how} what turns under {group} when {path(min(turning))} does and what does when "
                    f"{path(min(apart))} does; begin both at one node, or end the first with Restrict(group='C1')"
                )

    def _elements(self, name: str) -> tuple[str | None, ...]:
        """The nodes that state which elements node `name` has and which those of its readers will be."""
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


def partial_source(nodes: dict[str, Node], name: str) -> str | None:
    """The node that states which group elements are active at node `name`; None if all are, whatever their angles."""
    while nodes[name].signal.partial and not nodes[name].signal.scattered:
        block, inputs, *_ = nodes[name]
        if not inputs or (block is not None and block.states):
            return name
        name = inputs[0]
    return None


def module_names(graph: Graph) -> dict[str, str]:
    """The name of the torch module of each node that has a block, by the name of the node."""
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
    """Assert that every node's signal is the one inferred from its inputs, which every pass must preserve."""
    for name, node in graph.nodes.items():
        assert all(i in graph.nodes for i in node.inputs), f"{name} reads a node that is gone"
        if node.inputs:
            source = graph.source(name)
            signal = source if node.block is None else node.block.infer(source)
            assert signal == node.signal, f"{name} was typed ({node.signal}), but is ({signal})"
    assert graph.output in graph.nodes


def path(name: str) -> str:
    """The path in the specification that a node's name stands for: body.1.body.0 is body[1].body[0]."""
    first, *rest = name.split(".")
    return first + "".join(
        f"[{part}]" if part.isdigit() else f".nodes.{part[5:]}" if part.startswith("node_") else f".{part}"
        for part in rest
    )


def located(error: SignalError, name: str, kind: str) -> SignalError:
    """The same error, its message beginning with the path of node `name` and the kind of its block."""
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
