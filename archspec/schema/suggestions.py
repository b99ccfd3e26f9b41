"""What a hole asks of an Optuna trial."""

from __future__ import annotations

from typing import Any, Protocol


class Suggests(Protocol):
    """The methods of an Optuna trial that suggest values."""

    def suggest_categorical(self, name: str, choices: Any, /) -> Any:
        """Suggest one of the choices."""
        ...

    def suggest_int(self, name: str, low: int, high: int, /, *, step: int, log: bool) -> int:
        """Suggest a whole number."""
        ...

    def suggest_float(self, name: str, low: float, high: float, /, *, log: bool) -> float:
        """Suggest a real number."""
        ...
