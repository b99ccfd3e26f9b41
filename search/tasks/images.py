"""Tasks over published images and volumes without a preferred orientation, read from the published files."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from search.tasks.datasets import Pair, located, standardised
from search.tasks.formats import read_amat
from search.tasks.task import Task

SAMPLE = 1_000  # number of PCam's training patches over which mean and variance are measured


def rotated_mnist(directory: str | Path) -> Task:
    """Rotated MNIST (Larochelle et al. 2007): inputs (n, 1, 28, 28), ten classes, each digit rotated by a random angle.

    Split as published: of the 12,000 lines of the training file the last 2,000 are for validation; the test data have
    50,000 lines. The pixels of a line are read column after column, the order in which Matlab wrote them. Much other
    code reads them row after row, which gives the mirror images: the scores are similar, but weights trained there do
    not fit other digits.

    Args:
        directory: folder that contains the two .amat files of mnist_rotation_new.zip.

    Raises:
        FileNotFoundError: a file is missing.
    """
    home = Path(directory)
    remedy = f"unpack mnist_rotation_new.zip, from www.iro.umontreal.ca/~lisa/icml2007data, into {home}"
    parts = []
    for part in ("train_valid", "test"):
        name = f"mnist_all_rotation_normalized_float_{part}.amat"
        images, labels = read_amat(located((home, home / "mnist_rotation_new"), (name,), remedy))
        parts.append((torch.tensor(images)[:, None], torch.from_numpy(labels)))
    (x, y), test = parts
    kept = len(x) * 5 // 6
    split = standardised((x[:kept], y[:kept]), (x[kept:], y[kept:]), test)
    return Task("rotated MNIST", "classification", *split)


def medmnist(directory: str | Path, name: str) -> Task:
    """A data set of MedMNIST v2 (Yang et al. 2023), split as published: inputs (n, 1 or 3, *grid) of 2 or 3 axes.

    Args:
        directory: folder that contains NAME.npz, as published.
        name: name of the data set, with its size unless that is 28: `bloodmnist`, `organmnist3d`, `pathmnist_64`.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: an image has several labels (`chestmnist`).
    """
    home = Path(directory)
    remedy = f"download {name}.npz, as linked from medmnist.com, into {home}"
    with np.load(located((home,), (f"{name}.npz",), remedy)) as file:
        parts = [_medical(name, file[f"{part}_images"], file[f"{part}_labels"]) for part in ("train", "val", "test")]
    return Task(name, "classification", *standardised(*parts))


def _medical(name: str, images: NDArray[np.uint8], labels: NDArray[Any]) -> Pair:
    if labels.ndim != 2 or labels.shape[1] != 1:
        raise ValueError(f"{name} has labels of shape {labels.shape}, and only one class per image can be learned")
    x = torch.from_numpy(images / np.float32(255))
    # Colours are the last axis of (n, rows, columns, 3); grey images and volumes have no such axis.
    x = x.movedim(-1, 1) if x.dim() == 4 and x.shape[-1] == 3 else x[:, None]
    return x, torch.from_numpy(labels[:, 0].astype(np.int64))


def pcam(directory: str | Path) -> Task:
    """PatchCamelyon (Veeling et al. 2018): is there tumour tissue in the centre; inputs (n, 3, 96, 96), two classes.

    Split as published: 262,144, 32,768 and 32,768 patches, each read from its file when used. Channels have mean 0 and
    variance 1, measured on 1,000 patches spread over the training data.

    Args:
        directory: folder that contains the six files camelyonpatch_level_2_split_{train,valid,test}_{x,y}.h5. A file
            that is compressed, .h5.gz, is decompressed once into the same folder: 7.2 GB for the training patches.

    Raises:
        FileNotFoundError: a file is missing.
        ImportError: h5py is not installed.
    """
    h5py, home = _h5py(), Path(directory)
    remedy = f"put the files of PCam, as linked from github.com/basveeling/pcam, into {home}"
    parts = []
    for part in ("train", "valid", "test"):
        paths = []
        for what in "xy":
            name = f"camelyonpatch_level_2_split_{part}_{what}.h5"
            paths.append(_unpacked(located((home, home / "pcam"), (name, f"{name}.gz"), remedy)))
        with h5py.File(paths[1], "r") as file:
            parts.append((paths[0], torch.from_numpy(file["y"][:].reshape(-1).astype(np.int64))))
    plain = Patches(*parts[0])
    chosen = np.linspace(0, len(plain) - 1, min(SAMPLE, len(plain))).astype(int)
    sample = torch.stack([plain[int(i)][0] for i in chosen])
    scale = sample.mean((0, 2, 3))[:, None, None], sample.std((0, 2, 3))[:, None, None].clamp(min=1e-6)
    train, held, test = (Patches(path, labels, *scale) for path, labels in parts)
    return Task("PCam", "classification", train, held, test)


class Patches(Dataset[tuple[Tensor, Tensor]]):
    """Patches (3, rows, columns), minus `mean` and divided by `spread`, and their classes; read when used."""

    def __init__(self, path: Path, labels: Tensor, mean: Tensor | float = 0.0, spread: Tensor | float = 1.0) -> None:
        self.path, self.labels, self.mean, self.spread = path, labels, mean, spread
        self._open: tuple[int, Any] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        patch = torch.from_numpy(self._patches()[index] / np.float32(255)).movedim(-1, 0)
        return ((patch - self.mean) / self.spread).to(torch.get_default_dtype()), self.labels[index]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": None}

    def _patches(self) -> Any:
        # Each process opens the file itself: a handle inherited by a fork shares its position with the parent's.
        if self._open is None or self._open[0] != os.getpid():
            self._open = os.getpid(), _h5py().File(self.path, "r")["x"]
        return self._open[1]


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ImportError("PCam's files need h5py: pip install 'archsearch[data]'") from error
    return h5py


def _unpacked(path: Path) -> Path:
    """The path of the decompressed file: `path` itself, or if it ends in .gz, its content in the same folder."""
    if path.suffix != ".gz":
        return path
    from search.files import write_whole

    def write(temporary: Path) -> None:
        with gzip.open(path) as packed, temporary.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 2**20)

    write_whole(path.with_suffix(""), write)
    return path.with_suffix("")
