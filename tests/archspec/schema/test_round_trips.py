"""What is written is read back the same, in JSON and in YAML."""

from __future__ import annotations

import pytest

from archspec import Architecture
from archspec.schema.document import read_json, read_yaml
from tests.examples import EXAMPLES, RANDOM


def json_and_yaml_round_trip_exactly(architecture: Architecture) -> None:
    text = architecture.to_json()
    again = Architecture.from_json(text)
    assert again == architecture
    assert hash(again) == hash(architecture)  # so that they can be keys of a mapping
    assert again.to_json() == text
    assert again.hash == architecture.hash
    from_yaml = Architecture.from_yaml(architecture.to_yaml())
    assert from_yaml == architecture
    assert from_yaml.to_json() == text
    assert from_yaml.to_yaml() == architecture.to_yaml()


def reading_yaml_and_json_agree(architecture: Architecture) -> None:
    data = architecture.to_data()
    assert read_yaml(architecture.to_yaml()) == read_json(architecture.to_json()) == data
    assert read_yaml(architecture.to_json()) == data


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_back_the_same(name: str) -> None:
    json_and_yaml_round_trip_exactly(EXAMPLES[name])
    reading_yaml_and_json_agree(EXAMPLES[name])


def test_random_architectures_are_read_back_the_same() -> None:
    for architecture in RANDOM.values():
        json_and_yaml_round_trip_exactly(architecture)
