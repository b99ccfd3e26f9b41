"""Pairs: exact images of one another, so that chance is exact; and the 24 rotations, and what is chiral under them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archspec import Activation, Architecture, Classifier, Conv, GroupPool, Image, Lift, Volume, lower
from search import Task, chiral_voxels, digits, half_turns, mirrored
from search.tasks.synthetic.symmetric import originals
from search.tasks.synthetic.voxels import POLYCUBES, orientations
from search.tasks.task import Data
from search.training.evaluation import evaluate

FEW = (60, 20, 40)
PAIRED: dict[str, tuple[Callable[..., Task], Callable[[Tensor], Tensor], str]] = {
    "half turns": (half_turns, lambda x: x.flip(-2, -1), "C2"),
    "mirrored": (mirrored, lambda x: x.flip(-2), "D4"),
    "mirrored, upright": (lambda **options: mirrored(rotated=False, **options), lambda x: x.flip(-2), "D1"),
    "voxels": (chiral_voxels, lambda x: x.flip(-2), "Oh"),
}
EVERY = pytest.mark.parametrize("name", list(PAIRED))


def arrays(data: Data | None) -> tuple[Tensor, Tensor]:
    assert isinstance(data, tuple)
    return data


def network(group: str, x: Tensor) -> Architecture:
    """Two layers of random weights, invariant to the group."""
    body = [Lift(group=group, channels=1, kernel_size=3), Activation(), Conv(channels=2, kernel_size=3), GroupPool()]
    grid = tuple(x.shape[2:])
    entry = Volume(channels=1, size=grid) if len(grid) == 3 else Image(channels=1, size=grid)
    return Architecture(input=entry, body=body, head=Classifier(classes=2))


@EVERY
def test_every_part_is_made_of_pairs_that_are_exact(name: str) -> None:
    make, partner, _ = PAIRED[name]
    task = make(examples=FEW)
    for part, count in zip((task.train, task.validation, task.test), FEW, strict=True):
        x, y = arrays(part)
        assert len(x) == len(y) == count
        assert torch.equal(x[1::2], partner(x[::2]))
        assert torch.equal(y, torch.arange(2).repeat(count // 2))
        assert not torch.equal(x[1::2], x[::2])


@EVERY
def test_what_is_invariant_to_the_group_is_exactly_at_chance(name: str) -> None:
    make, _, group = PAIRED[name]
    task = make(examples=FEW)
    x, y = (t.double() if t.is_floating_point() else t for t in arrays(task.test))
    torch.manual_seed(0)
    model = lower(network(group, x)).double().eval()
    with torch.no_grad():
        outputs = model(x)
    assert float((outputs[1::2] - outputs[::2]).abs().max()) < 1e-12
    # The weights are random, so the answers are cut in the middle of what they are: both occur.
    outputs = outputs - outputs.median(0).values
    assert evaluate(model, task, (x, y))["accuracy"] == 0.5
    assert set(outputs.argmax(1).tolist()) == {0, 1}
    assert task.scores(outputs, y)["accuracy"] == 0.5


@EVERY
def test_and_what_is_not_gives_the_two_of_a_pair_different_answers(name: str) -> None:
    x, _ = arrays(PAIRED[name][0](examples=FEW).test)
    torch.manual_seed(0)
    model = lower(network("C1", x)).double().eval()
    with torch.no_grad():
        outputs = model(x.double())
    assert float((outputs[1::2] - outputs[::2]).abs().max()) > 1e-4


@EVERY
def test_the_same_seed_gives_the_same_pairs(name: str) -> None:
    make, _, _ = PAIRED[name]
    first, again, other = (make(examples=FEW, seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert torch.equal(arrays(first.test)[0], arrays(again.test)[0])


@pytest.mark.parametrize("chosen", [(6,), (2, 4, 7)])
def test_no_original_is_in_two_parts(chosen: tuple[int, ...]) -> None:
    parts = [{image.tobytes() for image in part} for part in originals(chosen, seed=3)]
    upright = digits().train, digits().validation, digits().test
    labels = torch.cat([arrays(part)[1] for part in upright])
    assert sum(map(len, parts)) == len(set.union(*parts)) == int(torch.isin(labels, torch.tensor(chosen)).sum())
    assert abs(len(parts[0]) / sum(map(len, parts)) - 0.6) < 0.01


@pytest.mark.parametrize("name", ["half turns", "mirrored", "mirrored, upright"])
def test_the_nearest_training_image_tells_the_two_apart(name: str) -> None:
    task = PAIRED[name][0](examples=(2_000, 2, 200))
    (x, y), (new, wanted) = arrays(task.train), arrays(task.test)
    nearest = torch.cdist(new.flatten(1), x.flatten(1)).argmin(1)
    assert float((y[nearest] == wanted).float().mean()) > 0.85


def placed(cells: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted(map(tuple, (cells - cells.min(0)).tolist())))


def test_the_polycubes_are_chiral_and_no_two_are_the_same() -> None:
    seen = set()
    for cells in POLYCUBES:
        turned = {placed(one) for one in orientations(cells)}
        reflected = {placed(one * [-1, 1, 1]) for one in orientations(cells)}
        assert len(turned) in (12, 24)
        assert not turned & reflected
        assert not seen & (turned | reflected)
        seen |= turned | reflected
    bent = ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0))  # flat, so a half turn in space is its reflection
    assert {placed(one) for one in orientations(bent)} == {placed(one * [-1, 1, 1]) for one in orientations(bent)}


def test_the_orientations_are_the_24_rotations_of_the_cube() -> None:
    corner = ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3), (0, 1, 0), (0, 2, 0), (1, 0, 0))  # arms of 3, 2 and 1
    found = [placed(one) for one in orientations(corner)]
    assert len(set(found)) == 24
    # The three arms, from the shortest to the longest, are a right-handed frame in each of them, as in the first.
    for one in orientations(corner):
        joint = next(cell for cell in one if (np.abs(one - cell).sum(1) == 1).sum() == 3)
        arms = one - joint
        lengths = np.abs(arms).sum(1)
        longest = arms[lengths == 3][0] / 3
        middle = next(arm for arm in arms[lengths == 2] if arm @ longest == 0) / 2
        shortest = next(arm for arm in arms[lengths == 1] if arm @ longest == arm @ middle == 0)
        assert np.linalg.det([shortest, middle, longest]) == pytest.approx(1)


def test_volumes_hold_the_whole_body_anywhere_inside() -> None:
    task = chiral_voxels(shapes=7, noise=0, examples=(1_000, 2, 2))
    x, y = arrays(task.train)
    cubes = torch.tensor([len(cells) for cells in POLYCUBES])[y // 2]
    assert torch.equal((x > 0).sum((1, 2, 3, 4)), cubes)
    assert set(y.tolist()) == set(range(14))
    # As often in one half of the volume as in the other, along every axis.
    for axis in (2, 3, 4):
        profile = (x > 0).double().sum([d for d in (1, 2, 3, 4) if d != axis]).mean(0)
        assert torch.allclose(profile, profile.flip(0), atol=0.25 * float(profile.max()))


def test_the_best_fit_of_the_24_orientations_tells_the_hand() -> None:
    task = chiral_voxels(examples=(2, 2, 400))
    x, y = arrays(task.test)
    bodies = [solid(turned) for turned in orientations(POLYCUBES[0])]
    hands = torch.tensor(np.stack([bodies, np.flip(bodies, 1)]), dtype=x.dtype)
    fits = [F.conv3d(x, hand[:, None]).flatten(1).amax(1) for hand in hands]
    outputs = torch.stack(fits, 1)
    scores = task.scores(outputs, y)
    assert scores["accuracy"] == scores["handedness"] > 0.95
    # What is invariant to reflections too: the better fit of both hands.
    assert task.scores(torch.stack([outputs.amax(1), outputs.mean(1)], 1), y)["handedness"] == 0.5


def solid(cells: np.ndarray) -> np.ndarray:
    box = np.zeros(cells.max(0) + 1)
    box[tuple(cells.T)] = 1
    return box


def test_digits_turn_in_the_test_alone() -> None:
    upright, quarter, free = digits(rotated=True), digits(test_turns="quarter"), digits(test_turns="any")
    assert torch.equal(arrays(free.test)[0], arrays(upright.test)[0])
    for part in ("train", "validation"):
        (x, y), (same, labels) = arrays(getattr(quarter, part)), arrays(getattr(free, part))
        assert torch.equal(x, same)
        assert torch.equal(y, labels)
        assert x.shape[1:] == (1, 16, 16)
    x, y = arrays(quarter.test)
    assert torch.equal(y, arrays(upright.test)[1])
    # About as often by none, one, two and three: read by which of the four is nearest to an upright image.
    turned = torch.stack([x.rot90(k, (2, 3)) for k in range(4)])
    nearest = torch.cdist(turned.flatten(2), arrays(quarter.train)[0].flatten(1)).amin(2).argmin(0)
    assert torch.bincount(nearest, minlength=4).min() > 50


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: half_turns(examples=(5, 2, 2)), "even numbers of at least 2, .*; 5 is not"),
        (lambda: mirrored(examples=(4, 0, 2)), "0 is not"),
        (lambda: mirrored(digits=()), "some of 0 … 9, not none"),
        (lambda: half_turns(digit=10), "some of 0 … 9, not 10"),
        (lambda: chiral_voxels(shapes=8), "1 … 7 chiral shapes"),
        (lambda: chiral_voxels(size=2, shapes=2), "up to 3 voxels long; size must be no less, not 2"),
        (lambda: chiral_voxels(examples=(3, 2, 2)), "3 is not"),
        (lambda: digits(rotated=True, test_turns="any"), "not both"),
        (lambda: digits(test_turns="half"), "'quarter' or 'any'"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Task], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()
