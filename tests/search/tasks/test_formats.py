"""Readers of published formats: what is something else is refused, and cepstra are what their definition says."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.fft import dct
from scipy.io import wavfile

from search.tasks.formats import mfcc, read_cifar, read_idx, read_series, read_wav


def test_an_idx_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("<html>not found</html>")
    with pytest.raises(ValueError, match="not an IDX file"):
        read_idx(tmp_path / "page")


def test_a_batch_that_names_code_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "batch").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(pickle.UnpicklingError, match=r"os\.system has no place"):
        read_cifar(tmp_path / "batch")


def test_sound_of_another_kind_is_refused(tmp_path: Path) -> None:
    wavfile.write(tmp_path / "slow.wav", 8_000, np.zeros(8_000, dtype=np.int16))
    with pytest.raises(ValueError, match="not 16-bit mono at 16000 Hz but int16"):
        read_wav(tmp_path / "slow.wav", 16_000)


def test_cepstra_are_what_their_definition_says() -> None:
    # One window in the middle, in plain loops; the settings and torchaudio's agree to 3e-5 (measured, version 2.11).
    wave = np.random.default_rng(0).normal(0, 0.1, 16_000)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(200) / 200)
    power = np.abs(np.fft.rfft(wave[7_900:8_100] * window)) ** 2
    top = 2595 * np.log10(1 + 8_000 / 700)
    corners = [700 * (10 ** (i * top / 65 / 2595) - 1) for i in range(66)]
    sums = np.zeros(64)
    for i in range(64):
        for k in range(101):
            f = 80.0 * k
            rise = (f - corners[i]) / (corners[i + 1] - corners[i])
            fall = (corners[i + 2] - f) / (corners[i + 2] - corners[i + 1])
            sums[i] += max(0.0, min(rise, fall)) * power[k]
    expected = dct(np.log(sums + 1e-6), norm="ortho")[:20]
    found = mfcc(torch.tensor(wave[None]))
    assert found.shape == (1, 20, 161)
    assert np.allclose(found[0, :, 80], expected, atol=1e-3)


def test_a_series_file_without_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.ts").write_text("<html>not found</html>")
    with pytest.raises(ValueError, match="no line @data"):
        read_series(tmp_path / "page.ts")
