"""What the data of an event must look like, so that nothing that was damaged or made up is taken for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archspec.schema.mistakes import shortened
from search.events import Event, Proposed, Rejected
from search.record.history import History

Holds = Callable[[Any], bool]
LARGEST = 2**63


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST


def _seed(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64


def _number(value: Any) -> bool:
    """A number; null stands for one that JSON does not have."""
    if value is None or isinstance(value, float):
        return True
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST


def _finite(value: Any) -> bool:
    return value is not None and _number(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool | str) or (isinstance(value, int | float) and abs(value) < LARGEST)


def _by_name(holds: Holds) -> Holds:
    return lambda value: isinstance(value, dict) and all(map(holds, value.values()))


def _listed(holds: Holds) -> Holds:
    return lambda value: isinstance(value, list) and all(map(holds, value))


def _or_none(holds: Holds) -> Holds:
    return lambda value: value is None or holds(value)


def _errors(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(x is None or isinstance(x, float | int) for x in value)


def _certificate(value: Any) -> bool:
    return value is None or (_mapping(value) and _errors(value["features"]) and _errors(value["output"]))


_COSTS = _by_name(_count)
_DRAWN: dict[str, Holds] = {"number": _count, "slot": _count, "values": _by_name(_scalar), "excess": _by_name(_number)}
_NOTED: dict[str, Holds] = {"epochs": _count, "parent": _count, "notes": _mapping, "reason": _text, "source": _text}
_NOTED |= {"inherits": _count}
_PROPOSED: dict[str, Holds] = {"architecture": _mapping, "hash": _text, "cost": _COSTS, "seed": _seed}
# By kind of event: the fields that it has, and those that it may have.
_EVENTS: dict[str, tuple[dict[str, Holds], dict[str, Holds]]] = {
    "proposed": (_DRAWN | _PROPOSED, _NOTED),
    "rejected": (_DRAWN, _NOTED),
    "started": ({"number": _count}, {}),
    "retried": ({"number": _count}, {}),
    "epoch": ({"number": _count, "epoch": _count, "score": _number}, {}),
    "finished": ({"number": _count, "outcome": _mapping}, {}),
}
_SCORED: dict[str, Holds] = {"scores": _by_name(_number), "epochs": _count, "seconds": _number}
_PROXIES: dict[str, Holds] = {"proxies": _by_name(_number)}
_MEASURED: dict[str, Holds] = {"symmetry": _certificate, "curve": _listed(_number), "excess": _by_name(_finite)}
_OUTCOMES: dict[str, tuple[dict[str, Holds], dict[str, Holds]]] = {
    "scored": (_SCORED, {"cost": _or_none(_COSTS)} | _MEASURED | _PROXIES),
    "stopped": (_SCORED, _PROXIES),
    "failed": ({"reason": _text, "seconds": _number}, {}),
}


class NewerEvent(ValueError):
    """There is no event of this kind; a later version of this package wrote it."""


class OutOfOrder(ValueError):
    """An event cannot follow upon those before it."""


def check_data(data: Any) -> None:
    """Refuse the data of a line that is no event.

    Raises:
        KeyError: it lacks a field.
        NewerEvent: there is no event of its kind.
        ValueError: a field is not what it must be.
        TypeError: it is no mapping.
    """
    if not isinstance(data, dict):
        raise TypeError("it is no event")
    if (kind := str(data["event"])) not in _EVENTS:
        raise NewerEvent(
            f"there is no event {shortened(data['event'])}; read this run with a newer version of archsearch"
        )
    _check(data, _EVENTS[kind])
    if data["event"] == "finished":
        _check(data["outcome"], _OUTCOMES[str(data["outcome"]["state"])])


def check_designs(data: Any) -> None:
    """Refuse designs of a warm start that are none; errors as `check_data`."""
    if not isinstance(data, list):
        raise ValueError("its designs are not what they must be")
    for design in data:
        _check(design, ({"values": _by_name(_scalar)}, {"source": _text, "weights": _text, "outcome": _mapping}))
        if "outcome" in design:
            _check(design["outcome"], _OUTCOMES[str(design["outcome"]["state"])])


def check_order(event: Event, history: History) -> None:
    """Refuse an event that cannot follow upon those of the history.

    Raises:
        OutOfOrder: a line before it is lost, or stands twice.
    """
    if not isinstance(event, Proposed | Rejected):
        if event.number not in history:
            raise OutOfOrder(f"no line before it begins trial {event.number}")
        if history[event.number].state == "rejected":
            raise OutOfOrder(f"trial {event.number} was rejected, and cannot be trained")
        return
    last = history.draws[-1].number if history.draws else -1
    # A version without a record could be killed while it drew, so that numbers are missing among those drawn by it.
    if event.number <= last or event.number > max(last + 1, history.settings.drawn):
        raise OutOfOrder(f"it begins trial {event.number} after trial {last}")


def _check(data: Mapping[str, Any], fields: tuple[dict[str, Holds], dict[str, Holds]]) -> None:
    needed, possible = fields
    for name, holds in needed.items():
        if not holds(data[name]):
            raise ValueError(f"its {name} is not what it must be")
    for name, holds in possible.items():
        if name in data and not holds(data[name]):
            raise ValueError(f"its {name} is not what it must be")
