"""Tables of faults, each with the law that notices it."""

from tests.search.faults import (
    answering,
    beginning,
    keeping,
    machine,
    modelling,
    results,
    running,
    spending,
    strategies,
    tasks,
    telling,
    training,
)

TABLES = (
    answering,
    beginning,
    keeping,
    machine,
    modelling,
    results,
    running,
    spending,
    strategies,
    tasks,
    telling,
    training,
)
