"""The neighbours of an architecture, each one decision away, all listed."""

from __future__ import annotations

import pytest

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Dropout,
    Image,
    Norm,
    Pointwise,
    Repeat,
    Siren,
    Table,
    choice,
    integer,
    real,
)
from spaces import Space
from tests.examples import LINE, network

KERNEL = choice(Table(), Siren(hidden=integer("hidden", 4, 6)), name="kernel")
NUMBER = Space(network(LINE, Pointwise(channels=integer("n", 2, 8, step=2))))
OPTIONS = Space(network(LINE, Conv(channels=2, kernel_size=choice(1, 3, 5, name="size"))))
NESTED = Space(network(LINE, Conv(channels=2, kernel=KERNEL)))
TWO = Space(network(LINE, Pointwise(channels=integer("n", 2, 3)), Conv(channels=integer("m", 4, 5))))
SHARE = Space(network(LINE, Dropout(rate=real("rate", 0.25, 0.75))))
REPEATED = Space(network(LINE, Repeat(times=integer("times", 0, 2), body=[Norm()])))


@pytest.mark.parametrize(
    ("space", "values", "wanted"),
    [
        (NUMBER, {"n": 2}, [{"n": 4}]),
        (NUMBER, {"n": 4}, [{"n": 2}, {"n": 6}]),
        (NUMBER, {"n": 8}, [{"n": 6}]),
        (OPTIONS, {"size": 3}, [{"size": 1}, {"size": 5}]),
        (NESTED, {"kernel": "table"}, [{"kernel": "siren", "hidden": 4}]),
        (
            NESTED,
            {"kernel": "siren", "hidden": 5},
            [{"kernel": "table"}, {"kernel": "siren", "hidden": 4}, {"kernel": "siren", "hidden": 6}],
        ),
        (TWO, {"n": 2, "m": 5}, [{"n": 3, "m": 5}, {"n": 2, "m": 4}]),
        (REPEATED, {"times": 1}, [{"times": 0}, {"times": 2}]),
    ],
)
def test_the_neighbours_are_these_and_no_others(
    space: Space, values: dict[str, int | str], wanted: list[dict[str, int | str]]
) -> None:
    assert [space.values_of(a) for a in space.neighbours(space.fill(values))] == wanted


@pytest.mark.parametrize(("rate", "wanted"), [(0.5, [0.45, 0.55]), (0.25, [0.3]), (0.75, [0.7])])
def test_a_real_number_steps_a_tenth_of_its_range_either_way(rate: float, wanted: list[float]) -> None:
    found = [SHARE.values_of(a)["rate"] for a in SHARE.neighbours(SHARE.fill({"rate": rate}))]
    assert found == pytest.approx(wanted)


def test_a_logarithmic_one_steps_by_a_factor_and_one_that_can_only_be_one_number_not_at_all() -> None:
    def near(rate: float, low: float, high: float) -> list[object]:
        space = Space(network(LINE, Dropout(rate=real("rate", low, high, log=True))))
        return [space.values_of(a)["rate"] for a in space.neighbours(space.fill({"rate": rate}))]

    assert near(0.01, 0.001, 0.1) == pytest.approx([0.01 / 10**0.2, 0.01 * 10**0.2])
    assert near(0.001, 0.001, 0.1) == pytest.approx([0.001 * 10**0.2])
    assert near(0.5, 0.5, 0.5) == []


def test_neighbours_fit_together() -> None:
    body = [Conv(channels=2, kernel_size=choice(1, 3, 9, name="size"))]
    space = Space(Architecture(input=Image(channels=1, size=(4, 4)), body=body, head=Classifier(classes=2)))
    assert [space.values_of(a) for a in space.neighbours(space.fill({"size": 1}))] == [{"size": 3}]
