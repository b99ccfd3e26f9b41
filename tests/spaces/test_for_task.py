"""A space for a task reads rows, columns and outputs as they are."""

from __future__ import annotations

from archspec import Classifier
from spaces import images, sequences, volumes
from tests.spaces.test_spaces import Described


def test_the_sides_of_the_examples_are_in_their_order() -> None:
    wide = images.for_task(Described("classification", (2, 6, 10), 4), groups=("C1",))
    assert (wide.template.input.channels, wide.template.input.grid) == (2, (6, 10))
    deep = volumes.for_task(Described("classification", (1, 4, 6, 8), 4), groups=("C1",))
    assert deep.template.input.grid == (4, 6, 8)


def test_yes_or_no_has_one_output() -> None:
    space = sequences.for_task(Described("binary", (1, 16), 1), groups=("C1",))
    assert space.template.head == Classifier(classes=1)
