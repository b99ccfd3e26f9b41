"""What was exported and changed since is refused in one sentence, and is never another network."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from archspec import (
    SpecError,
    export,
    load,
)
from archspec.exporting.directory import MANIFEST
from archspec.exporting.onnx_file import ONNX
from archspec.exporting.torch_files import SPEC, WEIGHTS
from archspec.exporting.writing import README, SCORES, SYMMETRY
from tests.archspec.exporting.small import answers, small

pytestmark = pytest.mark.thorough


def _spec(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def tamper(directory: Path) -> None:
        data = json.loads((directory / SPEC).read_text())
        change(data)
        (directory / SPEC).write_text(json.dumps(data))

    return tamper


def _resealed(tamper: Callable[[Path], None]) -> Callable[[Path], None]:
    """The manifest made to fit what was tampered with: then the files themselves must tell."""

    def both(directory: Path) -> None:
        from archspec.exporting.directory import seal

        about = json.loads((directory / MANIFEST).read_text())["architecture"]
        tamper(directory)
        (directory / MANIFEST).unlink()
        seal(directory, {"architecture": about})

    return both


def _weights(change: Callable[[dict[str, torch.Tensor]], None], metadata: bool = True) -> Callable[[Path], None]:
    def tamper(directory: Path) -> None:
        weights = load_file(directory / WEIGHTS)
        change(weights)
        whose = {"architecture": json.loads((directory / MANIFEST).read_text())["architecture"]} if metadata else None
        save_file(weights, directory / WEIGHTS, metadata=whose)

    return tamper


def _cut(name: str, share: float) -> Callable[[Path], None]:
    def tamper(directory: Path) -> None:
        data = (directory / name).read_bytes()
        (directory / name).write_bytes(data[: int(len(data) * share)])

    return tamper


def _flipped(name: str, place: float) -> Callable[[Path], None]:
    def tamper(directory: Path) -> None:
        data = bytearray((directory / name).read_bytes())
        data[int(place * (len(data) - 1))] ^= 0x40
        (directory / name).write_bytes(bytes(data))

    return tamper


@cache
def another(group: str, seed: int) -> dict[str, bytes]:
    """The files of another network's export."""
    with tempfile.TemporaryDirectory() as directory:
        return {path.name: path.read_bytes() for path in export(small(group, seed=seed), f"{directory}/best").iterdir()}


def _of_another(name: str, *more: str, group: str = "C2", seed: int = 0) -> Callable[[Path], None]:
    def tamper(directory: Path) -> None:
        for each in (name, *more):
            (directory / each).write_bytes(another(group, seed)[each])

    return tamper


def _linked(name: str, to: str | None = None) -> Callable[[Path], None]:
    def tamper(directory: Path) -> None:
        away = directory.parent / "away"
        (directory / name).rename(away)
        (directory / name).symlink_to(to or away)

    return tamper


def _gone(name: str) -> Callable[[Path], None]:
    return lambda directory: (directory / name).unlink()


def _a_folder(name: str) -> Callable[[Path], None]:
    def tamper(directory: Path) -> None:
        (directory / name).unlink()
        (directory / name).mkdir()

    return tamper


def _written(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda directory: (directory / name).write_bytes(data) and None


def _one_less(weights: dict[str, torch.Tensor]) -> None:
    del weights[_first(weights)]


def _first(weights: dict[str, torch.Tensor]) -> str:
    return min(weights)


def _manifest(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def tamper(directory: Path) -> None:
        data = json.loads((directory / MANIFEST).read_text())
        change(data)
        (directory / MANIFEST).write_text(json.dumps(data))

    return tamper


TAMPERED: dict[str, Callable[[Path], None]] = {
    **{f"{name} cut to {share}": _cut(name, share) for name in (SPEC, WEIGHTS, MANIFEST) for share in (0, 0.5, 0.99)},
    **{f"{name}, a bit at {p}": _flipped(name, p) for name in (SPEC, WEIGHTS, ONNX, SYMMETRY) for p in (0, 0.5, 1)},
    **{f"{name} gone": _gone(name) for name in (SPEC, WEIGHTS, MANIFEST)},
    **{f"{name} a folder": _a_folder(name) for name in (SPEC, WEIGHTS, MANIFEST)},
    **{f"{name} a link": _linked(name) for name in (SPEC, WEIGHTS, ONNX, SYMMETRY, MANIFEST)},
    "weights a link to nothing": _linked(WEIGHTS, "nowhere"),
    "spec a link to an endless file": _linked(SPEC, "/dev/zero"),
    **{f"another network's {name}": _of_another(name) for name in (SPEC, WEIGHTS, ONNX, SYMMETRY, MANIFEST)},
    "another network's weights of the same shapes": _of_another(WEIGHTS, group="C4", seed=3),
    "another network's spec and weights": _of_another(SPEC, WEIGHTS),
    "another network's spec and manifest": _of_another(SPEC, MANIFEST),
    "another activation": _spec(lambda d: d["body"].insert(0, {"kind": "activation"})),
    "another size": _spec(lambda d: d["input"].update(size=[8, 8])),
    "another size, resealed": _resealed(_spec(lambda d: d["input"].update(size=[8, 8]))),
    "an activation more, resealed": _resealed(_spec(lambda d: d["body"].insert(1, {"kind": "activation"}))),
    "weights of another network, resealed": _resealed(_of_another(WEIGHTS)),
    "a weight that is NaN": _weights(lambda w: w[_first(w)].fill_(float("nan"))),
    "a weight that is NaN, resealed": _resealed(_weights(lambda w: w[_first(w)].fill_(float("nan")))),
    "a weight that is infinite, resealed": _resealed(_weights(lambda w: w[_first(w)].fill_(float("inf")))),
    "a weight less, resealed": _resealed(_weights(_one_less)),
    "a weight more, resealed": _resealed(_weights(lambda w: w.update(more=torch.zeros(1)))),
    "a weight of another shape, resealed": _resealed(_weights(lambda w: w.update({_first(w): torch.zeros(7)}))),
    "weights that do not say whose": _weights(lambda w: None, metadata=False),
    "weights that are pickled": _written(WEIGHTS, b"\x80\x04cos\nsystem\n."),
    "a spec that is no JSON": _written(SPEC, b"architecture"),
    "a spec that is no JSON, resealed": _resealed(_written(SPEC, b"architecture")),
    "a spec of nothing, resealed": _resealed(_written(SPEC, b"{}")),
    "a manifest that is a list": _written(MANIFEST, b"[]"),
    "a manifest of deep brackets": _written(MANIFEST, b"[" * 100_000),
    "a manifest that is no text": _written(MANIFEST, bytes(range(256))),
    "a manifest of a later format": _manifest(lambda d: d.update(format=99)),
    "a manifest without the weights": _manifest(lambda d: d["files"].pop(WEIGHTS)),
    "a manifest without files": _manifest(lambda d: d.pop("files")),
    "a manifest of another hash": _manifest(lambda d: d.update(architecture="0" * 32)),
    "a certificate that a C1 network never had": _manifest(lambda d: d["files"].pop(SYMMETRY)),
}


def test_there_are_many_ways_to_tamper() -> None:
    assert len(TAMPERED) >= 60


@pytest.mark.parametrize("way", TAMPERED)
def test_tampering_is_one_sentence_and_never_another_network(way: str, mine: Path) -> None:
    wanted = answers(small())
    assert torch.equal(answers(load(mine)), wanted)
    TAMPERED[way](mine)
    with pytest.raises(SpecError) as refused:
        load(mine)
    told = str(refused.value)
    assert "\n" not in told
    assert str(mine) in told or SPEC in told
    assert len(told) < 600


def test_what_people_write_beside_it_does_no_harm(mine: Path) -> None:
    (mine / "notes.txt").write_text("mine")
    (mine / README).write_text("mine")
    (mine / SCORES).unlink()
    (mine / ONNX).unlink()
    assert torch.equal(answers(load(mine)), answers(small()))


def test_a_load_that_checks_nothing_fails_that_law(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = small().architecture.hash
    monkeypatch.setattr("archspec.exporting.torch_files.unsealed", lambda *_: {"architecture": found})
    _of_another(WEIGHTS, group="C4", seed=3)(mine)
    assert not torch.equal(answers(load(mine)), answers(small()))


def test_no_such_directory(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="not an exported network"):
        load(tmp_path / "nothing")
    assert os.listdir(tmp_path) == []
