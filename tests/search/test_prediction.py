"""A trained network answers for raw examples as its task asks: from the run, and from the export alone."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.io import wavfile
from torch import nn

import search
from archspec import lower
from search import Predictor, Result, Search, Task
from search.errors import RunError
from search.tasks.preparation import Preparation
from spaces import images, sequences


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pets")
    rng = np.random.default_rng(0)
    for number, name in enumerate(("dark", "light")):
        (home / name).mkdir()
        for i in range(24):
            pixels = rng.integers(0, 60, (8, 8, 3)) + 180 * number
            Image.fromarray(pixels.astype(np.uint8)).save(home / name / f"{i}.png")
    return home


@pytest.mark.thorough
def test_a_folder_of_images_becomes_a_predictor_of_files(pets: Path, tmp_path: Path) -> None:
    task = Task.from_folder(pets, size=8)
    space = images.for_task(task, groups=("C1",))
    result = Search(space, task, constraints=["flops <= 2M"], trials=2, epochs=6).run(tmp_path / "run", workers=1)
    Image.fromarray(np.full((20, 20), 230, dtype=np.uint8)).save(tmp_path / "new.png")
    answer = result.predictor("accuracy").predict(tmp_path / "new.png")
    assert next(iter(answer)) == "light"
    assert sum(answer.values()) == pytest.approx(1)
    # Without the task, as the command line exports it, and from the export alone.
    again = Result.open(tmp_path / "run").best("accuracy")
    again.export(tmp_path / "best")
    exported = Predictor.open(tmp_path / "best").predict_all([tmp_path / "new.png", pets / "dark" / "3.png"])
    assert exported[0] == pytest.approx(answer, rel=1e-5)
    assert next(iter(exported[1])) == "dark"
    with pytest.raises(ValueError, match="cannot be read as an image"):
        Predictor.open(tmp_path / "best").predict(tmp_path / "run" / "record.jsonl")


@pytest.mark.thorough
def test_numbers_are_predicted_in_their_units(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    level = rng.uniform(100, 200, 80)
    table = pd.DataFrame(level[:, None] + rng.normal(size=(80, 12)), columns=[f"t{i}" for i in range(12)])
    table.assign(level=level).to_csv(tmp_path / "levels.csv", index=False)
    task = Task.from_csv(tmp_path / "levels.csv", "level", kind="regression", metrics=["mae"])
    space = sequences.for_task(task, groups=("C1",))
    training = search.Training(epochs=40, batch_size=16)
    found = Search(space, task, constraints=["flops <= 300k"], trials=2, training=training).run(
        tmp_path / "run", workers=1
    )
    best = found.best("mae")
    assert best.scores["mae"] == min(trial.scores["mae"] for trial in found.trials if trial.state == "scored") < 25
    for value in (110.0, 190.0):
        assert abs(best.predictor().predict(np.full((1, 12), value)) - value) < 30


def test_every_public_name_is_listed_for_completion() -> None:
    assert set(dir(search)) == set(search.__all__)
    assert {"Search", "Task", "digits", "Predictor"} <= set(dir(search))


def seen(task: Task, raw: Any) -> Any:
    """The input of a raw example, as numbers."""
    assert task.preparation is not None
    return task.preparation.inputs(raw).numpy()


def rows() -> pd.DataFrame:
    numbers = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=list("abc"))
    return numbers.assign(y=[0, 1] * 15)


def test_a_row_of_a_table_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    task = Task.from_frame(rows(), "y")
    one = rows().iloc[[4]]
    expected = seen(task, one[["a", "b", "c"]])
    one[["c", "y", "a", "b"]].to_csv(tmp_path / "row.csv", index=False)
    for raw in (tmp_path / "row.csv", str(tmp_path / "row.csv"), one, one.iloc[0], one[["a", "b", "c"]].to_numpy()[0]):
        assert seen(task, raw) == pytest.approx(expected, abs=1e-6)
    assert seen(task, one[["a", "b", "c"]].to_numpy()[0].tolist()) == pytest.approx(expected)
    assert task.preparation
    again = Preparation.from_data(json.loads(json.dumps(task.preparation.to_data())))
    assert again == task.preparation


def test_all_examples_are_a_list_of_them_not_one_table_of_which_names_would_be_read() -> None:
    task = Task.from_frame(rows(), "y")
    network = lower(sequences.for_task(task).default)
    predictor = Predictor(network, task.preparation)
    for one in (rows(), "rows.csv", Path("rows.csv")):
        with pytest.raises(ValueError, match=r"a list of examples, not one file or table; .* \[row for _, row in"):
            predictor.predict_all(one)
    assert len(predictor.predict_all([row for _, row in rows().iterrows()])) == len(rows())


def pictures(home: Path) -> Task:
    return Task.from_folder(home, size=8)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (rows(), "holds 30 rows; give one at a time"),
        (rows().iloc[:0], "holds 0 rows"),
        (rows().iloc[[0]][["a", "b"]], "there is no column 'c'; the columns are a, b"),
        (rows().iloc[[0]].assign(b=np.nan), "missing or infinite"),
        ([1.0, 2.0], r"has the shape \(2,\), and the network takes \(1, 3\)"),
        (np.zeros((2, 3)), r"has the shape \(2, 3\), and the network takes \(1, 3\)$"),
        (np.zeros((1, 4)), r"takes \(1, 3\); if it is more or less of the signal at the same rate, .*on_grid\(4\)"),
        (np.zeros((5, 1, 3)), r"and the network takes \(1, 3\); predict_all takes several examples$"),
        (None, "an array of real numbers, not NoneType"),
        (3, "an array of real numbers, not int"),
        ({"a": 1}, "an array of real numbers, not dict"),
        ([[1.0], [1.0, 2.0]], "list cannot be read as an array of numbers"),
    ],
)
def test_what_is_no_row_is_one_sentence(raw: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        seen(Task.from_frame(rows(), "y"), raw)


def test_one_series_at_a_time_is_predicted() -> None:
    table = pd.DataFrame({"id": np.repeat(range(20), 4), "u": range(80), "y": np.repeat([0, 1] * 10, 4)})
    task = Task.from_frame(table, "y", series="id")
    assert seen(task, table[table["id"] == 3]).shape == (1, 4)
    assert seen(task, table[table["id"] == 3][["u"]]).shape == (1, 4)
    with pytest.raises(ValueError, match="holds 20 series; give one at a time"):
        seen(task, table)
    with pytest.raises(ValueError, match="holds 0 series"):
        seen(task, table.iloc[:0])


@pytest.mark.parametrize(
    ("factor", "told"), [(1, None), (20, None), (0.05, None), (1e3, "lasts 4000"), (1e-3, "lasts 0.004")]
)
def test_a_series_in_other_units_of_time_is_warned_of(factor: float, told: str | None) -> None:
    numbers = np.repeat(range(20), 5)
    table = pd.DataFrame({"id": numbers, "s": [*range(5)] * 20, "u": range(100), "y": numbers})
    task = Task.from_frame(table, "y", series="id", time="s", rate=2)
    own = table[table["id"] == 3].assign(s=factor * np.arange(5))
    with pytest.warns(UserWarning, match=f"{told} units of time .* reads 4.5 of them") if told else nullcontext():
        seen(task, own)


def test_pixels_are_pictures_and_other_arrays_are_inputs(pets: Path) -> None:
    task = pictures(pets)
    pixels = np.asarray(Image.open(pets / "dark" / "3.png"))
    expected = seen(task, pets / "dark" / "3.png")
    for raw in (pixels, torch.tensor(pixels), Image.fromarray(pixels), np.moveaxis(pixels, -1, 0) / 255):
        assert seen(task, raw) == pytest.approx(expected, abs=1e-5)
    assert seen(task, np.zeros((20, 30), dtype=np.uint8)).shape == (3, 8, 8)
    with pytest.raises(ValueError, match=r"have the shape \(rows, columns, 1, 3 or 4\), not \(3, 8, 8\)"):
        seen(task, np.zeros((3, 8, 8), dtype=np.uint8))
    with pytest.raises(ValueError, match=r"has the shape \(3, 8, 9\), and the network takes \(3, 8, 8\)"):
        seen(task, np.zeros((3, 8, 9)))


def test_examples_of_one_shape_and_outputs_of_as_many_classes() -> None:
    predictor = Predictor(nn.Flatten(), Preparation(classes=("a", "b")))
    assert set(predictor.predict(np.zeros((1, 2)))) == {"a", "b"}
    with pytest.raises(ValueError, match=r"have the shapes \(1, 2\) and \(1, 3\)"):
        predictor.predict_all([np.zeros((1, 2)), np.zeros((1, 3))])
    with pytest.raises(ValueError, match=r"the network takes no example of the shape \(1, 3\): .*mat1"):
        Predictor(nn.Linear(2, 2)).predict(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="the network has 3 outputs, and its preparation is of 2"):
        predictor.predict(np.zeros((1, 3)))


@pytest.mark.parametrize("kind", [">f4", "<f8", "f2", "g", "bfloat16"])
def test_real_numbers_of_any_precision_are_cast_as_the_training_data_were(kind: str) -> None:
    example = np.array([[0.5, -2.0, 4.0]])
    same = torch.tensor(example, dtype=torch.bfloat16) if kind == "bfloat16" else example.astype(kind)
    pictures = Preparation(source="image", size=(1, 3))
    for preparation in (Preparation(), pictures):
        try:
            assert preparation.inputs(same).tolist() == preparation.inputs(example).tolist()
        except (TypeError, ValueError) as error:
            pytest.fail(f"{kind}: {error}")


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e39])
def test_what_is_no_number_is_not_answered_but_named(odd: float, tmp_path: Path) -> None:
    predictor = Predictor(nn.Flatten())
    good, bad = np.zeros((1, 2)), np.array([[0.0, odd]])
    with pytest.raises(ValueError, match=r"^the example holds NaN, or numbers that are infinite in single precision"):
        predictor.predict(bad)
    with pytest.raises(ValueError, match=r"^example 1 of 3, counted from 0, holds NaN"):
        predictor.predict_all([good, bad, good])
    np.save(tmp_path / "bad.npy", bad)
    with pytest.raises(ValueError, match=r"bad\.npy holds NaN"):
        predictor.predict_all([good, tmp_path / "bad.npy"])


GOOD = Preparation("regression", "image", (), (8, 8), 1, (0.5,), (0.2,), (3.0,), (2.0,)).to_data()


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"kind": "guess"}, "kind of a preparation cannot be 'guess'"),
        ({"kind": []}, "kind of a"),
        ({"source": "smell"}, "source of a"),
        ({"mean": "text"}, "mean of a"),
        ({"mean": 3}, "mean of a"),
        ({"mean": [0.0, 0.0]}, "mean of a"),
        ({"spread": []}, "spread of a"),
        ({"spread": [0.0]}, "spread of a"),
        ({"spread": [float("nan")]}, "spread of a"),
        ({"target_spread": [1, 2]}, "target_spread of a"),
        ({"size": [8]}, "size of a"),
        ({"size": [8, 0]}, "size of a"),
        ({"channels": True}, "channels of a"),
        ({"rate": "fast"}, "rate of a"),
        ({"columns": [1]}, "columns of a"),
        ({"rows": 1}, "rows of a"),
        ({"colour": 1}, "has no 'colour'"),
    ],
)
def test_a_preparation_that_is_none_is_one_sentence(change: dict[str, Any], wanted: str) -> None:
    assert Preparation.from_data(GOOD).to_data() == GOOD
    with pytest.raises(ValueError, match=wanted):
        Preparation.from_data(GOOD | change)


@pytest.mark.parametrize("text", ["[]", "null", "3", "{", '{"kind": "guess"}', "[" * 100_000, '{"size": ["8"]}'])
def test_an_export_whose_preparation_cannot_be_read_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.setattr("search.prediction.load", lambda directory: nn.Flatten())
    (tmp_path / "preparation.json").write_text(text)
    with pytest.raises(RunError, match=r"preparation\.json cannot be read: .*; export the network again"):
        Predictor.open(tmp_path)


def test_a_predictor_says_what_it_takes_and_answers() -> None:
    made = Preparation("dense", classes=("a", "b"), size=(4, 6), channels=2)
    assert repr(Predictor(nn.Identity(), made)) == "Predictor(dense of an array of 2×4×6, a, b)"


@pytest.mark.parametrize(("length", "told"), [(20, False), (39, False), (40, True), (90, True)])
def test_a_recording_that_is_answered_by_its_beginning_is_told_to_be(tmp_path: Path, length: int, told: bool) -> None:
    wavfile.write(tmp_path / "new.wav", 1000, np.ones(length, dtype=np.int16))
    prepared = Preparation("regression", "audio", (), (20,), 1, rate=1000)
    predictor = Predictor(nn.Sequential(nn.Flatten(), nn.Linear(20, 1)), prepared)
    seen = "recordings are answered by their first 0.02 s, .* predictor.on_grid"
    with pytest.warns(UserWarning, match=seen) if told else nullcontext():
        predictor.predict(tmp_path / "new.wav")
