"""Faults planted in one line of a function, wherever it has been imported to, and whether their law notices them."""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from search.errors import RunError

# Any other error would be one of the planting.
NOTICED = (AssertionError, pytest.fail.Exception, RunError)


@dataclass(frozen=True)
class Fault:
    """A mistake that somebody could make, and the law that must notice it.

    Attributes:
        where: the function, method or property.
        line: of its source, a part that occurs once.
        instead: what stands there by mistake.
        law: a test, which asks for fixtures by the names of its arguments.
    """

    where: Any
    line: str
    instead: str
    law: Callable[..., None]

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the function run with the mistake in it until the end of the test."""
        function = bare(self.where)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.line) == 1, f"{function.__qualname__} has {source.count(self.line)} of {self.line!r}"
        faulty = textwrap.indent(source.replace(self.line, self.instead), "    ")
        # What the function encloses, such as the class that `super()` asks for, is enclosed again.
        enclosed = "".join(f"    {name} = None\n" for name in function.__code__.co_freevars)
        enclosed += f"    global {function.__name__}\n"  # as where it stands, if it calls itself
        flags = __future__.annotations.compiler_flag
        module = compile(f"def _():\n{enclosed}{faulty}", function.__code__.co_filename, "exec", flags)
        (outer,) = (c for c in module.co_consts if isinstance(c, CodeType))
        (code,) = (c for c in outer.co_consts if isinstance(c, CodeType) and c.co_name == function.__name__)
        monkeypatch.setattr(function, "__code__", code)


def bare(where: Any) -> FunctionType:
    """The function of a property, a class method or a decorated function."""
    where = where.fget if isinstance(where, property) else where
    function = inspect.unwrap(getattr(where, "__func__", where))
    assert isinstance(function, FunctionType)
    return function


def notices(fault: Fault, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fail unless the law of a fault is broken with it."""
    with pytest.MonkeyPatch.context() as planted:
        fault.plant(planted)
        with pytest.raises(NOTICED):
            obey(fault.law, directory / "faulty", capsys)


def obey(law: Callable[..., None], directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a test, with the fixtures that it asks for."""
    directory.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        fixtures = {"tmp_path": directory, "monkeypatch": patched, "capsys": capsys}
        asked = [name for name, what in inspect.signature(law).parameters.items() if what.default is what.empty]
        law(**{name: fixtures[name] for name in asked})
