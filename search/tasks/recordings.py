"""Reading one recording: a WAV file."""

from __future__ import annotations

import struct
import warnings
from math import ceil, gcd
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MOST_BYTES, MOST_RATE = 2**28, 1_000_000  # of a file, and samples per second after what two rates have in common


def recording(path: str | Path, rate: int, samples: int) -> Tensor:
    """A WAV file as numbers from -1 to 1, (1, samples): its channels averaged, resampled to `rate`, cut or zero-padded.

    Raises:
        ValueError: the file is not WAV, or holds no sound.
    """
    from scipy.signal import resample_poly

    own, sound = heard(path)
    up, down = rate // gcd(own, rate), own // gcd(own, rate)
    if max(up, down) > MOST_RATE:
        raise ValueError(f"{path} has {own:,} samples a second, which cannot be resampled to {rate:,}; convert it")
    # What lies beyond the end, and beyond the reach of the filter of the resampling, is not needed.
    needed = ceil(samples * down / up) + (0 if up == down else 10 * max(up, down) // up + 1)
    sound = sound[:needed]
    wave = scaled(sound)
    if wave.ndim == 2:
        wave = wave.mean(1)
    if up != down:
        wave = resample_poly(wave, up, down)
    held = np.zeros((1, samples), dtype=np.float32)
    held[0, : len(wave)] = wave[:samples]
    return torch.from_numpy(held)


def seconds(path: str | Path) -> float:
    """The length of a WAV file, of which the sound itself is read only where it must be (24 bits)."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate, sound = wavfile.read(path, mmap=True)
        return float(len(sound) / rate)
    except Exception:  # 24 bits have no type to map; what is wrong with a file is said when it is read
        own, sound = heard(path)
        return float(len(sound) / own)


def scaled(sound: NDArray[Any]) -> NDArray[np.float64]:
    """Samples as numbers from -1 to 1: whole numbers are as a WAV file holds them, real ones are left as they are."""
    wave = np.asarray(sound, dtype=np.float64)
    if sound.dtype.kind not in "iu":
        return wave
    return (wave - 128) / 128 if sound.dtype == np.uint8 else wave / -float(np.iinfo(sound.dtype).min)


def samples(sound: NDArray[Any]) -> NDArray[np.float64]:
    """An array of samples as numbers from -1 to 1; ValueError if their size does not tell what they are."""
    if sound.dtype.kind in "iu" and sound.dtype not in (np.uint8, np.int16, np.int32):
        raise ValueError(
            f"samples are int16, int32, uint8 or real numbers from -1 to 1, not {sound.dtype}; convert them"
        )
    return scaled(sound)


def heard(path: str | Path) -> tuple[int, Any]:
    """Samples per second of a WAV file and its samples.

    Raises:
        ValueError: it is none, it is cut off or too large, or it holds no sound.
    """
    from scipy.io import wavfile

    try:
        if (size := Path(path).stat().st_size) > MOST_BYTES:
            raise ValueError(f"it holds {size:,} bytes, more than {MOST_BYTES:,}; cut it into pieces")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # of what else than sound there is
            warnings.filterwarnings("error", "Reached EOF", wavfile.WavFileWarning)
            rate, sound = wavfile.read(path)
    except wavfile.WavFileWarning:
        raise ValueError(f"{path} is cut off: it holds less than it says; copy it again, or leave it out") from None
    except (OSError, ValueError, EOFError, struct.error) as error:
        raise ValueError(f"{path} cannot be read as a WAV file: {error}") from None
    if not len(sound) or rate < 1:
        raise ValueError(f"{path} holds no sound; leave it out")
    return int(rate), sound
