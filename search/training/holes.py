"""Settings of a training that are holes, decided by a search for each candidate."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from archspec.schema.hole import Decision, Hole, Scalar

# Settings that are decided elsewhere, or are no single value.
CLOSED = ("epochs", "rates", "device", "seconds", "inherit", "proxies", "coarse")


def open_settings(training: Any) -> dict[str, Decision]:
    """The settings that are holes, by their names; arithmetic over holes is refused by `check_holes`."""
    found: dict[str, Any] = {name: value for name, value in vars(training).items() if isinstance(value, Hole)}
    return found


def check_holes(training: Any, holes: Mapping[str, Hole]) -> None:
    """Refuse holes with a value that the setting cannot have.

    Raises:
        ValueError: a setting cannot be a hole, or cannot have one of its values.
    """
    for name, hole in holes.items():
        if name in CLOSED or not isinstance(hole, Decision):
            raise ValueError(f"{name} cannot be {'open' if name in CLOSED else 'arithmetic'}; give its value")
    first = {name: hole.first for name, hole in holes.items() if isinstance(hole, Decision)}
    for name, hole in holes.items():
        for label, value in hole.values_to_check():
            try:
                replace(training, **first | {name: value})
            except (ValueError, TypeError) as error:
                raise ValueError(f"{name} cannot be {label}: {error}") from None
            if isinstance(value, float) and math.isinf(value):  # a run would take its own settings for others
                raise ValueError(
                    f"{name} cannot be {label}, which no record can hold; give a large number, such as 1e30"
                )


def is_hole(data: Any) -> bool:
    """Whether plain data are those of a hole."""
    return isinstance(data, Mapping) and "hole" in data


def decided(record: Mapping[str, Any], values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The settings that were decided for a candidate, by their names: `{"learning_rate": 0.01}`.

    Args:
        record: the settings of a run, as `Training.record` wrote them.
        values: what was decided for the candidate, by the names of decisions.
    """
    holes = {name: hole for name, hole in record.items() if is_hole(hole)}
    return {name: values.get(hole.get("name") or f"training.{name}") for name, hole in holes.items()}


def trained_as(hash: str, settings: Mapping[str, Scalar]) -> str:
    """A name for the training of an architecture with settings that were decided for it, the same in every process."""
    if not settings:
        return hash
    return f"{hash}-{hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]}"
