"""A space counts, fills, recognises and walks exactly what it can hold; its holes are checked when they are written."""

from __future__ import annotations

import math
import random
import re
from typing import Any

import pytest

from archspec import (
    Activation,
    Architecture,
    Branch,
    Classifier,
    Conv,
    Dense,
    Dropout,
    GroupPool,
    Lift,
    Norm,
    Pointwise,
    Regressor,
    Repeat,
    Residual,
    SignalError,
    Siren,
    SpecError,
    Table,
    choice,
    integer,
    order,
    price,
    real,
)
from spaces import Space, images, rotated_images, sequences, volumes
from tests.examples import LINE, SPACES, SQUARE, network
from tests.laws.bounds import bounded

WIDTH = integer("width", 2, 4)
SMALL: dict[str, tuple[Space, int]] = {
    "nothing open": (Space(network(LINE, Norm())), 1),
    "one choice": (Space(network(LINE, Conv(channels=2, kernel_size=choice(1, 3, 5)))), 3),
    "two holes": (Space(network(LINE, Conv(channels=integer(2, 8, step=2), bias=choice(True, False)))), 8),
    "one name twice": (Space(network(LINE, Pointwise(channels=WIDTH), Norm(), Pointwise(channels=WIDTH))), 3),
    "arithmetic": (Space(network(LINE, Pointwise(channels=2 * WIDTH), Pointwise(channels=WIDTH + 1))), 3),
    "arithmetic alone": (Space(network(LINE, Pointwise(channels=2 * WIDTH))), 3),
    "conditional": (Space(network(LINE, Conv(channels=2, kernel=choice(Table(), Siren(hidden=integer(4, 6)))))), 4),
    "blocks": (
        Space(network(LINE, choice(Norm(), Activation(function=choice("relu", "gelu")), Residual(body=[Norm()])))),
        4,
    ),
    "bodies": (Space(network(LINE, Residual(body=choice([], [Norm(), Activation()])))), 2),
    "tied": (
        Space(network(LINE, Repeat(times=integer(0, 2), body=[Activation(function=choice("relu", "tanh", "elu"))]))),
        9,
    ),
    "not tied": (
        Space(
            network(
                LINE, Repeat(times=integer(0, 2), tied=False, body=[Activation(function=choice("relu", "tanh", "elu"))])
            )
        ),
        13,
    ),
    "not tied, fixed": (
        Space(network(LINE, Repeat(times=2, tied=False, body=[Activation(function=choice("relu", "tanh", "elu"))]))),
        9,
    ),
    "shared in branches": (
        Space(
            network(
                LINE,
                choice(Pointwise(channels=WIDTH), Norm()),
                Branch(branches=[[Pointwise(channels=WIDTH)], [Pointwise(channels=WIDTH)]]),
            )
        ),
        6,
    ),
    "shared only sometimes": (
        Space(network(LINE, choice(Pointwise(channels=WIDTH), Norm()), choice(Pointwise(channels=WIDTH), Norm()))),
        10,
    ),
    "group": (
        Space(
            network(
                SQUARE,
                Lift(
                    group=choice("C1", "C4", "D4", name="group"),
                    channels=8 // order(choice("C1", "C4", "D4", name="group")),
                ),
                GroupPool(),
            )
        ),
        3,
    ),
    "no value": (Space(network(LINE, Conv(channels=2, kernel=choice(Siren(omega_0=choice(None, 10.0)), Table())))), 3),
}
each = pytest.mark.parametrize("name", SMALL)


@each
def test_the_size_is_the_number_of_fillings(name: str) -> None:
    space, size = SMALL[name]
    everything = list(space.enumerate())
    assert space.size() == len(everything) == size
    assert len({a.to_json() for a in everything}) == len(everything)


@each
def test_filling_with_the_values_of_an_architecture_makes_it_again(name: str) -> None:
    space, _ = SMALL[name]
    names = {parameter.name for parameter in space.parameters()}
    for architecture in space.enumerate():
        values = space.values_of(architecture)
        assert set(values) <= names
        assert space.fill(values) == architecture
        assert space.values_of(Architecture.from_json(architecture.to_json())) == values


@each
def test_a_space_is_data(name: str) -> None:
    space, size = SMALL[name]
    for again in (Space.from_json(space.to_json()), Space.from_yaml(space.to_yaml())):
        assert again.to_json() == space.to_json()
        assert again.size() == size
        assert [str(p) for p in again.parameters()] == [str(p) for p in space.parameters()]
        assert [a.to_json() for a in again.enumerate()] == [a.to_json() for a in space.enumerate()]


@each
def test_samples_are_of_the_space(name: str) -> None:
    space, _ = SMALL[name]
    everything, rng = {a.to_json() for a in space.enumerate()}, random.Random(0)
    assert {space.sample(rng).to_json() for _ in range(40 * len(everything))} == everything


@each
def test_neighbours_differ_in_one_decision(name: str) -> None:
    space, _ = SMALL[name]
    for architecture in space.enumerate():
        values = space.values_of(architecture)
        for neighbour in space.neighbours(architecture):
            near = space.values_of(neighbour)
            changed = {key for key in values.keys() & near.keys() if values[key] != near[key]}
            assert len(changed) == 1 or (not changed and values.keys() != near.keys())
            assert neighbour.graph


@pytest.mark.parametrize("name", SPACES)
def test_the_ready_made_spaces_hold_what_they_promise(name: str) -> None:
    space, rng = SPACES[name][0], random.Random(5)
    assert space.size() > 1000
    assert Space.from_json(space.to_json()).size() == space.size()
    for _ in range(25):
        architecture = space.sample(rng)
        assert architecture.graph.signal.grid == ()
        assert space.fill(space.values_of(architecture)) == architecture
        assert price(architecture) == architecture.graph.cost()
    neighbours = list(space.neighbours(architecture))
    assert len(neighbours) >= 5
    assert len({a.to_json() for a in neighbours}) == len(neighbours)


def test_parameters_are_named_by_their_place_and_the_options_on_the_way() -> None:
    space = SMALL["conditional"][0]
    assert [str(p) for p in space.parameters()] == [
        "body[0].kernel: table | siren",
        "body[0].kernel[siren].hidden: 4 … 6",
    ]
    assert [p.when for p in space.parameters()] == [[{}], [{"body[0].kernel": ("siren",)}]]
    copies = [p.name for p in SMALL["not tied"][0].parameters()]
    assert copies == ["body[0].times", "body[0].copy0.body[0].function", "body[0].copy1.body[0].function"]
    assert [p.name for p in SMALL["one name twice"][0].parameters()] == ["width"]


KERNELS = SMALL["conditional"][0]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, "body[0].kernel is missing"),
        ({"body[0].kernel": "siren"}, "body[0].kernel[siren].hidden is missing"),
        ({"body[0].kernel": "spline"}, "body[0].kernel cannot be 'spline'; it is one of table, siren"),
        (
            {"body[0].kernel": "table", "body[0].kernel[siren].hidden": 4},
            "is not active with the other values; leave it out",
        ),
        ({"body[0].kernel": "table", "x": 4}, "x is no parameter of this space"),
        (
            {"body[0].kernel": "siren", "body[0].kernel[siren].hidden": 7},
            "cannot be 7; it is a whole number from 4 to 6",
        ),
        ({"body[0].kernel": "siren", "body[0].kernel[siren].hidden": True}, "cannot be True"),
        ({"body[0].kernel": "siren", "body[0].kernel[siren].hidden": 4.0}, "cannot be 4.0"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_name(values: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ValueError) as caught:
        KERNELS.fill(values)
    assert wanted in str(caught.value)


def test_an_architecture_of_elsewhere_has_no_values() -> None:
    with pytest.raises(ValueError, match="not in this space"):
        KERNELS.values_of(network(LINE, Norm()))


@pytest.mark.parametrize(
    ("write", "wanted"),
    [
        (lambda: Conv(channels=choice(4, 0)), ("channels", "0")),
        (lambda: Conv(channels=integer(0, 8)), ("channels", "0")),
        (lambda: Conv(channels=8 - WIDTH * 2), ("channels", "width = 4")),
        (lambda: Conv(channels=2, kernel_size=choice(3, "three")), ("kernel_size", "three")),
        (lambda: Conv(channels=2, kernel_size=[3, choice(3, -1)]), ("kernel_size", "-1")),
        (lambda: Dropout(rate=real(0.0, 1.0)), ("rate", "1")),
        (lambda: Siren(bandwidth=real(0.0, 0.5)), ("bandwidth", "0")),
        (lambda: Norm(type=choice("batch", "layers")), ("type", "layers")),
        (lambda: Lift(channels=2, group=choice("C4", "Z4")), ("group", "Z4")),
        (lambda: Repeat(times=integer(-1, 2), body=[]), ("times", "-1")),
        (lambda: Conv(channels=2, kernel=choice(Table(), Norm())), ("kernel", "")),
        (lambda: network(LINE, choice(Norm(), Table())), ("body", "")),
        (lambda: Conv(channels=choice(2, integer(3, 4))), ("channels", "a hole cannot be an option")),
    ],
)
def test_every_value_of_a_hole_is_checked_when_it_is_written(write: Any, wanted: tuple[str, str]) -> None:
    with pytest.raises(ValueError) as caught:
        write()
    assert all(part in str(caught.value) for part in wanted), str(caught.value)


@pytest.mark.parametrize(
    ("write", "field", "message"),
    [
        (lambda: Conv(channels=WIDTH, kernal=3), "kernal", "there is no such field; did you mean kernel?"),
        (lambda: Conv(chanels=WIDTH), "chanels", "there is no such field; did you mean channels?"),
        (lambda: Conv(channels=WIDTH, kernel_size="three"), "kernel_size", "expected a whole number"),
        (lambda: Residual(bodies=[Conv(channels=WIDTH)]), "bodies", "there is no such field; did you mean body?"),
    ],
)
def test_a_mistake_in_another_field_is_not_told_of_a_hole(write: Any, field: str, message: str) -> None:
    """That is the value of a hole which does not fit."""
    with pytest.raises(ValueError) as caught:
        write()
    assert "does not fit" not in str(caught.value)
    assert re.search(rf"^\w+, {field}: {re.escape(message)}", str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    "write",
    [
        choice,
        lambda: integer(3),
        lambda: integer(4, 2),
        lambda: integer(1, 4, step=2),
        lambda: integer(0, 4, log=True),
        lambda: real(1.0, 0.0),
        lambda: real(0.0, 1.0, log=True),
        lambda: real(0.0, math.inf),
        lambda: integer("two words", 1, 2),
        lambda: choice(1, name="1"),
        lambda: WIDTH * [1],
        lambda: integer(1, 4, step=0),
    ],
)
def test_holes_that_make_no_sense_are_refused(write: Any) -> None:
    with pytest.raises(ValueError):
        write()


def test_a_hole_has_no_truth() -> None:
    with pytest.raises(TypeError, match="a hole has no value yet"):
        bool(WIDTH)


def test_one_name_for_two_holes_is_refused() -> None:
    with pytest.raises(ValueError, match="width stands for two different holes"):
        Space(network(LINE, Pointwise(channels=WIDTH), Pointwise(channels=integer("width", 2, 5))))


def test_an_architecture_with_holes_is_no_network() -> None:
    with pytest.raises(SignalError, match="has holes: fill it through"):
        _ = KERNELS.template.graph
    with pytest.raises(SpecError, match="this is a space"):
        Architecture.from_json(KERNELS.to_json())


def test_real_numbers_are_drawn_and_not_counted() -> None:
    space = Space(network(LINE, Dropout(rate=real("rate", 0.001, 0.5, log=True))))
    assert space.size() == math.inf
    with pytest.raises(ValueError, match="a real number has no list of values"):
        next(space.enumerate())
    rng = random.Random(0)
    rates = [space.values_of(space.sample(rng))["rate"] for _ in range(200)]
    assert all(isinstance(rate, float) and 0.001 <= rate <= 0.5 for rate in rates)
    assert 0.3 < sum(rate < 0.0224 for rate in rates if isinstance(rate, float)) / 200 < 0.7


def test_arithmetic_over_holes() -> None:
    space = Space(
        network(LINE, *(Pointwise(channels=c) for c in (WIDTH + 1, 10 - WIDTH, 3 * WIDTH, WIDTH // 2, 12 // WIDTH)))
    )
    channels = [[block.channels for block in a.body] for a in space.enumerate()]
    assert channels == [[3, 8, 6, 1, 6], [4, 7, 9, 1, 4], [5, 6, 12, 2, 3]]


def random_template(rng: random.Random) -> Architecture:
    """A template of choices inside choices, with names that recur, and repeats whose copies decide apart."""
    shared = [choice(1, 3, name="a"), choice(3, 5, name="b"), integer("c", 1, 2)]
    named = choice(Norm(), Conv(channels=2, kernel_size=shared[0]), name="d")

    def block(depth: int) -> Any:
        conv = Conv(channels=2, kernel_size=rng.choice([1, choice(1, 3), *shared]))
        if depth == 0 or rng.random() < 0.3:
            return conv
        match rng.randrange(4):
            case 0:
                return rng.choice([named, choice(Residual(body=[block(depth - 1)]), Norm())])
            case 1:
                return Repeat(times=rng.choice([integer(0, 2), shared[2]]), tied=False, body=[block(depth - 1)])
            case 2:
                return Residual(body=[block(depth - 1)])
            case _:
                return choice(Conv(channels=shared[2], kernel_size=1), conv)

    return network(LINE, *(block(2) for _ in range(3)))


@pytest.mark.parametrize("seed", range(60))
def test_a_random_space_counts_what_it_enumerates(seed: int) -> None:
    space = Space(random_template(random.Random(seed)))
    if space.size() <= 3000:
        assert space.size() == sum(1 for _ in space.enumerate())


def test_optional_blocks_multiply() -> None:
    optional = [choice(Norm(), Conv(channels=2, kernel_size=choice(3, 5, 7))) for _ in range(60)]
    space = Space(network(LINE, *optional))
    with bounded(1):
        assert space.size() == 4**60


class Described:
    """What a space asks of a task."""

    def __init__(self, kind: str, shape: tuple[int, ...], outputs: int) -> None:
        self.kind, self.shape, self.outputs = kind, shape, outputs


@pytest.mark.parametrize(
    ("ready", "kind", "shape", "head"),
    [
        (images, "classification", (2, 12, 12), Classifier(classes=3)),
        (rotated_images, "binary", (1, 12, 12), Classifier(classes=3)),
        (sequences, "multilabel", (2, 32), Classifier(classes=3)),
        (volumes, "regression", (1, 8, 8, 8), Regressor(outputs=3)),
        (images, "dense", (1, 12, 12), Dense(outputs=3)),
    ],
)
def test_a_ready_made_space_is_made_for_a_task(ready: Any, kind: str, shape: tuple[int, ...], head: Any) -> None:
    space = ready.for_task(Described(kind, shape, 3), groups=("C1",))
    assert space.template.head == head
    assert (space.template.input.channels, *space.template.input.grid) == shape
    assert [str(p.hole.values) for p in space.parameters() if p.name == "group"] == ["('C1',)"]
    output = space.default.graph.signal
    assert output.grid == (shape[1:] if kind == "dense" else ())


def test_a_ready_made_space_names_its_kin_for_other_axes() -> None:
    with pytest.raises(ValueError, match=r"the examples have 1 axes, and images has 2; use spaces\.sequences"):
        images.for_task(Described("binary", (1, 32), 1))


def test_a_space_is_one_of_architectures() -> None:
    wrong: Any
    for wrong in (5, [Conv(channels=4)], Conv(channels=4), None):
        with pytest.raises(ValueError, match="a space is made of an architecture, not of a"):
            Space(wrong)


def test_a_seed_samples_as_the_generator_that_it_seeds() -> None:
    space = Space(network(LINE, Conv(channels=integer(2, 400), kernel_size=choice(3, 5, 7))))
    for seed in range(20):
        assert space.sample(seed) == space.sample(random.Random(seed))
    assert len({space.sample(seed).hash for seed in range(20)}) > 10


@pytest.mark.parametrize("name", SMALL)
def test_a_space_is_equal_to_what_is_read_from_what_it_writes_and_to_no_other(name: str) -> None:
    space = SMALL[name][0]
    for again in (Space.from_json(space.to_json()), Space.from_yaml(space.to_yaml())):
        assert again == space
        assert hash(again) == hash(space)
    assert {other for other, (found, _) in SMALL.items() if found == space} == {name}
    assert space != space.template


def test_one_hole_twice_is_another_space_than_two_holes() -> None:
    def doubled(one: Any, other: Any) -> Space:
        return Space(network(LINE, Pointwise(channels=one + other)))

    hole = integer(1, 2)
    assert doubled(hole, hole) != doubled(integer(1, 2), integer(1, 2))
    assert doubled(1, integer(1, 2)) != doubled(1, integer(1, 2, name="width"))
