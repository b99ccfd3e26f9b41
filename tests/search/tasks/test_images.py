"""Published images and volumes: small files in the very formats, read by the real code."""

from __future__ import annotations

import gzip
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor

from search import Task, medmnist, pcam, rotated_mnist
from search.tasks.images import Patches
from search.tasks.task import Data, batches

RNG = np.random.default_rng(0)
PCAM = {"train": 40, "valid": 10, "test": 12}


def arrays(data: Data | None) -> tuple[Tensor, Tensor]:
    assert isinstance(data, tuple)
    return data


def rescaled(x: Tensor) -> Tensor:
    """With its smallest value 0 and its largest 1, which undoes any scale."""
    x = x.double()
    return (x - x.min()) / (x.max() - x.min())


def write_amat(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """As Matlab writes them: a line an example, columns one after another, then the label; numbers as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = images.transpose(0, 2, 1).reshape(len(images), -1)
    np.savetxt(path, np.concatenate([columns, labels[:, None]], 1), fmt="%.6f")


@pytest.mark.parametrize("folder", [".", "mnist_rotation_new"])
def test_rotated_mnist_is_read_column_by_column_and_split_as_published(tmp_path: Path, folder: str) -> None:
    images = RNG.random((42, 28, 28))
    images[:, :14] *= 0.1  # the upper half is dark
    images[:, 0, 0], images[:, 0, 1] = 0, 1
    labels = np.arange(42) % 10
    for part, where in (("train_valid", slice(30)), ("test", slice(30, 42))):
        name = f"mnist_all_rotation_normalized_float_{part}.amat"
        write_amat(tmp_path / folder / name, images[where], labels[where])
    task = rotated_mnist(tmp_path)
    parts = [arrays(part) for part in (task.train, task.validation, task.test)]
    assert [tuple(x.shape) for x, _ in parts] == [(25, 1, 28, 28), (5, 1, 28, 28), (12, 1, 28, 28)]
    assert torch.equal(torch.cat([y for _, y in parts]), torch.from_numpy(labels))
    assert torch.allclose(rescaled(torch.cat([x for x, _ in parts]))[:, 0], torch.from_numpy(images), atol=1e-5)
    assert float(parts[0][0].mean()) == pytest.approx(0, abs=1e-5)
    assert float(parts[0][0].std()) == pytest.approx(1, abs=1e-5)


def test_a_line_of_another_length_is_refused(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "mnist_all_rotation_normalized_float_train_valid.amat", np.zeros((3, 784)))
    with pytest.raises(ValueError, match="784 values a line, not 784 pixels and a label"):
        rotated_mnist(tmp_path)


def write_medmnist(path: Path, *shape: int, classes: int = 3, labels: int = 1) -> dict[str, np.ndarray]:
    counts = {"train": 30, "val": 10, "test": 12}
    content = {f"{p}_images": RNG.integers(0, 256, (n, *shape)).astype(np.uint8) for p, n in counts.items()}
    content |= {f"{p}_labels": RNG.integers(0, classes, (n, labels)).astype(np.uint8) for p, n in counts.items()}
    np.savez_compressed(path, **content)
    return content


@pytest.mark.parametrize(
    ("name", "shape", "channels"),
    [("breastmnist", (28, 28), 1), ("bloodmnist", (28, 28, 3), 3), ("organmnist3d", (28, 28, 28), 1)],
)
def test_medmnist_is_read_in_two_and_three_axes_grey_and_coloured(
    tmp_path: Path, name: str, shape: tuple[int, ...], channels: int
) -> None:
    content = write_medmnist(tmp_path / f"{name}.npz", *shape)
    task = medmnist(tmp_path, name)
    grid = shape if channels == 1 else shape[:-1]
    for part, key in ((task.train, "train"), (task.validation, "val"), (task.test, "test")):
        x, y = arrays(part)
        raw = torch.from_numpy(content[f"{key}_images"])
        assert tuple(x.shape) == (len(raw), channels, *grid)
        assert torch.equal(y, torch.from_numpy(content[f"{key}_labels"][:, 0]).long())
        for channel in range(channels):  # one scale a channel, and nothing moved
            given = raw if channels == 1 else raw[..., channel]
            assert torch.allclose(rescaled(x[:, channel]), rescaled(given), atol=1e-5)
    assert torch.allclose(arrays(task.train)[0].flatten(2).mean((0, 2)), torch.zeros(channels), atol=1e-4)


def test_several_labels_an_image_are_refused(tmp_path: Path) -> None:
    write_medmnist(tmp_path / "chestmnist.npz", 28, 28, labels=14)
    with pytest.raises(ValueError, match=r"labels of shape \(30, 14\), and only one class"):
        medmnist(tmp_path, "chestmnist")


def write_pcam(folder: Path, packed: bool) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    folder.mkdir(parents=True, exist_ok=True)
    content = {}
    for part, count in PCAM.items():
        x, y = RNG.integers(0, 256, (count, 96, 96, 3)).astype(np.uint8), RNG.integers(0, 2, (count, 1, 1, 1))
        content[part] = x, y
        for what, data in (("x", x), ("y", y.astype(np.uint8))):
            path = folder / f"camelyonpatch_level_2_split_{part}_{what}.h5"
            with h5py.File(path, "w") as file:
                file.create_dataset(what, data=data)
            if packed:
                path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
                path.unlink()
    return content


@pytest.mark.parametrize(("folder", "packed"), [(".", False), ("pcam", True)])
def test_pcam_is_read_patch_by_patch_packed_or_not(tmp_path: Path, folder: str, packed: bool) -> None:
    content = write_pcam(tmp_path / folder, packed)
    task = pcam(tmp_path)
    for part, (images, labels) in zip((task.train, task.validation, task.test), content.values(), strict=True):
        assert isinstance(part, Patches)
        x, y = (torch.cat(parts) for parts in zip(*batches(part, 16), strict=True))
        assert x.shape == (len(images), 3, 96, 96)
        assert x.dtype == torch.get_default_dtype()
        assert torch.equal(y, torch.from_numpy(labels.reshape(-1)))
        for channel in range(3):
            assert torch.allclose(rescaled(x[:, channel]), rescaled(torch.from_numpy(images[..., channel])), atol=1e-5)
    x = torch.cat([x for x, _ in batches(task.train, 16)])
    assert torch.allclose(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(x.std((0, 2, 3)), torch.ones(3), atol=1e-4)
    assert not list(tmp_path.rglob("*.part"))
    assert pcam(tmp_path).fingerprint == task.fingerprint


def test_patches_are_sent_to_other_processes_without_the_open_file(tmp_path: Path) -> None:
    content = write_pcam(tmp_path, packed=False)
    patches = pcam(tmp_path).test
    assert isinstance(patches, Patches)
    before, label = patches[3]
    sent = pickle.dumps(patches)
    assert len(sent) < content["test"][0].nbytes / 10
    after, same = pickle.loads(sent)[3]
    assert torch.equal(before, after)
    assert label == same == int(content["test"][1][3].item())


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (rotated_mnist, r"float_train_valid\.amat is not in .*; unpack mnist_rotation_new\.zip"),
        (lambda home: medmnist(home, "bloodmnist"), r"bloodmnist\.npz is not in .*; download bloodmnist\.npz"),
        (pcam, r"split_train_x\.h5 or .*_train_x\.h5\.gz is not in .*; put the files of PCam"),
    ],
)
def test_a_missing_file_is_named_with_its_place(tmp_path: Path, load: Callable[[Path], Task], says: str) -> None:
    with pytest.raises(FileNotFoundError, match=says):
        load(tmp_path)


def test_pcam_without_h5py_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"pip install 'archsearch\[data\]'"):
        pcam(tmp_path)
