"""Generated sequences: what each task promises, and the same signals at every length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from search.tasks.synthetic.sequences import BAND, adding_problem, bumps_1d, copy_memory, nearby, recall, waves
from search.tasks.synthetic.targets import targets_1d
from search.tasks.task import Task

FEW = (50, 20, 30)
CONTINUOUS = pytest.mark.parametrize("task", [waves, bumps_1d])


def train(task: Task) -> tuple[Tensor, Tensor]:
    assert isinstance(task.train, tuple)
    return task.train


def test_copy_memory_asks_for_its_symbols_at_the_end() -> None:
    task = copy_memory(30, FEW)
    x, y = train(task)
    assert x.shape == (50, 1, 50)
    assert y.shape == (50, 50)
    assert torch.equal(y[:, -10:], x[:, 0, :10].long())
    assert set(y[:, -10:].flatten().tolist()) == set(range(1, 9))
    assert not y[:, :-10].any()
    assert not x[:, 0, 10:39].any()
    assert bool((x[:, 0, 39:] == 9).all())


def test_recalled_counts_the_last_ten_steps_only() -> None:
    task = copy_memory(30, FEW)
    _, y = train(task)
    perfect, zero = (F.one_hot(answer, 10).mT.float() for answer in (y, torch.zeros_like(y)))
    assert task.scores(perfect, y)["recalled"] == 1
    assert task.scores(zero, y)["recalled"] == 0
    assert task.scores(zero, y)["accuracy"] == 40 / 50


def test_the_sum_is_that_of_the_two_marked_values() -> None:
    x, y = train(adding_problem(20, FEW))
    assert x.shape == (50, 2, 20)
    assert y.shape == (50, 1)
    assert set(x[:, 1].flatten().tolist()) == {0.0, 1.0}
    assert bool((x[:, 1].sum(1) == 2).all())
    assert torch.allclose((x[:, 0] * x[:, 1]).sum(1, keepdim=True), y, rtol=0, atol=1e-6)


def test_every_step_is_marked_as_often_and_to_answer_one_scores_a_sixth() -> None:
    task = adding_problem(5, (20_000, 1, 1))
    x, y = train(task)
    assert torch.allclose(x[:, 1].mean(0), torch.full((5,), 2 / 5), atol=0.02)
    assert task.scores(torch.ones_like(y), y)["loss"] == pytest.approx(1 / 6, abs=0.005)


def test_the_cue_asked_for_lies_between_the_shortest_and_the_longest_delay() -> None:
    x, y = train(recall(60, delay=50, shortest=20, noise=0, examples=(2_000, 1, 1)))
    cue = x[:, :, :-5].flip(-1)  # the class (n,) at its delay, less the last five steps
    assert torch.equal(cue.sum((1, 2)), torch.ones(2_000))
    assert torch.equal(cue.sum(2).argmax(1), y)
    delays = cue.sum(1).argmax(1) + 5
    assert set(delays.tolist()) == set(range(20, 51))


def test_what_does_not_see_the_cue_can_only_guess() -> None:
    x, y = train(recall(60, delay=50, shortest=20, noise=0, examples=(4_000, 1, 1)))
    # Reach 35 holds the cue of 16 of 31 delays; the best reader of it answers those, and guesses the others.
    visible = x[:, :, -36:-5].sum(2)
    right = torch.where(visible.any(1), visible.argmax(1) == y, torch.zeros_like(y, dtype=torch.bool)).float().mean()
    assert float(right) == pytest.approx(16 / 31, abs=0.03)
    unseen = y[~visible.any(1)]
    near = x[~visible.any(1), :, -5:].sum(2).argmax(1)
    assert float((near == unseen).float().mean()) == pytest.approx(1 / 4, abs=0.04)


def test_nearby_asks_the_other_question_of_the_same_inputs() -> None:
    settings = {"length": 60, "delay": 50, "noise": 0.0, "examples": FEW}
    far, near = train(recall(**settings)), train(nearby(**settings))
    assert torch.equal(far[0], near[0])
    assert torch.equal(near[0][:, :, -5:].sum(2).argmax(1), near[1])
    assert not torch.equal(far[1], near[1])


@CONTINUOUS
def test_the_same_seed_gives_the_same_signals_at_every_length(task: Callable[..., Task]) -> None:
    coarse, fine = train(task(64, examples=FEW)), train(task(192, examples=FEW))
    assert torch.equal(coarse[1], fine[1])
    # Step i of 64 and step 3i + 1 of 192 lie at the same time.
    assert torch.allclose(coarse[0], fine[0][..., 1::3], rtol=0, atol=1e-5)


@CONTINUOUS
def test_a_part_depends_on_the_seed_and_its_own_size_only(task: Callable[..., Task]) -> None:
    first, again, other = (task(examples=FEW, seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert torch.equal(train(first)[0], train(task(examples=(50, 7, 9), seed=1))[0])


def test_waves_have_nothing_above_their_band() -> None:
    x, _ = train(waves(256, examples=FEW))
    power = np.abs(np.fft.rfft(x[:, 0].double().numpy(), axis=-1)) ** 2
    assert power[:, BAND + 1 :].sum() < 1e-9 * power.sum()
    assert BAND / (64 / 2) < 0.8


def test_waves_have_unit_variance_and_classes_as_frequent() -> None:
    x, y = train(waves(examples=(2_000, 1, 1)))
    assert float(x.var()) == pytest.approx(1, abs=0.03)
    assert int(torch.bincount(y, minlength=8).min()) > 200


def test_a_wave_run_backwards_has_the_same_spectrum_and_another_class() -> None:
    # So no look at power spectra alone can tell the two of a pair apart.
    x, y = train(waves(128, noise=0, examples=(1_000, 1, 1)))
    pair = torch.tensor([int(f"{label:03b}"[::-1], 2) ^ 7 for label in range(8)])  # falls become rises, last goes first
    assert not bool((pair == torch.arange(8)).any())
    power, reversed_power = (torch.fft.rfft(signals[:, 0]).abs() ** 2 for signals in (x, x.flip(-1)))
    assert torch.allclose(power, reversed_power, rtol=1e-3, atol=1e-2)
    assert float((directions(x) == y).float().mean()) > 0.95
    assert float((directions(x.flip(-1)) == pair[y]).float().mean()) > 0.95


def directions(x: Tensor) -> Tensor:
    """The class read by two filters: where the signal looks more like a rising than like a falling chirp."""
    t = (np.arange(65) - 32) / 128
    rising = np.exp(-((t / 0.045) ** 2) / 2 + 1j * np.pi * (2 * 13 * t + 70 * t**2))
    filters = torch.tensor(np.stack([part for chirp in (rising, rising[::-1]) for part in (chirp.real, chirp.imag)]))
    likeness = F.conv1d(x.double(), filters[:, None], padding=32).unflatten(1, (2, 2)).pow(2).sum(2)
    # The chirps lie in [0.15, 0.37], [0.42, 0.58] and [0.63, 0.85].
    peaks = torch.stack([part.amax(2) for part in likeness.tensor_split((51, 77), dim=2)])
    return ((peaks[..., 0] > peaks[..., 1]).long() * torch.tensor([[1], [2], [4]])).sum(0)


def test_bumps_are_ten_curves_of_little_high_frequency() -> None:
    x, y = train(bumps_1d(400, examples=(500, 1, 1)))
    assert set(y.tolist()) == set(range(10))
    windowed = x[:, 0].double().numpy() * np.hanning(400)  # the sheared signal does not end where it began
    power = np.abs(np.fft.rfft(windowed, axis=-1)) ** 2
    assert power[:, 21:].sum() < 1e-3 * power.sum()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: copy_memory(0), "length must be at least 1"),
        (lambda: adding_problem(1), "length must be at least 2"),
        (lambda: recall(delay=200), "delay < length"),
        (lambda: recall(shortest=4), "5 ≤ shortest"),
        (lambda: nearby(classes=1), "classes must be at least 2"),
        (lambda: waves(classes=9), "2 … 8 classes"),
        (lambda: waves(0), "length must be at least 1"),
        (lambda: bumps_1d(examples=(5, 0, 5)), "at least 1"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Task], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()


@pytest.mark.parametrize("length", [16, 33, 128])
def test_targets_have_mean_zero_and_unit_variance(length: int) -> None:
    found = targets_1d(length)
    assert set(found) == {"gaussian", "step", "sawtooth", "chirp", "smooth", "noise"}
    for target in found.values():
        assert target.shape == (length,)
        assert float(target.mean()) == pytest.approx(0, abs=1e-6)
        assert float(target.var(correction=0)) == pytest.approx(1, abs=1e-5)
        assert bool(torch.isfinite(target).all())


def test_smooth_targets_keep_below_a_quarter_of_nyquist() -> None:
    power = torch.fft.rfft(targets_1d(128)["smooth"].double()).abs() ** 2
    assert float(power[17:].sum()) < 1e-9 * float(power.sum())
    with pytest.raises(ValueError, match="16 points"):
        targets_1d(15)
