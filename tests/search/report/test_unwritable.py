"""Where lines for people cannot be written (a full disk, a closed terminal, few letters), nothing ends by that."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

import pytest

from search import Scored
from search.cli.main import main
from search.record.mirror import Mirror
from search.report.progress import Watcher
from search.running import Running
from search.training import limits
from search.training.limits import Limits
from tests.search.cli.test_exit_codes import GOOD
from tests.search.made_up import engine_in, told


class Full(io.StringIO):
    """Takes nothing, as a file on a full disk (ENOSPC), or a terminal that was closed (EIO)."""

    def __init__(self, number: int, then: Callable[[], object] = int) -> None:
        super().__init__()
        self.number, self.then = number, then

    def write(self, text: str) -> int:
        self.then()
        raise OSError(self.number, "it takes nothing")


def in_ascii() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


def content(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def ends_nothing() -> Iterator[None]:
    """Fail at an error of a stream."""
    try:
        yield
    except (OSError, ValueError, AttributeError) as error:
        pytest.fail(f"{type(error).__name__}: {error}")


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_progress_that_cannot_be_written_ends_no_search(number: int, live: bool, tmp_path: Path) -> None:
    engine, stream = engine_in(tmp_path, trials=2, constraints=()), Full(number)
    with ends_nothing(), Watcher(stream, live=live) as watch:
        watch(engine, None, None)
        for _ in range(2):
            trial = engine.ask()
            assert trial is not None
            watch(engine, trial, engine.tell(trial, Scored({"accuracy": 0.5}, 3)))
    assert engine.finished == 2


@pytest.mark.parametrize("live", [False, True])
def test_progress_is_written_in_the_letters_that_there_are(live: bool, tmp_path: Path) -> None:
    engine, stream = engine_in(tmp_path, trials=1, constraints=()), in_ascii()
    with ends_nothing(), Watcher(stream, live=live) as watch:
        watch(engine, None, None)
        watch.notice("3×5")
    assert "3\\xd75" in content(stream)


def speak(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Let a line be said on standard error, by its name."""
    engine = engine_in(tmp_path, trials=1, constraints=())
    if said == "notice":
        backend = SimpleNamespace(submit=None, events=None, close=None)
        return Running(engine, backend, lambda *_: None)._notice("a node is lost")
    if said == "mirror":
        return Mirror(engine.history, SimpleNamespace(), "no URL").close()
    ended: list[object] = []
    for name in ("GRACE", "SILENCE"):
        monkeypatch.setattr(limits, name, 0.0)
    monkeypatch.setattr(limits, "os", SimpleNamespace(_exit=ended.append))
    both = Limits("trial 3", None, None, ended.append)
    monkeypatch.setattr(sys, "stderr", Full(errno.EIO, then=partial(setattr, both, "until", 0.0)))
    with both:
        both._thread.join()
    return ended


@pytest.mark.parametrize(("said", "comes"), [("notice", None), ("mirror", None), ("limit", [False, 1])])
def test_what_standard_error_does_not_take_ends_nothing(
    said: str, comes: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Full(errno.ENOSPC))
    with ends_nothing():
        assert speak(said, tmp_path, monkeypatch) == comes


@pytest.mark.parametrize("stream", [None, in_ascii()])
def test_a_command_whose_output_is_closed_or_lacks_letters_succeeds(
    stream: TextIO | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(tmp_path, [GOOD])
    monkeypatch.setattr(sys, "stdout", stream)
    with ends_nothing():
        assert main(["front", str(tmp_path)]) == main(["status", str(tmp_path)]) == 0
