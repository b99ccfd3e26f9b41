"""Tables of faults, each with the law that notices it."""

from tests.search.faults import (
    answering,
    beginning,
    confirming,
    machine,
    modelling,
    results,
    running,
    sampling,
    strategies,
    tasks,
    telling,
    training,
)

TABLES = (
    answering,
    beginning,
    confirming,
    machine,
    modelling,
    results,
    running,
    sampling,
    strategies,
    tasks,
    telling,
    training,
)
