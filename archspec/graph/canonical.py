"""The canonical hash of a graph: equal for isomorphic graphs, however they were written, and different for others."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TypeVar

from archspec.graph.graph import Graph
from archspec.graph.node import Node
from archspec.graph.signal import Signal

_COMMUTES = ("add", "multiply")
Labels = dict[str, bytes]
T = TypeVar("T", bytes, str)


def canonical_hash(graph: Graph) -> str:
    """The hash of a graph, 32 hexadecimal digits.

    Each node is labelled by its block, its merge and the labels of its inputs. If all labels differ, the label of the
    output and the number of nodes determine the graph. Otherwise (parallel branches with the same blocks but separate
    weights) nodes with equal labels are distinguished by their readers, and the whole graph is written as a canonical
    text, so that different graphs have different hashes and every way of writing one graph has the same.
    """
    texts = _texts(graph)
    labels = _labels_from_below(graph, texts)
    if len(set(labels.values())) == len(labels):
        return _digest(b"distinct %d %b" % (len(labels), labels[graph.output])).hex()
    labels[graph.output] = _digest(labels[graph.output] + b"output")
    return _digest(b"written out " + _Writer(graph, texts).text(list(graph.nodes), labels).encode()).hex()


def _texts(graph: Graph) -> dict[str, bytes]:
    """What each node is by itself, apart from its neighbours."""
    return {
        name: (_written(node.signal).encode() if not node.inputs else node.facts.text)
        if len(node.inputs) < 2
        else node.merge.encode() + node.facts.text
        for name, node in graph.nodes.items()
    }


def _written(given: Signal) -> str:
    """The input's signal as text. The text must never change, since records of searches contain hashes."""
    return (
        f"Signal(channels={given.channels!r}, grid={given.grid!r}, group={given.group!r}, pooled={given.pooled!r}, "
        f"spacing={given.spacing!r})"
    )


def _labels_from_below(graph: Graph, texts: dict[str, bytes]) -> Labels:
    labels: Labels = {}
    for name, node in graph.nodes.items():
        read = node.inputs
        below = labels[read[0]] if len(read) == 1 else b"".join(_ordered(node, [labels[i] for i in read]))
        labels[name] = _digest(below + texts[name])
    return labels


def _ordered(node: Node, read: list[T]) -> list[T]:
    return sorted(read) if node.merge in _COMMUTES else read


class _Writer:
    """Writes a canonical text of a graph in which several nodes have equal labels.

    Refinement (as in Weisfeiler and Leman) extends every label by those of the node's neighbours. A node whose label is
    unique is thereby described; the others are split into connected components, called parts, each written by itself.
    """

    def __init__(self, graph: Graph, texts: dict[str, bytes]) -> None:
        self.nodes, self.texts = graph.nodes, texts
        self.readers: dict[str, list[tuple[str, int]]] = {name: [] for name in graph.nodes}
        for name, node in graph.nodes.items():
            for position, source in enumerate(node.inputs):
                self.readers[source].append((name, 0 if node.merge in _COMMUTES else position))

    def text(self, part: list[str], labels: Labels) -> str:
        """The canonical text of a part: its nodes with a unique label, and its components of nodes without one."""
        labels = self.refined(part, labels)
        count = Counter(labels[name] for name in part)
        lone = [name for name in part if count[labels[name]] == 1]
        alike = [name for name in part if count[labels[name]] > 1]
        return repr(
            (self.lines(lone, labels), sorted(self.text_of_joined(joined, labels) for joined in self.joined(alike)))
        )

    def text_of_joined(self, part: list[str], labels: Labels) -> str:
        """As `text`, of a connected part: one of the nodes with equal labels is chosen and labelled apart.

        Nodes with the same inputs and the same readers can be swapped, so that it does not matter which of them is
        chosen; among the other choices the one whose text is smallest counts.
        """
        count = Counter(labels[name] for name in part)
        repeated = [label for label, times in count.items() if times > 1]
        if not repeated:
            return repr(self.lines(part, labels))
        twins: dict[str, list[str]] = {}
        for name in part:
            if labels[name] == min(repeated):
                around = repr((_ordered(self.nodes[name], list(self.nodes[name].inputs)), sorted(self.readers[name])))
                twins.setdefault(around, []).append(name)
        return min(
            self.text(part, {**labels, **{name: _digest(labels[name] + b"%d" % i) for i, name in enumerate(chosen)}})
            for chosen in twins.values()
        )

    def refined(self, part: list[str], labels: Labels) -> Labels:
        """Labels extended by those of ever farther neighbours, until the number of different labels stays the same."""
        count = len({labels[name] for name in part})
        while True:
            labels = {**labels, **{name: self.surroundings(name, labels) for name in part}}
            if (now := len({labels[name] for name in part})) == count:
                return labels
            count = now

    def surroundings(self, name: str, labels: Labels) -> bytes:
        read = _ordered(self.nodes[name], [labels[i] for i in self.nodes[name].inputs])
        return _digest(repr((labels[name], read, sorted((labels[r], at) for r, at in self.readers[name]))).encode())

    def joined(self, part: list[str]) -> list[list[str]]:
        """The connected components of a part."""
        left, pieces = set(part), []
        for start in part:
            piece, open_ = [], [start] if start in left else []
            left.discard(start)
            while open_:
                name = open_.pop()
                piece.append(name)
                near = left.intersection([*self.nodes[name].inputs, *(reader for reader, _ in self.readers[name])])
                left -= near
                open_.extend(near)
            pieces += [piece] if piece else []
        return pieces

    def lines(self, part: list[str], labels: Labels) -> list[tuple[bytes, bytes, list[bytes]]]:
        return sorted(
            (labels[name], self.texts[name], _ordered(self.nodes[name], [labels[i] for i in self.nodes[name].inputs]))
            for name in part
        )


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()
