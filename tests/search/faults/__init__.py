"""Tables of faults, each with the law that notices it."""

from tests.search.faults import (
    answering,
    beginning,
    confirming,
    constraints,
    keeping,
    machine,
    modelling,
    results,
    running,
    sampling,
    spending,
    strategies,
    tasks,
    telling,
    training,
)

TABLES = (
    answering,
    beginning,
    confirming,
    constraints,
    keeping,
    machine,
    modelling,
    results,
    running,
    sampling,
    spending,
    strategies,
    tasks,
    telling,
    training,
)
