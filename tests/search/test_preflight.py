"""The preflight: whatever does not fit is told before anything is trained, all of it, each in one sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image as Picture
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Cost,
    Dense,
    GroupPool,
    Image,
    Lift,
    Pool,
    Regressor,
    choice,
    price,
)
from search import Search, Task, Training, maximize, preflight
from search.errors import RunError
from search.preflight import Unfit
from search.tasks import inspecting
from spaces import Space

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 1, 8, 8)).astype(np.float32)
Y = np.arange(60) % 3
TENSORS = torch.from_numpy(X), torch.from_numpy(Y)


def positions(odd: int) -> NDArray[np.int64]:
    """Classes 0 … 2 of the points of the examples, but for a corner."""
    y = np.tile(np.arange(64).reshape(8, 8) % 3, (60, 1, 1))
    y[:, 0, 0] = odd
    return y


def space(head: Any = None, size: tuple[int, int] = (8, 8), channels: int = 1) -> Space:
    body = [Conv(channels=choice(2, 3), kernel_size=3)]
    return Space(Architecture(input=Image(channels=channels, size=size), body=body, head=head or Classifier(classes=3)))


def arrays(x: Any = X, y: Any = Y, **options: Any) -> Task:
    return Task.from_arrays(x, y, **options)


def datasets(example: Callable[[int], Any], count: int = 30) -> Task:
    class Examples(Dataset[Any]):
        def __len__(self) -> int:
            return count

        def __getitem__(self, index: int) -> Any:
            return example(index)

    return Task.from_datasets(Examples(), Examples())


def loaders(batches: list[Any]) -> Task:
    return Task.from_loaders(batches, batches)


def tensors(x: Any, y: Any) -> Task:
    data = torch.as_tensor(x), torch.as_tensor(y)
    return Task("mine", "classification", data, data)


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(())


def one_class(**options: Any) -> Task:
    """A task whose validation data hold one class."""
    return arrays(**options).with_fields(validation=(TENSORS[0][:9], torch.zeros(9, dtype=torch.long)))


def share_found(outputs: Any, targets: Any) -> float:
    """The share of the found that are of class 1; NaN where none is found."""
    return float((targets[outputs.argmax(1) == 1] == 1).float().mean())


class Promised:
    """An objective that promises to follow from the cost, and asks for a score."""

    name, maximize, priced = "promised", False, True

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        return cost.flops / scores["accuracy"]

    told = value


def with_one(values: Any, value: Any) -> Any:
    changed = np.array(values)
    changed.flat[7] = value
    return changed


# What is searched on what, and a part of each sentence that says what is wrong with it.
MISTAKES: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "larger images than the space": (
        lambda: Search(space(), arrays(np.zeros((60, 1, 32, 32)))),
        ["inputs are 1×32×32 (channels × grid), and the space is for 1×8×8; write the size of the data in the space"],
    ),
    "channels last": (
        lambda: Search(space(channels=3), arrays(np.zeros((60, 8, 8, 3)))),
        ["inputs are 8×8×3 (channels × grid), and the space is for 3×8×8; the channels come last; move them"],
    ),
    "no axis of channels": (lambda: Search(space(), arrays(X[:, 0])), ["add the axis of the channels: x[:, None]"]),
    "more channels": (lambda: Search(space(channels=3), arrays()), ["inputs are 1×8×8", "the space is for 3×8×8"]),
    "labels from 1": (lambda: Search(space(), arrays(y=Y + 1)), ["labels run from 1 to 3", "give y - 1"]),
    "labels in a column": (lambda: Search(space(), arrays(y=Y[:, None])), ["a column (n, 1); give y[:, 0]"]),
    "a label each, of several": (
        lambda: Search(space(Classifier(classes=1)), Task("mine", "multilabel", *[(TENSORS[0], TENSORS[1] % 2)] * 2)),
        ["targets are one number each, and of the kind multilabel a row of labels; give a column: y[:, None]"],
    ),
    "half precision": (
        lambda: Search(space(), Task("mine", "classification", *[(TENSORS[0].bfloat16(), TENSORS[1])] * 2)),
        ["inputs are bfloat16, and networks take float32; convert them: x.to(torch.float32)"],
    ),
    "one-hot labels": (lambda: Search(space(), arrays(y=np.eye(3, dtype=int)[Y])), ["one-hot", "y.argmax(1)"]),
    "labels in words": (lambda: Search(space(), arrays(y=np.array(["a", "b", "c"])[Y])), ["classes=('a', 'b', 'c')"]),
    "more classes than the head": (
        lambda: Search(space(), arrays(y=np.arange(60) % 20)),
        ["labels go up to 19, and the head has 3 classes; write classes=20 in the head"],
    ),
    "fewer classes than the head": (
        lambda: Search(space(Classifier(classes=10)), arrays()),
        ["labels go up to 2, and the head has 10 classes; write classes=3 in the head"],
    ),
    "positions that do not count": (
        lambda: Search(space(Dense(outputs=3)), arrays(y=positions(255), kind="dense", classes="abc")),
        ["a label is 255, and those of positions are 0 … 2; if these positions do not count, say so: ignored=255"],
    ),
    "positions that do not count, and no names of classes": (
        lambda: Search(space(Dense(outputs=256)), arrays(y=positions(255), kind="dense")),
        ["no label is 3; number the classes", "if 255 marks positions that do not count, say so: ignored=255"],
    ),
    "no position that counts": (
        lambda: Search(space(Dense(outputs=3)), arrays(y=positions(0) * 0 + 7, kind="dense", classes="abc", ignored=7)),
        [
            "the training data: every label is 7, which is ignored, so that nothing is learned; give others",
            "the validation data: every label is 7, which is ignored, so that nothing is scored; give others",
        ],
    ),
    "a class more than the head, beside positions that do not count": (
        lambda: Search(space(Dense(outputs=2)), arrays(y=positions(255), kind="dense", ignored=255)),
        ["labels go up to 2, and the head has 2 classes; write classes=3 in the head"],
    ),
    "positions of -100": (
        lambda: Search(space(Dense(outputs=3)), arrays(y=positions(-100), kind="dense", classes="abc")),
        ["a label is -100, and those of positions are 0 … 2; if these positions do not count"],
    ),
    "positions of more classes than the head": (
        lambda: Search(space(Dense(outputs=3)), arrays(y=positions(3) + positions(4), kind="dense")),
        ["labels go up to 7, and the head has 3 classes; write classes=8 in the head"],
    ),
    "half a label": (lambda: Search(space(), arrays(y=with_one(Y * 1.0, 0.5))), ["0.5 is not; for numbers use"]),
    "a label of -100": (
        lambda: Search(space(), arrays(y=with_one(Y, -100))),
        ["labels are 0 … 2, so leave these examples out, or give ignored=-100"],
    ),
    "real labels in tensors": (
        lambda: Search(space(), tensors(X, Y * 1.0)),
        ["labels are float64; give whole"],
    ),
    "whole numbers as inputs": (
        lambda: Search(space(), tensors((X * 0).astype(np.uint8), Y)),
        ["inputs are whole numbers (uint8); convert them: x / 255"],
    ),
    "bytes of a dataset": (
        lambda: Search(space(), datasets(lambda i: (torch.zeros(1, 8, 8, dtype=torch.uint8), i % 3))),
        ["training data: inputs are whole numbers (uint8)", "validation data: inputs are whole numbers (uint8)"],
    ),
    "mappings": (
        lambda: Search(space(), datasets(lambda i: {"image": X[i], "label": i % 3})),
        ["is a mapping of 'image', 'label'; say which are input and target: columns=(…, …)"],
    ),
    "pictures": (
        lambda: Search(space(), datasets(lambda i: (Picture.new("L", (8, 8)), 0))),
        ["are images of PIL; turn them into tensors"],
    ),
    "examples without a label": (lambda: Search(space(), datasets(lambda i: X[i])), ["is a ndarray; give pairs"]),
    "three of a kind": (
        lambda: Search(space(), datasets(lambda i: (X[i], 0, 0))),
        ["is a tuple of 3; give pairs"],
    ),
    "inputs of many sizes": (
        lambda: Search(space(), datasets(lambda i: (torch.zeros(1, 8, 8 + i), 0))),
        ["the training data cannot be read: RuntimeError"],
    ),
    "a dataset with a bug": (
        lambda: Search(space(), datasets(lambda i: (X[i], [][i]))),
        ["the training data cannot be read: IndexError: list index out of range"],
    ),
    "a dataset of nothing": (lambda: Search(space(), datasets(lambda i: (X[i], 0), count=0)), ["hold no example"]),
    "a loader of nothing": (lambda: Search(space(), loaders([])), ["the training data hold no example; give some"]),
    "fewer targets than examples": (lambda: Search(space(), tensors(X, Y[:50])), ["hold 60 examples but 50 targets"]),
    "tensors of nothing": (lambda: Search(space(), tensors(X[:0], Y[:0])), ["the training data hold no example"]),
    "a stream of nothing": (
        lambda: Search(space(), Task.from_loaders(DataLoader(Stream()), DataLoader(Stream()))),
        ["the training data give no batch"],
    ),
    "a generator that ends": (
        lambda: Search(space(), Task.from_loaders((b for b in [TENSORS]), [TENSORS])),
        ["the training data give no batch the second time"],
    ),
    "batches of mappings": (
        lambda: Search(space(), loaders([{"x": TENSORS[0], "y": TENSORS[1]}])),
        ["a batch of the training data is a dict; give pairs of tensors"],
    ),
    "NaN in the inputs": (lambda: Search(space(), arrays(with_one(X, np.nan))), ["inputs hold NaN; fill them in"]),
    "infinity in the inputs": (lambda: Search(space(), arrays(with_one(X, np.inf))), ["inputs hold infinite numbers"]),
    "NaN in the targets": (
        lambda: Search(space(Regressor()), arrays(y=with_one(Y * 1.0, np.nan), kind="regression", standardise=False)),
        ["targets hold NaN or infinite numbers"],
    ),
    "several labels for one": (
        lambda: Search(space(), arrays(y=np.zeros((60, 3), dtype=int))),
        ["a target is 3 numbers, and the head gives 3, which for the kind classification asks for one number"],
    ),
    "two targets for one output": (
        lambda: Search(space(Regressor()), arrays(y=np.zeros((60, 2)), kind="regression")),
        ["a target is 2 numbers, and the head gives 1"],
    ),
    "numbers of positions for a whole example": (
        lambda: Search(space(Regressor(outputs=3)), arrays(y=np.zeros((60, 3, 5)), kind="regression")),
        ["for numbers at each position take the head Dense(outputs=3), else give a row: y.reshape(len(y), -1)"],
    ),
    "one number at each position, without its axis": (
        lambda: Search(space(Dense(outputs=1)), arrays(y=np.zeros((60, 8, 8)), kind="regression")),
        ["a target is 8×8 numbers, one at each position; give its axis too: y[:, None]"],
    ),
    "classes for each position": (
        lambda: Search(space(Dense(outputs=3)), arrays()),
        ["a target is one number, and the head gives 3×8×8, which for the kind classification asks for 8×8"],
    ),
    "a binary label of 2": (
        lambda: Search(space(Classifier(classes=1)), arrays(kind="binary")),
        ["labels of the kind binary are 0 or 1, and one is 2"],
    ),
    "two outputs for yes or no": (
        lambda: Search(space(Classifier(classes=2)), arrays(y=Y % 2, kind="binary")),
        ["a target is one number, and the head gives 2, which for the kind binary asks for 2"],
    ),
    "several of four labels for three outputs": (
        lambda: Search(space(), arrays(y=np.zeros((60, 4), dtype=int), kind="multilabel")),
        ["a target is 4 numbers, and the head gives 3"],
    ),
    "no such kind": (lambda: arrays(kind="classify"), ["there is no kind of task 'classify'; use classification"]),
    "an objective misspelt": (
        lambda: Search(space(), arrays(), ["maximize acuracy", "minimize flops"]),
        ["the task computes no score 'acuracy', but loss, accuracy; is accuracy meant?"],
    ),
    "an objective without its metric": (
        lambda: Search(space(), arrays(), ["maximize accuracy", "maximize f1"]),
        ["the task computes no score 'f1', but loss, accuracy; give it to the task: metrics=['f1']"],
    ),
    "an objective that is a limit": (
        lambda: Search(space(), arrays(), ["maximize accuracy", "minimize latency"]),
        [
            "the task computes no score 'latency', but loss, accuracy; latency can be limited: "
            "constraints=['latency <= …']"
        ],
    ),
    "accuracy of a regression": (
        lambda: Search(space(Regressor()), arrays(kind="regression"), ["maximize accuracy"]),
        ["the task computes no score 'accuracy', but loss, r2"],
    ),
    "a metric that fails": (
        lambda: Search(space(), arrays(metrics={"mine": lambda outputs, targets: outputs.nothing})),
        ["a score of the task cannot be worked out: AttributeError: 'Tensor' object has no attribute 'nothing'"],
    ),
    "an objective that fails": (
        lambda: Search(space(), arrays(), [maximize("mine", lambda cost, scores: scores["nothing"])]),
        ["the objective mine cannot be worked out: KeyError: nothing"],
    ),
    "a price that asks for scores": (
        lambda: Search(space(), arrays(), ["maximize accuracy", Promised()]),
        ["the objective promised cannot be worked out: KeyError: accuracy (test_preflight.py, line"],
    ),
    "a loss that fails": (
        lambda: Search(space(), arrays(loss=torch.nn.BCELoss())),
        ["the loss of the task cannot be worked out"],
    ),
    "a loss for each example": (
        lambda: Search(space(), arrays(loss=torch.nn.CrossEntropyLoss(reduction="none"))),
        ["the loss of the task must be one number"],
    ),
    "too many class weights": (
        lambda: Search(space(), arrays(class_weights=[1.0, 2.0, 3.0, 4.0])),
        ["the loss of the task cannot be worked out: RuntimeError: weight tensor should be defined"],
    ),
    "targets beyond numbers": (
        lambda: Search(space(Regressor()), arrays(y=Y * 1e30, kind="regression", standardise=False)),
        ["the loss of the first step is inf; scale the inputs or the targets"],
    ),
    "a metric that is NaN": (
        lambda: Search(space(), arrays(metrics={"mine": ("maximize", lambda outputs, targets: float("nan"))})),
        ["the score mine is NaN on the validation data, whatever a network answers; mend that metric"],
    ),
    "a rank among examples of one class": (
        lambda: Search(space(), one_class(metrics=["auroc"])),
        ["the score auroc is NaN on the validation data", "no example of it is of the class 1; give some, or split"],
    ),
    "a rank for a label that all have": (
        lambda: Search(
            space(), arrays(y=np.ones((60, 3), int), kind="multilabel", metrics=["auroc"]), ["maximize auroc"]
        ),
        ["the score auroc is NaN", "no example of it is 0 for the label 0; give some"],
    ),
    "a device that is not there": (
        lambda: Search(space(), arrays(), training=Training(device="xpu:7")),
        ["there is no device 'xpu:7' here"],
    ),
    "a space in which nothing fits": (
        lambda: Search(
            Space(
                Architecture(
                    input=Image(size=(9, 9)),
                    body=[Lift(group=choice("C4", "D4"), channels=2, kernel_size=3), Pool(), GroupPool()],
                    head=Classifier(classes=3),
                )
            ),
            arrays(np.zeros((60, 1, 9, 9))),
        ),
        ["no architecture of the space fits together: body[1].stride (pool)", "(1 of 2)"],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_does_not_fit_is_told_before_anything_is_trained(name: str, tmp_path: Path) -> None:
    make, wanted = MISTAKES[name]
    with pytest.raises((ValueError, RunError)) as told:
        make().run(tmp_path / "run", workers=1)
    for sentence in wanted:
        assert sentence in str(told.value)
    for line in str(told.value).splitlines():
        assert line.isprintable()
    assert not (tmp_path / "run").exists()


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    wrong = Search(
        space(), tensors((X[:, :, :4] * 0).astype(np.uint8), Y), training=Training(device="xpu:7", epochs=1), trials=2
    )
    with pytest.raises(Unfit) as told:
        wrong.run(tmp_path / "run")
    assert len(told.value.mistakes) == 3
    assert str(told.value).startswith("3 things do not fit:\n  - there is no device 'xpu:7'")


FITS: dict[str, Callable[[], Search]] = {
    "classification": lambda: Search(space(), arrays()),
    "numbers of another precision": lambda: Search(space(), datasets(lambda i: (X[i].astype(np.float64), i % 3))),
    "named classes that do not occur": lambda: Search(
        space(Classifier(classes=4)), arrays(classes=("a", "b", "c", "d"))
    ),
    "yes or no": lambda: Search(space(Classifier(classes=1)), arrays(y=Y % 2, kind="binary", metrics=["auroc"])),
    "yes or no in a column": lambda: Search(space(Regressor()), arrays(y=Y[:, None] % 2, kind="binary")),
    "several labels": lambda: Search(
        space(), arrays(y=np.eye(3, dtype=int)[Y], kind="multilabel", class_weights="balanced")
    ),
    "a number": lambda: Search(space(Regressor()), arrays(y=Y * 1.0, kind="regression")),
    "two numbers": lambda: Search(
        space(Regressor(outputs=2)), arrays(y=np.stack([Y, -Y], 1), kind="regression", metrics=["mae"])
    ),
    "a class at each position": lambda: Search(
        space(Dense(outputs=3)), arrays(y=np.tile(Y[:, None, None], (1, 8, 8)), kind="dense")
    ),
    "a metric that is NaN for some answers": lambda: Search(
        space(), arrays(metrics={"mine": ("maximize", share_found)})
    ),
    "a rank among a batch of one class": lambda: Search(
        space(),
        Task.from_loaders(*([(TENSORS[0][:9], torch.zeros(9).long()), TENSORS] for _ in "12"), metrics=["auroc"]),
    ),
    "a loader": lambda: Search(space(), Task.from_loaders(*(DataLoader(TensorDataset(*TENSORS), 16) for _ in "12"))),
}


@pytest.mark.parametrize("name", FITS)
def test_what_fits_is_run_with_the_objectives_of_its_kind(name: str) -> None:
    search = FITS[name]()
    found = search.preflight()
    assert found.mistakes == ()
    assert found.epoch > 0
    notes = {
        "numbers of another precision": "the inputs of the training data are float64, and are cast to float32",
        "named classes that do not occur": "no example of the training data is of the class d, so it is not learned; "
        "give some, or split the data otherwise",
    }
    assert found.note == notes.get(name)
    assert found.trial > 0
    wanted = {"regression": "r2", "multilabel": "f1"}.get(search.task.kind, "accuracy")
    assert [str(o) for o in search.objectives] == [f"maximize {wanted}", "minimize flops"]


@pytest.mark.parametrize("directory", ["", "x" * 300, "a\0b"])
def test_a_directory_that_cannot_be_is_one_sentence(directory: str) -> None:
    with pytest.raises((ValueError, RunError), match=r"a directory") as told:
        Search(space(), arrays(), trials=1, epochs=1).run(directory, workers=1)
    assert "\n" not in str(told.value)


def test_a_preflight_changes_nothing_that_is_random() -> None:
    generator = torch.Generator().manual_seed(3)
    loader = DataLoader(TensorDataset(*TENSORS), 8, shuffle=True, generator=generator)
    search = Search(space(), Task.from_loaders(loader, loader))
    torch.manual_seed(5)
    before = torch.get_rng_state(), generator.get_state()
    search.preflight()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.equal(generator.get_state(), before[1])


@pytest.mark.thorough
def test_a_finished_run_needs_no_data(tmp_path: Path) -> None:
    search = Search(space(), arrays(), trials=1, epochs=1)
    search.run(tmp_path, workers=1)
    object.__setattr__(search.task, "validation", (TENSORS[0][:0], TENSORS[1][:0]))
    assert search.preflight().mistakes
    with pytest.raises(RunError, match="another task"):  # told by the record: nothing is left to train
        search.run(tmp_path, workers=1)


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda: Search(space(), None), r"second argument of Search is a task: Task.from_arrays\(x, y\), not NoneType"),
        (lambda: Search(None, arrays()), "first argument of Search is a Space"),
        (lambda: Search(space(), arrays(), []), "at least one objective is a score"),
        (lambda: Search(space(), "digit"), "there is no task 'digit'"),
    ],
)
def test_arguments_of_another_kind_are_one_sentence(make: Callable[[], Any], wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        make()


def test_a_loader_that_blocks_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspecting, "PATIENCE", 0.05)
    end = threading.Event()

    class Blocked:
        def __iter__(self) -> Iterator[Any]:
            end.wait()
            return iter([TENSORS])

    found = Search(space(), Task.from_loaders(Blocked(), [TENSORS])).preflight()
    end.set()
    assert found.mistakes == ("the training data give no batch within 0.05 s; does their loader wait for something?",)


def streamed(count: int = 3) -> Task:
    class Endless(IterableDataset[Any]):
        def __iter__(self) -> Iterator[Any]:
            return iter([(TENSORS[0][i], TENSORS[1][i]) for i in range(8 * count)])

    loader = DataLoader(Endless(), 8)
    return Task.from_loaders(loader, loader)


def test_loaders_over_streams_and_with_workers_that_stay_are_data() -> None:
    search = Search(space(), streamed())
    assert search.preflight().mistakes == ()
    assert search.task.fingerprint
    stays = DataLoader(TensorDataset(*TENSORS), 8, num_workers=1, persistent_workers=True)
    task = Task.from_loaders(stays, [TENSORS])
    assert task.shape == (1, 8, 8)
    assert Search(space(), task).preflight().mistakes == ()
    cloudpickle.dumps(task)  # a live iterator could not be sent


def test_test_data_are_looked_at_too() -> None:
    task = arrays()
    assert isinstance(task.test, tuple)
    wrong = task.with_fields(test=(with_nan(task.test[0]), task.test[1]))
    assert Search(space(), wrong).preflight().mistakes == (
        "the test data: inputs hold NaN; fill them in, or leave these examples out",
    )


def with_nan(x: torch.Tensor) -> torch.Tensor:
    changed = x.clone()
    changed[0] = torch.nan
    return changed


@pytest.mark.parametrize(
    ("y", "classes", "wanted"),
    [
        (Y + 1, 4, "labels run from 1 to 3; classes are counted from 0: give y - 1"),
        (Y * 2, 5, "no label is 1; number the classes without gaps, or name all of them"),
        (Y * 0, 1, "all labels are 0, so that there is nothing to tell apart"),
    ],
)
def test_labels_have_no_gaps(y: Any, classes: int, wanted: str) -> None:
    (first, *_) = Search(space(Classifier(classes=classes)), arrays(y=y)).preflight().mistakes
    assert wanted in first


def test_a_step_that_would_take_long_is_worked_out_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Architecture] = []

    def slow(architecture: Architecture, *rest: Any) -> float:
        taken.append(architecture)
        return 4.0

    monkeypatch.setattr(preflight, "_step", slow)
    wide = Space(
        Architecture(
            input=Image(channels=1, size=(8, 8)),
            body=[Conv(channels=choice(2, 4, 64), kernel_size=3)],
            head=Classifier(classes=3),
        )
    )
    search = Search(wide, arrays(), training=Training(batch_size=64))
    found = search.preflight()
    assert len(taken) == 1
    costs = [price(architecture).flops for architecture in wide.enumerate()]
    assert found.epoch == pytest.approx(4.0 * max(costs) / min(costs))


def test_a_trial_may_take_generously_longer_than_the_dearest_should(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_step", lambda *rest: 0.5)
    limited = Search(space(), arrays(), epochs=7)._ready()
    assert limited.seconds == pytest.approx(600 + 100 * 7 * 0.5)  # one batch an epoch
    assert limited.record() == {"epochs": 7}
    assert Search(space(), arrays(), training=Training(seconds=5))._ready().seconds == 5
