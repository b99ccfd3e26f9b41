"""The objectives and constraints of a search as a person states them: read, and no two that would count as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from search.objectives import Constraint, Objective, parse_constraint, parse_objective


def stated_objectives(given: Sequence[str | Objective]) -> list[Objective]:
    """The objectives; their values are among the scores of a trial by their names, so each has a name of its own.

    Raises:
        ValueError: one cannot be read, or two have the same name.
    """
    if isinstance(given, str):
        raise ValueError(f"objectives is a list: write [{given!r}]")
    found = [parse_objective(one) for one in given]
    if none := [one for one in found if not (hasattr(one, "maximize") and hasattr(one, "told"))]:
        raise ValueError(f"an objective is text such as 'maximize accuracy', or minimize(...), not {none[0]!r}")
    if twice := [name for name, count in Counter(one.name for one in found).items() if count > 1]:
        raise ValueError(f"two objectives are named {twice[0]}; leave one out, or give its function another name")
    return found


def stated_constraints(given: Sequence[str | Constraint]) -> list[Constraint]:
    """The constraints; a trial is told to break one by its name, so each function has a name of its own.

    Raises:
        ValueError: one cannot be read, or two different functions have the same name.
    """
    if isinstance(given, str):
        raise ValueError(f"constraints is a list: write [{given!r}]")
    found = [parse_constraint(one) for one in given]
    functions = {one.name: one.measure for one in found}
    if other := next((one for one in found if one.measure != functions[one.name]), None):
        raise ValueError(
            f"two constraints limit different functions of the name {other.name}; give one of them another name"
        )
    return found
