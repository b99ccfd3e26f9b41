"""Readers of the file formats of published data sets: IDX, CIFAR batches, .amat, WAV, and UEA's .ts and .arff."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RATE = 16_000  # samples per second


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array of bytes in a file of MNIST's IDX format, compressed by gzip or not.

    Raises:
        ValueError: the file is not an IDX file of bytes.
    """
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    # Two zeros, the type (8: unsigned bytes), the number of axes; then the length of each axis, big-endian.
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of bytes; download it again")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


class _Arrays(pickle.Unpickler):
    """Unpickles numpy arrays and plain values only: a file cannot run other code."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "numpy" and name in {"_reconstruct", "ndarray", "dtype"}:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of arrays; download it again")


def read_cifar(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 3, 32, 32) and labels (n,) of one batch of CIFAR-10's version for Python."""
    with path.open("rb") as file:
        batch = _Arrays(file, encoding="latin1").load()
    return batch["data"].reshape(-1, 3, 32, 32), np.asarray(batch["labels"], dtype=np.int64)


def read_amat(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images (n, 28, 28) and labels (n,) of an .amat file of rotated MNIST, whose lines are 784 pixels and a label.

    The pixels are read in Matlab's order, column after column.

    Raises:
        ValueError: a line has another number of values.
    """
    table = np.loadtxt(path, dtype=np.float32, ndmin=2)
    if table.shape[1] != 28 * 28 + 1:
        raise ValueError(f"{path} has {table.shape[1]} values a line, not 784 pixels and a label; download it again")
    return table[:, :-1].reshape(-1, 28, 28).transpose(0, 2, 1), table[:, -1].astype(np.int64)


def read_wav(path: Path, samples: int) -> Tensor:
    """A recording as numbers in [−1, 1), padded with zeros or cut off at the end to shape (samples,).

    Raises:
        ValueError: the recording is not 16-bit mono at 16 kHz.
    """
    from scipy.io import wavfile

    rate, sound = wavfile.read(path)
    if rate != RATE or sound.dtype != np.int16 or sound.ndim != 1:
        raise ValueError(f"{path} is not 16-bit mono at {RATE} Hz but {sound.dtype}, {sound.shape}, {rate} Hz")
    wave = torch.zeros(samples)
    wave[: len(sound)] = torch.from_numpy(sound[:samples] / np.float32(2**15))
    return wave


def mfcc(waves: Tensor, coefficients: int = 20, window: int = 200, mels: int = 64) -> Tensor:
    """Mel-frequency cepstral coefficients: (n, samples) at 16 kHz to (n, coefficients, 2 · samples / window + 1).

    They are computed from the power in Hann windows of `window` samples that overlap by half, with `mels` triangular
    filters evenly spaced on the scale 2595 · log₁₀(1 + f/700), the logarithm of the filters' sums plus 1e-6, and an
    orthonormal cosine transform. The defaults are the settings of CKConv's experiments, torchaudio's with `log_mels`.
    """
    from scipy.fft import dct

    spectrum = torch.stft(waves, window, window // 2, window=torch.hann_window(window).to(waves), return_complex=True)
    corners = 700 * (10 ** (torch.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), mels + 2) / 2595) - 1)
    frequencies = torch.linspace(0, RATE / 2, window // 2 + 1)
    low, middle, high = (corners[i : i + mels, None] for i in range(3))
    filters = torch.minimum((frequencies - low) / (middle - low), (high - frequencies) / (high - middle)).clamp(min=0)
    logs = torch.log(filters.to(waves) @ spectrum.abs() ** 2 + 1e-6)
    return torch.from_numpy(dct(logs.numpy(), axis=1, norm="ortho")[:, :coefficients].copy())


def read_series(path: Path) -> tuple[list[NDArray[np.float64]], list[str]]:
    """Series (channels, nᵢ), without padding at the end, and their classes from a .ts or .arff file of UEA."""
    series, classes = _read_ts(path) if path.suffix == ".ts" else _read_arff(path)
    # The .arff files pad short series with missing values.
    ends = [int(np.flatnonzero(~np.isnan(one).all(0)).max(initial=-1)) + 1 for one in series]
    return [one[:, :end] for one, end in zip(series, ends, strict=True)], classes


def _read_ts(path: Path) -> tuple[list[NDArray[np.float64]], list[str]]:
    """Each line after the line @data is an example: channels and the class separated by colons, values by commas."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.lower() == "@data":
            break
    else:
        raise ValueError(f"{path} has no line @data; download it again")
    series, classes = [], []
    for line in lines:
        if line:
            *channels, label = line.split(":")
            series.append(np.array([channel.replace("?", "nan").split(",") for channel in channels], dtype=np.float64))
            classes.append(label.strip())
    return series, classes


def _read_arff(path: Path) -> tuple[list[NDArray[np.float64]], list[str]]:
    from scipy.io import arff

    table, _ = arff.loadarff(path)
    series = [np.array([list(channel) for channel in example[0]], dtype=np.float64) for example in table]
    return series, [example[1].decode() for example in table]
