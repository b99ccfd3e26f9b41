"""Groups are groups: their tables obey the axioms, their cosets tile them, their coordinates tell elements apart."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from pydantic import TypeAdapter

from archspec import Group
from archspec.geometry.groups import TRIVIAL, cosets, is_subgroup
from archspec.geometry.samples import samples
from archspec.geometry.sampling import Sampling
from archspec.geometry.tap_grid import TapGrid, disc

ORDERS = {
    "C1": 1,
    "C2": 2,
    "C3": 3,
    "C4": 4,
    "C6": 6,
    "C8": 8,
    "D1": 2,
    "D2": 4,
    "D3": 6,
    "D4": 8,
    "D8": 16,
    "T": 12,
    "O": 24,
    "Oh": 48,
}
PRODUCTS = ("S3", "C4xS2", "D4xS3", "C8xS2")
ACTIONS = [(name, dims) for name in ORDERS for dims in (1, 2, 3) if Group(name).acts_on(dims)]
each = pytest.mark.parametrize(("name", "dims"), ACTIONS)


@each
def test_products_are_associative_with_identity_and_inverses(name: str, dims: int) -> None:
    action = Group(name).action(dims)
    product, everything = action.product, np.arange(Group(name).order)
    assert (product[0] == everything).all()
    assert (product[:, 0] == everything).all()
    assert (product[product[:, :, None], everything] == product[everything[:, None, None], product[None]]).all()
    inverse = action.relative[:, 0]
    assert (product[everything, inverse] == 0).all()
    assert (product[inverse, everything] == 0).all()
    assert (action.relative == product[inverse[:, None], everything]).all()


@each
def test_elements_are_different_rotations_and_reflections(name: str, dims: int) -> None:
    matrices = Group(name).action(dims).matrices
    assert len(matrices) == ORDERS[name] == Group(name).order
    assert np.allclose(matrices @ matrices.transpose(0, 2, 1), np.eye(dims), atol=1e-12)
    assert len({tuple(np.rint(m.flatten() * 1e6)) for m in matrices}) == len(matrices)
    mirrors = int((np.linalg.det(matrices) < 0).sum())
    assert mirrors == (ORDERS[name] // 2 if name[0] == "D" or name == "Oh" else 0)


@each
def test_an_action_is_exact_when_the_grid_maps_onto_itself(name: str, dims: int) -> None:
    action = Group(name).action(dims)
    assert action.exact == (name not in ("C3", "C6", "C8", "D3", "D8"))
    assert not action.exact or (action.matrices == np.rint(action.matrices)).all()


@each
def test_coordinates_tell_the_elements_apart(name: str, dims: int) -> None:
    embedding = Group(name).action(dims).embedding
    assert len({tuple(np.rint(row * 1e6)) for row in embedding}) == ORDERS[name]
    assert np.abs(embedding).max(initial=0) <= 1 + 1e-12
    assert (name == "C1") == (embedding.shape[1] == 0)


def test_elements_are_numbered_as_they_say() -> None:
    d4 = Group("D4").action(2)
    turn, flip = np.array([[0.0, -1.0], [1.0, 0.0]]), np.diag([-1.0, 1.0])
    for m in range(2):
        for r in range(4):
            wanted = np.linalg.matrix_power(flip, m) @ np.linalg.matrix_power(turn, r)
            assert np.array_equal(d4.matrices[4 * m + r], wanted)
    eighth = Group("C8").action(2).matrices[1]
    assert np.allclose(eighth[0], [math.sqrt(0.5), -math.sqrt(0.5)])


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_has_each_turn_at_each_scale(name: str) -> None:
    group = Group(name)
    turns, matrices = group.turning.action(2).matrices, group.action(2).matrices
    assert len(matrices) == group.order == len(turns) * group.scales
    for element, matrix in enumerate(matrices):
        scale, turn = divmod(element, len(turns))
        assert np.array_equal(matrix, 2**scale * turns[turn])
    assert group.at(group.scales) == group
    assert group.at(1) == group.turning


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("C1xS3", "write S3"),
        ("C4xS1", "write C4"),
        ("S1", "write C1"),
        ("C1xS1", "write C1"),
        ("D64xS16", "at most 256 turns at scales"),
        ("C1٤", "unknown group"),
        ("S2xC4", "unknown group"),
        ("OxS2", "unknown group"),
        ("C65xS2", "at most 64 rotations"),
        ("C4xS17", "at most 16 scales"),
    ],
)
def test_what_is_no_product_says_so(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Group(name)


@pytest.mark.parametrize(
    ("small", "large"), [("C2xS2", "C4xS2"), ("C4", "C4xS3"), ("S3", "C4xS3"), ("C1", "C8xS2"), ("D2", "D4xS2")]
)
def test_cosets_tile_a_product(small: str, large: str) -> None:
    k, h = Group(small), Group(large)
    rows, matrices = cosets(k, h, 2), h.action(2).matrices
    assert rows.shape == (h.order // k.order, k.order)
    assert sorted(rows.flatten()) == list(range(h.order))
    for row in rows:
        assert np.allclose(k.action(2).matrices @ matrices[row[0]], matrices[row])


@pytest.mark.parametrize(
    ("small", "large", "dims"),
    [
        ("C1", "C4", 2),
        ("C2", "C4", 2),
        ("C4", "D4", 2),
        ("D1", "D4", 2),
        ("D2", "D4", 2),
        ("C2", "D2", 2),
        ("C4", "C8", 2),
        ("D4", "D8", 2),
        ("T", "O", 3),
        ("O", "Oh", 3),
        ("T", "Oh", 3),
        ("C4", "O", 3),
        ("D4", "Oh", 3),
        ("C1", "D1", 1),
        ("D4", "D4", 2),
    ],
)
def test_right_cosets_tile_the_group(small: str, large: str, dims: int) -> None:
    k, h = Group(small), Group(large)
    assert is_subgroup(k, h, dims)
    rows = cosets(k, h, dims)
    assert rows.shape == (h.order // k.order, k.order)
    assert sorted(rows.flatten()) == list(range(h.order))
    inside = h.action(dims).index_of(k.action(dims).matrices)
    for row in rows:
        assert [int(h.action(dims).product[i, row[0]]) for i in inside] == list(row)


@pytest.mark.parametrize(
    ("small", "large", "dims"),
    [
        ("C4", "C2", 2),
        ("D1", "C4", 2),
        ("C3", "C4", 2),
        ("C8", "C4", 2),
        ("D4", "O", 3),
        ("O", "T", 3),
        ("C4", "T", 3),
        ("O", "C4", 2),
    ],
)
def test_what_is_no_subgroup_is_told_so(small: str, large: str, dims: int) -> None:
    assert not is_subgroup(Group(small), Group(large), dims)


@pytest.mark.parametrize("name", ["", "C", "C0", "c4", "C-1", "D0", "S0", "SO2", "Ohh", "C4 ", "C04", "C٤", "x" * 1000])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="unknown group"):
        Group(name)


@pytest.mark.parametrize("name", ["C65", "D65", "C99999999999999999999"])
def test_too_large_groups_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="too large: at most 64 rotations"):
        Group(name)


def test_a_group_is_a_value() -> None:
    assert Group("C4") == Group("C4") != Group("D2")
    assert len({Group("C4"), Group("C4"), Group("D2")}) == 2
    assert TRIVIAL.trivial
    assert not Group("D1").trivial
    adapter = TypeAdapter(Group)
    assert adapter.validate_json('"D4"') == adapter.validate_python(Group("D4")) == Group("D4")
    assert adapter.dump_json(Group("D4")) == b'"D4"'
    assert str(Group("Oh")) == "Oh"


def test_a_group_acts_where_it_has_axes_to_act_on() -> None:
    assert [Group("C4").acts_on(d) for d in (0, 1, 2, 3)] == [False, False, True, True]
    assert [Group("D1").acts_on(d) for d in (0, 1, 2, 3)] == [False, True, True, True]
    assert [Group("O").acts_on(d) for d in (0, 1, 2, 3)] == [False, False, False, True]
    assert all(TRIVIAL.acts_on(d) for d in range(4))
    with pytest.raises(ValueError, match="C4 does not act on 1 axes"):
        Group("C4").action(1)


def test_axes_that_turn_into_one_another_and_axes_that_move() -> None:
    assert Group("C4").action(2).mixed_axes == ((0, 1),)
    assert Group("C2").action(2).mixed_axes == Group("D2").action(2).mixed_axes == ()
    assert Group("C4").action(3).mixed_axes == ((1, 2),)
    assert Group("O").action(3).mixed_axes == Group("T").action(3).mixed_axes == ((0, 1), (0, 2), (1, 2))
    assert Group("D1").action(2).moved_axes == (0,)
    assert Group("C2").action(2).moved_axes == (0, 1)
    assert Group("C4").action(3).moved_axes == (1, 2)


@each
def test_the_counted_samples_are_those_made(name: str, dims: int) -> None:
    for size, mixing in product((1, 3, 4), (False, True)):
        taps = (size,) * dims
        wanted = Sampling(Group(name), TapGrid(taps), mixes=mixing)
        where = samples(wanted)
        assert where.points.shape == (wanted.points(taps), wanted.inputs)
        assert where.index.shape == (ORDERS[name], ORDERS[name] if mixing else 1, size**dims)
        assert where.index.min() >= 0
        assert where.index.max() < len(where.points)
        if where.turns is not None:
            assert where.turns.min() >= 0
            assert where.turns.sum(axis=0).max() <= 1 + 1e-9


def test_a_disc_is_round_and_reaches_the_outermost_taps() -> None:
    weights, distance = disc(TapGrid((9, 9)), 0.5), np.linalg.norm(TapGrid((9, 9)).offsets(), axis=1)
    assert (weights[distance <= 4] == 1).all()
    assert (weights[distance >= 4.5] == 0).all()
    assert disc(TapGrid((1, 1)), 0.5).tolist() == [1]
