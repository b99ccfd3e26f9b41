"""Tasks over published data sets, read from the published files; files are downloaded only if `download` is set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from search.tasks.downloads import download as fetch
from search.tasks.formats import RATE, mfcc, read_cifar, read_idx, read_series, read_wav
from search.tasks.task import Task

Indices = NDArray[np.int64]
TEN_WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")


def sequential_mnist(
    directory: str | Path, permuted: bool = False, download: bool = False, validation: float = 0.1, seed: int = 0
) -> Task:
    """MNIST's digits as sequences of pixels: inputs (n, 1, 784), ten classes (Le, Jaitly & Hinton 2015).

    Args:
        directory: folder that contains MNIST/raw with the four published files, compressed by gzip or not.
        permuted: put the pixels into one random order, the same for every example and every seed.
        download: download missing files.
        validation: share of the published training data held out for validation; the test data are the published ones.
        seed: seed of the held-out examples.

    Raises:
        FileNotFoundError: a file is missing.
        OSError: a file cannot be downloaded.
    """
    home = Path(directory)
    if download:
        fetch("MNIST", home)
    remedy = f"put MNIST's four files into {home / 'MNIST' / 'raw'}, or pass download=True"
    folders = (home / "MNIST" / "raw", home / "raw", home)
    parts = []
    for part in ("train", "t10k"):
        images, labels = (
            read_idx(located(folders, (f"{part}-{what}-ubyte", f"{part}-{what}-ubyte.gz"), remedy))
            for what in ("images-idx3", "labels-idx1")
        )
        parts.append((torch.tensor(images / np.float32(255)).flatten(1)[:, None], torch.tensor(labels).long()))
    if permuted:
        order = torch.randperm(parts[0][0].shape[-1], generator=torch.Generator().manual_seed(0))
        parts = [(x[..., order], y) for x, y in parts]
    return published(f"{'permuted' if permuted else 'sequential'} MNIST", parts[0], parts[1], validation, seed)


def cifar10(
    directory: str | Path, sequential: bool = False, download: bool = False, validation: float = 0.1, seed: int = 0
) -> Task:
    """CIFAR-10 (Krizhevsky 2009): inputs (n, 3, 32, 32), ten classes.

    Args:
        directory: folder that contains cifar-10-batches-py, as published.
        sequential: give images as sequences of pixels, row after row: inputs (n, 3, 1024).
        download: download missing files.
        validation: share of the published training data held out for validation; the test data are the published ones.
        seed: seed of the held-out examples.

    Raises:
        FileNotFoundError: a file is missing.
        OSError: a file cannot be downloaded.
    """
    home = Path(directory)
    if download:
        fetch("CIFAR10", home)
    remedy = f"put CIFAR-10's version for Python into {home / 'cifar-10-batches-py'}, or pass download=True"
    folders = (home / "cifar-10-batches-py", home)
    parts = []
    for names in ([f"data_batch_{i}" for i in range(1, 6)], ["test_batch"]):
        images, labels = zip(*(read_cifar(located(folders, (name,), remedy)) for name in names), strict=True)
        x = torch.from_numpy(np.concatenate(images) / np.float32(255))
        parts.append((x.flatten(2) if sequential else x, torch.from_numpy(np.concatenate(labels))))
    return published(f"{'sequential ' if sequential else ''}CIFAR-10", parts[0], parts[1], validation, seed)


def speech_commands(
    directory: str | Path, words: Sequence[str] | None = TEN_WORDS, features: Literal["raw", "mfcc"] = "raw"
) -> Task:
    """Speech Commands (Warden 2018): classify the word spoken in one second of sound; split as published.

    Shorter recordings are padded with zeros. The experiments of CKConv leave them out, and split the ten words
    differently.

    Args:
        directory: folder that contains a folder for each word, validation_list.txt and testing_list.txt, as published.
        words: the classes, by default the ten of CKConv's experiments; None for all (35 in version 2).
        features: `raw` for inputs (n, 1, 16000) in [−1, 1), each read from its file when used; `mfcc` for inputs
            (n, 20, 161) with mean 0 and variance 1 over the training data, all in memory.

    Raises:
        FileNotFoundError: a folder or a list is missing.
        ValueError: training, validation or test data have no recording.
    """
    home = Path(directory)
    remedy = f"unpack speech_commands_v0.02.tar.gz from download.tensorflow.org/data into {home}"
    lists = [
        located((home,), (f"{name}_list.txt",), remedy).read_text().splitlines() for name in ("validation", "testing")
    ]
    if words is None:
        words = sorted(folder.name for folder in home.iterdir() if folder.is_dir() and folder.name[0] not in "_.")
    parts: list[list[tuple[Path, int]]] = [[], [], []]
    where = {name: part for part, names in enumerate(lists, 1) for name in names}
    for label, word in enumerate(words):
        for path in sorted(located((home,), (word,), remedy).glob("*.wav")):
            parts[where.get(f"{word}/{path.name}", 0)].append((path, label))
    if not all(parts):
        raise ValueError(f"there are no training, validation or test recordings of {', '.join(words)}; {remedy}")
    train, held, test = (_Recordings(part) for part in parts)
    name = f"speech commands, {len(words)} words, {features}"
    if features == "raw":
        return Task(name, "classification", train, held, test)
    return Task(name, "classification", *standardised(_cepstra(train), _cepstra(held), _cepstra(test)))


class _Recordings(Dataset[tuple[Tensor, int]]):
    """Waves (1, 16000) and their classes, read when used: all words together would take seven gigabytes of memory."""

    def __init__(self, files: list[tuple[Path, int]]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        path, label = self.files[index]
        return read_wav(path, RATE)[None], label


def _cepstra(recordings: _Recordings) -> tuple[Tensor, Tensor]:
    pairs = (recordings[i] for i in range(len(recordings)))
    coefficients, labels = zip(*((mfcc(wave)[0], label) for wave, label in pairs), strict=True)
    return torch.stack(coefficients), torch.tensor(labels)


def character_trajectories(
    directory: str | Path, pooled: bool = False, length: int = 182, validation: float = 0.15, seed: int = 0
) -> Task:
    """CharacterTrajectories of the UEA archive: classify a handwritten letter; inputs (n, 3, length), twenty classes.

    The channels are the pen's speed in two directions and its pressure, with mean 0 and variance 1 over the training
    data. Short series are padded with their last value.

    Args:
        directory: folder that contains CharacterTrajectories_TRAIN and _TEST, as .ts or .arff files.
        pooled: join the published training and test data and split them again, 70 : 15 : 15, as neural CDEs (Kidger et
            al. 2020) and CKConv do; otherwise the test data are the published ones.
        length: length of the inputs; the longest series has 182 steps.
        validation: share of the published training data held out for validation, unless `pooled`.
        seed: seed of the split.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a series is longer than `length`.
    """
    home = Path(directory)
    remedy = "put them there as .ts or .arff files, from CharacterTrajectories.zip of timeseriesclassification.com"
    folders = (home, home / "CharacterTrajectories", home / "Multivariate_ts" / "CharacterTrajectories")
    stems = [f"CharacterTrajectories_{part}" for part in ("TRAIN", "TEST")]
    files = [read_series(located(folders, (f"{stem}.ts", f"{stem}.arff"), remedy)) for stem in stems]
    order = sorted({label for _, labels in files for label in labels}, key=lambda label: (len(label), label))
    parts = []
    for series, labels in files:
        longest = max(one.shape[1] for one in series)
        if longest > length:
            raise ValueError(f"the longest series has {longest} steps; length must be at least that")
        x = np.stack([np.pad(one, ((0, 0), (0, length - one.shape[1])), mode="edge") for one in series])
        parts.append((torch.tensor(x, dtype=torch.float32), torch.tensor([order.index(label) for label in labels])))
    if not pooled:
        return published("character trajectories", parts[0], parts[1], validation, seed)
    joined, classes = (torch.cat(both) for both in zip(*parts, strict=True))
    kept, rest = held_out(classes, 0.3, seed)
    held, test = (rest[part] for part in held_out(classes[rest], 0.5, seed))
    split = standardised(*((joined[part], classes[part]) for part in (kept, held, test)))
    return Task("character trajectories, pooled", "classification", *split)


Pair = tuple[Tensor, Tensor]


def published(name: str, train: Pair, test: Pair, validation: float, seed: int) -> Task:
    """A classification with the published test data; a share of the training data is held out for validation.

    The held-out data have the same share of every class. Channels are standardised.
    """
    kept, held = held_out(train[1], validation, seed)
    (x, y) = train
    return Task(name, "classification", *standardised((x[kept], y[kept]), (x[held], y[held]), test))


def held_out(labels: Tensor, share: float, seed: int) -> tuple[Indices, Indices]:
    """Indices of the examples that remain, and of those held out: a random share of each class of labels (n,)."""
    from sklearn.model_selection import train_test_split

    kept, held = train_test_split(np.arange(len(labels)), test_size=share, random_state=seed, stratify=labels)
    return kept, held


def standardised(train: Pair, validation: Pair, test: Pair) -> tuple[Pair, Pair, Pair]:
    """The data with each channel scaled to mean 0 and variance 1 over the training data, in torch's default dtype."""
    axes = (0, *range(2, train[0].dim()))
    mean, spread = train[0].mean(axes, keepdim=True), train[0].std(axes, keepdim=True).clamp(min=1e-6)
    real = torch.get_default_dtype()
    a, b, c = (((x - mean).div(spread).to(real), y) for x, y in (train, validation, test))
    return a, b, c


def located(folders: Sequence[Path], names: Sequence[str], remedy: str) -> Path:
    """The first existing file or folder of one of the names in one of the folders.

    Raises:
        FileNotFoundError: none exists; the message ends with `remedy`.
    """
    for folder in folders:
        for name in names:
            if (folder / name).exists():
                return folder / name
    raise FileNotFoundError(f"{' or '.join(names)} is not in {folders[0]}; {remedy}")
