"""The canonical hash of a graph: equal for isomorphic graphs, however they were written, and different for others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple, TypeVar

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
    return _digest(b"written out " + _Writer(graph, texts).written(list(graph.nodes), labels).text.encode()).hex()


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


class Written(NamedTuple):
    """A part of a graph as canonical text, and the names of its nodes in the order in which it describes them."""

    text: str
    order: list[str]


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

    def written(self, part: list[str], labels: Labels) -> Written:
        """A part written out: its nodes with a unique label, and its components of nodes without one."""
        labels = self.refined(part, labels)
        count = Counter(labels[name] for name in part)
        lone = sorted((name for name in part if count[labels[name]] == 1), key=labels.__getitem__)
        alike = [name for name in part if count[labels[name]] > 1]
        rest = sorted((self.joined_written(joined, labels) for joined in self.joined(alike)), key=_text)
        order = [*lone, *(name for written in rest for name in written.order)]
        return Written(repr((self.lines(lone, labels), [written.text for written in rest])), order)

    def joined_written(self, part: list[str], labels: Labels) -> Written:
        """As `written`, of a connected part: one of the nodes with equal labels is chosen and labelled apart.

        Among the choices the one whose text is smallest counts. Nodes with the same inputs and the same readers can be
        swapped, and two choices with the same text are images of each other under an automorphism, by which every
        choice that it moves to one already written has the same text too (McKay 1981, Practical graph isomorphism).
        """
        count = Counter(labels[name] for name in part)
        repeated = [label for label, times in count.items() if times > 1]
        if not repeated:
            order = sorted(part, key=labels.__getitem__)
            return Written(repr(self.lines(order, labels)), order)
        twins: dict[str, list[str]] = {}
        for name in part:
            if labels[name] == min(repeated):
                around = repr((_ordered(self.nodes[name], list(self.nodes[name].inputs)), sorted(self.readers[name])))
                twins.setdefault(around, []).append(name)
        found: dict[str, Written] = {}
        moves = _Orbits()
        done: list[str] = []
        for chosen in twins.values():
            moves.join(chosen)
            if any(moves.of(chosen[0]) == moves.of(other) for other in done):
                continue
            apart = {name: _digest(labels[name] + b"%d" % i) for i, name in enumerate(chosen)}
            written = self.written(part, labels | apart)
            same = found.setdefault(written.text, written)
            for pair in zip(same.order, written.order, strict=True):
                moves.join(pair)
            done.append(chosen[0])
        return min(found.values(), key=_text)

    def refined(self, part: list[str], labels: Labels) -> Labels:
        """Labels extended by those of ever farther neighbours, until the number of different labels stays the same.

        Nodes with equal labels can get different ones only if the labels of their neighbours have become different, so
        that one of them stands for all where no neighbour's has.
        """
        labels, classes = dict(labels), dict[bytes, list[str]]()
        for name in part:
            classes.setdefault(labels[name], []).append(name)
        open_ = set(part)
        while True:
            groups: dict[str, list[str]] = {}
            split: list[str] = []
            for names in classes.values():
                before = len(groups)
                for name in names if len(names) > 1 and not open_.isdisjoint(names) else names[:1]:
                    groups.setdefault(self.surroundings(name, labels), []).append(name)
                if len(groups) == before + 1:
                    groups[next(reversed(groups))] = names
                else:
                    split += names
            grown = {_digest(around.encode()): names for around, names in groups.items()}
            labels.update({name: label for label, names in grown.items() for name in names})
            if len(grown) == len(classes):
                return labels
            classes, open_ = grown, {near for name in split for near in self.near(name)}

    def near(self, name: str) -> list[str]:
        """The inputs and the readers of a node."""
        return [*self.nodes[name].inputs, *(reader for reader, _ in self.readers[name])]

    def surroundings(self, name: str, labels: Labels) -> str:
        """The label of a node, those of its inputs, and those of its readers with the position at which they read."""
        node, readers = self.nodes[name], self.readers[name]
        read = [labels[source] for source in node.inputs]
        if len(read) > 1 and node.merge in _COMMUTES:
            read.sort()
        by = [(labels[reader], at) for reader, at in readers]
        if len(by) > 1:
            by.sort()
        return repr((labels[name], read, by))

    def joined(self, part: list[str]) -> list[list[str]]:
        """The connected components of a part."""
        left, pieces = set(part), []
        for start in part:
            piece, open_ = [], [start] if start in left else []
            left.discard(start)
            while open_:
                name = open_.pop()
                piece.append(name)
                near = left.intersection(self.near(name))
                left -= near
                open_.extend(near)
            pieces += [piece] if piece else []
        return pieces

    def lines(self, part: list[str], labels: Labels) -> list[tuple[bytes, bytes, list[bytes]]]:
        return sorted(
            (labels[name], self.texts[name], _ordered(self.nodes[name], [labels[i] for i in self.nodes[name].inputs]))
            for name in part
        )


class _Orbits:
    """Sets of nodes that automorphisms move to one another, joined as these are found."""

    def __init__(self) -> None:
        self.above: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The node that stands for the set of a node."""
        while (above := self.above.get(name, name)) != name:
            self.above[name] = self.above.get(above, above)
            name = above
        return name

    def join(self, names: Sequence[str]) -> None:
        """Join the sets of all these nodes."""
        for name in names[1:]:
            self.above[self.of(name)] = self.of(names[0])


def _text(written: Written) -> str:
    return written.text


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()
