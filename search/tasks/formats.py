"""Readers of the files that data sets are published in: IDX, CIFAR batches, .amat, WAV, the .ts and .arff of UEA."""

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
    """An array of bytes in the IDX format of MNIST, packed by gzip or not.

    Raises:
        ValueError: it is something else.
    """
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    # Two zeros, the type (8: unsigned bytes), the number of axes; then the length of each axis, big-endian.
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of bytes; fetch it anew")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


class _Arrays(pickle.Unpickler):
    """Unpickles numpy arrays and plain values, and runs nothing else that a file might name."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "numpy" and name in {"_reconstruct", "ndarray", "dtype"}:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of arrays; fetch it anew")


def read_cifar(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 3, 32, 32) and labels (n,) of one batch of CIFAR-10's version for Python."""
    with path.open("rb") as file:
        batch = _Arrays(file, encoding="latin1").load()
    return batch["data"].reshape(-1, 3, 32, 32), np.asarray(batch["labels"], dtype=np.int64)


def read_amat(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images (n, 28, 28) and labels (n,) of the .amat files of rotated MNIST: 784 pixels and the label a line.

    The pixels are taken to be in the order of Matlab, column after column.

    Raises:
        ValueError: a line has another number of values.
    """
    table = np.loadtxt(path, dtype=np.float32, ndmin=2)
    if table.shape[1] != 28 * 28 + 1:
        raise ValueError(f"{path} has {table.shape[1]} values a line, not 784 pixels and a label; fetch it anew")
    return table[:, :-1].reshape(-1, 28, 28).transpose(0, 2, 1), table[:, -1].astype(np.int64)


def read_wav(path: Path, samples: int) -> Tensor:
    """A recording as numbers in [−1, 1), zeros appended, or the end cut off, to make (samples,).

    Raises:
        ValueError: not 16-bit mono at 16 kHz.
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

    Power in Hann windows that overlap by half, triangular filters evenly spaced on the scale 2595 · log₁₀(1 + f/700),
    logarithm of the sum plus 1e-6, orthonormal cosine transform: by default the settings of CKConv's experiments, as
    torchaudio has them with `log_mels`.
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
    """Series (channels, nᵢ) and their classes from a .ts or an .arff file of the UEA archive; no padding at the end."""
    series, classes = _read_ts(path) if path.suffix == ".ts" else _read_arff(path)
    # The .arff files fill short series up with missing values.
    ends = [int(np.flatnonzero(~np.isnan(one).all(0)).max(initial=-1)) + 1 for one in series]
    return [one[:, :end] for one, end in zip(series, ends, strict=True)], classes


def _read_ts(path: Path) -> tuple[list[NDArray[np.float64]], list[str]]:
    """After a line @data, an example a line: channels and the class between colons, values between commas."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.lower() == "@data":
            break
    else:
        raise ValueError(f"{path} has no line @data; fetch it anew")
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
