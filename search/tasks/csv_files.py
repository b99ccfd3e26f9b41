"""Reading a CSV file as people have them: decimal commas, columns without a name, no line of names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

NAMELESS = re.compile(r"Unnamed: \d+(\.\d+)?")  # the names that pandas gives columns that have none


def read_csv(path: str | Path) -> Any:
    """The data frame in a CSV file, separated by commas, semicolons or tabs.

    In a file with another separator than commas, numbers may be written with decimal commas, if none has a point.

    Raises:
        ValueError: the file cannot be read.
    """
    import pandas as pd

    try:
        first, *others = pd.read_csv(path, nrows=0).columns
        separated = (own for own in ";\t" if own in [first, *others][-1] and all(own in name for name in others))
        separator = next(separated, ",")
        table = pd.read_csv(path, sep=separator)
        if separator != "," and not any(_has_points(table[name]) for name in table.columns):
            table = _with_commas(table, pd.read_csv(path, sep=separator, decimal=","))
        return table
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as CSV: {' '.join(str(error).split())}") from None


def named(table: Any) -> list[str]:
    """The columns of a data frame that have a name: those without are mostly the numbers of its rows."""
    return [str(name) for name in table.columns if not NAMELESS.fullmatch(str(name))]


def check_names(table: Any, path: str | Path) -> None:
    """ValueError if the first line of a CSV file holds no names, but the values of a first row."""
    names = [str(name) for name in table.columns]
    if names == [str(number) for number in range(len(names))]:  # as pandas names the columns of an array
        return
    if any(map(_is_number, named(table))) and all(_is_value(name, table.iloc[:, i]) for i, name in enumerate(names)):
        raise ValueError(
            f"the first line of {path} holds values ({', '.join(names[:3])} …), not the names of its columns; write a "
            "line of names above it"
        )


def _has_points(column: Any) -> bool:
    return column.dtype.kind == "f" and bool((column.dropna() % 1 != 0).any())


def _with_commas(table: Any, other: Any) -> Any:
    """The table, with the columns of the other that only there are numbers."""
    own = [name for name in table if table[name].dtype.kind not in "biuf" and other[name].dtype.kind in "iuf"]
    return table.assign(**{name: other[name] for name in own})


def _is_number(name: str) -> bool:
    for text in (name, name.rpartition(".")[0]):  # of equal names pandas numbers the later ones: 0.5, 0.5.1
        try:
            float(text.replace(",", "."))
        except ValueError:
            continue
        return True
    return False


def _is_value(name: str, column: Any) -> bool:
    """Whether the name of a column may be one of its values."""
    if column.dtype.kind in "iuf":
        return _is_number(name) or NAMELESS.fullmatch(name) is not None
    return name in set(map(str, column))
