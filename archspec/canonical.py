"""The canonical hash of a graph: equal for equal graphs however they were written, different for different ones."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

from archspec.graph import Graph, Node

_COMMUTES = ("add", "multiply")
Labels = dict[str, bytes]


def canonical_hash(graph: Graph) -> str:
    """32 hexadecimal digits.

    Each node is labelled by its block, its merge and the labels of its inputs. While all labels differ, the label of
    the output with the number of nodes says everything. Nodes that look alike from below (parallel branches with weights
    of their own) are told apart by who reads them; whatever symmetry is left is broken one node at a time, and the
    finished numbering is written out in full, so that no two different graphs share a hash.
    """
    texts = _texts(graph)
    labels = _labels_from_below(graph, texts)
    if len(set(labels.values())) == len(labels):
        return _digest(b"distinct %d %b" % (len(labels), labels[graph.output])).hex()
    return _digest(b"numbered " + _written_out(graph, texts, _numbering(graph, labels)).encode()).hex()


def _texts(graph: Graph) -> dict[str, bytes]:
    """What each node is, apart from where it stands."""
    return {
        name: (repr(node.signal).encode() if not node.inputs else node.facts.text)
        if len(node.inputs) < 2
        else node.merge.encode() + node.facts.text
        for name, node in graph.nodes.items()
    }


def _labels_from_below(graph: Graph, texts: dict[str, bytes]) -> Labels:
    labels: Labels = {}
    for name, node in graph.nodes.items():
        read = node.inputs
        below = labels[read[0]] if len(read) == 1 else b"".join(_ordered(node, [labels[i] for i in read]))
        labels[name] = _digest(below + texts[name])
    return labels


def _ordered(node: Node, labels: list[bytes]) -> list[bytes]:
    return sorted(labels) if node.merge in _COMMUTES else labels


def _numbering(graph: Graph, labels: Labels) -> Labels:
    """Labels refined until no two nodes share one."""
    readers: dict[str, list[tuple[str, int]]] = {name: [] for name in graph.nodes}
    for name, node in graph.nodes.items():
        for position, source in enumerate(node.inputs):
            readers[source].append((name, 0 if node.merge in _COMMUTES else position))
    while True:
        labels = _refined(graph, readers, labels)
        repeated = [label for label, count in Counter(labels.values()).items() if count > 1]
        if not repeated:
            return labels
        chosen = min(repeated)
        name = next(name for name, label in labels.items() if label == chosen)
        labels = {**labels, name: _digest(chosen + b"chosen")}


def _refined(graph: Graph, readers: dict[str, list[tuple[str, int]]], labels: Labels) -> Labels:
    count = len(set(labels.values()))
    while True:
        labels = {
            name: _digest(repr((
                labels[name],
                _ordered(node, [labels[i] for i in node.inputs]),
                sorted((labels[reader], position) for reader, position in readers[name]),
            )).encode())
            for name, node in graph.nodes.items()
        }
        if (now := len(set(labels.values()))) == count:
            return labels
        count = now


def _written_out(graph: Graph, texts: dict[str, bytes], labels: Labels) -> str:
    numbers = {label: i for i, label in enumerate(sorted(labels.values()))}
    lines = []
    for name, node in graph.nodes.items():
        inputs = [numbers[labels[i]] for i in node.inputs]
        inputs = sorted(inputs) if node.merge in _COMMUTES else inputs
        lines.append((numbers[labels[name]], texts[name], inputs))
    return repr((sorted(lines), numbers[labels[graph.output]]))


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()
