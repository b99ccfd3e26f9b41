"""Mutated specifications are architectures or spaces, or one sentence says why not: soon, and with little memory.

pytest -m slow tests/fuzzing                              100,000 of them
"""

from __future__ import annotations

import json
import random
import resource
from collections import Counter
from functools import cache
from typing import Any

import pytest

from archspec import Architecture, SignalError, SpecError, price
from archspec.schema.document import has_holes, parsed, read_json, read_yaml, write_yaml
from spaces import Space
from tests.examples import EXAMPLES, SPACES
from tests.fuzzing.mutations import of_bytes, of_data, of_tokens
from tests.laws.bounds import bounded

SECONDS, MEGABYTES = 5, 1000


@cache
def seeds() -> list[Any]:
    """Data of all examples, and of the ready-made spaces."""
    return [json.loads(json.dumps(x.to_data())) for x in EXAMPLES.values()] + [
        json.loads(space.to_json()) for space, _ in SPACES.values()
    ]


def mutated(rng: random.Random) -> tuple[bytes, bool]:
    """A mutated specification as text, and whether it is YAML."""
    data, yaml = rng.choice(seeds()), rng.random() < 0.3
    how = rng.randrange(6)
    if how > 1:
        data = of_data(rng, data, seeds())
    try:
        text = (write_yaml(data) if yaml else json.dumps(data)).encode()
    except (ValueError, UnicodeError):  # what no YAML can hold
        text, yaml = json.dumps(data).encode(), False
    return (of_bytes(rng, text) if how == 0 else of_tokens(rng, text) if how == 1 else text), yaml


def read(text: bytes, yaml: bool) -> str:
    """Read and price a specification, as the commands do; returns what it was."""
    data = read_yaml(text) if yaml else read_json(text)
    if not has_holes(data):
        architecture = parsed(Architecture, data)
        price(architecture)
        assert Architecture.from_json(architecture.to_json()).hash == architecture.hash
        return "an architecture"
    space = Space.from_data(data)
    assert space.size() > 0
    rng, fitting = random.Random(0), 0
    for _ in range(2):
        try:
            price(space.sample(rng))
            fitting += 1
        except SignalError:
            continue
    return "a space" if fitting else "a space in which little fits"


def fuzz(seed: int, count: int) -> Counter[str]:
    """How often each came of so many mutated specifications; AssertionError, with the text, for what must not be."""
    rng, found = random.Random(seed), Counter[str]()
    for i in range(count):
        text, yaml = mutated(rng)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            with bounded(SECONDS):
                found[read(text, yaml)] += 1
        except (SpecError, SignalError) as error:
            message = str(error)
            assert message, text
            assert len(message) < 1000, (text, message)
            assert "\n" not in message.strip(), (text, message)
            found[type(error).__name__] += 1
        except BaseException as error:
            raise AssertionError(f"seed {seed}, number {i}: {type(error).__name__}: {error}\n{text!r}") from error
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        assert grown < MEGABYTES, (grown, text)
    return found


def test_a_few_mutated_specifications() -> None:
    found = fuzz(0, 300)
    assert found["SpecError"] > 30
    assert found["an architecture"] > 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 101))
def test_a_thousand_mutated_specifications(seed: int) -> None:
    assert fuzz(seed, 1000).total() == 1000
