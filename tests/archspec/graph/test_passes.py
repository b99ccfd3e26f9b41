"""Passes rewrite a graph and keep what it computes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

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
    Residual,
    Sequential,
)
from archspec.graph.graph import INPUT, module_names
from archspec.graph.graph import Graph as Typed
from archspec.graph.passes import drop_unused, share_equal, simplify
from archspec.lowering import lower
from tests.examples import EXAMPLES, LINE, SELECTED_BY_DEFAULT, SQUARE, built, network, noise

MAP = Pointwise(channels=2)


def kinds(graph: Typed) -> list[str]:
    return [node.block.kind if node.block else node.merge for name, node in graph.nodes.items() if name != INPUT]


def _lowered(architecture: Architecture, graph: Typed) -> nn.Module:
    other = architecture.with_fields({})
    other.__dict__["graph"] = graph
    return built(other)


@pytest.mark.parametrize("name", SELECTED_BY_DEFAULT)
def test_the_passes_keep_the_computed_function(name: str) -> None:
    architecture = EXAMPLES[name]
    written = architecture.elaborate()
    before, after = _lowered(architecture, written).eval(), built(architecture, seed=4).eval()
    names = module_names(written)
    with torch.no_grad():
        for node, target in module_names(architecture.graph).items():
            given, taken = (
                dict(m.get_submodule(t).named_parameters()) | dict(m.get_submodule(t).named_buffers())
                for m, t in ((before, names[node]), (after, target))
            )
            for key, value in taken.items():
                one = "spatial." + key if "spatial." + key in given else key
                value.copy_(given[one].reshape(value.shape))
        x = noise(architecture)
        assert torch.allclose(after(x), before(x), rtol=0, atol=1e-10)


def test_unused_nodes_go_and_the_input_stays() -> None:
    graph = network(
        LINE,
        Graph(
            output="a",
            nodes={
                "a": GraphNode(block=MAP),
                "b": GraphNode(block=Norm(), inputs=("a",)),
                "c": GraphNode(block=MAP, inputs=("b", "a")),
            },
        ),
    ).elaborate()
    assert kinds(drop_unused(graph)) == ["pointwise", "classifier"]
    assert INPUT in drop_unused(graph).nodes
    used = network(LINE, MAP).elaborate()
    assert drop_unused(used) is used


def test_blocks_that_change_nothing_are_left_out() -> None:
    graph = network(
        LINE, GroupPool(), Pool(size=1), Dropout(rate=0), Residual(body=[Pool(size=1), MAP]), Sequential()
    ).elaborate()
    assert kinds(simplify(graph)) == ["pointwise", "add", "classifier"]


def test_blocks_take_their_plainest_form() -> None:
    graph = network(
        SQUARE,
        Lift(group="C1", channels=2),
        Lift(group="C1", channels=2, kernel_size=1),
        Conv(channels=2, kernel_size=1),
    ).elaborate()
    assert kinds(simplify(graph)) == ["conv", "pointwise", "pointwise", "classifier"]


def test_equal_work_without_weights_is_done_once() -> None:
    twice = Branch(branches=[[Activation(), Pool()], [Activation(), Pool()]], merge="multiply")
    assert kinds(share_equal(network(LINE, twice).elaborate())) == ["activation", "pool", "multiply", "classifier"]
    crossed = Graph(
        output="end",
        nodes={
            "a": GraphNode(block=MAP),
            "b": GraphNode(block=Norm()),
            "one": GraphNode(block=Activation(), inputs=("a", "b")),
            "other": GraphNode(block=Activation(), inputs=("b", "a")),
            "end": GraphNode(block=MAP, inputs=("one", "other")),
        },
    )
    assert kinds(share_equal(network(LINE, crossed).elaborate())).count("activation") == 1


def test_the_order_of_concatenation_is_kept() -> None:
    crossed = Graph(
        output="end",
        nodes={
            "a": GraphNode(block=MAP),
            "b": GraphNode(block=Norm()),
            "one": GraphNode(block=Activation(), inputs=("a", "b"), merge="concat"),
            "other": GraphNode(block=Activation(), inputs=("b", "a"), merge="concat"),
            "end": GraphNode(block=MAP, inputs=("one", "other")),
        },
    )
    assert kinds(share_equal(network(LINE, crossed).elaborate())).count("activation") == 2


@pytest.mark.parametrize("block", [MAP, Norm(), Dropout(), Conv(channels=2)], ids=lambda b: b.kind)
def test_weights_and_masks_of_their_own_are_never_shared(block: Conv) -> None:
    graph = network(LINE, Branch(branches=[[block], [block]])).elaborate()
    assert share_equal(graph) is graph


def test_state_is_named_after_the_place_and_kind_of_its_block() -> None:
    model = lower(network(LINE, Residual(body=[Norm(), Conv(channels=4)])))
    assert set(model.state_dict()) >= {
        "body_0_body_0_norm.weight",
        "body_0_body_1_conv.kernel.weight",
        "body_0_shortcut_1_pointwise.kernel.weight",
    }
