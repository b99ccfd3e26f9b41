"""From a raw example (a file, an array, a table) to the input of a network, and from its outputs to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from search.tasks.kinds import Kind, kind_of

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Preparation:
    """What a task does to its raw examples and outputs; plain data, which an exported network keeps.

    Attributes:
        kind: the kind of the task.
        source: what a raw example is: an array (channels, *grid), an image file, a WAV file, or a series (a CSV file or
            a data frame).
        classes: names of the classes or labels, in the order of the outputs.
        size: grid of the inputs, to which images are resized and series and recordings are resampled.
        channels: channels of the inputs.
        mean: mean of each channel, which is subtracted; empty for none.
        spread: standard deviation of each channel, which is divided by.
        target_mean: of a regression, the mean of each target, which is added to the outputs.
        target_spread: of a regression, the standard deviation of each target, by which outputs are multiplied.
        rate: of recordings, samples per second; of series, points per unit of time.
        columns: of series, the columns that are the channels; the column of time first if there is one.
        timed: whether the first of `columns` is the time.
    """

    kind: Kind = "classification"
    source: Literal["array", "image", "audio", "series"] = "array"
    classes: tuple[str, ...] = ()
    size: tuple[int, ...] = ()
    channels: int = 1
    mean: Numbers = ()
    spread: Numbers = ()
    target_mean: Numbers = ()
    target_spread: Numbers = ()
    rate: float | None = None
    columns: tuple[str, ...] = ()
    timed: bool = False

    def to_data(self) -> dict[str, Any]:
        """The preparation as plain JSON-ready data."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Preparation:
        """The preparation that `to_data` wrote."""
        fields: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in data.items()}
        return cls(**fields)

    def inputs(self, raw: Any) -> Tensor:
        """The input (channels, *grid) of a raw example.

        Raises:
            ValueError: it cannot be read, or has another number of channels.
        """
        from search.tasks import reading

        if self.source == "image" and not _is_array(raw):
            x = reading.image(raw, self.channels, self.size)
        elif self.source == "audio" and not _is_array(raw):
            x = reading.recording(raw, int(self.rate or 1), self.size[0])
        elif self.source == "series" and not _is_array(raw):
            x = reading.series(raw, self.columns, self.timed, self.rate, self.size[0])
        elif isinstance(raw, str | Path):
            x = torch.from_numpy(np.load(raw, allow_pickle=False))
        else:
            x = torch.as_tensor(np.asarray(raw))
        return self.normalised(x)

    def normalised(self, x: Tensor) -> Tensor:
        """Inputs (channels, *grid) or (n, channels, *grid) in the default precision, with mean and spread removed."""
        x = x.to(torch.get_default_dtype())
        if not self.mean:
            return x
        shape = (-1, *[1] * len(self.size))
        return (x - x.new_tensor(self.mean).reshape(shape)) / x.new_tensor(self.spread).reshape(shape)

    def scaled(self, targets: Tensor) -> Tensor:
        """Targets as a network learns them: of a regression with mean 0 and variance 1."""
        if not self.target_mean:
            return targets
        return (targets - _row(self.target_mean, targets)) / _row(self.target_spread, targets)

    def restored(self, outputs: Tensor) -> Tensor:
        """Outputs of a network in the units of the targets."""
        if not self.target_mean:
            return outputs
        return outputs * _row(self.target_spread, outputs) + _row(self.target_mean, outputs)

    def answers(self, outputs: Tensor) -> list[Any]:
        """For each example: probabilities by class, largest first, for classes; a number or an array for numbers."""
        kind = kind_of(self.kind)
        found = kind.predictions(self.restored(outputs))
        if not kind.labels:
            return [one.item() if one.numel() == 1 else one.numpy() for one in found]
        if found.dim() > 2:
            return [one.argmax(0).numpy() for one in found]
        names = self.classes or tuple(map(str, range(found.shape[1])))
        if self.kind == "binary":
            return [{names[-1]: float(one)} for one in found.flatten()]
        each = [dict(zip(names, map(float, one), strict=True)) for one in found]
        return [dict(sorted(one.items(), key=lambda item: -item[1])) for one in each]


def measured(x: Tensor) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of each channel of examples (n, channels, *grid)."""
    axes = (0, *range(2, x.dim()))
    mean, spread = x.double().mean(axes), x.double().std(axes, unbiased=False).clamp(min=1e-6)
    return tuple(mean.tolist()), tuple(spread.tolist())


def _row(numbers: Numbers, like: Tensor) -> Tensor:
    """The numbers of each target, along the axis of targets of a tensor (n, targets, …) or (n,)."""
    row = torch.tensor(numbers, dtype=like.dtype, device=like.device)
    return row.reshape(-1, *[1] * max(0, like.dim() - 2)) if like.dim() > 1 else row


def _is_array(raw: Any) -> bool:
    return isinstance(raw, np.ndarray | Tensor)
