"""Published data sets: small files in the very formats, read by the real code."""

from __future__ import annotations

import gzip
import hashlib
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import wavfile
from torch import Tensor

from search.tasks import downloads
from search.tasks.datasets import TEN_WORDS, character_trajectories, cifar10, sequential_mnist, speech_commands
from search.tasks.downloads import Download
from search.tasks.task import Data, Task, batches

RNG = np.random.default_rng(0)
DIGITS = {"train": 200, "t10k": 20}


def arrays(data: Data | None) -> tuple[Tensor, Tensor]:
    assert isinstance(data, tuple)
    return data


def write_idx(path: Path, array: np.ndarray) -> None:
    """As in MNIST's description: 0, 0, type, axes; the lengths, big-endian; the bytes. Packed if the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_mnist(folder: Path, ending: str = "") -> None:
    for part, count in DIGITS.items():
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.zeros((count, 28, 28), dtype=np.uint8)
        images[:, 2, 3] = 25 * labels  # one pixel tells the class
        images[:, 9, 9] = np.arange(count)  # pixel 261 tells the examples apart
        write_idx(folder / f"{part}-images-idx3-ubyte{ending}", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte{ending}", labels)


@pytest.mark.parametrize(("folder", "ending"), [("MNIST/raw", ""), ("MNIST/raw", ".gz"), (".", ".gz")])
def test_mnist_is_read_pixel_by_pixel(tmp_path: Path, folder: str, ending: str) -> None:
    write_mnist(tmp_path / folder, ending)
    task = sequential_mnist(tmp_path)
    parts = [arrays(part) for part in (task.train, task.validation, task.test)]
    assert [tuple(x.shape) for x, _ in parts] == [(180, 1, 784), (20, 1, 784), (20, 1, 784)]
    assert torch.equal(parts[2][1], torch.arange(20) % 10)
    assert float(parts[0][0].mean()) == pytest.approx(0, abs=1e-5)
    assert float(parts[0][0].std()) == pytest.approx(1, abs=1e-5)
    for x, y in parts:
        pixel = x[:, 0, 2 * 28 + 3]
        assert torch.allclose((pixel - pixel.min()) / (pixel.max() - pixel.min()) * 9, y.float(), atol=1e-4)


def test_validation_is_held_out_evenly_and_by_the_seed(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    first, again, other = (sequential_mnist(tmp_path, seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert torch.equal(torch.bincount(arrays(first.validation)[1]), torch.full((10,), 2))
    assert len(torch.cat([arrays(part)[0][:, 0, 261] for part in (first.train, first.validation)]).unique()) == 200


def test_permuted_mnist_has_one_order_for_all(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    plain, permuted = sequential_mnist(tmp_path), sequential_mnist(tmp_path, permuted=True)
    x, y = arrays(plain.test)[0][:, 0], arrays(permuted.test)[0][:, 0]
    assert not torch.equal(x, y)
    assert torch.allclose(x.sort(dim=1).values, y.sort(dim=1).values, atol=1e-5)
    where = (y[9] - y[0]).abs().argmax()  # the pixel that tells the class, in the new order
    assert torch.allclose(y[:, where], x[:, 2 * 28 + 3], atol=1e-5)
    other = arrays(sequential_mnist(tmp_path, permuted=True, seed=5).test)[0][:, 0]
    assert torch.equal(other[:, where] > 0, y[:, where] > 0)


def python_2_batch(images: np.ndarray, labels: list[int]) -> bytes:
    """The pickle that Python 2 wrote for CIFAR-10: protocol 2, byte strings, numpy's old module name."""

    def text(value: bytes) -> bytes:
        return b"T" + struct.pack("<i", len(value)) + value

    def whole(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    dtype = b"cnumpy\ndtype\n" + text(b"u1") + whole(0) + whole(1) + b"\x87R"
    dtype += b"(" + whole(3) + text(b"|") + b"NNN" + whole(-1) + whole(-1) + whole(0) + b"tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + whole(0) + b"\x85" + text(b"b") + b"\x87R"
    shape = whole(images.shape[0]) + whole(images.shape[1]) + b"\x86"
    array += b"(" + whole(1) + shape + dtype + b"\x89" + text(images.tobytes()) + b"tb"
    listed = b"](" + b"".join(whole(label) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + listed + b"u."


def write_cifar(folder: Path) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    images = RNG.integers(0, 256, (6, 20, 3 * 32 * 32)).astype(np.uint8)
    for name, batch in zip([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"], images, strict=True):
        (folder / name).write_bytes(python_2_batch(batch, [i % 10 for i in range(20)]))
    return images


def test_cifar_batches_are_read_channel_by_channel_row_by_row(tmp_path: Path) -> None:
    images = write_cifar(tmp_path / "cifar-10-batches-py")
    task = cifar10(tmp_path, validation=0.2)
    x, y = arrays(task.test)
    assert arrays(task.train)[0].shape == (80, 3, 32, 32)
    assert arrays(task.validation)[0].shape == (20, 3, 32, 32)
    assert torch.equal(y, torch.arange(20) % 10)
    assert torch.allclose(arrays(task.train)[0].mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
    raw = torch.tensor(images[5].reshape(20, 3, 32, 32) / 255, dtype=torch.float32)
    for channel in range(3):  # one scale a channel, and nothing moved
        given, found = raw[:, channel].flatten(), x[:, channel].flatten()
        slope = (found.max() - found.min()) / (given.max() - given.min())
        assert torch.allclose(found - found[0], (given - given[0]) * slope, atol=1e-4)
    assert torch.equal(arrays(cifar10(tmp_path, sequential=True, validation=0.2).test)[0], x.flatten(2))


def write_speech(home: Path, words: tuple[str, ...]) -> None:
    """Four recordings a word: two to train on, one listed for validation, one for the test."""
    lists: dict[str, list[str]] = {"validation": [], "testing": []}
    for pitch, word in enumerate(words, 1):
        (home / word).mkdir(parents=True)
        for i, samples in enumerate((16_000, 12_000, 16_000, 16_000)):
            sound = 2**14 * np.sin(2 * np.pi * 200 * pitch * np.arange(samples) / 16_000 + i)
            wavfile.write(home / word / f"{i:08x}_nohash_0.wav", 16_000, sound.astype(np.int16))
        lists["validation"].append(f"{word}/00000002_nohash_0.wav")
        lists["testing"].append(f"{word}/00000003_nohash_0.wav")
    (home / "_background_noise_").mkdir()
    for name, files in lists.items():
        (home / f"{name}_list.txt").write_text("\n".join(files) + "\n")


def test_speech_is_split_by_the_published_lists(tmp_path: Path) -> None:
    write_speech(tmp_path, TEN_WORDS)
    task = speech_commands(tmp_path)
    for part, count in ((task.train, 20), (task.validation, 10), (task.test, 10)):
        found = list(batches(part, 16)) if part is not None else []
        x, y = (torch.cat(parts) for parts in zip(*found, strict=True))
        assert x.shape == (count, 1, 16_000)
        assert torch.equal(torch.bincount(y), torch.full((10,), count // 10))
        assert float(x.abs().max()) == pytest.approx(0.5, abs=1e-3)
        for wave, label in zip(x[:, 0], y, strict=True):  # the pitch is the word's
            assert int(torch.fft.rfft(wave).abs().argmax()) == pytest.approx(200 * (int(label) + 1), abs=1)


def test_all_words_are_the_folders(tmp_path: Path) -> None:
    write_speech(tmp_path, ("no", "bed", "cat"))
    task = speech_commands(tmp_path, words=None)
    assert task.name == "speech commands, 3 words, raw"
    names = [path.parent.name for path, _ in task.test.files]
    assert names == ["bed", "cat", "no"]
    with pytest.raises(FileNotFoundError, match=r"yes is not in .*; unpack speech_commands_v0\.02"):
        speech_commands(tmp_path)


def test_cepstra_of_speech_have_unit_variance_in_training(tmp_path: Path) -> None:
    write_speech(tmp_path, ("yes", "no"))
    task = speech_commands(tmp_path, ("yes", "no"), features="mfcc")
    x, y = arrays(task.train)
    assert x.shape == (4, 20, 161)
    assert y.tolist() == [0, 0, 1, 1]
    assert torch.allclose(x.mean((0, 2)), torch.zeros(20), atol=1e-4)
    assert torch.allclose(x.std((0, 2)), torch.ones(20), atol=1e-4)


def trajectories(count: int) -> list[tuple[np.ndarray, str]]:
    """Series of 3 channels and 5 … 9 steps, twenty classes."""
    return [(np.round(RNG.normal(size=(3, 5 + i % 5)), 4), str(i % 20 + 1)) for i in range(count)]


def write_ts(path: Path, examples: list[tuple[np.ndarray, str]]) -> None:
    head = "#A comment\n@problemName CharacterTrajectories\n@timeStamps false\n@missing false\n@univariate false\n"
    head += f"@dimensions 3\n@equalLength false\n@classLabel true {' '.join(str(i) for i in range(1, 21))}\n@data\n"
    rows = [":".join([*(",".join(map(str, channel)) for channel in x), label]) for x, label in examples]
    path.write_text(head + "\n".join(rows) + "\n")


def write_arff(path: Path, examples: list[tuple[np.ndarray, str]]) -> None:
    """As Weka has them: the series is one relational attribute, short ones are filled up with question marks."""
    head = "%A comment\n@relation CharacterTrajectories\n\n@attribute relationalAtt relational\n"
    head += "".join(f"@attribute att{i} numeric\n" for i in range(9)) + "@end relationalAtt\n"
    head += f"@attribute classAttribute {{{','.join(str(i) for i in range(1, 21))}}}\n\n@data\n"
    rows = []
    for x, label in examples:
        channels = [",".join([*map(str, channel), *["?"] * (9 - len(channel))]) for channel in x]
        rows.append("'" + "\\n".join(channels) + f"',{label}")
    path.write_text(head + "\n".join(rows) + "\n")


def test_trajectories_are_the_same_from_both_formats_and_go_on_with_their_last_value(tmp_path: Path) -> None:
    parts = {"TRAIN": trajectories(240), "TEST": trajectories(200)}
    tasks: list[Task] = []
    for ending, write in ((".ts", write_ts), (".arff", write_arff)):
        folder = tmp_path / ending / "CharacterTrajectories"
        folder.mkdir(parents=True)
        for part, examples in parts.items():
            write(folder / f"CharacterTrajectories_{part}{ending}", examples)
        tasks.append(character_trajectories(tmp_path / ending, validation=0.25))
    assert tasks[0].fingerprint == tasks[1].fingerprint
    (x, y), (same, _) = arrays(tasks[0].test), arrays(tasks[1].test)
    assert torch.equal(x, same)
    assert x.shape == (200, 3, 182)
    assert y.tolist() == [int(label) - 1 for _, label in parts["TEST"]]
    given, found = parts["TEST"][0][0], x[0].double()
    assert torch.equal(found[:, 5:], found[:, 4:5].expand(3, 177))
    for channel in range(3):
        line = np.polyfit(given[channel], found[channel, :5], 1)  # one scale a channel
        assert np.allclose(np.polyval(line, given[channel]), found[channel, :5], atol=1e-5)
    assert arrays(tasks[0].train)[0].shape[0] == 180
    pooled = character_trajectories(tmp_path / ".ts", pooled=True, length=9)
    assert [len(arrays(part)[1]) for part in (pooled.train, pooled.validation, pooled.test)] == [308, 66, 66]
    with pytest.raises(ValueError, match="longest series has 9 steps"):
        character_trajectories(tmp_path / ".ts", length=8)


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (sequential_mnist, "train-images-idx3-ubyte .* is not in .*; put MNIST's four files into .*raw"),
        (cifar10, "data_batch_1 is not in .*; put CIFAR-10's version for Python into .*cifar-10-batches-py"),
        (speech_commands, r"validation_list\.txt is not in .*; unpack speech_commands_v0\.02\.tar\.gz"),
        (character_trajectories, r"_TRAIN\.ts or .*_TRAIN\.arff is not in .*; put them there"),
    ],
)
def test_a_missing_file_is_named_with_its_place(tmp_path: Path, load: Callable[[Path], Task], says: str) -> None:
    with pytest.raises(FileNotFoundError, match=says):
        load(tmp_path)


def published_at(monkeypatch: pytest.MonkeyPatch, name: str, files: list[tuple[Path, str]]) -> None:
    """Publish local files, each with the folder that it belongs to, instead of those on the web."""
    found = [Download(path.as_uri(), hashlib.md5(path.read_bytes()).hexdigest(), folder) for path, folder in files]
    monkeypatch.setitem(downloads.DOWNLOADS, name, tuple(found))


def test_files_are_downloaded_once_and_compared_with_their_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, home = tmp_path / "away", tmp_path / "home"
    write_mnist(away)
    files = sorted(path for path in away.iterdir() if path.is_file())
    published_at(monkeypatch, "MNIST", [(path, "MNIST/raw") for path in files])
    assert len(arrays(sequential_mnist(home, download=True).test)[1]) == 20
    for path in files:
        path.unlink()
    assert len(arrays(sequential_mnist(home, download=True).test)[1]) == 20
    (home / "MNIST" / "raw" / files[0].name).write_bytes(b"half of it")
    with pytest.raises(OSError, match=f"{files[0].name} cannot be fetched .*fetch it by hand into .*raw"):
        sequential_mnist(home, download=True)
    files[0].write_bytes(b"another")
    with pytest.raises(OSError, match="is not the published file"):
        sequential_mnist(home, download=True)
    assert {path.name for path in (home / "MNIST" / "raw").iterdir()} == {path.name for path in files}


def test_an_archive_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cifar(tmp_path / "away" / "cifar-10-batches-py")
    packed = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(tmp_path / "away" / "cifar-10-batches-py", "cifar-10-batches-py")
    published_at(monkeypatch, "CIFAR10", [(packed, ".")])
    assert len(arrays(cifar10(tmp_path / "home", download=True, validation=0.2).test)[1]) == 20
