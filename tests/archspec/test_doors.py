"""What other packages add by entry points, and what of it is left out, with one warning that says why."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from archspec.doors import Door, Unknown
from archspec.geometry.families import GROUPS, Finite
from archspec.geometry.groups import Group
from archspec.schema.kinds import FAMILIES
from tests.laws.process import ROOT


def install(site: Path, package: str, modules: dict[str, str], points: dict[str, list[str]]) -> None:
    """A package of these modules, with these entry points (`name = module:thing`) for each door."""
    about = site / f"{package}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    text = "".join(f"[archsearch.{door}]\n" + "\n".join(lines) + "\n" for door, lines in points.items())
    (about / "entry_points.txt").write_text(text)
    for name, code in modules.items():
        (site / f"{name}.py").write_text(code)


def told(site: Path, code: str) -> list[str]:
    """The lines that a process prints which finds the packages installed there."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door[object]:
    """A door to which one package adds what works, others what does not."""
    things = {"things_a": "good = {1}\nalso = 2", "things_b": "raise RuntimeError('needs a\\n licence')"}
    install(tmp_path, "first", things, {"toys": ["good = things_a:good", "ours = things_a:also"]})
    install(tmp_path, "second", {}, {"toys": ["bad = things_b:x", "gone = no_such_thing:x", "good = things_a:also"]})
    monkeypatch.syspath_prepend(tmp_path)
    return Door("archsearch.toys", "toy", {"ours": "math:pi"})


def test_a_broken_package_stops_nobody_and_none_replaces_what_is_built_in(door: Door[object]) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert list(door) == ["ours", "good"]
        assert list(door.values()) == [pytest.approx(3.14159, 1e-5), {1}]
        assert len(door) == 2
        assert dict(door.items()).keys() == {"ours", "good"}
    said = sorted(str(warning.message) for warning in seen)
    assert all(warning.category is RuntimeWarning for warning in seen)
    assert [text.partition(" (")[0] for text in said] == [
        "the toy 'bad' of the package second",
        "the toy 'gone' of the package second",
        "the toy 'good' of the package second",
        "the toy 'ours' of the package first",
    ]
    assert said[0].endswith("(things_b:x) cannot be used: RuntimeError: needs a licence")
    assert said[1].endswith("No module named 'no_such_thing'")
    assert said[2].endswith("{1} has this name already")
    assert said[3].endswith("3.141592653589793 has this name already")


def test_what_is_left_out_says_why_when_it_is_asked_for(door: Door[object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "bad" in door
        assert "nothing" not in door
    with pytest.raises(Unknown, match=r"^the toy 'bad' of the package second .* needs a licence$"):
        _ = door["bad"]
    with pytest.raises(Unknown, match=r"^there is no toy 'nothing'; use one of ours, good$"):
        _ = door["nothing"]


BLOCK = """
from typing import ClassVar, Literal
import archspec
class {name}(archspec.Primitive):
    reads_partial: ClassVar[str] = "unaffected"
    kind: Literal["{kind}"] = "{kind}"
    def infer(self, x): return x
    def lower(self, x):
        from torch import nn
        return nn.Identity()
"""
SPEC = """{"input": {"kind": "image", "size": [6, 6]}, "body": [%s], "head": {"kind": "classifier", "classes": 2}}"""
READ = f"""
import sys, warnings
from archspec import *
SPEC = '''{SPEC}'''
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    read = Architecture.from_json(SPEC % '{{"kind": "noted"}}')
    try: Architecture.from_json(SPEC % '{{"kind": "typo"}}')
    except SpecError as error: print(error)
for warning in sorted(str(warning.message) for warning in seen): print(warning)
"""


def test_broken_and_mistaken_blocks_are_left_out_one_by_one(tmp_path: Path) -> None:
    noted = BLOCK.format(name="Noted", kind="noted")
    modules = {
        "noted": noted.replace("class Noted", "@archspec.register\nclass Noted"),  # decorated, and an entry point
        "broken": "1 +",
        "bare": BLOCK.format(name="Bare", kind="bare").replace('kind: Literal["bare"] = "bare"', "pass"),
        "taken": BLOCK.format(name="Conv", kind="conv"),
        "named": BLOCK.format(name="Beta", kind="beta"),
        "again": BLOCK.format(name="Again", kind="noted"),
        "window": BLOCK.format(name="Gaussian", kind="gaussian"),
    }
    points = ["noted = noted:Noted", "conv = taken:Conv", "alpha = named:Beta", "made = builtins:print"]
    install(tmp_path, "first", modules, {"blocks": points})
    points = ["boom = broken:X", "bare = bare:Bare", "noted = again:Again", "gaussian = window:Gaussian"]
    install(tmp_path, "second", {}, {"blocks": points})
    lines = told(tmp_path, f"{READ}\nfrom archspec.schema.kinds import rebuild; rebuild(); print(read.body[0].kind)")
    assert lines[0].startswith("body[0]")
    assert "typo" in lines[0]
    assert lines[-1] == "noted"
    wanted = [
        ("'alpha' of the package first (named:Beta)", "Beta has the kind 'beta', not 'alpha'; register it under that"),
        ("'bare' of the package second (bare:Bare)", "Bare has no kind; give it one"),
        ("'boom' of the package second (broken:X)", "SyntaxError: invalid syntax"),
        ("'conv' of the package first (taken:Conv)", "archspec.blocks.conv.conv.Conv has this name already"),
        ("'gaussian' of the package second (window:Gaussian)", "there is a window called 'gaussian' already"),
        ("'made' of the package first (builtins:print)", "<built-in function print> is not a class of models"),
        ("'noted' of the package second (again:Again)", "noted.Noted has this name already"),
    ]
    assert len(lines[1:-1]) == len(wanted)
    for line, (which, why) in zip(lines[1:-1], wanted, strict=True):
        assert line.startswith(f"the block {which} cannot be used: {why}"), line


REGISTER = f"""
from typing import ClassVar, Literal
import archspec, archspec.reference
from archspec import *
assert '"added"' in archspec.reference.schema_text() and "Added" in str(Architecture.model_json_schema())
def refused(thing, why):
    try: register(thing)
    except ValueError as error: assert why in str(error), error
    else: raise AssertionError(why)
refused(Primitive, "Primitive has no kind")
{BLOCK.format(name="Window", kind="gaussian")}
refused(Window, "there is a window called 'gaussian' already")
class Unfinished(Primitive):
    kind: Literal["unfinished"] = "unfinished"
    later: Later
refused(Unfinished, "a field whose type 'Later' is not defined")
{BLOCK.format(name="Good", kind="good")}
register(Good); first = Good
{BLOCK.format(name="Good", kind="good")}
register(Good)
network = Architecture(input=Image(size=(6, 6)), body=[Good()], head=Classifier(classes=2))
assert Good is not first and type(Architecture.from_json(network.to_json()).body[0]) is Good
{BLOCK.format(name="Other", kind="good")}
refused(Other, "there is another block called 'good' already")
""".replace("\nclass Unfinished", "\nfrom archspec.graph.block import Block\nclass Unfinished")


def test_registering_in_a_script_or_a_notebook(tmp_path: Path) -> None:
    install(tmp_path, "adds", {"added": BLOCK.format(name="Added", kind="added")}, {"blocks": ["added = added:Added"]})
    assert told(tmp_path, "from __future__ import annotations\n" + REGISTER) == []


def test_a_group_is_not_given_a_name_that_means_another() -> None:
    matrices = {2: Group("C2").action(2).matrices}
    for name in ("S3", "V4xS2", "C4", "D2", "xS2", "c"):
        with pytest.raises(ValueError, match=f"a group cannot be called '{name}'"):
            Finite(name, matrices)
    GROUPS.check("Sx", Finite("Sx", matrices))
    with pytest.raises(ValueError, match="the group is called 'Sx', not 'Sy'"):
        GROUPS.check("Sy", Finite("Sx", matrices))
    with pytest.raises(ValueError, match="is not a group"):
        GROUPS.check("Sx", print)
    assert GROUPS.same(Finite("Sx", matrices), Finite("Sx", matrices))
    assert not GROUPS.same(Finite("Sx", matrices), Finite("Sx", {1: Group("D1").action(1).matrices}))


def test_every_kind_is_the_kind_of_one_family() -> None:
    kinds = [kind for family in FAMILIES for kind in family.known]
    assert len(kinds) == len(set(kinds)) > 30
