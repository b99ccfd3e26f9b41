"""Predictions of a trained network for raw examples: files, arrays, tables."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from archspec.exporting.directory import unsealed
from archspec.exporting.torch_files import load
from archspec.exporting.writing import PREPARATION
from archspec.layers.keeping import kept_kernels
from archspec.lowering import Network
from archspec.schema.document import SpecError
from search.errors import RunError
from search.tasks import recordings
from search.tasks.preparation import Preparation
from search.training.evaluation import EVALUATION_BATCH, answered


class Predictor:
    """A trained network with what its task does to raw examples and to outputs.

    Args:
        model: the network.
        preparation: from raw examples to inputs, from outputs to answers.
    """

    def __init__(self, model: nn.Module, preparation: Preparation | None = None) -> None:
        self.model, self.preparation = model.eval(), preparation or Preparation()

    def __repr__(self) -> str:
        """What it takes and what it answers."""
        given = self.preparation
        takes = f"{given.source} of {'×'.join(map(str, (given.channels, *given.size)))}" if given.size else given.source
        named = f", {', '.join(given.classes)}" if given.classes else ""
        return f"Predictor({given.kind} of an {takes}{named})"

    @classmethod
    def open(cls, directory: str | Path) -> Predictor:
        """The predictor of an exported network.

        Raises:
            SpecError: the directory contains no exported network, or its files were changed.
            RunError: its preparation cannot be read.
        """
        path = Path(directory) / PREPARATION
        model = load(directory)
        sealed = unsealed(Path(directory), (), (PREPARATION,)).get("files", {})
        if not path.exists():
            if PREPARATION in sealed:
                raise SpecError(f"{path} is missing, without which answers would be others; export the network again")
            return cls(model)
        try:
            return cls(model, Preparation.from_data(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise RunError(f"{path} cannot be read: {error}; export the network again") from None

    def predict(self, example: Any) -> Any:
        """The answer for one raw example.

        Args:
            example: an image file, a WAV file, a CSV file, a data frame or an array (channels, *grid), as the task was
                made from.

        Returns:
            Of classes and labels their probabilities by name, the largest first; of a regression a number, or an array
            of several; for each position the numbers of the classes, (*grid).

        Raises:
            ValueError: the example cannot be read, has another shape, or holds NaN or infinite numbers.
        """
        return self.predict_all([example])[0]

    def predict_all(self, examples: Iterable[Any]) -> list[Any]:
        """The answers for several raw examples, in their order, such as all files of a folder; see `predict`.

        Raises:
            ValueError: one cannot be answered, or the examples are a single file or table.
        """
        if isinstance(examples, str | Path) or hasattr(examples, "columns"):  # a data frame gives its names
            raise ValueError(
                "predict_all takes a list of examples, not one file or table; of a table in which each row is one give "
                "[row for _, row in table.iterrows()]"
            )
        given, answers = list(examples), []
        with torch.no_grad(), kept_kernels(self.model):
            for inputs in self._inputs(given):
                answers += self.preparation.answers(self._outputs(inputs).cpu())
        return answers

    def on_grid(self, *size: int) -> Predictor:
        """The predictor of the same network for more or less of the signal at the same sampling rate.

        Args:
            size: points per axis that it reads: rows and columns to which image files are resized, samples of
                recordings, points of series.

        Raises:
            SignalError: the network cannot run on this grid.
            ValueError: it is no network of this package.
        """
        if not isinstance(self.model, Network):
            raise ValueError(f"only a network of archspec has other grids, not {type(self.model).__name__}")
        other = self.model.on_grid(*size)
        return Predictor(other, replace(self.preparation, size=other.grid))

    def _inputs(self, given: Sequence[Any]) -> Iterator[Tensor]:
        """The inputs of raw examples, so many at a time as a search scores: read at once, they may fill the memory."""
        held: list[Tensor] = []
        shape = None
        for number, example in enumerate(given):
            one = self.preparation.inputs(example)
            if told := _cut(self.preparation, example):
                warnings.warn(told, stacklevel=4)
            if not one.isfinite().all():
                raise ValueError(
                    f"{_called(example, number, len(given))} holds NaN, or numbers that are infinite in single "
                    "precision; fill these in, or leave it out"
                )
            if one.shape != (shape := shape or one.shape):
                raise ValueError(f"the examples have the shapes {tuple(shape)} and {tuple(one.shape)}; give one shape")
            held.append(one)
            if len(held) == min(EVALUATION_BATCH, answered(one[None], 1)):
                yield torch.stack(held)
                held = []
        if held:
            yield torch.stack(held)

    def _outputs(self, inputs: Tensor) -> Tensor:
        like = next(self.model.parameters(), torch.zeros(()))
        try:
            outputs: Tensor = self.model(inputs.to(like.device, like.dtype))
            return outputs
        except RuntimeError as error:
            if self.preparation.size:  # the shape is as it must be, and the error is another one
                raise
            why = " ".join(str(error).split())
            raise ValueError(f"the network takes no example of the shape {tuple(inputs.shape[1:])}: {why}") from None


def _cut(preparation: Preparation, example: Any) -> str | None:
    """A sentence if a recording is at least twice as long as what is read of it; None if nothing is to be said."""
    if preparation.source != "audio" or not isinstance(example, str | Path):
        return None
    whole, read = recordings.seconds(example), preparation.size[0] / (preparation.rate or 1)
    if whole < 2 * read:
        return None
    return (
        f"recordings are answered by their first {read:.3g} s, and some are at least twice as long; cut them into "
        "pieces, or let the network read more: predictor.on_grid(SAMPLES)"
    )


def _called(example: Any, number: int, count: int) -> str:
    """What a raw example is called in a sentence: by its file, or by its number where there are several."""
    if isinstance(example, str | Path):
        return str(example)
    return "the example" if count == 1 else f"example {number} of {count}, counted from 0,"
