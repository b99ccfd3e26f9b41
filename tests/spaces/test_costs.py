"""Priced together, fillings cost what they cost one by one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Cost,
    Image,
    Norm,
    Pointwise,
    Repeat,
    Residual,
    Series,
    SignalError,
    Siren,
    Volume,
    choice,
    integer,
    price,
    real,
)
from archspec.geometry.fourier import TARGETS, Target
from archspec.graph.receptive_field import receptive_field
from archspec.schema.hole import Decision, Scalar
from spaces import Space, chain
from spaces.columns import Column
from tests import examples
from tests.examples import LINE, SQUARE, network
from tests.spaces.test_published_spaces import SPACES as PUBLISHED
from tests.spaces.test_spaces import SMALL, random_template

NUMBER = integer("number", 0, 2)
STATED: dict[str, Space] = {
    "input": Space(
        Architecture(
            input=choice(Image(channels=1, size=(9, 9)), Series(channels=2, length=integer(7, 9))),
            reference=choice(None, (18, 18)),
            body=choice([], [Norm(), Conv(channels=2, kernel=Siren(hidden=4))]),
            head=Classifier(classes=integer(2, 3)),
        )
    ),
    "copies in copies": Space(
        network(
            LINE,
            Repeat(
                times=NUMBER,
                tied=False,
                body=[Repeat(times=NUMBER, tied=False, body=[Conv(channels=2, kernel_size=choice(3, 5))]), Norm()],
            ),
        )
    ),
    "many copies": Space(
        network(
            SQUARE,
            Repeat(
                times=integer(4, 9),
                tied=False,
                body=[
                    Residual(body=[Conv(channels=integer(1, 8), kernel_size=choice(1, 3, 5), bias=choice(True, False))])
                ],
            ),
        )
    ),
    "real": Space(network(LINE, Conv(channels=integer(2, 3), kernel=Siren(omega_0=real(1.0, 9.0, log=True))))),
    "too large for 64 bits": Space(
        Architecture(
            input=Volume(channels=1, size=(4_096, 4_096, 4_096)),
            body=[Pointwise(channels=65_536), Pointwise(channels=choice(65_536, 2))],
            head=Classifier(classes=2),
        )
    ),
}
RANDOM = {f"random {seed}": Space(random_template(random.Random(seed))) for seed in range(24)}
LARGE = {name: space for name, (space, _) in examples.SPACES.items()} | PUBLISHED
ALL = {name: space for name, (space, _) in SMALL.items()} | STATED | RANDOM | LARGE


def one_by_one(space: Space, values: Mapping[str, Scalar], target: Target) -> Cost | None:
    try:
        return price(space.fill(values), target)
    except SignalError:
        return None


def fields(space: Space, many: list[Mapping[str, Scalar]], wanted: list[Cost | None]) -> list[float]:
    """The receptive fields, one by one; 0 where there is no cost, as blocks do not fit together."""
    return [receptive_field(space.fill(of).graph) if cost else 0.0 for of, cost in zip(many, wanted, strict=True)]


def together_as_one_by_one(space: Space, many: int = 25) -> None:
    for target in TARGETS:
        drawn = space.costs(many, target, seed=1)
        given = space.costs(iter(drawn.values), target)
        wanted = [one_by_one(space, values, target) for values in drawn.values]
        for costs in (drawn, given):
            assert len(costs) == many
            assert costs.fits.tolist() == [cost is not None for cost in wanted]
            for quantity in Cost().quantities():
                assert costs[quantity].tolist() == [(cost or Cost()).quantities()[quantity] for cost in wanted]
            assert costs.receptive_field == pytest.approx(fields(space, drawn.values, wanted))


@pytest.mark.parametrize("name", ALL)
def test_priced_together_they_cost_what_they_cost_one_by_one(name: str) -> None:
    together_as_one_by_one(ALL[name])


def forgetful(space: Space) -> Space:
    """The same space, with nothing remembered."""
    return Space(space.template)


FAULTS: list[tuple[str, Any, str, Any]] = [
    ("images 12x12", chain, "grouped", lambda c, s, real=chain.grouped: real(c[1:] or c, s[1:] or s)),
    ("images 12x12", chain, "grouped", lambda c, s, real=chain.grouped: real(c[:1], s[:1])),
    ("ccnn", chain, "follow", lambda x, blocks, target, real=chain.follow: real(x, blocks, "torch")),
    ("ccnn", chain, "follow", lambda *of, real=chain.follow: (*real(*of)[:2], 0.0)),
    ("copies in copies", chain, "copies_of", lambda *of, real=chain.copies_of: real(*of)[:-1]),
]


@pytest.mark.parametrize(("name", "where", "what", "fault"), FAULTS)
def test_what_is_broken_fails_its_law(
    name: str, where: Any, what: str, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, what, fault)
    with pytest.raises(AssertionError):
        together_as_one_by_one(forgetful(ALL[name]))


DECISIONS: list[Decision] = [
    choice(3, 5, 7),
    choice(True, 1, 1.0, None, "one"),
    integer(4, 16, step=4),
    integer(1, 500, log=True),
    integer(1, 40_000, log=True),
    integer(-5, 2_000_000),
    real(0.5, 2.0),
    real(1e-4, 1.0, log=True),
]


@pytest.mark.parametrize("hole", DECISIONS, ids=lambda hole: hole.text)
def test_many_values_are_drawn_as_one_by_one(hole: Decision) -> None:
    column, shares = Column("x", hole), np.random.default_rng(0).random(300)
    drawn = [column.values[code] for code in column.drawn(shares)]
    wanted = [hole.drawn(share) for share in shares.tolist()]
    assert drawn == wanted
    assert list(map(type, drawn)) == list(map(type, wanted))


def test_shares_histogram_and_cheapest_are_of_the_fillings() -> None:
    space = Space(network(LINE, Conv(channels=integer(1, 8), kernel_size=choice(3, 5, 19))))
    costs = space.costs(values for _, values in space.fillings())
    assert (len(costs), costs.share()) == (24, 2 / 3)  # 19 taps are too many for an axis of 17
    flops = costs["flops"][costs.fits]
    assert costs.share({"flops": float(flops.min())}) == 1 / 24
    assert costs.share({"flops": float(flops.max()), "params": 0}) == 0
    edges, counts = costs.histogram("flops", bins=5)
    assert (len(edges), len(counts), counts.sum()) == (6, 5, 16)
    assert (edges[0], edges[-1]) == pytest.approx((np.log10(flops.min()), np.log10(flops.max())))
    assert (
        costs.cheapest() == space.cheapest() == space.fill(costs.values[int(np.argmax(costs["flops"] == flops.min()))])
    )


def test_the_same_seed_draws_the_same_fillings() -> None:
    space = ALL["images 12x12"]
    assert space.costs(20, seed=3).values == forgetful(space).costs(20, seed=3).values != space.costs(20, seed=4).values


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"width": 3, "body[0]": "norm"},
        {"width": 2, "other": 1},
        {"width": 2, "body[0]": "conv", "body[0][conv].kernel_size": 4},
        {"width": True, "body[0]": "norm"},
        {"width": 2, "body[0]": "norm", "body[0][conv].kernel_size": 3},
    ],
)
def test_wrong_values_are_refused_as_fill_refuses_them(values: dict[str, Any]) -> None:
    optional = choice(Norm(), Conv(channels=2, kernel_size=choice(3, 5)))
    space = Space(network(LINE, optional, Pointwise(channels=integer("width", 2, 2))))
    right: dict[str, Scalar] = {"width": 2, "body[0]": "norm"}
    with pytest.raises(ValueError) as one:
        space.fill(values)
    with pytest.raises(ValueError) as many:
        space.costs([right, values])
    assert str(many.value) == str(one.value)


def test_wrong_questions_are_refused_in_a_sentence() -> None:
    wrong: Any = "tpu"
    listed: Any = {"body[0].channels": [2]}
    space, odd = SMALL["two holes"][0], Space(network(LINE, Conv(channels=2, kernel_size=choice(19, 21))))
    for ask, wanted in (
        (lambda: space.costs(3, wrong), "there is no target 'tpu'"),
        (lambda: space.costs(-1), "must be 0 or more, not -1"),
        (lambda: space.costs([listed]), r"channels cannot be \[2\]"),
        (lambda: space.costs(3)["flop"], "no quantity 'flop'; use one of flops"),
        (lambda: space.costs(3).share({"size": 1}), "no quantity 'size'"),
        (lambda: space.cheapest("seconds"), "no quantity 'seconds'"),
        (lambda: odd.costs(3).cheapest(), "none of 3 fillings fits together"),
        (lambda: odd.costs(3).histogram(), "none of 3 fillings fits together"),
        (lambda: odd.cheapest(), "no architecture of this space was found that fits together"),
    ):
        with pytest.raises(ValueError, match=wanted):
            ask()


def test_settings_of_the_training_are_drawn_too() -> None:
    from search import Training
    from search.training.joint import joint

    space = joint(SMALL["two holes"][0], Training(learning_rate=real(1e-3, 1e-1, log=True)))
    costs = space.costs(5)
    assert [len(values) for values in costs.values] == [3] * 5
    assert len({values["training.learning_rate"] for values in costs.values}) == 5
    together_as_one_by_one(space, 10)
    assert price(space.cheapest()) == price(SMALL["two holes"][0].cheapest())
