"""Tasks as people have them: folders, datasets of mappings; groups that are not split, nothing leaks."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import wavfile
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from search import Task
from search.tasks import memory
from search.tasks.batches import batches
from search.tasks.reading import array, image
from search.tasks.recordings import recording

CLASSES = ("cat", "dog", "eel")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 1, 8, 8))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for number, name in enumerate(CLASSES):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(10):
            pixels = np.full((12, 10, 3), 40 * number + i, dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{i}.png")
    return tmp_path / "pets"


def parts(task: Task) -> list[Any]:
    return [part for part in (task.train, task.validation, task.test) if part is not None]


def test_images_by_class_become_inputs_of_mean_0_and_variance_1(images: Path) -> None:
    task = Task.from_folder(images, seed=1)
    assert (task.name, task.classes) == ("pets", CLASSES)
    x, y = task.train
    assert x.shape[1:] == (3, 12, 10)
    assert torch.bincount(y).tolist() == [6, 6, 6]
    assert torch.allclose(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert task.preparation is not None
    raw = task.preparation.inputs(images / "dog" / "3.png")
    assert torch.allclose(
        raw,
        (43 / 255 - x.new_tensor(task.preparation.mean)[:, None, None])
        / x.new_tensor(task.preparation.spread)[:, None, None],
    )


def test_images_are_resized_and_grey_on_request(images: Path) -> None:
    x, _ = Task.from_folder(images, size=8, channels=1).train
    assert x.shape[1:] == (1, 8, 8)


def test_folders_of_a_split_that_exists_are_kept(images: Path, tmp_path: Path) -> None:
    (tmp_path / "split").mkdir()
    images.rename(tmp_path / "split" / "train")
    (tmp_path / "split" / "test" / "cat").mkdir(parents=True)
    for name in CLASSES:
        (tmp_path / "split" / "test" / name).mkdir(exist_ok=True)
        Image.fromarray(np.zeros((12, 10, 3), dtype=np.uint8)).save(tmp_path / "split" / "test" / name / "a.png")
    task = Task.from_folder(tmp_path / "split")
    sizes = [len(part[1]) for part in parts(task)]
    assert sizes[0] + sizes[1] == 30
    assert abs(sizes[1] - 7.5) <= 1
    assert sizes[2] == 3


def test_recordings_are_resampled_and_padded(tmp_path: Path) -> None:
    for name, tone in (("low", 50), ("high", 400)):
        (tmp_path / name).mkdir()
        for i in range(6):
            wave = np.sin(2 * np.pi * tone * np.arange(4000 + 100 * i) / 8000)
            wavfile.write(tmp_path / name / f"{i}.wav", 8000, (wave * 2**14).astype(np.int16))
    task = Task.from_folder(tmp_path, rate=2000, seconds=0.6)
    assert task.train[0].shape[1:] == (1, 1200)
    assert task.preparation is not None
    heard = task.preparation.inputs(tmp_path / "low" / "0.wav")[0] * task.preparation.spread[0]
    assert abs(int(torch.fft.rfft(heard[:1000]).abs().argmax()) - 25) <= 1  # 50 Hz in half a second
    assert abs(float(heard[:1000].abs().max()) - 0.5) < 0.05


def recordings_of(home: Path, lengths: Sequence[int], dtype: Any = np.int16) -> Path:
    """A folder of two classes of recordings of these lengths, in 1/1000 s."""
    for name in ("low", "high"):
        (home / name).mkdir()
        for i, length in enumerate(lengths):
            wavfile.write(home / name / f"{i}.wav", 1000, (RNG.normal(size=length) * 100).astype(dtype))
    return home


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_longer_recordings_than_the_first_are_told_to_be_cut(tmp_path: Path, dtype: Any) -> None:
    home = recordings_of(tmp_path, (40, 42, 40, 80, 120), dtype)
    wanted = r"4 of 10 recordings are longer than 0.04 s, .* cut to it; give seconds=, up to 0.12,"
    with pytest.warns(UserWarning, match=wanted) as told:
        Task.from_folder(home, rate=1000)
    assert told[0].filename == __file__
    Task.from_folder(home, rate=1000, seconds=0.04)  # as is meant


def test_recordings_of_one_length_are_not_remarked_on(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        Task.from_folder(recordings_of(tmp_path, (40, 42, 30, 40, 41)), rate=1000)
    assert not told


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda home: home / "nowhere", "is not a directory"),
        (lambda home: home, "holds fewer than two folders; make one for each class"),
        (lambda home: [(home / "pets" / "fox").mkdir(), home / "pets"][-1], "fox holds no image and no WAV file"),
        (
            lambda home: [(home / "pets" / "cat" / "0.png").write_bytes(b"no"), home / "pets"][-1],
            "cannot be read",
        ),
    ],
)
def test_a_folder_that_is_none_is_one_sentence(images: Path, tmp_path: Path, make: Any, wanted: str) -> None:
    with pytest.raises(ValueError) as told:
        Task.from_folder(make(tmp_path))
    assert wanted in str(told.value)
    assert "\n" not in str(told.value)


def test_images_that_would_not_fit_in_memory_are_told_before_they_are_read(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2**20)
    with pytest.raises(ValueError, match=r"30 examples of 3 × 200 × 200 numbers take about"):
        Task.from_folder(images, size=200)
    with pytest.raises(ValueError, match=r"3 × 10,000 × 10,000 numbers is too large .* give a smaller size="):
        Task.from_folder(images, size=10_000)


def test_an_image_that_unpacks_to_gigabytes_is_not_unpacked(images: Path) -> None:
    bomb = images / "cat" / "0.png"
    Image.new("1", (20_000, 8_000)).save(bomb)
    assert bomb.stat().st_size < 100_000
    with pytest.raises(ValueError, match=r"0.png cannot be read as an image: it has 20,000 × 8,000 pixels, more than"):
        image(bomb, 3, (8, 8))


def test_only_images_are_read_as_images(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    with pytest.raises(ValueError, match="cannot identify image file"):  # Ghostscript would run it
        image(tmp_path / "a.png", 3, (8, 8))


def test_recordings_that_are_cut_off_or_odd_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    wavfile.write(path, 8000, np.ones(4000, dtype=np.int16))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"a.wav is cut off: it holds less than it says"):
        recording(path, 8000, 100)
    wavfile.write(path, 1_000_000_007, np.ones(4000, dtype=np.uint8))
    with pytest.raises(ValueError, match=r"1,000,000,007 samples a second, which cannot be resampled to 8,000"):
        recording(path, 8000, 100)


def test_only_the_part_of_a_recording_that_is_needed_is_resampled(tmp_path: Path) -> None:
    wavfile.write(tmp_path / "a.wav", 44_100, (2**13 * RNG.normal(size=44_100)).astype(np.int16))
    whole = recording(tmp_path / "a.wav", 16_000, 16_000)
    assert torch.equal(recording(tmp_path / "a.wav", 16_000, 700), whole[:, :700])


def test_an_array_file_that_says_more_than_it_holds_is_one_sentence(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(4))
    head = (tmp_path / "a.npy").read_bytes().replace(b"(4,), }" + b" " * 12, b"(4000000000000,), }")
    (tmp_path / "a.npy").write_bytes(head)
    with pytest.raises(ValueError, match=r"a.npy cannot be read as an array of numbers"):
        array(tmp_path / "a.npy")


def test_groups_are_not_split() -> None:
    groups = RNG.integers(0, 12, 60)
    task = Task.from_arrays(groups[:, None, None], RNG.integers(0, 2, 60), groups=groups)
    found = [set(part[0].flatten().tolist()) for part in parts(task)]
    assert sum(map(len, found)) == len(set.union(*found)) == 12


class Mappings(Dataset[Any]):
    """Examples as Hugging Face datasets have them."""

    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"image": Image.fromarray(np.full((6, 5), index, dtype=np.uint8)), "label": index % 2}


def test_datasets_of_mappings_give_two_of_their_columns() -> None:
    task = Task.from_datasets(Mappings(), columns=("image", "label"))
    x, y = task.train[0]
    assert x.shape == (1, 6, 5)
    assert y in (0, 1)
    assert float(x.max()) <= 19 / 255
    labels = [task.validation[i][1] for i in range(4)]
    assert sorted(labels) == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="an example has no column 'img'; its columns are image, label"):
        _ = Task.from_datasets(Mappings(), Mappings(), columns=("img", "label")).train[0]


class Rows(Dataset[Any]):
    """Labels, and inputs too, as lists, as datasets of Hugging Face hold them."""

    def __init__(self, inputs: bool) -> None:
        self.inputs = inputs

    x, y = torch.arange(48.0).reshape(8, 2, 3), torch.arange(24).reshape(8, 3) % 2

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> Any:
        return self.x[index].tolist() if self.inputs else self.x[index], self.y[index].tolist()


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return (Rows(True)[index] for index in range(8))


@pytest.mark.parametrize("data", [Rows(False), Rows(True), Stream()])
def test_lists_of_numbers_are_examples_and_targets(data: Any) -> None:
    """Put together by torch, they would be lists of columns."""
    found = [*batches(data, 5)]
    assert [len(y) for _, y in found] == [5, 3]
    assert torch.equal(torch.cat([x for x, _ in found]), Rows.x)
    assert torch.equal(torch.cat([y for _, y in found]), Rows.y)


def test_what_is_held_out_is_not_augmented() -> None:
    plain = TensorDataset(torch.zeros(20, 1, 4), torch.tensor([0, 1] * 10))
    augmented = TensorDataset(torch.ones(20, 1, 4), torch.tensor([0, 1] * 10))
    task = Task.from_datasets(augmented, plain=plain)
    assert all(float(x.max()) == 1 for x, _ in task.train)
    assert all(float(x.max()) == 0 for x, _ in task.validation)
    assert isinstance(task.train, Subset)
    assert isinstance(task.validation, Subset)
    assert not set(task.train.indices) & set(task.validation.indices)


def test_images_of_16_bits_and_turned_ones_are_read_as_they_are_seen(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 6), 32768, dtype=np.uint16)).save(tmp_path / "deep.png")
    assert torch.allclose(image(tmp_path / "deep.png", 3, ()), torch.full((3, 4, 6), 32768 / 65535))
    pixels = np.zeros((4, 6), dtype=np.uint8)
    pixels[0] = 255
    exif = Image.Exif()
    exif[274] = 3  # orientation: turned by half a turn
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    assert image(tmp_path / "turned.png", 1, ())[0, -1].tolist() == [1.0] * 6


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        ([["a"], ["b"]], "the inputs are text"),
        ([[1.0], [1.0, 2.0]], "objects, or of different lengths"),
        ([[1j], [2j]], "complex numbers"),
    ],
)
def test_inputs_that_are_not_numbers_are_one_sentence(x: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        Task.from_arrays(x, [0, 1])


def test_splits_in_capitals_and_files_that_systems_leave_behind(images: Path, tmp_path: Path) -> None:
    (images / "cat" / "._0.png").write_bytes(b"left by a Mac")
    images.rename(tmp_path / "Train")
    (tmp_path / "Test" / "cat").mkdir(parents=True)
    for name in CLASSES:
        (tmp_path / "Test" / name).mkdir(exist_ok=True)
        Image.fromarray(np.zeros((12, 10, 3), dtype=np.uint8)).save(tmp_path / "Test" / name / "a.png")
    assert [len(part[1]) for part in parts(Task.from_folder(tmp_path))][2] == 3
    for shares in ((0, 0, 1), (0.5, 0.5, 0.5), (0.5, 0.5), 0.5, "abc"):
        with pytest.raises(ValueError, match="a split has three shares, of training \\(above 0\\)"):
            Task.from_folder(tmp_path, split=shares)
    (tmp_path / "Test" / "fox").mkdir()
    with pytest.raises(ValueError, match="Test holds the class 'fox', of which there are no training data"):
        Task.from_folder(tmp_path)


@pytest.mark.parametrize("size", [100_001, (8, 100_001), (8,), 0])
def test_sizes_that_no_image_has_are_one_sentence(images: Path, size: Any) -> None:
    with pytest.raises(ValueError, match=r"size is the side of a square, or \(rows, columns\), of at most 100,000"):
        Task.from_folder(images, size=size)


def test_recordings_without_sound_are_one_sentence(tmp_path: Path) -> None:
    for name in ("low", "high"):
        (tmp_path / name).mkdir()
        wavfile.write(tmp_path / name / "0.wav", 8000, np.zeros(100, dtype=np.int16))
    for options in ({"rate": 0}, {"rate": 0.5}, {"rate": "1"}, {"seconds": 0.0}, {"seconds": np.nan}):
        with pytest.raises(ValueError, match=f"{next(iter(options))} must be a (whole )?number above 0"):
            Task.from_folder(tmp_path, **options)
    wavfile.write(tmp_path / "high" / "0.wav", 8000, np.zeros(0, dtype=np.int16))
    with pytest.raises(ValueError, match=r"0\.wav holds no sound"):
        Task.from_folder(tmp_path)
    (tmp_path / "high" / "0.wav").write_bytes(b"")
    with pytest.raises(ValueError, match=r"0\.wav cannot be read as a WAV file"):
        Task.from_folder(tmp_path)


def test_mistyped_options_are_named(images: Path) -> None:
    mistyped: Any = {"kind": "binary"}
    with pytest.raises(TypeError, match="there is no option 'kind' here"):
        Task.from_folder(images, **mistyped)
    makers: tuple[Any, ...] = (Task.from_arrays, Task.from_datasets, Task.from_loaders, Task.from_frame)
    for make in makers:
        with pytest.raises(TypeError, match="there is no option 'clases' here"):
            make(None, "y", clases=("a", "b"))
