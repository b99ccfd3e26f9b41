"""What holds for every typed graph, before torch: over the table of examples and over random architectures."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from archspec import Architecture, Group, price
from archspec.graph.graph import Graph, verify
from archspec.graph.passes import PASSES, optimise, price_by_block
from tests.examples import EXAMPLES, RANDOM
from tests.examples.rewriting import rewritten
from tests.laws.equivariance import groups_of


def each_pass_keeps_the_signal_verifies_and_never_raises_the_cost(architecture: Architecture) -> None:
    before = architecture.elaborate()
    verify(before)
    for step in PASSES:
        after = step(before)
        verify(after)
        assert after.signal == before.signal
        was, now = before.cost().quantities(), after.cost().quantities()
        assert all(now[quantity] <= was[quantity] for quantity in was)
        before = after
    verify(architecture.graph)


def each_pass_done_twice_is_done_once(architecture: Architecture) -> None:
    for step in PASSES:
        once = step(architecture.elaborate())
        assert step(once) is once
        done = optimise(once)
        assert step(done) is done


def the_price_by_block_is_that_of_the_graph(architecture: Architecture) -> None:
    by_block = price_by_block(architecture.signal, (*architecture.body, architecture.head))
    assert by_block == architecture.graph.cost() == price(architecture)


def the_hash_ignores_the_order_of_writing(architecture: Architecture) -> None:
    rng = random.Random(0)
    for _ in range(3):
        assert Architecture.from_data(rewritten(architecture.to_data(), rng)).hash == architecture.hash


def turns_that_no_grid_holds_are_warned_of_and_no_others(architecture: Architecture) -> None:
    dims = len(architecture.input.grid)
    exact = all(group.action(dims).exact for group in groups_of(architecture))
    assert any("turns of" in warning for warning in architecture.warnings) != exact


LAWS = (
    each_pass_keeps_the_signal_verifies_and_never_raises_the_cost,
    each_pass_done_twice_is_done_once,
    the_price_by_block_is_that_of_the_graph,
    the_hash_ignores_the_order_of_writing,
    turns_that_no_grid_holds_are_warned_of_and_no_others,
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_keeps_every_law(name: str) -> None:
    for law in LAWS:
        law(EXAMPLES[name])


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_holds_for_random_architectures(law: Callable[[Architecture], None]) -> None:
    for name, architecture in RANDOM.items():
        try:
            law(architecture)
        except AssertionError as error:
            error.add_note(f"of {name}")
            raise


FAULTS: dict[Callable[[Architecture], None], tuple[str, object]] = {
    each_pass_keeps_the_signal_verifies_and_never_raises_the_cost: ("PASSES", (lambda _: EXAMPLES["dense"].graph,)),
    each_pass_done_twice_is_done_once: ("PASSES", (lambda graph: Graph(dict(graph.nodes), graph.output),)),
    the_price_by_block_is_that_of_the_graph: ("price_by_block", lambda *_: EXAMPLES["pools"].graph.cost()),
    the_hash_ignores_the_order_of_writing: ("rewritten", lambda *_: EXAMPLES["pools"].to_data()),
    turns_that_no_grid_holds_are_warned_of_and_no_others: ("groups_of", lambda _: {Group("C8")}),
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_what_is_broken_fails_its_law(law: Callable[[Architecture], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.{FAULTS[law][0]}", FAULTS[law][1])
    with pytest.raises(AssertionError):
        law(EXAMPLES["D4 residual"])
