"""Raw examples as inputs, number by number: pixels, sound, series; and nothing of the answer among the inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.io import wavfile
from torch.utils.data import Dataset

from search import Task
from search.tasks.preparation import Preparation
from search.tasks.reading import image
from search.tasks.recordings import recording
from search.tasks.series import series

RNG = np.random.default_rng(1)
PIXELS = RNG.integers(0, 256, (4, 6, 3)).astype(np.uint8)


def tensors(data: object) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets of data that are two tensors."""
    assert isinstance(data, tuple)
    x, y = data
    return x, y


def test_an_image_is_red_green_blue_by_rows_and_columns_from_0_to_1(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "image.png")
    expected = torch.from_numpy(PIXELS).movedim(-1, 0) / 255
    assert torch.equal(image(tmp_path / "image.png", 3, ()), expected)
    assert image(tmp_path / "image.png", 3, (2, 5)).shape == (3, 2, 5)


def test_a_picture_of_a_dataset_is_the_same_numbers() -> None:
    class Pictures(Dataset[Any]):
        def __len__(self) -> int:
            return 10

        def __getitem__(self, index: int) -> Any:
            return {"image": Image.fromarray(PIXELS), "label": index % 2}

    train = Task.from_datasets(Pictures(), columns=("image", "label")).train
    assert isinstance(train, Dataset)
    x, _ = train[0]
    assert torch.equal(x, torch.from_numpy(PIXELS).movedim(-1, 0) / 255)


def test_a_recording_is_the_mean_of_its_channels_around_zero_and_silent_after_its_end(tmp_path: Path) -> None:
    both = np.array([[0, 2**14], [2**14, 2**15 - 1]], dtype=np.int16)
    wavfile.write(tmp_path / "stereo.wav", 100, both)
    found = recording(tmp_path / "stereo.wav", 100, 4)[0]
    assert found.tolist() == pytest.approx([0.25, 0.75, 0.0, 0.0], abs=1e-4)
    wavfile.write(tmp_path / "bytes.wav", 100, np.array([128, 192, 64], dtype=np.uint8))
    assert recording(tmp_path / "bytes.wav", 100, 2)[0].tolist() == [0.0, 0.5]


def test_a_short_series_goes_on_with_its_last_value_and_of_a_long_one_the_end_is_cut_off() -> None:
    table = pd.DataFrame({"u": [1.0, 2.0, 4.0], "v": [0.0, 0.0, 3.0]})
    assert series(table, ("u", "v"), False, None, 5).tolist() == [[1, 2, 4, 4, 4], [0, 0, 3, 3, 3]]
    assert series(table, ("v", "u"), False, None, 2).tolist() == [[0, 0], [1, 2]]


def long(count: int = 20) -> pd.DataFrame:
    """Two channels, one of which never changes; the target, the group and the time are columns beside them."""
    rows = [(s, k / 2, s + k, 7.0, (10, 9, 2)[s % 3], s // 4) for s in range(count) for k in range(3)]
    return pd.DataFrame(rows, columns=["id", "t", "u", "still", "y", "patient"])


def made(**options: Any) -> tuple[Task, Preparation]:
    task = Task.from_frame(long(), "y", series="id", time="t", groups="patient", rate=2, **options)
    assert task.preparation
    return task, task.preparation


def test_neither_the_target_nor_any_other_role_is_among_the_inputs() -> None:
    task, prepared = made()
    assert prepared.columns == ("t", "u", "still")
    assert task.shape == (2, 3)
    plain = Task.from_frame(long().drop(columns=["t", "id"]), "y", groups="patient").preparation
    assert plain is not None
    assert plain.columns == ("u", "still")


def test_labels_that_are_numbers_are_in_their_order() -> None:
    task, _ = made()
    assert task.classes == ("2", "9", "10")
    u = {round(float(v)): int(label) for v, label in zip(raw(task)[:, 0, 0], tensors(task.train)[1], strict=True)}
    assert all(label == (2, 1, 0)[start % 3] for start, label in u.items())


def raw(task: Task) -> torch.Tensor:
    """The training inputs before they were normalised."""
    assert task.preparation
    mean, spread = (torch.tensor(own)[:, None] for own in (task.preparation.mean, task.preparation.spread))
    return tensors(task.train)[0].float() * spread + mean


def test_a_channel_that_never_changes_is_zero_and_no_number_is_lost() -> None:
    task, _ = made()
    x, _ = tensors(task.train)
    assert bool(x.isfinite().all())
    assert float(x[:, 1].abs().max()) < 1e-3


def test_what_is_predicted_is_prepared_like_what_was_learned() -> None:
    """Of every training example, read again from the table, the input is the same."""
    task, prepared = made()
    for x, start in zip(tensors(task.train)[0], raw(task)[:, 0, 0], strict=True):
        table = long()
        assert torch.allclose(prepared.inputs(table[table["id"] == round(float(start))]), x, atol=1e-5)


def test_a_table_is_split_by_its_seed_and_numbers_are_learned_standardised() -> None:
    table = pd.DataFrame(RNG.normal(size=(40, 3)), columns=list("abc")).assign(y=range(40))
    one, other = (Task.from_frame(table, "y", kind="regression", seed=seed) for seed in (0, 1))
    assert tensors(one.train)[1].tolist() != tensors(other.train)[1].tolist()
    assert one.preparation
    assert one.preparation.target_mean == pytest.approx([float(tensors(one.train)[1].mean())])
    chosen = Task.from_frame(table, "y", kind="regression", columns=["c", "a"]).preparation
    assert chosen is not None
    assert chosen.columns == ("c", "a")


def folders(home: Path, parts: dict[str, dict[str, int]]) -> Path:
    """Folders of images, each brighter than the one before it."""
    number = 0
    for part, classes in parts.items():
        for name, count in classes.items():
            (home / part / name).mkdir(parents=True)
            for i in range(count):
                number += 1
                Image.fromarray(np.full((4, 6), 2 * number, dtype=np.uint8)).save(home / part / name / f"{i}.png")
    return home


def test_folders_of_a_split_keep_the_classes_of_the_training_data_and_its_scale(tmp_path: Path) -> None:
    home = folders(tmp_path, {"train": {"ape": 10, "bee": 10, "cat": 10}, "val": {"cat": 2, "bee": 1}})
    task = Task.from_folder(home)
    assert [len(tensors(part)[1]) for part in (task.train, task.validation, task.test)] == [24, 3, 6]
    assert task.shape == (1, 4, 6)
    x, y = tensors(task.validation)
    assert y.tolist() == [1, 2, 2]
    assert task.preparation
    bright = x[:, 0, 0, 0] * task.preparation.spread[0] + task.preparation.mean[0]
    assert (bright * 255).tolist() == pytest.approx([66, 62, 64], abs=1e-2)


def test_shares_of_what_a_test_folder_leaves_and_the_seed_of_their_split(tmp_path: Path) -> None:
    home = folders(tmp_path, {"train": {"ape": 20, "bee": 20}, "test": {"ape": 1, "bee": 1}})
    first, other = (Task.from_folder(home, split=(0.3, 0.2, 0.5), seed=seed) for seed in (0, 1))
    assert [len(tensors(part)[1]) for part in (first.train, first.validation)] == pytest.approx([24, 16], abs=1)
    assert first.fingerprint != other.fingerprint


def test_means_are_of_the_training_data_alone(tmp_path: Path) -> None:
    task = Task.from_folder(folders(tmp_path, {"": {"ape": 10, "bee": 10}}))
    x, _ = tensors(task.train)
    assert float(x.mean()) == pytest.approx(0, abs=1e-5)
    assert float(x.std(correction=0)) == pytest.approx(1, abs=1e-4)


def test_a_part_may_lack_a_class_and_not_all_of_them(tmp_path: Path) -> None:
    home = folders(tmp_path, {"train": {"ape": 4, "bee": 4}, "val": {"bee": 2}})
    task = Task.from_folder(home)
    assert tensors(task.validation)[1].tolist() == [1, 1]
    assert task.outputs == 2
    (home / "test").mkdir()
    with pytest.raises(ValueError, match="test holds no folder of a class; make one for each class, or remove it"):
        Task.from_folder(home)
    (home / "val" / "ape").mkdir()
    with pytest.raises(ValueError, match="ape holds no image and no WAV file; remove the folder, or fill it"):
        Task.from_folder(home)
