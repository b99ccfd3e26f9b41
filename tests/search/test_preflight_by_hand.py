"""What a preflight says of time, cost and data, worked out by hand for three candidates and steps of known seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from archspec import Architecture, Classifier, Conv, GroupPool, Image, Lift, Magnet, Norm, Pool, choice, price
from search import Search, Task, Training, preflight
from search.preflight import Findings
from spaces import Space
from spaces.fitting import fitting

SPACE = Space(
    Architecture(
        input=Image(channels=1, size=(8, 8)),
        body=[Conv(channels=choice(4, 2, 8), kernel_size=3)],
        head=Classifier(classes=3),
    )
)
CHEAP, MEDIUM, DEAR = sorted(price(a).flops for a in SPACE.enumerate())
SECONDS = {CHEAP: 0.5, MEDIUM: 0.75, DEAR: 1.5}
# Five batches of training data.
FIVE = Training(batch_size=8, epochs=7)


def data(count: int = 36) -> tuple[torch.Tensor, torch.Tensor]:
    x = np.random.default_rng(0).normal(size=(count, 1, 8, 8)).astype(np.float32)
    return torch.from_numpy(x), torch.arange(count) % 3


@dataclass
class Steps:
    """Steps that take known seconds, and which architectures took one."""

    taken: list[int]

    def step(self, architecture: Architecture, *rest: Any) -> float:
        self.taken.append(price(architecture).flops)
        return SECONDS[self.taken[-1]]


def found(monkeypatch: pytest.MonkeyPatch, *limits: str) -> tuple[Findings, list[int]]:
    steps = Steps([])
    monkeypatch.setattr(preflight, "_step", steps.step)
    task = Task("mine", "classification", data(), data(6))
    return Search(SPACE, task, constraints=list(limits), training=FIVE).preflight(), steps.taken


def test_the_cheapest_a_medium_and_the_dearest_candidate_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    findings, taken = found(monkeypatch)
    assert taken == [CHEAP, MEDIUM, DEAR]
    assert findings.flops == DEAR


def test_an_epoch_is_all_steps_of_the_dearest_and_a_trial_all_epochs_of_the_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    findings, _ = found(monkeypatch)
    assert findings.epoch == pytest.approx(5 * 1.5)
    # Between the cheapest and the dearest, seconds grow as FLOPs do.
    between = 0.5 + (MEDIUM - CHEAP) / (DEAR - CHEAP)
    assert findings.trial == pytest.approx(7 * 5 * (0.5 + between + 1.5) / 3)


def test_what_breaks_a_constraint_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    findings, taken = found(monkeypatch, f"flops <= {MEDIUM}")
    assert taken == [CHEAP, MEDIUM]
    assert findings.flops == MEDIUM
    assert findings.epoch == pytest.approx(5 * 0.75)


def test_costs_are_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_step", lambda *rest: 0.5)
    body = [Lift(group="C1", channels=2, kernel_size=9, kernel=Magnet(hidden=4, layers=1)), Norm(), GroupPool()]
    continuous = Space(Architecture(input=Image(channels=1, size=(8, 8)), body=body, head=Classifier(classes=3)))
    task = Task("mine", "classification", data(), data(6))
    wanted = price(continuous.default, "onnx").flops
    assert wanted != price(continuous.default).flops
    assert Search(continuous, task, target="onnx").preflight().flops == wanted


def mistakes(**parts: Any) -> tuple[str, ...]:
    """What is wrong with a task of which some parts are other ones."""
    fine = {"train": data(), "validation": data(6), "test": data(6)}
    return Search(SPACE, Task("mine", "classification", **(fine | parts)), training=FIVE).preflight().mistakes


def damaged(count: int, pixel: float | None = None, label: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Data whose last example has another pixel or label."""
    x, y = data(count)
    if pixel is not None:
        x[-1, 0, 0, 0] = pixel
    if label is not None:
        y[-1] = label
    return x, y


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_every_part_is_looked_at_to_its_last_example(part: str) -> None:
    name = {"train": "training"}.get(part, part)
    assert mistakes() == ()
    assert mistakes(**{part: damaged(36, pixel=np.nan)}) == (
        f"the {name} data: inputs hold NaN; fill them in, or leave these examples out",
    )
    told = mistakes(**{part: damaged(36, label=-1)})
    assert [text.split(";")[0] for text in told if name in text] == [f"the {name} data: a label is -1"]


def test_a_class_that_only_the_test_has_is_a_class() -> None:
    rare = (torch.zeros(6, 1, 8, 8), torch.tensor([0, 1, 2] * 2))
    few = (data()[0], torch.arange(36) % 2)
    assert mistakes(train=few, validation=few, test=rare) == ()
    told = mistakes(train=few, validation=few, test=None)
    assert any(text.startswith("labels go up to 1, and the head has 3 classes; write classes=2") for text in told)


def test_a_loss_that_is_no_number_is_told() -> None:
    told = mistakes(criterion=lambda outputs, targets: outputs.sum() * torch.inf)
    assert [text.startswith("the loss of the first step is") for text in told] == [True]


def test_each_kind_has_its_own_score_to_maximise() -> None:
    asked = {
        kind: preflight.default_objectives(Task("mine", kind, data(), data()))[0]
        for kind in ("classification", "binary", "multilabel", "regression", "dense")
    }
    scores = {"regression": "r2", "multilabel": "f1"}
    assert asked == {kind: f"maximize {scores.get(kind, 'accuracy')}" for kind in asked}


def test_a_space_is_examined_whole_if_it_is_small_and_by_so_many_samples_if_not() -> None:
    assert {a.hash for a in fitting(SPACE).fit} == {a.hash for a in SPACE.enumerate()}
    sampled = fitting(SPACE, most=2, seed=1)
    assert (sampled.examined, sampled.whole) == (2, False)
    first, again = ([[a.hash for a in fitting(SPACE, most=2, seed=seed).fit] for seed in range(30)] for _ in range(2))
    assert first == again
    assert len(set(map(tuple, first))) > 1


def test_reasons_are_told_once_for_each_kind_the_most_frequent_first() -> None:
    body = [
        Lift(group="C4", channels=choice(2, 3), kernel_size=3),
        Pool(size=choice(2, 3, 10, 11, 12)),
        GroupPool(),
    ]
    examined = fitting(Space(Architecture(input=Image(channels=1, size=(9, 9)), body=body, head=Classifier(classes=3))))
    told = list(examined.told())
    assert len(told) == 2
    large, off_centre = told
    assert "10 taps on an axis of 9" in large
    assert large.endswith("(6 of 10)")
    assert off_centre.endswith("(2 of 10)")
    assert len(examined.fit) == 2
