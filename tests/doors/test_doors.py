"""What a package of somebody's own adds is searched, priced, frozen and exported, with no change here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough
ROOT = Path(__file__).parents[2]
PACKAGE = Path(__file__).parent / "package"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it, built and installed."""
    site, source = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("source") / "homemade"
    subprocess.run(["cp", "-r", str(PACKAGE), str(source)], check=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--disable-pip-version-check", "--target", str(site), str(source)], check=True)
    return site


def told(site: Path | None, code: str, stream: str = "stdout") -> str:
    """What a process of its own prints, which finds the package if it is given."""
    places = [str(ROOT), *([str(site)] if site else [])]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout if stream == "stdout" else done.stderr


BLOCK = """
import random
import torch
from archspec import *
from archspec.network.offsets import turns
from archspec.testing import assert_block_laws
from homemade.block import Gain
from spaces import Space, choice
def network(*body, **named):
    return Architecture(input=Image(channels=1, size=(9, 9)), body=[*body, GroupPool()], head=Classifier(classes=2))
space = Space(network(Lift(group="C4", channels=2), choice(Gain(start=choice(0.5, 2.0)), Conv(channels=2)), Norm()))
assert space.size() == 3 and Space.from_json(space.to_json()).size() == 3
found = [a for a in space.enumerate() if "gain" in a.to_json()]
assert len({a.hash for a in found}) == 2 and space.values_of(found[0])["body[1][gain].start"] == 0.5
assert Architecture.from_yaml(found[0].to_yaml()) == found[0]
for signal in (Signal(2, (9, 9)), Signal(2, (9, 9), Group("D4")), Signal(2, (32,), Group("S3"))):
    assert_block_laws(Gain(), signal)
# One that cannot be pruned computes all elements; so does a module with a plain form that is no Layer of ours.
from homemade.layer import Gain as Layer
Layer.prunable = False
for start, reads in ((1.5, "unaffected"), (1.6, "masked")):
    Gain.reads_partial = reads
    assert_block_laws(Gain(start=start), Signal(2, (9, 9), Group("D4")))
Layer.prunable, Gain.reads_partial = True, "unaffected"
class Older(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = Layer(2, 4, 2, 1.5)
    def forward(self, x): return self.gain(x)
    def plain(self): return self.gain.plain()
once, Gain.lower = Gain.lower, lambda self, x: Older()
assert_block_laws(Gain(start=1.7), Signal(2, (9, 9), Group("C4")))
Gain.lower = once
# After a part of a group, on scales, and between the elements.
part = network(Lift(group="C4", channels=2), Partial(), Gain(), Conv(channels=2))
model = lower(part).double().eval()
x = torch.randn(2, 1, 9, 9, dtype=torch.float64)
assert torch.allclose(freeze(model)(x), model(x)) and price(model).params == price(part).params
sampled = network(Lift(group="C8", channels=2, kernel_size=5, kernel=Siren(), window=Disc()), Gain())
assert turns(lower(sampled)) and price(sampled).flops > 0
try:
    Architecture.from_json(part.to_json().replace('"kind": "gain"', '"kind": "gain", "start": -1'))
except SpecError as error:
    assert str(error).startswith("body[2].start: "), error
else:
    raise AssertionError
print("block holds")
"""
KERNEL = """
import torch
from archspec import *
from archspec.testing import assert_block_laws
text = '''{"kind": "conv", "channels": 2, "kernel_size": 5, "kernel": {"kind": "bump", "bumps": 3}}'''
a = Architecture.from_json('''{"input": {"kind": "image", "size": [9, 9]}, "body": [%s],
    "head": {"kind": "classifier", "classes": 2}}''' % text)
assert a.body[0].kernel.bumps == 3 and "bump" in roles(lower(a)) or "kernel" in roles(lower(a))
for signal in (Signal(2, (9, 9)), Signal(2, (9, 9), Group("C4"))):
    assert_block_laws(a.body[0], signal)
print("kernel holds")
"""
GROUP = """
from archspec import *
from archspec.symmetry import certify
from archspec.testing import assert_block_laws
from spaces import Space, choice
space = Space(Architecture(input=Image(size=(8, 9)), head=Classifier(classes=2), body=[
    Lift(group=choice("C1", "V4"), channels=2), Activation(), Conv(channels=2, kernel=Siren()), GroupPool()]))
plain, mirrored = space.enumerate()
assert certify(lower(mirrored)).verdict == "exact" and Group("V4").order == 4
assert Architecture.from_json(mirrored.to_json()) == mirrored and price(mirrored).flops > price(plain).flops
assert_block_laws(Conv(channels=2), Signal(2, (8, 9), Group("V4")))
print("group holds")
"""
EXPORTER = """
import sys, tempfile
from pathlib import Path
import archspec
from archspec import *
a = Architecture(input=Image(size=(9, 9)), body=[Conv(channels=2)], head=Classifier(classes=2))
with tempfile.TemporaryDirectory() as directory:
    place = export(lower(a), Path(directory) / "best", formats=("onnx", "numbers"))
    assert {p.name for p in place.iterdir()} >= {"numbers.txt", "model.onnx", "weights.safetensors", "README.md"}
    assert "Count them." in (place / "README.md").read_text() and load(place).architecture == a
    export(lower(a), place)  # an earlier export, whatever its formats, is replaced
    assert not (place / "numbers.txt").exists()
print("exporter holds")
"""


SEARCH = """
import sys, tempfile
from pathlib import Path
from archspec import *
from search import Result, Search, Training
from search.cli import main
from search.report import report
from spaces import Space, choice
from homemade.block import Gain
space = Space(Architecture(input=Image(size=(6, 6)), head=Classifier(classes=4, pool="max"), body=[
    Lift(group=choice("C1", "V4"), channels=choice(2, 4)), Gain(), Activation(),
    Conv(channels=4, kernel_size=5, kernel=Siren(hidden=4)), GroupPool()]))
with tempfile.TemporaryDirectory() as place:
    search = Search(space, "corners", ["maximize thrift", "minimize flops"], trials=3, strategy="first",
                    training=Training(epochs=2, batch_size=16))
    result = search.run(Path(place) / "run", backend="here", workers=1)
    first = [a.hash for a in space.enumerate()][:3]
    assert [t.architecture.hash for t in result.trials if t.state == "scored"] == first, result.trials
    assert all("thrift" in t.scores and len(t.curve) == 2 for t in result.trials)
    assert len(result.front) >= 1 and "gain" in str(result.front) and "corners" in report(result)
    confirmed = result.confirm(2, backend="here")
    assert [row.seeds for row in confirmed.rows] == ["2"] * len(result.front)
    best = result.best("thrift")
    exported = best.export(Path(place) / "best", formats=("numbers",))
    assert (exported / "numbers.txt").exists() and "test accuracy" in (exported / "scores.json").read_text()
    # The command line knows the names too.
    spec = Path(place) / "space.yaml"
    spec.write_text(space.to_yaml())
    assert main(["check", str(spec)]) == 0
    assert main(["search", str(spec), "--task", "corners", "--strategy", "first", "--backend", "here",
                 "--workers", "1", "--trials", "1", "--directory", str(Path(place) / "by command")]) == 0
    assert main(["export", str(Path(place) / "by command"), "--to", str(Path(place) / "b"), "--format", "numbers"]) == 0
    assert (Path(place) / "b" / "numbers.txt").exists()
print("search holds", file=sys.stderr)
"""


RARELY = [pytest.param(what, marks=pytest.mark.slow) for what in ("KERNEL", "GROUP")]


@pytest.mark.parametrize("what", ["BLOCK", *RARELY, "EXPORTER"])
def test_what_a_package_adds_is_known_everywhere(installed: Path, what: str) -> None:
    assert told(installed, globals()[what]).strip() == f"{what.lower()} holds"


@pytest.mark.thorough
def test_a_search_by_what_a_package_adds_ends_in_a_front_a_report_and_an_export(installed: Path) -> None:
    assert "search holds" in told(installed, SEARCH, stream="stderr")


def test_without_the_package_its_names_are_unknown_in_one_sentence() -> None:
    code = "from archspec import *\ntry: Group('V4')\nexcept ValueError as error: print(error)"
    assert told(None, code).startswith("unknown group 'V4': write C1")


def test_a_broken_block_fails_its_laws(installed: Path) -> None:
    code = """
from archspec import Cost, Group, Signal
from archspec.testing import assert_block_laws
from homemade.block import Gain
from homemade.layer import Gain as Layer
import torch
starts = iter(range(2, 9))  # another one each time: what is known of a block is remembered
def fails(law):
    try: assert_block_laws(Gain(start=next(starts)), Signal(2, (9, 9), Group("C4")))
    except AssertionError as error: assert law in str(error), error
    else: raise AssertionError(law)
once = Gain.cost, Layer.forward, Layer.plain, Layer.prune
Gain.cost = lambda self, x: Cost(params=1); fails("parameters"); Gain.cost = once[0]
Gain.cost = lambda self, x: Cost(params=2, macs=7); fails("FLOPs"); Gain.cost = once[0]
Layer.plain = lambda self, target="torch": torch.nn.Identity(); fails("plain form"); Layer.plain = once[2]
Layer.prune = lambda self, active: None; 
try: fails("after Partial")
except RuntimeError: pass
Layer.prune = once[3]
Layer.forward = lambda self, x: x * self.factor[0] * torch.arange(9.0); fails(""); Layer.forward = once[1]
Layer.forward = lambda self, x: once[1](self, x).detach() + 0 * self.factor.sum(); fails("gradient")
print("all fail")
"""
    assert told(installed, code).strip() == "all fail"
