"""A report or a picture is written whole, or what was there before stays: where the disk is full, and on Ctrl-C."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from search.errors import RunError
from search.report.plot import draw_front
from search.report.report import write_report
from search.report.writing import write_named
from search.result import Result
from tests.search.cli.test_exit_codes import GOOD
from tests.search.made_up import told

WRITERS: dict[str, Callable[[Result, Path], Path]] = {"x.md": write_report, "x.html": write_report, "x.png": draw_front}


@pytest.mark.parametrize(
    ("fault", "comes"), [(OSError(errno.ENOSPC, "full"), RunError), (KeyboardInterrupt(), KeyboardInterrupt)]
)
@pytest.mark.parametrize("name", WRITERS)
def test_what_was_there_stays_unless_the_new_is_whole(
    name: str, fault: BaseException, comes: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(tmp_path / "run", [GOOD])
    result = Result(tmp_path / "run")
    (file := tmp_path / "told" / name).parent.mkdir()
    file.write_text("as it was")

    def half(path: Path, *_: object, **__: object) -> None:
        with open(path, "w") as opened:
            opened.write("ha")
        raise fault

    monkeypatch.setattr(Path, "write_text", half)
    monkeypatch.setattr(
        "matplotlib.figure.Figure.savefig", lambda _, path, **__: half(path) if name == "x.png" else path.touch()
    )
    with pytest.raises(comes):
        WRITERS[name](result, file)
    assert file.read_text() == "as it was"
    assert not list(file.parent.glob("*.part"))


def test_behind_a_link_it_is_written_where_that_leads_and_to_a_pipe_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "link.md").symlink_to(tmp_path / "there.md")
    write_named(tmp_path / "link.md", lambda path: path.write_text("new"))
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "there.md").read_text() == "new"
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDWR)
    write_named(tmp_path / "pipe", lambda path: path.write_text("new"))
    assert (tmp_path / "pipe").is_fifo()
    assert os.read(reading, 9) == b"new"
    os.close(reading)
