"""The ways to make a task: of arrays, datasets, loaders, folders of files, tables."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, TypedDict, Unpack

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from search.tasks import folders, sources, tables
from search.tasks.batches import Batch
from search.tasks.kinds import Kind, kind_of
from search.tasks.metrics import Metrics
from search.tasks.splitting import Shares

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Weights: TypeAlias = Sequence[float] | Tensor | Literal["balanced"]
SHARES: Shares = (0.6, 0.2, 0.2)


# A name in a table, or its number.
Column: TypeAlias = str | int


class Options(TypedDict, total=False):
    """What every way of making a task takes; the attributes of `Task` say what they are."""

    name: str
    metrics: Metrics | None
    loss: Loss | None
    class_weights: Weights | None
    classes: Sequence[str]
    ignored: int | None


def checked(options: Options) -> Options:
    """The options, if they are those that every way of making a task takes; TypeError or ValueError if not."""
    if unknown := sorted(set(options) - set(Options.__annotations__)):
        known = ", ".join(Options.__annotations__)
        raise TypeError(f"there is no option {unknown[0]!r} here; beside the documented ones there are {known}")
    if options.get("loss") is not None and options.get("class_weights") is not None:
        raise ValueError("class_weights are of the loss of the kind of task, and a loss= has its own; give either")
    return options


class Made:
    """The base class of `Task`: its class methods that make one."""

    @classmethod
    @abstractmethod
    def of_parts(cls, kind: Kind, parts: sources.Parts, options: Options) -> Self:
        """A task of parts that were made before, and of the options that every way to make a task takes."""

    @classmethod
    def from_arrays(
        cls,
        x: Any,
        y: Any,
        *,
        kind: Kind = "classification",
        split: Shares = SHARES,
        seed: int = 0,
        groups: Any = None,
        standardise: bool = True,
        **options: Unpack[Options],
    ) -> Self:
        """A task from arrays of examples (n, channels, *grid) and targets (n, …), split at random.

        Each part of the split has the same share of every class, if targets are labels (n,).

        Args:
            x: the examples.
            y: the targets; labels may be text if `classes` names them.
            kind: what is predicted; see `Task`.
            split: shares of training, validation and test data, which add up to 1.
            seed: seed of the split.
            groups: for each example what it must not be split from, such as the patient that it is of.
            standardise: let the targets of a regression be learned with mean 0 and variance 1; scores and predictions
                are in the units of the targets.
            options: `name`, `metrics`, `loss`, `class_weights`, `classes`, `ignored`.

        Raises:
            ValueError: the arrays have different lengths, labels are not whole numbers, the shares do not add up to 1,
                or a part of the split is empty.
        """
        kind_of(kind)
        checked(options)
        parts = sources.from_arrays(x, y, kind, options.get("classes", ()), split, seed, groups, standardise)
        return cls.of_parts(kind, parts, options)

    @classmethod
    def from_datasets(
        cls,
        train: Dataset[Any],
        validation: Dataset[Any] | None = None,
        test: Dataset[Any] | None = None,
        *,
        kind: Kind = "classification",
        seed: int = 0,
        groups: Any = None,
        plain: Dataset[Any] | None = None,
        columns: tuple[str, str] | None = None,
        **options: Unpack[Options],
    ) -> Self:
        """A task from torch datasets of pairs (x, y), or from datasets of mappings, as Hugging Face has them.

        Without `validation`, a random fifth of the training data is held out for it, with the same share of every class
        where the labels are known.

        Args:
            train: the training data.
            validation: the validation data.
            test: the test data.
            kind: what is predicted; see `Task`.
            seed: seed of what is held out.
            groups: for each example of the training data what it must not be split from.
            plain: the training data without augmentation, in the same order: what is held out is taken from it.
            columns: of mappings, the names of the input and of the target, such as `("image", "label")`.
            options: `name`, `metrics`, `loss`, `class_weights`, `classes`, `ignored`.

        Raises:
            TypeError: `validation` is missing and the training data has no length.
            ValueError: `plain` has another length than `train`.
        """
        name = options.get("name", "task")
        kind_of(kind)
        checked(options)
        classes = options.get("classes", ())
        parts = sources.from_datasets(train, validation, test, kind, name, seed, groups, plain, columns, classes)
        return cls.of_parts(kind, parts, options)

    @classmethod
    def from_loaders(
        cls,
        train: Iterable[Batch],
        validation: Iterable[Batch],
        test: Iterable[Batch] | None = None,
        *,
        kind: Kind = "classification",
        **options: Unpack[Options],
    ) -> Self:
        """A task from your own loaders: iterables over batches (x, y), which are iterated many times.

        `options` are `name`, `metrics`, `loss`, `class_weights`, `classes`, `ignored`.
        """
        kind_of(kind)
        checked(options)
        return cls.of_parts(kind, sources.Parts(train, validation, test), options)

    @classmethod
    def from_folder(
        cls,
        directory: str | Path,
        *,
        size: int | tuple[int, ...] | None = None,
        channels: int | None = None,
        rate: int = 16_000,
        seconds: float | None = None,
        split: Shares = SHARES,
        seed: int = 0,
        groups: Callable[[Path], object] | None = None,
        **options: Unpack[Options],
    ) -> Self:
        """A classification of images or recordings (WAV) in a folder that holds a folder of files for each class.

        If the folder holds `train` and, if there are any, `validation` and `test`, these hold
        the folders of the classes. Inputs are kept in memory, each channel with mean 0 and variance 1 over
        the training data.

        Args:
            directory: the folder.
            size: (rows, columns), or the side of a square, to which images are resized; by default that of the first.
            channels: 1 for grey or 3 for colour images; by default as the first image is.
            rate: samples per second to which recordings are resampled.
            seconds: length of recordings, to which they are cut or zero-padded; by default that of the first.
            split: shares of training, validation and test data.
            seed: seed of the split.
            groups: a function that tells from the path of a file what it must not be split from, such as the patient:
                `lambda path: path.name.split("_")[0]`.
            options: `name`, `metrics`, `loss`, `class_weights`, `classes`, `ignored`.

        Raises:
            ValueError: there are not two folders, one is empty, or a file cannot be read.
        """
        checked(options)
        names = options.get("classes", ())
        parts = folders.from_folder(directory, size, channels, rate, seconds, split, seed, names, groups)
        options.setdefault("name", Path(directory).name)
        return cls.of_parts("classification", parts, options)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        target: Column | Sequence[Column],
        *,
        kind: Kind = "classification",
        columns: Sequence[Column] | None = None,
        series: Column | None = None,
        time: Column | None = None,
        rate: float | None = None,
        length: int | None = None,
        split: Shares = SHARES,
        seed: int = 0,
        groups: Column | None = None,
        **options: Unpack[Options],
    ) -> Self:
        """A task over series in a data frame of pandas.

        Without `series` each row is a series of one channel, and each column but the target one of its points. With it
        rows with the same value in that column are one series, and each other column is a channel.

        Args:
            frame: the data frame.
            target: the column, or the columns, to predict, by name or number; labels may be text.
            kind: what is predicted; see `Task`.
            columns: the columns of the inputs; by default all that have a name and no other role.
            series: the column that tells which series a row belongs to.
            time: the column of the time; values are then interpolated linearly at regular times.
            rate: points per unit of time, of dates per second; by default 1.
            length: number of points; by default of the longest series. Shorter ones continue with their last value.
            split: shares of training, validation and test data.
            seed: seed of the split.
            groups: the column that tells what must not be split, such as the patient.
            options: `name`, `metrics`, `loss`, `class_weights`, `classes`, `ignored`.

        Raises:
            ValueError: a column is missing or holds what is not a number, or a target changes within a series.
        """
        kind_of(kind)
        checked(options)
        by, at, within = (None if column is None else str(column) for column in (series, time, groups))
        targets = [str(column) for column in ([target] if isinstance(target, str | int | np.integer) else target)]
        wanted = [columns] if isinstance(columns, str) else columns
        inputs = None if wanted is None else [str(column) for column in wanted]
        classes = options.get("classes", ())
        parts = tables.from_frame(frame, targets, kind, inputs, by, at, rate, length, split, seed, within, classes)
        return cls.of_parts(kind, parts, options)

    @classmethod
    def from_csv(cls, path: str | Path, target: str | Sequence[str], **rest: Any) -> Self:
        """A task over series in a CSV file, with the arguments of `from_frame`."""
        return cls.from_frame(path, target, **{"name": Path(path).stem, **rest})
