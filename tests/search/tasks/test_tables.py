"""Tasks from tables as people have them, and tables that are none."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from search import Task
from search.cli.starter import write_starter
from search.errors import RunError
from tests.search.tasks.test_sources import RNG, parts


def long_table() -> pd.DataFrame:
    rows = [
        (f"s{s}", 0.1 * k, np.sin(0.1 * k + s), 2 * 0.1 * k, 1.5 * s, f"p{s % 4}")
        for s in range(24)
        for k in range(20 + s % 3)
    ]
    return pd.DataFrame(rows, columns=["id", "t", "u", "v", "y", "patient"])


def test_series_of_a_long_table_are_sampled_at_regular_times(tmp_path: Path) -> None:
    table = long_table().sample(frac=1, random_state=0)
    table.to_csv(tmp_path / "series.csv", index=False)
    task = Task.from_csv(
        tmp_path / "series.csv", "y", kind="regression", series="id", time="t", rate=20, groups="patient",
        split=(0.5, 0.25, 0.25),
    )  # fmt: skip
    x, y = task.train
    assert x.shape[1:] == (2, 43)
    assert task.preparation is not None
    v = x[0, 1] * task.preparation.spread[1] + task.preparation.mean[1]
    expected = torch.clamp(torch.arange(43) / 20 * 2, max=3.8 + 0.2 * (int(y[0] / 1.5) % 3))
    assert torch.allclose(v.double(), expected.double(), atol=1e-5)
    patients = [{int(float(value) / 1.5 + 0.5) % 4 for value in part[1]} for part in parts(task)]
    assert sum(map(len, patients)) == 4
    assert set.union(*patients) == {0, 1, 2, 3}


@pytest.mark.parametrize("changed", [True, False])
def test_rows_of_the_same_time_are_warned_of_where_their_values_differ(changed: bool) -> None:
    """What is read between them depends on the order of the rows."""
    table = long_table()
    table.loc[3, "t"] = table.loc[4, "t"]
    table.loc[3, "u"] = table.loc[4, "u"] + changed
    table.loc[3, "v"] = table.loc[4, "v"]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        Task.from_frame(table, "y", kind="regression", series="id", time="t", rate=20, columns=["u", "v"])
    assert [str(one.message).startswith("1 rows have the time of another row of") for one in told] == [True] * changed
    assert all(one.filename == __file__ for one in told)


def test_series_with_gaps_may_be_put_on_a_grid() -> None:
    table = long_table()
    table.loc[3, "u"] = np.nan
    with pytest.raises(ValueError, match=r"no value in 1 rows; .* or give arrays of search.on_grid, which takes gaps$"):
        Task.from_frame(table, "y", kind="regression", series="id", time="t", rate=20)


def test_a_row_may_be_a_series_with_a_label_in_words() -> None:
    table = pd.DataFrame(RNG.normal(size=(30, 5)), columns=list("abcde")).assign(label=["up", "down", "up"] * 10)
    task = Task.from_frame(table, "label")
    assert task.classes == ("down", "up")
    assert task.train[0].shape[1:] == (1, 5)
    with pytest.raises(ValueError, match="there is no column 'labels'; the columns are a, b"):
        Task.from_frame(table, "labels")
    with pytest.raises(ValueError, match="holds what is not a number"):
        Task.from_frame(table.assign(a="x"), "label")
    with pytest.raises(ValueError, match="'u' changes within the series 's0'"):
        Task.from_frame(long_table(), "u", kind="regression", series="id", groups="patient")


def test_tables_as_people_have_them(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a;b;y\n" + "1;2;3\n4;5;7\n" * 10)
    task = Task.from_csv(tmp_path / "table.csv", "y")
    assert task.classes == ("3", "7")
    assert set(task.train[1].tolist()) == {0, 1}
    table = pd.DataFrame({"a": [1.0, None] * 10, "b": range(20), "y": [0, 1] * 10})
    with pytest.raises(
        ValueError, match="the column 'a' has no value in 10 rows; fill them in, or leave these rows out"
    ):
        Task.from_frame(table, "y")
    with pytest.raises(ValueError, match="the targets of a regression are numbers, and one is 'x'"):
        Task.from_frame(table.assign(a=0.0, y="x"), "y", kind="regression")


def test_dates_are_times_in_seconds_and_columns_may_be_numbered() -> None:
    table = pd.DataFrame({0: np.repeat(range(20), 3), 1: [0, 2, 4] * 20, 2: range(60), 3: np.repeat([0, 1] * 10, 3)})
    numbered = Task.from_frame(table, 3, series=0, time=1)
    dates = table.assign(t=pd.Timestamp("2024-01-31") + pd.to_timedelta(table[1], unit="s")).drop(columns=1)
    for times in (dates["t"], dates["t"].astype(str), dates["t"].dt.tz_localize("UTC"), dates["t"] - dates["t"].min()):
        dated = Task.from_frame(dates.assign(t=times), "3", series="0", time="t")
        assert torch.equal(dated.train[0], numbered.train[0])
        assert dated.train[0].shape[1:] == (1, 5)
    with pytest.raises(ValueError, match="'t' holds what is neither a number nor a date"):
        Task.from_frame(dates.assign(t="soon"), "3", series="0", time="t")


@pytest.mark.parametrize(
    ("change", "options", "wanted"),
    [
        ({}, {"time": "t"}, "time='t' needs series="),
        ({}, {"columns": ["u", "u"]}, "the column 'u' is there twice"),
        ({}, {"columns": ["u", "y"]}, "the column 'y' is there twice"),
        ({}, {"series": "id", "rate": 0}, "rate must be a number above 0, not 0"),
        ({}, {"series": "id", "length": -1}, "length must be a whole number above 0, not -1"),
        ({}, {"series": "id", "length": 2.5}, "length must be a whole number above 0, not 2.5"),
        ({"y": None}, {"series": "id"}, "the column 'y' has no value in 504 rows"),
        ({"id": None}, {"series": "id"}, "the column 'id' has no value in 504 rows"),
        ({"u": np.inf}, {"series": "id"}, "missing or infinite"),
    ],
)
def test_tables_that_are_none_are_one_sentence(change: Any, options: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        Task.from_frame(long_table().assign(**change), "y", kind="regression", **options)


def test_tables_of_nothing_are_one_sentence() -> None:
    with pytest.raises(ValueError, match="the table holds no rows"):
        Task.from_frame(long_table().iloc[:0], "y")
    with pytest.raises(ValueError, match="no column is left for the inputs; the columns are y"):
        Task.from_frame(long_table()[["y"]], "y")
    with pytest.raises(ValueError, match="the column 'u' is there twice"):
        Task.from_frame(long_table()[["u", "u", "y"]], "y")
    with pytest.raises(ValueError, match=r"the column 'id' holds what is not a number; leave it out .* series="):
        Task.from_frame(long_table().assign(id="a"), "y", kind="regression")
    with pytest.raises(ValueError, match=r"the column 'id' holds .*; read the files that it names into an array"):
        Task.from_frame(long_table().assign(id="photos/1.PNG"), "y", kind="regression")


@pytest.mark.parametrize(("text", "wanted"), [("", "cannot be read as CSV"), ("a,y\n", "holds no rows")])
def test_a_search_to_begin_with_is_not_of_a_table_of_nothing(tmp_path: Path, text: str, wanted: str) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(RunError, match=wanted):
        write_starter(tmp_path / "own", data=tmp_path / "table.csv")
    (tmp_path / "table.csv").write_text("a;y\n1;2\n")
    assert "'y', kind=" in write_starter(tmp_path / "own", data=tmp_path / "table.csv").read_text()
