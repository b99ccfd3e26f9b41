"""Files as people have them: what is in them is read as it is meant, or a sentence says what is in doubt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.io import wavfile

from search import Task
from search.cli.starter import write_starter
from search.prepared import preparation_of
from search.record.lines import different
from search.tasks import reading
from search.tasks.preparation import Preparation
from search.terms import of_task
from tests.search.tasks.test_raw import folders, tensors

RNG = np.random.default_rng(2)
POINTS = [f"t{i}" for i in range(4)]
VALUES = np.vstack([np.arange(4), RNG.normal(size=(29, 4)).round(3)])
TABLE = pd.DataFrame(VALUES, columns=POINTS).assign(y=[0, 1, 2] * 10)
# The same table, as programs write it.
WRITTEN = {
    "with the numbers of its rows": TABLE.to_csv(),
    "with the numbers of rows of a part of it": TABLE.iloc[::-1].reset_index().to_csv().replace("index", "", 1),
    "with a comma after each row": TABLE.to_csv(index=False).replace("\n", ",\n"),
    "with semicolons": TABLE.to_csv(index=False, sep=";"),
    "with semicolons and decimal commas": TABLE.to_csv(index=False, sep=";", decimal=","),
    "with decimal commas where they are needed": TABLE.to_csv(index=False, sep=";", decimal=",").replace(",0;", ";"),
    "with tabs and decimal commas": TABLE.to_csv(index=False, sep="\t", decimal=","),
}


def inputs(task: Task) -> torch.Tensor:
    """All inputs of a task in the order of their numbers, as they were before they were normalised."""
    assert task.preparation
    data = torch.cat([tensors(part)[0] for part in (task.train, task.validation, task.test)])
    found = data * data.new_tensor(task.preparation.spread)[0] + data.new_tensor(task.preparation.mean)[0]
    return found[found[:, 0, 0].argsort()]


def preparation(task: Task) -> Preparation:
    assert task.preparation
    return task.preparation


@pytest.mark.parametrize("how", WRITTEN)
def test_a_table_is_the_same_however_it_is_written(how: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(WRITTEN[how])
    task, plain = Task.from_csv(tmp_path / "table.csv", "y"), Task.from_frame(TABLE, "y")
    assert preparation(task).columns == preparation(plain).columns == tuple(POINTS)
    assert inputs(task) == pytest.approx(inputs(plain), abs=1e-5)
    text = write_starter(tmp_path / "own", data=tmp_path / "table.csv").read_text()
    assert "'y', kind=\"classification\"" in text


def test_numbers_with_points_beside_numbers_with_commas_are_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a;b;y\n" + "1.5;1,234;0\n2.5;2,345;1\n" * 10)
    with pytest.raises(ValueError, match="the column 'b' holds what is not a number"):
        Task.from_csv(tmp_path / "table.csv", "y")


def test_a_column_without_a_name_is_an_input_if_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE.to_csv())
    task = Task.from_csv(tmp_path / "table.csv", "y", columns=["Unnamed: 0", "t0"])
    assert preparation(task).columns == ("Unnamed: 0", "t0")


WORDS = TABLE.assign(y=np.array(["up", "down", "still"])[TABLE["y"]])
NAMELESS = {
    "numbers": (TABLE, "0"),
    "labels in words": (WORDS, "up"),
    "true and false": (TABLE.assign(y=TABLE["y"] > 0), "False"),
    "a number twice": (TABLE.assign(t1=TABLE["t0"]), "0"),
    "an empty field": (TABLE.assign(t1=None), "0"),
    "semicolons and decimal commas": (TABLE, "0"),
}


@pytest.mark.parametrize("what", NAMELESS)
def test_a_first_row_is_not_taken_for_the_names_of_the_columns(what: str, tmp_path: Path) -> None:
    table, target = NAMELESS[what]
    wanted = r"the first line of .*table.csv holds values .* write a line of names above it"
    european = {"sep": ";", "decimal": ","} if what.startswith("semicolons") else {}
    table.iloc[1:].to_csv(tmp_path / "table.csv", index=False, header=False, **european)
    with pytest.raises(ValueError, match=wanted):
        Task.from_csv(tmp_path / "table.csv", target)


@pytest.mark.parametrize(
    "names",
    [["0", "1", "2", "3", "4"], ["400", "410", "420", "430", "y"], ["up", "down", "0.5", "1", "class"]],
)
def test_names_that_are_numbers_are_names(names: list[str], tmp_path: Path) -> None:
    WORDS.set_axis(names, axis=1).to_csv(tmp_path / "table.csv", index=False)
    try:
        task = Task.from_csv(tmp_path / "table.csv", names[-1])
    except ValueError as error:
        pytest.fail(str(error))
    assert preparation(task).columns == tuple(names[:-1])


# Labels of three classes, the names that are given, and the name of each label.
LABELS: dict[str, tuple[Sequence[Any], tuple[str, ...], Sequence[str]]] = {
    "words": (("c", "a", "b"), (), ("c", "a", "b")),
    "words, and their order": (("c", "a", "b"), ("b", "c", "a"), ("c", "a", "b")),
    "words, and one more": (("c", "a", "b"), ("d", "c", "b", "a"), ("c", "a", "b")),
    "numbers, and their names": ((0, 1, 2), ("low", "middle", "high"), ("low", "middle", "high")),
    "numbers as names, and their order": ((0, 1, 2), ("2", "1", "0"), ("0", "1", "2")),
    "numbers with gaps": ((5, 0, 2), (), ("5", "0", "2")),
    "numbers with gaps, and their names": ((5, -1, 2), ("none", "few", "many"), ("many", "none", "few")),
    "numbers of some of the names": ((3, 0, 2), ("a", "b", "c", "d"), ("d", "a", "c")),
}


@pytest.mark.parametrize("what", LABELS)
def test_a_label_of_a_table_has_the_name_that_it_is_given(what: str) -> None:
    labels, given, names = LABELS[what]
    table = TABLE.assign(y=[labels[i] for i in TABLE["y"]])
    task = Task.from_frame(table, "y", classes=given)
    assert tuple(task.classes) == preparation(task).classes
    first = {float(row["t0"]): names[i] for (_, row), i in zip(TABLE.iterrows(), TABLE["y"], strict=True)}
    x, y = tensors(task.train)
    raw = x[:, 0, 0] * preparation(task).spread[0] + preparation(task).mean[0]
    assert [task.classes[int(label)] for label in y] == [first[round(float(value), 3)] for value in raw]


@pytest.mark.parametrize(
    ("labels", "given", "options", "wanted"),
    [
        ((5, 0, 2), ("a", "b"), {}, "there are 2 classes for the 3 labels 0, 2, 5; name each"),
        (("x", "a", "b"), ("a", "b"), {}, "the label 'x' is not among the classes a, b"),
        ((0, 1, 1), ("a", "b"), {"kind": "multilabel"}, "there are 2 classes for 1 targets; give one for each column"),
    ],
)
def test_names_that_do_not_fit_the_labels_of_a_table_are_one_sentence(
    labels: Sequence[Any], given: Any, options: Any, wanted: str
) -> None:
    with pytest.raises(ValueError, match=wanted):
        Task.from_frame(TABLE.assign(y=[labels[i] for i in TABLE["y"]]), "y", classes=given, **options)


@pytest.mark.parametrize(
    ("given", "names"),
    [((), ("ape", "bee", "cat")), (("cat", "ape", "bee"),) * 2, (("Affe", "Biene", "Katze"),) * 2],
)
def test_a_folder_has_the_name_that_it_is_given(given: tuple[str, ...], names: Any, tmp_path: Path) -> None:
    home = folders(tmp_path, {"train": {"ape": 2, "bee": 2, "cat": 2}, "val": {"ape": 1, "bee": 1, "cat": 1}})
    task = Task.from_folder(home, classes=given, split=(1, 0, 0))
    assert tuple(task.classes) == preparation(task).classes == names
    x, y = tensors(task.validation)
    in_order = [task.classes[int(label)] for label in y[x[:, 0, 0, 0].argsort()]]  # each brighter than the one before
    assert in_order == (["Affe", "Biene", "Katze"] if "Affe" in given else ["ape", "bee", "cat"])
    with pytest.raises(ValueError, match="there are 2 classes for the 3 folders ape, bee, cat; name each"):
        Task.from_folder(home, classes=("ape", "bee"))


def test_copies_that_a_program_hides_are_no_examples(tmp_path: Path) -> None:
    home = folders(tmp_path, {"": {"ape": 10, "bee": 10}})
    for hidden in (".ipynb_checkpoints", "__MACOSX", "inner/.cache/deep"):
        (home / "ape" / hidden).mkdir(parents=True)
        (home / "ape" / hidden / "0-checkpoint.png").write_bytes((home / "ape" / "0.png").read_bytes())
    (home / "ape" / "inner" / "more.png").write_bytes((home / "ape" / "0.png").read_bytes())
    task = Task.from_folder(home)
    assert sum(len(tensors(part)[1]) for part in (task.train, task.validation, task.test)) == 21


def test_a_folder_named_testing_is_of_test_data(tmp_path: Path) -> None:
    home = folders(tmp_path, {"training": {"ape": 10, "bee": 10}, "testing": {"ape": 3, "bee": 2}})
    assert len(tensors(Task.from_folder(home).test)[1]) == 5


DEEP = {
    "real numbers": (RNG.uniform(0, 0.3, (2, 6, 5)).astype(np.float32), "tif", 1),
    "large real numbers": (RNG.uniform(0, 4000, (2, 6, 5)).astype(np.float32), "tif", 1),
    "16 bits": (RNG.integers(0, 3000, (2, 6, 5)).astype(np.uint16), "png", 65535),
    "16 bits, the large ones first": (RNG.integers(0, 3000, (2, 6, 5)).astype(">u2"), "tif", 65535),
    "8 bits": (RNG.integers(0, 255, (2, 6, 5)).astype(np.uint8), "png", 255),
}


@pytest.mark.parametrize("what", DEEP)
def test_no_pixel_is_cut_off(what: str, tmp_path: Path) -> None:
    pixels, kind, white = DEEP[what]
    for name, own in zip("ab", pixels, strict=True):
        (tmp_path / name).mkdir()
        Image.fromarray(own).save(tmp_path / name / f"0.{kind}")
    task = Task.from_folder(tmp_path, split=(1, 0, 0))
    assert task.shape == (1, 6, 5)
    x, y = tensors(task.train)
    raw = x[y.argsort(), 0] * preparation(task).spread[0] + preparation(task).mean[0]
    assert raw.numpy() == pytest.approx(pixels.astype(float) / white, rel=1e-4, abs=1e-4 / white)
    coloured, _ = tensors(Task.from_folder(tmp_path, channels=3, split=(1, 0, 0)).train)
    assert coloured.shape[1] == 3
    assert torch.equal(coloured[:, 0], coloured[:, 2])


@pytest.mark.parametrize("what", ["16 bits", "8 bits"])
def test_pixels_in_an_array_are_the_pixels_of_the_file(what: str, tmp_path: Path) -> None:
    pixels, kind, white = DEEP[what]
    Image.fromarray(pixels[0]).save(tmp_path / f"0.{kind}")
    prepared = Preparation("classification", "image", ("a", "b"), (6, 5), 1)
    expected = prepared.inputs(tmp_path / f"0.{kind}")
    own = pixels[0]
    others = [own.astype(np.int64), own.tolist(), torch.tensor(own)] if white == 255 else []
    for raw in (own, own[:, :, None], own / white, torch.from_numpy(own / white)[None], *others):
        assert torch.equal(prepared.inputs(raw), expected)


@pytest.mark.parametrize("pixels", [np.full((6, 5), 256), np.full((6, 5), -1, dtype=np.int16)])
def test_whole_numbers_that_are_no_pixels_are_one_sentence(pixels: Any) -> None:
    with pytest.raises(ValueError, match=r"pixels are whole numbers from 0 to 255, .* and these are int"):
        Preparation("classification", "image", ("a", "b"), (6, 5), 1).inputs(pixels)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint8, np.float32])
def test_samples_in_an_array_are_the_samples_of_the_file(dtype: Any, tmp_path: Path) -> None:
    wave = RNG.uniform(-0.9, 0.9, 20)
    highest = 1 if dtype is np.float32 else 127 if dtype is np.uint8 else np.iinfo(dtype).max
    sound = (wave * highest + 128 * (dtype is np.uint8)).astype(dtype)
    wavfile.write(tmp_path / "sound.wav", 100, sound)
    prepared = Preparation("classification", "audio", ("a", "b"), (20,), 1, (0.1,), (0.5,), rate=100)
    expected = prepared.inputs(tmp_path / "sound.wav")
    assert expected[0] == pytest.approx((wave - 0.1) / 0.5, abs=0.05)
    for raw in (sound, sound[None], torch.from_numpy(sound)):
        assert torch.equal(prepared.inputs(raw), expected)
    with pytest.raises(ValueError, match="samples are int16, int32, uint8 or real numbers from -1 to 1, not int64"):
        prepared.inputs(np.arange(20))


def days(shape: str, first: str = "2024-01-05") -> pd.DataFrame:
    """Series of three rows, two and four days apart, their dates written in a way."""
    rows = [
        (s, (pd.Timestamp(first) + pd.Timedelta(days=s + after)).strftime(shape), s + after, s % 2)
        for s in range(20)
        for after in (0, 2, 6)
    ]
    return pd.DataFrame(rows, columns=["id", "t", "u", "y"])


DAY = 1 / 86_400


@pytest.mark.parametrize(
    "shape", ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y %H:%M", "%Y-%m-%dT%H:%M:%SZ"]
)
def test_a_date_is_the_same_day_however_it_is_written(shape: str) -> None:
    task = Task.from_frame(days(shape), "y", series="id", time="t", rate=DAY)
    assert task.shape == (1, 7)
    assert inputs(task)[0, 0].tolist() == pytest.approx(range(7), abs=1e-4)


def test_a_day_that_may_be_a_month_is_one_sentence() -> None:
    table = days("%d/%m/%Y", "2024-02-01")
    few = table[table["id"] < 5]
    with pytest.raises(ValueError, match=r"dates such as 01/02/2024, where the day cannot be told from the month"):
        Task.from_frame(few, "y", series="id", time="t", rate=DAY)


@pytest.mark.parametrize("shape", ["%d/%m/%Y", "%m/%d/%Y"])
def test_a_day_that_may_be_a_month_is_read_as_in_the_training_data(shape: str) -> None:
    """Of a series whose dates are 01/02, 03/02 and 07/02, where another one has a 16/02."""
    table = days(shape, "2024-02-01")
    task = Task.from_frame(table, "y", series="id", time="t", rate=DAY)
    asked = preparation(task)
    assert asked.day_first is (shape[1] == "d")
    plainly = days("%Y-%m-%d", "2024-02-01")
    assert torch.equal(asked.inputs(table[table["id"] == 0]), asked.inputs(plainly[plainly["id"] == 0]))
    again = Preparation.from_data(json.loads(json.dumps(asked.to_data())))
    assert again == asked
    plain = Task.from_frame(days("%Y-%m-%d"), "y", series="id", time="t", rate=DAY)
    assert "day_first" not in preparation(plain).to_data()  # as in runs of earlier versions
    with pytest.raises(ValueError, match="the day cannot be told from the month"):
        preparation(plain).inputs(table[table["id"] == 0])


@pytest.mark.parametrize(
    ("change", "options", "wanted"),
    [
        ({}, {}, "with rate=1 a series of 3 rows has 518,401 points; give .* such as rate=5.79e-06"),
        ({"t": [0, 0.02, 0.06] * 20}, {}, "with rate=1 a series of 3 rows has 1 points; give .* such as rate=50"),
        ({"t": [0, 0.02, 0.06] * 20}, {"rate": 5}, "with rate=5 a series of 3 rows has 1 points"),
        ({}, {"rate": 1e3}, r"an example of 1 × 518,400,001 numbers is too large .*; give a smaller rate= or length="),
    ],
)
def test_a_rate_that_is_not_that_of_the_series_is_one_sentence(change: Any, options: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        Task.from_frame(days("%Y-%m-%d").assign(**change), "y", series="id", time="t", **options)


def test_a_rate_that_is_given_may_be_coarse() -> None:
    task = Task.from_frame(days("%Y-%m-%d"), "y", series="id", time="t", rate=DAY / 3)
    assert task.shape == (1, 3)
    assert Task.from_frame(days("%Y-%m-%d").groupby("id").head(1), "y", series="id", time="t").shape == (1, 1)


def saved(home: Path, pixels: Any, kind: str = "tif") -> Path:
    """Two folders of ten images each."""
    for name in "ab":
        (home / name).mkdir(parents=True)
        for i in range(10):
            Image.fromarray(pixels if name == "a" else pixels // 2).save(home / name / f"{'xyz'[i % 3]}_{i}.{kind}")
    return home


def test_images_are_predicted_from_pixels_of_the_sort_that_was_learned(tmp_path: Path) -> None:
    pixels = RNG.integers(1, 3000, (6, 5)).astype(np.uint16)
    home = saved(tmp_path / "own", pixels)
    prepared = preparation(Task.from_folder(home))
    assert prepared.real is False
    assert Preparation.from_data(json.loads(json.dumps(prepared.to_data()))) == prepared
    expected = prepared.inputs(home / "a" / "x_0.tif")
    for same in (pixels, Image.fromarray(pixels), pixels[None] / 65535):
        assert torch.allclose(prepared.inputs(same), expected, atol=1e-5)
    for other in (pixels[None].astype(np.float32), expected):
        with pytest.raises(ValueError, match="pixels that are real numbers are from 0 to 1, before mean and spread"):
            prepared.inputs(other)
    Image.fromarray(pixels.astype(np.float32)).save(home / "a" / "x_0.tif")
    for read in (lambda: prepared.inputs(home / "a" / "x_0.tif"), lambda: Task.from_folder(home)):
        with pytest.raises(ValueError, match="which are not scaled alike; save it as these are"):
            read()
    floats = preparation(Task.from_folder(saved(tmp_path / "reals", pixels.astype(np.float32))))
    assert floats.real is True
    assert torch.allclose(floats.inputs(pixels[None].astype(np.float32)), floats.inputs(tmp_path / "reals/a/x_0.tif"))


def test_a_run_knows_the_sort_of_its_pixels_and_one_that_did_not_note_it_is_resumed(tmp_path: Path) -> None:
    pixels = RNG.integers(1, 3000, (6, 5))
    for own in (pixels.astype(np.uint16), pixels.astype(np.float32)):
        task = Task.from_folder(saved(tmp_path / str(own.dtype), own))
        noted = json.loads(json.dumps(of_task(task)))
        assert preparation_of(noted, None, None) == task.preparation
        earlier = {name: value for name, value in noted.items() if name != "pixels"}
        assert different(earlier, of_task(task)) == []
        assert preparation_of(earlier, None, None) == replace(preparation(task), real=None)


def test_a_file_of_several_images_is_not_taken_for_its_first(tmp_path: Path) -> None:
    home = saved(tmp_path, RNG.integers(0, 255, (6, 5)).astype(np.uint8))
    first, second = (Image.fromarray(RNG.integers(0, 255, (6, 5)).astype(np.uint8)) for _ in range(2))
    first.save(home / "a" / "x_0.tif", save_all=True, append_images=[second.resize((2, 3))])  # a thumbnail
    try:
        task = Task.from_folder(home, split=(1, 0, 0))
    except ValueError as error:
        pytest.fail(str(error))
    brightest = np.asarray(first).max() / 255
    raw = tensors(task.train)[0] * preparation(task).spread[0] + preparation(task).mean[0]
    assert min(abs(raw.amax((1, 2, 3)) - brightest)) < 1e-5
    first.save(home / "a" / "x_0.tif", save_all=True, append_images=[second])
    with pytest.raises(ValueError, match=r"x_0.tif cannot be read as an image: it holds 2 images; save each as a file"):
        Task.from_folder(home)


@pytest.mark.parametrize("kept", [1.0, 0.6])
def test_a_photo_with_a_second_image_that_belongs_to_it_is_its_first(kept: float, tmp_path: Path) -> None:
    """Of the same size, and cut off as messengers do."""
    home, path = saved(tmp_path, RNG.integers(0, 255, (6, 5)).astype(np.uint8)), tmp_path / "a" / "photo.jpg"
    first, second = (Image.new("RGB", (90, 60), colour) for colour in ("red", "blue"))
    first.save(path, format="MPO", save_all=True, append_images=[second])
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    try:
        mean = reading.image(path, 3, ()).mean((1, 2))
        Task.from_folder(home, split=(1, 0, 0), size=5)
    except ValueError as error:
        pytest.fail(str(error))
    assert mean.tolist() == pytest.approx([1, 0, 0], abs=0.02)


def test_files_of_a_group_are_not_split(tmp_path: Path) -> None:
    home = tmp_path
    for label, name in enumerate("ab"):
        (home / name).mkdir()
        for i in range(30):
            level = 10 * (i % 6) + label  # six slides, each of its brightness
            Image.fromarray(np.full((4, 4), level, np.uint8)).save(home / name / f"slide{i % 6}_{i}.png")
    task = Task.from_folder(home, groups=lambda path: path.name.split("_")[0], split=(0.5, 0.25, 0.25))
    mean, spread = preparation(task).mean[0], preparation(task).spread[0]
    slides = [
        {round(float(one)) // 10 for one in (tensors(part)[0][:, 0, 0, 0] * spread + mean) * 255}
        for part in (task.train, task.validation, task.test)
    ]
    mistyped: Any = {"groups": "slide"}
    assert sum(map(len, slides)) == len(set().union(*slides)) == 6
    with pytest.raises(ValueError, match="groups is a function that tells from the path of a file what it is of, not"):
        Task.from_folder(home, **mistyped)
