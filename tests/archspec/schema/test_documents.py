"""Bad specifications: one sentence with the place and a remedy, always, and quickly; nothing is ever run by reading."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Image,
    Norm,
    Residual,
    Sequential,
    Series,
    SignalError,
    SpecError,
    choice,
    integer,
    price,
)
from archspec.schema import mistakes, model
from archspec.schema.document import MAX_BYTES, read_file, read_json, read_yaml, write_yaml
from spaces import Space
from tests.examples import EXAMPLES
from tests.examples.mutations import mutated
from tests.laws.bounds import bounded

MUTATIONS = 600
GOOD = EXAMPLES["D4 residual"]
LONGEST = 480


def used(architecture: Architecture) -> None:
    """Everything that is done with a specification before torch."""
    assert len(architecture.hash) == 32
    assert price(architecture).params >= 0
    assert architecture.warnings is not None


def sentence(read: Callable[[], Any]) -> str | None:
    """What reading complains of; None where it is valid."""
    try:
        used(read())
    except (SpecError, SignalError) as error:
        message = str(error)
        assert message.isprintable(), ascii(message)
        assert 10 < len(message) < LONGEST, message
        return message
    return None


def _template(text: str) -> Architecture:
    return Space.from_json(text).template


@pytest.mark.parametrize("block", range(0, MUTATIONS, 20))
def test_a_broken_specification_gives_one_sentence_or_is_valid(block: int) -> None:
    with bounded(30):
        for seed in range(block, block + 20):
            data = mutated(seed)
            text = json.dumps(data)
            complaints = [
                sentence(partial(read, text)) for read in (Architecture.from_json, Architecture.from_yaml, _template)
            ]
            complaints.append(sentence(partial(Architecture.from_data, data)))
            if "'hole'" in repr(data):
                del complaints[2]
            assert len({text is None for text in complaints}) == 1, complaints


def test_most_mutations_are_mistakes_and_most_mistakes_have_a_place() -> None:
    complaints = [sentence(partial(Architecture.from_data, mutated(seed))) for seed in range(300)]
    mistakes = [text for text in complaints if text]
    assert len(mistakes) >= 200
    assert sum(text.startswith(("body", "head", "input", "schema_version", "kind")) for text in mistakes) > 0.9 * len(
        mistakes
    )


TEXTS: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "not JSON"),
    "not json": ("{", "not JSON"),
    "a number": ("3", "expected a mapping with input, body, head"),
    "a list": ("[]", "expected a mapping"),
    "null": ("null", "expected a mapping"),
    "not a number": ('{"input": NaN}', "NaN is not a number"),
    "infinity": ('{"input": -Infinity}', "-Infinity is not a number"),
    "many digits": ('{"input": ' + "9" * 5000 + "}", "not JSON"),
    "deep": ("[" * 100_000 + "]" * 100_000, "nested more than 64 deep"),
    "deep mappings": ('{"a":' * 500 + "1" + "}" * 500, "nested more than 64 deep"),
    "long": (" " * (MAX_BYTES + 1), "longer than"),
    "not text": (b"\xff\xfe{}", "not JSON"),
    "nothing known": ("{}", "input: this field is missing; write it; 2 more like this"),
    "an unknown version": (
        GOOD.to_json().replace('"schema_version": 1', '"schema_version": 2'),
        "schema_version: expected 1",
    ),
    "unknown kind": (
        GOOD.to_json().replace('"lift"', '"loft"'),
        "body[0]: unknown kind 'loft'; use one of 'conv', 'lift'",
    ),
    "unknown field": (
        GOOD.to_json().replace('"group"', '"grp"'),
        "body[0].grp: there is no such field; did you mean group?",
    ),
    "wrong type": (GOOD.to_json().replace('"D4"', "4"), "body[0].group: expected the name of a group"),
    "a space": (GOOD.to_json().replace('"D4"', '{"hole": "choice", "options": ["C4", "D4"]}'), "this is a space"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_is_no_specification(name: str) -> None:
    text, wanted = TEXTS[name]
    with bounded(10):
        message = sentence(lambda: Architecture.from_json(text))
    assert message is not None
    assert wanted in message


YAML: dict[str, tuple[str, str]] = {
    "a python object": ("!!python/object/apply:os.system ['true']", "the tag 'tag:yaml.org,2002:python/object/apply"),
    "a tag": ("input: !!binary aGVsbG8=", "line 1: the tag"),
    "a local tag": ("a: 1\nb: !mine 3", "line 2: the tag '!mine' is not allowed"),
    "an anchor": ("a: &x 1", "line 1: anchors and aliases"),
    "a bomb": ("a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]", "anchors and aliases are not allowed"),
    "a loop": ("&x [*x]", "anchors and aliases"),
    "deep": ("[" * 5000 + "]" * 5000, "nested more than 64 deep"),
    "no yaml": ("a: [1,", "not YAML: line 2"),
    "a tab": ("a:\n\t- b", "not YAML: line 2"),
    "control characters": ("a: \x00\x07", "not YAML"),
    "two documents": ("a: 1\n---\nb: 2", "not YAML"),
    "a list as a key": ("? [1, 2]\n: 3", "line 1: a key is a word"),
    "a key twice": ("a: 1\nb: 2\na: 3", "line 3: 'a' is written twice; keep one"),
    "octal": ("schema_version: 010", "schema_version: expected 1 (found '010')"),
    "nothing": ("", "expected a mapping"),
    "a date": ("input: 2020-01-01", "input: "),
    "an impossible date": ("input: 2020-13-45", "input: "),
    "numbers as fields": ("1: 2", ""),
}


@pytest.mark.parametrize("name", YAML)
def test_yaml_is_a_plain_subset(name: str) -> None:
    text, wanted = YAML[name]
    with bounded(10):
        message = sentence(lambda: Architecture.from_yaml(text))
    assert message is not None
    assert wanted in message


def test_nothing_is_run_by_reading(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    for text in (
        f"!!python/object/apply:os.system ['touch {trace}']",
        f"a: !!python/object/new:os.system ['touch {trace}']",
        f'{{"kind": "__import__(\\"os\\").system(\\"touch {trace}\\")"}}',
    ):
        for read in (Architecture.from_yaml, Architecture.from_json, Space.from_yaml, Space.from_json):
            with pytest.raises(SpecError):
                read(text)
    assert not trace.exists()


def test_reading_yaml_and_json_agree() -> None:
    for architecture in EXAMPLES.values():
        assert read_yaml(architecture.to_yaml()) == read_json(architecture.to_json()) == architecture.to_data()
        assert read_yaml(architecture.to_json()) == architecture.to_data()


@pytest.mark.parametrize("value", [2e-05, 1e300, 5e-324, 1e22, "2e-05", "1e5", "-3E+7", 0.5, 7])
def test_numbers_are_numbers_and_text_is_text_in_yaml(value: float | str) -> None:
    for text in (write_yaml({"value": value}), json.dumps({"value": value})):
        assert repr(read_yaml(text)) == repr({"value": value})


def test_files_name_themselves_in_their_errors(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    with pytest.raises(SpecError, match=r"a\.json: No such file"):
        read_file(file)
    file.write_text("{")
    with pytest.raises(SpecError, match=r"a\.json: not JSON"):
        read_file(file)
    with pytest.raises(SpecError, match="Is a directory"):
        read_file(tmp_path)
    written = tmp_path / "a.yaml"
    written.write_text(GOOD.to_yaml())
    assert Architecture.from_data(read_file(written)).hash == GOOD.hash


@pytest.mark.parametrize("depth", [3, 6, 20])
def test_repeating_nothing_a_thousand_times_over_ends_at_once(depth: int) -> None:
    body: list[Any] = []
    for _ in range(depth):
        body = [{"kind": "repeat", "times": 1000, "body": body}]
    data = {"input": {"kind": "series", "length": 9}, "body": body, "head": {"kind": "classifier", "classes": 2}}
    with bounded(5):
        assert sentence(lambda: Architecture.from_data(data)) is None


def test_numbers_as_large_as_the_schema_allows_are_priced_at_once() -> None:
    data = {
        "input": {"kind": "volume", "size": [10**8] * 3, "channels": 65536},
        "head": {"kind": "classifier", "classes": 10**6},
        "body": [{"kind": "conv", "channels": 65536, "kernel_size": 1_048_575, "kernel": {"kind": "siren"}}],
    }
    with bounded(5):
        assert price(Architecture.from_data(data)).flops > 10**30


def test_defaults_are_not_written() -> None:
    assert yaml.safe_load(EXAMPLES["table"].to_yaml())["body"] == [{"kind": "conv", "channels": 3}]


def test_the_schema_is_published_and_names_every_kind() -> None:
    schema = json.dumps(Architecture.model_json_schema())
    for kind in ("conv", "lift", "graph", "classifier", "series", "siren", "disc"):
        assert f'"const": "{kind}"' in schema


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ('"classes": 3', '"classes": 3, "classes": 4', "'classes' is written twice"),
        ('"classes": 3', '"classes" : 3, "classes" : 4', "'classes' is written twice"),
        ('"classes": 3', '"classes": "3"', "head.classes: expected a number (found '3')"),
        ('"classes": 3', '"classes": true', "head.classes: expected a number (found True)"),
    ],
)
def test_what_pydantic_would_let_pass_is_refused(old: str, new: str, wanted: str) -> None:
    text = GOOD.to_json()
    assert Architecture.from_json(text.replace(old, '"classes": 3.0')).hash == GOOD.hash
    for given in (text.replace(old, new), text.replace(old, new).encode()):
        with pytest.raises(SpecError) as told:
            Architecture.from_json(given)
        assert wanted in str(told.value)


WRITTEN: dict[str, tuple[Callable[[], Any], str]] = {
    "a misspelt name": (lambda: Conv(chanels=3), "Conv, chanels: there is no such field; did you mean channels?"),
    "a misspelt name of a block in data": (
        lambda: Sequential(body=[{"kind": "conv", "chanels": 3}]),
        "Sequential, body[0].chanels: there is no such field; did you mean channels?",
    ),
    "a name like no other": (
        lambda: Activation(type="swish"),
        "Activation, type: there is no such field among function; remove it or correct its name (found 'swish')",
    ),
    "too small": (lambda: Conv(channels=0), "Conv, channels: expected a number greater than or equal to 1 (found 0)"),
    "not whole": (lambda: Conv(channels=2.5), "Conv, channels: expected a whole number (found 2.5)"),
    "a text": (lambda: Conv(channels="8"), "Conv, channels: expected a number (found '8')"),
    "a truth value": (lambda: Conv(channels=True), "Conv, channels: expected a number (found True)"),
    "one of several": (lambda: Image(size=8), "Image, size: expected several values, such as [8, 8] (found 8)"),
    "too many": (lambda: Image(size=(8, 8, 8)), "Image, size: expected at most 2 values, not 3"),
    "too few": (lambda: Image(size=(8,)), "Image, size[1]: this field is missing; write it"),
    "nothing": (lambda: Conv(), "Conv, channels: this field is missing; write it"),
    "a block for a list": (lambda: Residual(body=Norm()), "Residual, body: expected a list; write [Norm(...)]"),
    "a class for a block": (
        lambda: Residual(body=[Norm]),
        "Residual, body[0]: expected a block, such as Norm(...), not the class",
    ),
    "a text for an input": (
        lambda: network(input="series"),
        "Architecture, input: expected an input, such as Series(...), or in a file a mapping with a kind "
        "(found 'series')",
    ),
    "a text for a kernel": (
        lambda: network(body=[{"kind": "conv", "channels": 3, "kernel": "siren"}]),
        "Architecture, body[0].kernel: expected a kernel, such as Table(...), or in a file a mapping with a kind "
        "(found 'siren')",
    ),
    "an option of a hole": (
        lambda: Conv(channels=choice(2, 0)),
        "Conv, channels: the value 0 does not fit: expected a number greater than or equal to 1 (found 0)",
    ),
    "a range that is empty": (
        lambda: integer(4, 2),
        "integer(4, 2, step=1) counts from its lower end up to its upper end, by steps of 1 or more",
    ),
    "a range with a rest": (
        lambda: integer(4, 10, step=4),
        "integer(4, 10, step=4) does not reach its upper end; end at 8 or 12",
    ),
}


def network(**fields: Any) -> Architecture:
    """An architecture with some other fields."""
    given: dict[str, Any] = {"input": Series(length=9), "body": (), "head": Classifier(classes=2)}
    return Architecture(**given | fields)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_mistake_in_python_gives_the_same_sentence_with_the_class(name: str) -> None:
    write, sentence = WRITTEN[name]
    with pytest.raises(ValueError) as caught:
        write()
    assert str(caught.value) == sentence
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), sentence)


def test_fields_are_given_by_name() -> None:
    with pytest.raises(TypeError, match="Norm takes its fields by name: kind, type"):
        Norm(*["batch"])


def test_what_pydantic_itself_says_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted faults of the law above."""
    law = test_a_mistake_in_python_gives_the_same_sentence_with_the_class
    for place, name, instead, case in (
        (mistakes, "get_close_matches", lambda *_: [], "a misspelt name"),
        (mistakes, "_families", lambda annotation: iter(()), "a class for a block"),
        (mistakes, "BaseModel", int, "a block for a list"),
        (model, "check_types", lambda *_: None, "a text"),
    ):
        with monkeypatch.context() as planted:
            planted.setattr(place, name, instead)
            with pytest.raises((AssertionError, pytest.fail.Exception)):
                law(case)
        law(case)
