"""One hash for one graph, however it was written; different hashes for different graphs."""

from __future__ import annotations

import random
from itertools import combinations

import networkx as nx
import pytest

from archspec import (
    Activation,
    Architecture,
    Branch,
    Conv,
    Dropout,
    Graph,
    GraphNode,
    GroupPool,
    Lift,
    Norm,
    Pointwise,
    Pool,
    Repeat,
    Residual,
    Restrict,
    Sequential,
    Siren,
    choice,
    integer,
)
from archspec.graph.node import Node
from spaces import Space
from tests.examples import EXAMPLES, LINE, SQUARE, network
from tests.examples.rewriting import rewritten
from tests.laws.bounds import bounded

SEEDS = range(40)
MAP = Pointwise(channels=2)


SAME = {
    "lift onto C1": (Lift(group="C1", channels=3, kernel_size=5), Conv(channels=3, kernel_size=5)),
    "pooling over C1": (Sequential(body=[Conv(channels=3), GroupPool()]), Conv(channels=3)),
    "one tap": (Conv(channels=3, kernel_size=1), Pointwise(channels=3)),
    "one tap by lifting": (Lift(group="C1", channels=3, kernel_size=1, bias=False), Pointwise(channels=3, bias=False)),
    "unused node": (
        Graph(output="a", nodes={"a": GraphNode(block=MAP), "b": GraphNode(block=MAP, inputs=("a",))}),
        MAP,
    ),
    "sequential": (Sequential(body=[MAP, Sequential(body=[Norm()])]), Repeat(times=1, body=[MAP, Norm()])),
    "repeat": (Repeat(times=2, body=[MAP]), Sequential(body=[MAP, MAP])),
    "graph for a residual": (Residual(body=[MAP]), Branch(branches=[[MAP], []])),
    "equal work": (
        Branch(branches=[[Activation(), MAP], [Activation(), MAP]]),
        Sequential(body=[Activation(), Branch(branches=[[MAP], [MAP]])]),
    ),
    "no dropout": (Dropout(rate=0), Sequential()),
    "restricting to what it has": (Restrict(group="C1"), Sequential()),
    "pool of one point": (Pool(size=1), Sequential()),
    "statistics of one element": (Norm(statistics="per_element"), Norm()),
    "order of adding": (Branch(branches=[[MAP], [Norm()], []]), Branch(branches=[[], [MAP], [Norm()]])),
    "order of multiplying": (
        Branch(branches=[[MAP], []], merge="multiply"),
        Branch(branches=[[], [MAP]], merge="multiply"),
    ),
    "omega of no layer": (
        Conv(channels=2, kernel=Siren(layers=2, first_omega_0=9.0, omega_0=4.0)),
        Conv(channels=2, kernel=Siren(layers=2, first_omega_0=9.0, bandwidth=0.3)),
    ),
}

DIFFERENT = {
    "omega of the first layer": (
        Conv(channels=2, kernel=Siren(omega_0=9.0)),
        Conv(channels=2, kernel=Siren(omega_0=9.0, first_omega_0=9.0)),
    ),
    "order of concatenating": (
        Branch(branches=[[MAP], []], merge="concat"),
        Branch(branches=[[], [MAP]], merge="concat"),
    ),
    "merge": (Branch(branches=[[MAP], []]), Branch(branches=[[MAP], []], merge="multiply")),
    "bias": (MAP, Pointwise(channels=2, bias=False)),
    "one tap of a siren": (Conv(channels=2, kernel_size=1, kernel=Siren()), MAP),
    "shared or not": (
        Branch(branches=[[MAP, Norm()], [MAP, Activation()]]),
        Sequential(body=[MAP, Branch(branches=[[Norm()], [Activation()]])]),
    ),
    "two masks or one": (
        Branch(branches=[[Dropout()], [Dropout()]]),
        Sequential(body=[Dropout(), Branch(branches=[[], []])]),
    ),
    "read twice or once": (Branch(branches=[[], []]), Branch(branches=[[], [], []])),
    "order in a chain": (Sequential(body=[MAP, Norm()]), Sequential(body=[Norm(), MAP])),
    "depth": (Repeat(times=2, body=[MAP]), Repeat(times=3, body=[MAP])),
    "window": (Conv(channels=2, kernel_size=3), Conv(channels=2, kernel_size=5)),
}


# As records of searches hold them: a field that comes later must not change them.
RECORDED = {
    "siren": "d23d01059f3fa277c56c2113114b5f9d",
    "C4 product of sirens": "0f84137ecb40490acba57030b8cee930",
    "C8 siren": "03484cbd3ca6cf22364a410ea75f043e",
    "C8 attention": "b6ba346a3d709a29e66a22d9ffb9b878",
    "C4 attention": "31b2fb49da77dce6a30486b55ea7bcff",
    "D4 in part, twice": "6e5d6b6d032f636bdb21c70fef3f6127",
    "C8 in a sector": "145efc559268b17c0e4bdd940fe4078c",
    "gsa_net": "b8365ddc2a95b74792102f2878f9e092",
    "partial_gcnn on C8": "555d24c0c04c73f2432e9c98cc933d7d",
    "S3 siren": "816a67c8437895752d7d2760dac20688",
    "C4 in part, in D1 frames": "ba0304a85de448f44715367c9e3b47f1",
}


@pytest.mark.parametrize("name", RECORDED)
def test_hashes_stay_what_they_were(name: str) -> None:
    assert EXAMPLES[name].hash == RECORDED[name]


def test_a_later_field_counts_where_it_is_used() -> None:
    kernel = Siren(hidden=4)
    assert b"first_omega_0" not in kernel.__pydantic_serializer__.to_json(kernel)
    kernel = Siren(hidden=4, first_omega_0=9.0)
    assert b"first_omega_0" in kernel.__pydantic_serializer__.to_json(kernel)


@pytest.mark.parametrize("name", SAME)
def test_the_same_function_by_the_same_graph_has_one_hash(name: str) -> None:
    one, other = (network(LINE, block) for block in SAME[name])
    assert one.hash == other.hash


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_graphs_have_different_hashes(name: str) -> None:
    one, other = (network(LINE, block) for block in DIFFERENT[name])
    assert one.hash != other.hash


def test_the_input_and_the_head_count() -> None:
    assert len({network(x, MAP).hash for x in (LINE, SQUARE, LINE.with_fields({"length": 16}))}) == 3
    assert network(LINE, MAP).hash == network(LINE, MAP).hash != network(LINE, Norm()).hash


def random_graph(rng: random.Random) -> Architecture:
    """A small graph with many twins: few kinds of nodes, any of them read by any later one."""
    nodes: dict[str, GraphNode] = {}
    for i in range(rng.randint(2, 5)):
        read = rng.choices(["input", *nodes], k=rng.randint(1, 3))
        block = rng.choice((MAP, MAP, Activation(), Sequential()))
        nodes[f"n{i}"] = GraphNode(block=block, inputs=tuple(read), merge=rng.choice(("add", "multiply")))
    unread = set(nodes) - {i for node in nodes.values() for i in node.inputs}
    merge = "concat" if rng.random() < 0.3 else "add"
    nodes["end"] = GraphNode(block=MAP, inputs=tuple(sorted(unread)), merge=merge)
    return network(LINE, Graph(nodes=nodes, output="end"))


def marked(architecture: Architecture) -> nx.MultiDiGraph:
    """The typed graph for networkx: what each node is, and at which position it is read."""
    graph = architecture.graph
    dag = graph.dag()
    for name, node in graph.nodes.items():
        dag.nodes[name]["what"] = (_text(node), name == graph.output)
        for edge in dag.in_edges(name, keys=True):
            dag.edges[edge]["position"] *= node.merge == "concat"
    return dag


def _text(node: Node) -> tuple[str, ...]:
    return (repr(node.block), node.merge if len(node.inputs) > 1 else "", str(node.signal))


def _positions(edges: dict[int, dict[str, int]]) -> list[int]:
    return sorted(edge["position"] for edge in edges.values())


def isomorphic(one: nx.MultiDiGraph, other: nx.MultiDiGraph) -> bool:
    """Whether networkx finds a renaming of one graph into the other."""
    return nx.is_isomorphic(
        one,
        other,
        node_match=lambda a, b: a["what"] == b["what"],
        edge_match=lambda a, b: _positions(a) == _positions(b),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_equal_hashes_mean_isomorphic_graphs_and_the_other_way_round(seed: int) -> None:
    rng = random.Random(seed)
    drawn = [random_graph(rng) for _ in range(14)]
    drawn += [Architecture.from_data(rewritten(a.to_data(), rng)) for a in drawn[:4]]
    graphs = [(architecture.hash, marked(architecture)) for architecture in drawn]
    for (one, a), (other, b) in combinations(graphs, 2):
        assert (one == other) == isomorphic(a, b)


def rings(*sizes: int, order: list[int] | None = None) -> Architecture:
    """Twins in rings: each of the second row adds two neighbours of its ring in the first."""
    nodes: dict[str, GraphNode] = {}
    pairs: list[tuple[str, str, str]] = []
    for r, size in enumerate(sizes):
        pairs += [(f"b{r}_{i}", f"a{r}_{i}", f"a{r}_{(i + 1) % size}") for i in range(size)]
    first = [a for _, a, _ in pairs]
    rank = order or list(range(len(pairs)))
    names = {name: f"{name[0]}{rank[i]}" for i, (b, a, _) in enumerate(pairs) for name in (a, b)}
    nodes |= {names[a]: GraphNode(block=MAP) for a in first}
    nodes |= {names[b]: GraphNode(block=MAP, inputs=(names[one], names[other])) for b, one, other in pairs}
    nodes["end"] = GraphNode(block=MAP, inputs=tuple(sorted(names[b] for b, _, _ in pairs)))
    return network(LINE, Graph(nodes=nodes, output="end"))


def test_rings_that_look_alike_from_every_node_are_told_apart() -> None:
    assert len({rings(6).hash, rings(3, 3).hash}) == 2
    assert len({rings(8).hash, rings(4, 4).hash, rings(3, 5).hash}) == 3


@pytest.mark.parametrize("sizes", [(6,), (3, 3), (3, 5), (3, 3, 6), (4, 3)])
def test_rings_hash_alike_in_any_order(sizes: tuple[int, ...]) -> None:
    rng = random.Random(1)
    total = sum(sizes)
    hashes = {rings(*sizes, order=rng.sample(range(total), total)).hash for _ in range(8)}
    assert len(hashes) == 1


def test_no_two_fillings_of_a_space_that_differ_after_the_passes_share_a_hash() -> None:
    space = Space(
        network(
            SQUARE,
            Lift(group=choice("C1", "C4", "D4", name="group"), channels=integer(2, 3), kernel_size=choice(1, 3)),
            Repeat(times=integer(0, 2), body=[choice(Norm(), Activation(), Residual(body=[MAP]))]),
            GroupPool(),
        )
    )
    found: dict[str, nx.MultiDiGraph] = {}
    for architecture in space.enumerate():
        dag = marked(architecture)
        if architecture.hash in found:
            assert isomorphic(found[architecture.hash], dag)
        found[architecture.hash] = dag
    assert len(found) == 3 * 2 * 2 * (1 + 3 + 3) - 0


@pytest.mark.parametrize(
    "block",
    [
        Branch(branches=[[MAP]] * 900),
        Branch(branches=[[MAP, Norm(), MAP]] * 300),
        Repeat(times=40, body=[Branch(branches=[[MAP], [MAP]])]),
        Graph(
            output="end",
            nodes={f"a{i}": GraphNode(block=MAP) for i in range(30)}
            | {f"b{i}": GraphNode(block=MAP, inputs=tuple(f"a{j}" for j in range(30))) for i in range(30)}
            | {"end": GraphNode(block=MAP, inputs=tuple(f"b{i}" for i in range(30)))},
        ),
        Graph(
            output="end",
            nodes={f"n0_{i}": GraphNode(block=MAP) for i in range(20)}
            | {
                f"n{layer}_{i}": GraphNode(block=MAP, inputs=tuple(f"n{layer - 1}_{(i + d) % 20}" for d in range(3)))
                for layer in range(1, 25)
                for i in range(20)
            }
            | {"end": GraphNode(block=MAP, inputs=tuple(f"n24_{i}" for i in range(20)))},
        ),
    ],
    ids=["twins", "chains", "layers of twins", "all to all", "rings of layers"],
)
def test_many_twins_are_hashed_at_once(block: Branch | Repeat | Graph) -> None:
    architecture, rng = network(LINE, block), random.Random(3)
    with bounded(10):
        assert Architecture.from_data(rewritten(architecture.to_data(), rng)).hash == architecture.hash
