"""Who follows an export's README by hand, step by step, gives a network what the package gives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.io import wavfile
from scipy.signal import resample_poly

from search.tasks.explained import explained
from search.tasks.preparation import Preparation

RNG = np.random.default_rng(5)
MEAN, SPREAD = 0.25, 0.5
SCALED: dict[str, Any] = {"mean": (MEAN,), "spread": (SPREAD,)}
GREY = (RNG.random((6, 8)) * 65535).astype(np.uint16)
SOUND = (RNG.normal(size=(400, 2)) * 3000).astype(np.int16)
TIMES, LEVELS = np.array([3.0, 3.5, 5.0]), np.array([1.0, 4.0, -2.0])


def as_tif(home: Path) -> Path:
    Image.fromarray(GREY).save(home / "new.tif")
    return home / "new.tif"


def as_wav(home: Path) -> Path:
    wavfile.write(home / "new.wav", 200, SOUND)
    return home / "new.wav"


def picture() -> Any:
    smaller = Image.fromarray(GREY.astype(np.float32)).resize((4, 3), Image.Resampling.BILINEAR)
    return ((np.asarray(smaller) / 65535 - MEAN) / SPREAD)[None]


def wave() -> Any:
    heard = resample_poly((SOUND / 32768).mean(1), 1, 2)
    return ((np.pad(heard, (0, 50)) - MEAN) / SPREAD)[None]


# How examples are prepared, a raw one, the same prepared by hand, and what the words say beside.
BY_HAND: dict[str, tuple[Preparation, Callable[[Path], Any], Callable[[], Any], tuple[str, ...]]] = {
    "an image": (
        Preparation("classification", "image", ("a", "b"), (3, 4), real=False, **SCALED),
        as_tif,
        picture,
        (
            "grey, resized to 3 × 4 pixels (rows",
            "of 16 bits by 65,535",
            "2. (number - `mean`) / `spread`",
            "4. softmax",
        ),
    ),
    "a recording": (
        Preparation("classification", "audio", ("a", "b"), (250,), rate=100, **SCALED),
        as_wav,
        wave,
        (
            "The mean of the channels",
            "resampled to 100 samples per second",
            "filled with zeros at its end to 250 samples",
        ),
    ),
    "a series": (
        Preparation("binary", "series", size=(6,), columns=("t", "v"), timed=True, rate=2),
        lambda home: pd.DataFrame({"t": TIMES, "v": LEVELS}),
        lambda: np.interp(3 + np.arange(6) / 2, TIMES, LEVELS)[None],
        ("interpolated linearly at 6 times, 2 per unit of time from its first on", "2. The network", "3. sigmoid"),
    ),
    "a series without times": (
        Preparation("multilabel", "series", size=(4,), columns=("v",), **SCALED),
        lambda home: pd.DataFrame({"v": LEVELS}),
        lambda: ((LEVELS[[0, 1, 2, 2]] - MEAN) / SPREAD)[None],
        ("cut to 4 points, or continued to them with its last value", "it is there if its output is > 0"),
    ),
    "a row": (
        Preparation(
            "regression", "series", size=(2,), columns=("b", "a"), rows=True, target_mean=(1.0,), target_spread=(2,)
        ),
        lambda home: pd.DataFrame({"a": [1.0], "b": [2.0]}),
        lambda: np.array([[2.0, 1.0]]),
        ("in the order of `columns`", "output · `target_spread` + `target_mean` is the number, in its own units"),
    ),
    "an array": (
        Preparation("dense", size=(2, 2), channels=1),
        lambda home: np.eye(2)[None],
        lambda: np.eye(2)[None],
        ("The example as it was given to the task: 1 × 2 × 2", "the class at each position"),
    ),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_who_follows_the_words_gives_the_network_what_it_learned_from(what: str, tmp_path: Path) -> None:
    prepared, raw, by_hand, words = BY_HAND[what]
    expected = torch.as_tensor(np.ascontiguousarray(by_hand()), dtype=torch.float32)
    assert torch.allclose(prepared.inputs(raw(tmp_path)), expected, atol=1e-5)
    text = explained(prepared)
    assert [line.split(".")[0] for line in text.splitlines()] == ["1", "2", "3", "4"][: 4 if prepared.mean else 3]
    for part in words:
        assert part in text
