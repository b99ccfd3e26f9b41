"""Faults planted in one line of a function, wherever it has been imported to."""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import pytest


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
        flags = __future__.annotations.compiler_flag
        module = compile(source.replace(self.line, self.instead), function.__code__.co_filename, "exec", flags)
        (code,) = (c for c in module.co_consts if isinstance(c, CodeType) and c.co_name == function.__name__)
        monkeypatch.setattr(function, "__code__", code)


def bare(where: Any) -> FunctionType:
    """The function of a property, a class method or a decorated function."""
    where = where.fget if isinstance(where, property) else where
    function = inspect.unwrap(getattr(where, "__func__", where))
    assert isinstance(function, FunctionType)
    return function
