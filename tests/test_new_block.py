"""CONTRIBUTING followed to the letter: what it says of adding a block is all there is to do."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

import pytest

from tests.laws.process import ROOT, run

LAWS = (
    "archspec/graph/test_laws.py",
    "archspec/graph/test_passes.py",
    "archspec/network/test_laws.py",
    "archspec/schema/test_round_trips.py",
    "archspec/symmetry",
    "test_structure.py",
)
USE = """
import json, sys
import archspec, spaces
from archspec import Architecture, Classifier, Conv, Disc, Lift, GroupPool, Image, Partial, Siren, choice, freeze, lower
from archspec.blocks.scale import Scale
from archspec.network.offsets import turns
space = spaces.Space(Architecture(input=Image(size=(9, 9)), head=Classifier(classes=2), body=[
    Lift(group="C4", channels=2), choice(Scale(start=choice(0.5, 2.0)), Conv(channels=2)), GroupPool()]))
assert space.size() == 3 and spaces.Space.from_json(space.to_json()).size() == 3
found = [a for a in space.enumerate() if "scale" in a.to_json()]
assert len({a.hash for a in found}) == 2 and space.values_of(found[0])["body[1][scale].start"] == 0.5
bad = json.loads(found[0].to_json()); bad["body"][1]["start"] = -1
try: Architecture.from_data(bad)
except archspec.SpecError as error: assert str(error).startswith("body[1].start: "), error
else: raise AssertionError
model = lower(found[0]).eval()
directory = archspec.export(model, sys.argv[1])
assert archspec.load(directory).state_dict().keys() == model.state_dict().keys()
assert {p.name for p in directory.iterdir()} >= {"model.onnx", "weights.safetensors", "architecture.json"}
between = Architecture(input=Image(size=(9, 9)), head=Classifier(classes=2), body=[
    Lift(group="C8", channels=2, kernel_size=5, kernel=Siren(), window=Disc()), Scale(), GroupPool()])
assert turns(lower(between))
"""


def steps() -> list[tuple[str, str, str]]:
    """(language, file, text) of each piece of code that CONTRIBUTING gives a file's name."""
    blocks = re.findall(r"^( *)```(\w+)\n(.*?)^ *```", (ROOT / "CONTRIBUTING.md").read_text(), re.S | re.M)
    found = []
    for indent, language, code in blocks:
        text = "".join(line.removeprefix(indent) for line in code.splitlines(keepends=True))
        if name := re.match(r"# (\S+\.\w+)\n", text):
            found.append((language, name[1], text[name.end() :]))
    return found


def followed(at: Path) -> None:
    """Write the files, and make the changes, that CONTRIBUTING speaks of."""
    for language, name, text in steps():
        file = at / name
        if language == "python":
            assert not file.exists(), f"{name} is there already"
            file.write_text(text)
        elif language == "diff":
            file.write_text(changed(file.read_text(), text))


def changed(text: str, diff: str) -> str:
    """A file's text with the lines added that a diff adds, each beside the line that it shows."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines()
        before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        after = "\n".join(line[1:] for line in lines)
        assert text.count(before) == 1, f"there is no one place that reads {before!r}"
        text = text.replace(before, after)
    return text


@pytest.mark.slow
def test_a_block_is_added_as_contributing_says_and_everything_else_follows(tmp_path: Path) -> None:
    for package in ("archspec", "spaces", "tests"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "search", "benchmarks")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    followed(tmp_path)
    run("-W", "ignore", "-c", USE, str(tmp_path / "exported"), at=tmp_path)
    laws = [str(tmp_path / "tests" / name) for name in LAWS]
    report = run("-m", "pytest", "-q", "-k", "scale or in_the_union", "-p", "no:cacheprovider", *laws, at=tmp_path)
    assert "failed" not in report
    assert "[100%]" in report


def test_it_says_how_to_write_two_files_and_change_two() -> None:
    assert [(language, name) for language, name, _ in steps()][:4] == [
        ("python", "archspec/blocks/scale.py"),
        ("python", "archspec/layers/scale.py"),
        ("diff", "archspec/blocks/__init__.py"),
        ("diff", "tests/examples/partial.py"),
    ]


@pytest.mark.thorough
def test_the_other_code_in_it_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "CONTRIBUTING.md").read_text(), re.S | re.M)
    assert blocks
    for code in blocks:
        run("-W", "error", "-c", code)


def test_a_change_that_fits_nowhere_is_found() -> None:
    with pytest.raises(AssertionError, match="no one place"):
        changed("one\ntwo\n", " three\n+four\n")
    assert (
        changed(
            "one\ntwo\n",
            textwrap.dedent("""\
         one
        +three
        """),
        )
        == "one\nthree\ntwo\n"
    )
