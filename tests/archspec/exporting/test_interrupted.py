"""Ctrl-C during an export ends it as Ctrl-C, whatever the library that was writing makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.exporting.directory import deposited


class ExportError(RuntimeError):
    """As torch's exporters raise, of whatever happened within them."""


def keep(file: Path, raised: BaseException, explicit: bool) -> None:
    """Write a file to a directory that is deposited, which a library ends by an error of its own."""
    with deposited(file.parent, frozenset((file.name,)), overwrite=False) as aside:
        (aside / file.name).write_text("half")
        try:
            raise raised
        except BaseException as error:
            if explicit:
                raise ExportError("step 1 of 3") from error
            raise ExportError("step 1 of 3") from None


@pytest.mark.parametrize("explicit", [True, False])
def test_an_interruption_that_a_library_makes_another_error_of_stays_one(tmp_path: Path, explicit: bool) -> None:
    file = tmp_path / "best" / "model.onnx"
    file.parent.mkdir()
    file.write_text("whole")
    with pytest.raises((KeyboardInterrupt, ExportError)) as raised:
        keep(file, KeyboardInterrupt(), explicit)
    assert raised.type is KeyboardInterrupt
    assert file.read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_an_error_of_an_export_that_follows_an_interruption_is_itself(tmp_path: Path) -> None:
    """As where a person's own script exports what it has once Ctrl-C has ended its training."""
    (tmp_path / "best").mkdir()
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        with pytest.raises((KeyboardInterrupt, ExportError)) as raised:
            keep(tmp_path / "best" / "model.onnx", ValueError("no such operation"), explicit=True)
    assert raised.type is ExportError
