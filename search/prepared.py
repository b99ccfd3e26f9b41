"""How the examples of a run were prepared: what its networks were trained on, whatever task they are asked with."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from search.errors import RunError
from search.files import RunDirectory
from search.tasks.named import AnyTask
from search.tasks.preparation import Preparation

# The parts of a preparation that decide what numbers a network is given, and what its outputs mean.
DECISIVE = ("kind", "classes", "mean", "spread", "target_mean", "target_spread")
ROUNDING = 1e-6  # of numbers, which machines sum in another order


def preparation_of(
    settings: Mapping[str, Any], directory: RunDirectory | None, task: AnyTask | None
) -> Preparation | None:
    """The preparation of a run with these settings; None if its task had none.

    It is what the record says; where that says none, as in versions before, that of the task that is given, else that
    in the file beside the record.

    Raises:
        RunError: what the record or the file says cannot be read.
    """
    if (recorded := settings.get("preparation")) is not None:
        real = next((settings[name] for name in ("numbers", "pixels") if settings.get(name) is not None), None)
        return _read(recorded, "the preparation in the record", "put the record back", real)
    given: Preparation | None = getattr(task, "preparation", None)
    path = directory.preparation if directory else None
    if given is not None or path is None or not path.exists():
        return given
    remedy = "remove it, and give the task"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read ({error}); {remedy}") from None
    return _read(data, str(path), remedy)


def require_alike(settings: Mapping[str, Any], task: AnyTask) -> None:
    """Refuse a task whose examples have other numbers, or other classes, than those of a run with these settings.

    Raises:
        RunError: it does.
    """
    given: Preparation | None = getattr(task, "preparation", None)
    recorded = settings.get("preparation")
    if given is None or recorded is None:
        return
    own = json.loads(json.dumps(given.to_data()))
    if names := [name for name in DECISIVE if name in recorded and not _alike(recorded[name], own[name])]:
        raise RunError(
            f"the task prepares its examples otherwise than that of the run: another {names[0]}; give the task of the "
            "run, or let trial.predictor() answer for new examples"
        )


def _alike(recorded: Any, own: Any) -> bool:
    """Whether two parts of preparations are equal, numbers up to the rounding of another machine."""
    if not (isinstance(recorded, list) and isinstance(own, list) and len(recorded) == len(own)):
        return bool(recorded == own)
    return all(
        a == b or (isinstance(a, float) and math.isclose(a, b, rel_tol=ROUNDING))
        for a, b in zip(recorded, own, strict=True)
    )


def _read(data: Any, where: str, remedy: str, real: bool | None = None) -> Preparation:
    try:
        made = Preparation.from_data(data)
        return made if real is None else replace(made, real=real)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RunError(f"{where} cannot be read ({error}); {remedy}") from None
