"""What may be meant otherwise is remarked on, and labels that a dataset holds are asked whether they are its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, SubsetRandomSampler, TensorDataset

from archspec import Architecture, Conv, Dense, Series, choice
from search import Search, Task
from search.prepared import preparation_of
from search.record.lines import different
from search.tasks import labels
from search.tasks.labels import as_targets, known_labels, present
from search.tasks.preparation import Preparation
from search.tasks.sources import as_input
from search.terms import of_task
from spaces import Space, images, sequences, volumes

RNG = np.random.default_rng(3)
COUNT = 30
X = torch.from_numpy(RNG.normal(size=(COUNT, 2, 8)).astype(np.float32))
Y = torch.arange(COUNT) % 3


def remark(task: Task) -> str | None:
    """What the preflight of a search on a task remarks."""
    space = (sequences, images, volumes)[len(task.shape) - 2].for_task(task)
    found = Search(space, task, trials=1, epochs=1).preflight()
    assert found.mistakes == ()
    return found.note


# The shape of an example, and what it is said to be read as.
SHAPES: dict[tuple[int, ...], str | None] = {
    (40, 3): "40 channels of 3 steps; if they are 3 channels of 40 steps, give np.moveaxis(x, -1, 1)",
    (12, 10, 3): "12 channels of 10×3 points; if they are 3 channels of 12×10 points, give np.moveaxis(x, -1, 1)",
    (9, 9, 1): "9 channels of 9×1 points; if they are 1 channels of 9×9 points, give np.moveaxis(x, -1, 1)",
    (6, 6, 5, 2): "6 channels of 6×5×2 points; if they are 2 channels of 6×6×5 points",
    (3, 40): None,
    (8, 8): None,
    (3, 12, 10): None,
    (3, 12, 4): None,
    (1, 6, 6, 5): None,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_channels_that_seem_to_come_last_are_remarked_on(shape: tuple[int, ...]) -> None:
    found, wanted = remark(Task.from_arrays(RNG.normal(size=(COUNT, *shape)), Y)), SHAPES[shape]
    assert found is None if wanted is None else wanted in str(found)


DATA, COPY = TensorDataset(X, Y), TensorDataset(X.clone(), Y.clone())
HALVES = [DataLoader(DATA, 8, sampler=SubsetRandomSampler(half)) for half in (range(15), range(15, COUNT))]
NAMES = ("a", "b", "c")
# Tasks, and whether their validation data are the training data.
SHARED: dict[str, tuple[Callable[[], Task], bool]] = {
    "arrays": (lambda: Task("t", "classification", (X, Y), (X, Y)), True),
    "a dataset": (lambda: Task.from_datasets(DATA, DATA), True),
    "loaders": (lambda: Task.from_loaders(DataLoader(DATA, 8, shuffle=True), DataLoader(DATA), classes=NAMES), True),
    "halves": (lambda: Task.from_loaders(HALVES[0], HALVES[1], classes=NAMES), False),
    "a copy": (lambda: Task.from_datasets(DATA, COPY), False),  # which nobody can tell from others that are alike
}


@pytest.mark.parametrize("what", SHARED)
def test_validation_data_that_are_trained_with_are_remarked_on(what: str) -> None:
    make, same = SHARED[what]
    assert ("learned by heart" in str(remark(make()))) == same


@pytest.mark.parametrize(
    ("scale", "middle", "told"), [(1, 0, False), (0.01, 5, False), (1e3, 0, True), (1, 300, True), (1e-5, 0, True)]
)
def test_inputs_that_are_far_off_are_remarked_on(scale: float, middle: float, told: bool) -> None:
    inputs = torch.stack([scale * X[:, 0], middle + scale * X[:, 1]], 1)
    for task in (Task.from_arrays(inputs, Y), Task.from_datasets(TensorDataset(inputs, Y))):
        found = str(remark(task))
        assert ("and are taken as they are, best around 0 ± 1: scale them, and new examples alike" in found) == told
        assert ("the inputs of channel 1, counted from 0, are 300 ± " in found) == (middle == 300)


@pytest.mark.parametrize(
    ("objective", "wanted"),
    [
        (
            "minimize accuracy",
            "'minimize accuracy' looks for the worst networks; if that is not meant, write 'maximize a",
        ),
        (
            "maximize missed",
            "'maximize missed' looks for the worst networks; if that is not meant, write 'minimize misse",
        ),
        ("maximize loss", "'maximize loss' looks for the worst networks"),
        ("minimize unknown", None),
        ("minimize missed", None),
        ("maximize accuracy", None),
    ],
)
def test_an_objective_that_looks_for_the_worst_is_remarked_on(objective: str, wanted: str | None) -> None:
    metrics: Any = {"missed": ("minimize", lambda outputs, targets: 0.5), "unknown": lambda outputs, targets: 0.5}
    task = Task.from_arrays(X, Y, metrics=metrics)
    found = Search(sequences.for_task(task), task, [objective, "minimize flops"], trials=1, epochs=1).preflight()
    assert found.mistakes == ()
    assert found.note is None if wanted is None else wanted in str(found.note)


@pytest.mark.parametrize("count", [0, 4])
def test_copies_of_training_examples_among_the_validation_data_are_remarked_on(count: int) -> None:
    held = torch.cat([X[:count], X[count:] + 1])
    wanted = f"{count} of {COUNT} validation examples are training examples too, number for number"
    assert (wanted in str(remark(Task("t", "classification", (X, Y), (held, Y))))) == (count > 0)


def test_examples_that_are_blank_are_no_copies() -> None:
    """As silence is of recordings, and empty fields are of slides."""
    first, second = X.clone(), X + 1
    first[::2] = second[::2] = 0
    assert "number for number" not in str(remark(Task("t", "classification", (first, Y), (second, Y))))


def test_labels_are_read_until_all_classes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "PIECE", 4)
    given = torch.tensor([[0, 1, 0, 1], [2, 0, 0, 0], [7, 0, 0, 0]])
    assert [present(given, classes) for classes in (2, 3, 4)] == [{0, 1}, {0, 1, 2}, {0, 1, 2, 7}]


TWO = (Y > 0).long()
ONE_OF_TWO = torch.stack([TWO, 1 - TWO], 1)
# Kind, targets of the training, validation and test data, and what is said.
ABSENT: dict[str, tuple[Any, torch.Tensor, torch.Tensor, torch.Tensor, str | None]] = {
    "in training": ("classification", TWO, Y, Y, "no example of the training data is of the class c, so it is not lea"),
    "in validation": ("classification", Y, TWO, Y, "no example of the validation data is of the class c, so no score"),
    "in test": ("classification", Y, Y, TWO, "no example of the test data is of the class c, so no score tells of it"),
    "two": ("classification", Y, 0 * Y, Y, "no example of the validation data is of the class b or of the class c, so"),
    "yes": ("binary", TWO, 0 * TWO, TWO, "no example of the validation data is 1, so no score"),
    "a label": ("multilabel", ONE_OF_TWO, ONE_OF_TWO * torch.tensor([1, 0]), ONE_OF_TWO, "is 1 for the label b, so no"),
    "none": ("classification", Y, Y, Y, None),
    "no label": ("multilabel", ONE_OF_TWO, ONE_OF_TWO, ONE_OF_TWO, None),
}


@pytest.mark.parametrize("what", ABSENT)
def test_a_class_that_a_part_of_the_data_has_no_example_of_is_remarked_on(what: str) -> None:
    kind, *targets, wanted = ABSENT[what]
    parts = [(X + number, y) for number, y in enumerate(targets)]
    names = {"binary": (), "multilabel": ("a", "b")}.get(kind, NAMES)
    found = remark(Task("t", kind, parts[0], parts[1], parts[2], classes=names))
    assert found is None if wanted is None else wanted in str(found)


@pytest.mark.parametrize(("scale", "middle", "told"), [(1e6, 0, True), (1, 500, True), (1e-4, 0, True), (3, 5, False)])
@pytest.mark.parametrize("how", ["dataset", "loader", "arrays"])
def test_numbers_that_are_learned_as_they_are_are_remarked_on_if_they_are_far_off(
    how: str, scale: float, middle: float, told: bool
) -> None:
    y = torch.from_numpy(middle + scale * RNG.normal(size=(COUNT, 1))).float()
    data = [TensorDataset(X, y) for _ in range(2)]
    task = {
        "dataset": lambda: Task.from_datasets(*data, kind="regression"),
        "loader": lambda: Task.from_loaders(*[DataLoader(one, COUNT) for one in data], kind="regression"),
        "arrays": lambda: Task.from_arrays(X, y, kind="regression"),
    }[how]()
    found = remark(task)
    assert ("are learned as they are" in str(found)) == (told and how != "arrays")
    if found is not None:
        assert f"the numbers to predict are {float(y.double().mean()):.3g} ± " in found


class Labelled(Dataset[Any]):
    """A dataset that holds a list of labels, and gives others."""

    def __init__(self, labels: Any, change: Callable[[int], int] = int) -> None:
        self.labels, self.change = labels, change

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return X[index], self.change(int(Y[index]))


OWN: dict[str, tuple[Any, Callable[[int], int]]] = {
    "their numbers": (Y.tolist(), int),
    "the classes that there are": ([0, 1, 2], int),
    "their names": (["a", "b", "c"], int),
    "numbers from 1": ((Y + 1).tolist(), int),
    "two of them as one": (Y.tolist(), lambda label: min(label, 1)),
    "another order": (Y.tolist(), lambda label: (label + 1) % 3),
}


@pytest.mark.parametrize("what", OWN)
def test_the_labels_of_a_dataset_are_those_that_it_gives(what: str) -> None:
    labels, change = OWN[what]
    given = torch.tensor([change(int(label)) for label in Y])
    task = Task.from_datasets(Labelled(labels, change), Labelled(labels, change), class_weights="balanced")
    assert task.outputs == len(given.unique())
    expected = COUNT / (task.outputs * torch.bincount(given).float())
    assert torch.allclose(torch.as_tensor(task.class_weights), expected)
    assert remark(task) is None


def test_labels_that_are_changed_by_a_transform_are_not_known() -> None:
    class Changed(Labelled):
        target_transform = abs

    assert known_labels(Labelled(Y.tolist())) is not None
    assert known_labels(Changed(Y.tolist())) is None
    assert known_labels(TensorDataset(X)) is None
    assert known_labels(TensorDataset(X, X, Y)) is None


OBJECTS = np.array([1.5, 2, 3.0], dtype=object)


@pytest.mark.parametrize("y", [[1.5, 2, 3.0], OBJECTS])
def test_numbers_in_a_list_of_objects_are_numbers(y: Any) -> None:
    assert as_targets(y, "regression").tolist() == [1.5, 2, 3]
    assert as_targets(np.array([0, 1, 2], dtype=object), "classification").tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="the targets of a regression are numbers, and one is 'x'"):
        as_targets(np.array([1.5, "x"], dtype=object), "regression")
    with pytest.raises(ValueError, match="the targets are of different lengths; give an array"):
        as_targets([["a"], ["a", "b"]], "multilabel", ("a", "b"))


PIXELS = RNG.integers(0, 256, (6, 5, 3)).astype(np.uint8)
COLOURS = Image.fromarray(PIXELS)
IN_PALETTE = np.asarray(COLOURS.convert("P").convert("RGB")) / 255


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (COLOURS, PIXELS / 255),
        (COLOURS.convert("L"), np.asarray(COLOURS.convert("L"))[..., None] / 255),
        (COLOURS.convert("RGBA"), np.asarray(COLOURS.convert("RGBA")) / 255),
        (COLOURS.convert("P"), IN_PALETTE),
        (COLOURS.convert("1"), np.asarray(COLOURS.convert("1"))[..., None] * 1.0),
        (Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 200), PIXELS[..., :1] * (200 / 65535)),
        (Image.fromarray(PIXELS[..., 0].astype(np.float32) / 7), PIXELS[..., :1] / 7),
    ],
    ids=["colours", "grey", "transparent", "palette", "black and white", "16 bits", "real numbers"],
)
def test_a_picture_of_any_mode_has_its_channels_first(picture: Any, expected: Any) -> None:
    assert as_input(picture).numpy() == pytest.approx(np.moveaxis(expected, -1, 0), rel=1e-6)


def test_a_class_without_training_data_has_a_balanced_weight() -> None:
    task = Task.from_arrays(X, Y, classes=("a", "b", "c", "d"), class_weights="balanced")
    assert torch.as_tensor(task.class_weights).tolist() == pytest.approx([18 / 24, 18 / 24, 18 / 24, 18 / 4])
    assert "no example of the training data is of the class d, so it is not learned" in str(remark(task))


ONE_HOT, EQUAL = np.eye(3)[Y], np.ones(COUNT)


@pytest.mark.parametrize(
    ("kind", "y", "classes", "wanted"),
    [
        ("multilabel", ONE_HOT, ("a", "b"), "classes= has 2 names, and the head is of 3 labels"),
        ("binary", Y > 0, ("a", "b", "c"), "classes= has 3 names, and the kind binary has two classes"),
        ("regression", EQUAL, (), "all numbers are equal, so that there is nothing to predict"),
    ],
)
def test_what_leaves_nothing_to_answer_is_told_before_training(kind: Any, y: Any, classes: Any, wanted: str) -> None:
    task = Task.from_arrays(X, y, kind=kind, classes=classes)
    found = Search(sequences.for_task(task), task, trials=1, epochs=1).preflight()
    assert len(found.mistakes) == 1
    assert wanted in found.mistakes[0]


def test_a_series_without_an_axis_of_channels_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"have 0 axes, and sequences has 1; if each is .* add its axis: x\[:, None\]"):
        sequences.for_task(Task.from_arrays(X[:, 0], Y))


class Mappings(Dataset[Any]):
    """Pictures as datasets of mappings have them."""

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"image": Image.fromarray(PIXELS if index % 2 else PIXELS // 2), "label": index % 2}


def test_a_picture_is_predicted_as_it_was_learned(tmp_path: Path) -> None:
    task = Task.from_datasets(Mappings(), columns=("image", "label"), classes=("dark", "light"))
    prepared = task.preparation
    assert prepared is not None
    assert prepared.classes == ("dark", "light")
    COLOURS.save(tmp_path / "new.png")
    expected = as_input(COLOURS)
    for raw in (COLOURS, tmp_path / "new.png", PIXELS, expected, COLOURS.convert("RGBA")):
        try:
            found = prepared.inputs(raw)
        except ValueError as error:
            pytest.fail(str(error))
        assert torch.allclose(found, expected)
    assert remark(task) is None


def test_whole_numbers_are_not_predicted_where_real_ones_were_learned() -> None:
    prepared = Task.from_datasets(TensorDataset(X, Y)).preparation
    assert prepared is not None
    with pytest.raises(ValueError, match="the example holds whole numbers, and the network was trained on real ones"):
        prepared.inputs((X[0] * 100).to(torch.uint8))
    assert torch.equal(prepared.inputs(X[0].double()), X[0])


@pytest.mark.parametrize("whole", [False, True])
def test_whole_numbers_are_predicted_where_arrays_of_whole_numbers_were_learned(whole: bool) -> None:
    inputs = (X * 100).round() if whole else X
    prepared = Task.from_arrays(inputs, Y).preparation
    assert prepared is not None
    example = (X[0] * 100).to(torch.int16)
    with nullcontext() if whole else pytest.raises(ValueError, match="the example holds whole numbers"):
        assert torch.equal(prepared.inputs(example), example.float())
    again = Preparation.from_data(json.loads(json.dumps(prepared.to_data())))
    assert again == prepared
    assert again.real is (None if whole else True)


def test_a_run_that_did_not_note_whether_numbers_are_whole_is_resumed() -> None:
    task = Task.from_arrays(X, Y)
    earlier = json.loads(json.dumps({name: value for name, value in of_task(task).items() if name != "numbers"}))
    assert different(earlier, of_task(task)) == []
    assert preparation_of(earlier, None, task) == replace(not_none(task.preparation), real=None)


def test_a_run_knows_whether_its_examples_were_whole_numbers() -> None:
    for inputs, real in ((X, True), ((X * 100).round(), None)):
        task = Task.from_arrays(inputs, Y)
        settings = json.loads(json.dumps(of_task(task)))
        assert (
            preparation_of(settings, None, None) == task.preparation == replace(not_none(task.preparation), real=real)
        )


def not_none(prepared: Preparation | None) -> Preparation:
    assert prepared is not None
    return prepared


@pytest.mark.parametrize(("scale", "arrays", "told"), [(1.0, False, False), (1e6, False, True), (1e6, True, False)])
def test_numbers_at_each_position_are_remarked_on_if_they_are_far_off(scale: float, arrays: bool, told: bool) -> None:
    data = [TensorDataset(X + n, (X + n) * scale) for n in range(2)]
    own = Task.from_datasets(*data, kind="regression")
    task = Task.from_arrays(X, X.double() * scale, kind="regression") if arrays else own
    body = [Conv(channels=choice(2, 3), kernel_size=3)]
    space = Space(Architecture(input=Series(channels=2, length=8), body=body, head=Dense(outputs=2)))
    found = Search(space, task, trials=1, epochs=1).preflight()
    assert found.mistakes == ()
    assert ("the numbers to predict" in (found.note or "")) == told
