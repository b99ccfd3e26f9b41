"""What is exported was checked, is whole, and replaces only what an export wrote."""

from __future__ import annotations

import copy
import errno
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Gaussian,
    Image,
    Series,
    Siren,
    SpecError,
    export,
    load,
    price,
)
from archspec.exporting import writing
from archspec.exporting.agreement import Disagreement, agreed
from archspec.exporting.directory import MANIFEST
from archspec.exporting.onnx_file import ONNX
from archspec.exporting.torch_files import WEIGHTS
from archspec.exporting.writing import README, SCORES, SYMMETRY, known_files
from tests.archspec.exporting.small import answers, small
from tests.examples import built, grown, noise, on
from tests.laws.numbers import difference
from tests.laws.onnx_counting import counted_in_file

pytestmark = pytest.mark.thorough


TURNING = on("C4", Conv(channels=2), input=Image(channels=1, size=(6, 6)))


LEARNED = Architecture(
    input=Series(channels=1, length=64),
    body=[Conv(channels=4, kernel_size=31, kernel=Siren(hidden=4), window=Gaussian(sigma=0.1))],
    head=Classifier(classes=2),
)


def test_every_form_of_what_is_exported_answers_alike(tmp_path: Path) -> None:
    model = grown(LEARNED).float()
    model.get_parameter("body_0_conv.window.log_width").data.fill_(-0.5)  # a size that is no longer that of the width
    directory = export(model, tmp_path / "best")
    session = onnxruntime.InferenceSession(directory / ONNX, providers=["CPUExecutionProvider"])
    x = noise(LEARNED, batch=7).float()
    with torch.no_grad():
        wanted = model(x)
        assert torch.equal(load(directory)(x), wanted)
    assert difference(torch.from_numpy(session.run(None, {"x": x.numpy()})[0]), wanted) < 1e-4
    assert load(directory).cost() == model.cost()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_given_network_stays_as_it_was(dtype: torch.dtype, tmp_path: Path) -> None:
    model = built(TURNING).to(dtype).train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    directory = export(model, tmp_path / "best")
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    wanted = copy.deepcopy(model).float().eval()
    with torch.no_grad():
        assert torch.equal(load(directory)(noise(TURNING).float()), wanted(noise(TURNING).float()))


def test_the_readme_states_what_each_file_costs(exported: Path) -> None:
    text, manifest = (exported / README).read_text(), json.loads((exported / MANIFEST).read_text())
    model = load(exported)
    for name, flops in ((WEIGHTS, price(model).flops), (ONNX, price(model, "onnx").flops)):
        size = (exported / name).stat().st_size
        assert manifest["contents"][name]["flops"] == flops
        assert manifest["contents"][name]["bytes"] == size == manifest["files"][name]["bytes"]
        assert f"| `{name}` | {flops:,} |" in text
        assert f"{size:,} |" in text
    assert counted_in_file(exported / ONNX) == price(model, "onnx").flops
    assert manifest["contents"][WEIGHTS]["params"] == sum(p.numel() for p in model.parameters())
    assert manifest["architecture"] == model.architecture.hash


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    for value in (float("nan"), float("inf")):
        model = small()
        model.get_parameter("head_classifier.linear.bias").data[0] = value
        with pytest.raises(SpecError, match=r"not finite \(head_classifier.linear.bias\)"):
            export(model, tmp_path / "best")
        assert not (tmp_path / "best").exists()


def test_answers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    model = small()
    for parameter in model.parameters():
        parameter.data.fill_(1e25)
    with pytest.raises(Disagreement, match="not finite for inputs of size"):
        export(model, tmp_path / "best")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", ["a little", "nan", "another shape", "in large batches", "for large inputs"])
def test_a_form_that_differs_is_refused(wrong: str) -> None:
    def right(x: np.ndarray) -> np.ndarray:
        return x.sum(axis=(1, 2, 3))[:, None] * np.ones(2, dtype=np.float32)

    def form(x: np.ndarray) -> np.ndarray:
        y = right(x)
        match wrong:
            case "a little":
                return y * 1.001
            case "nan":
                return y * np.nan
            case "another shape":
                return y[:, :1]
            case "in large batches":
                return y if len(x) < 3 else y[::-1]
        return np.clip(y, -30, 30)

    assert agreed(right, {"itself": right}, (1, 6, 6)) == 0
    with pytest.raises(Disagreement, match="the other differs from the network by"):
        agreed(right, {"itself": right, "the other": form}, (1, 6, 6))


def test_the_old_way_to_call_it_still_works(tmp_path: Path) -> None:
    model = small()
    with pytest.warns(DeprecationWarning, match="is now export"):
        first = export(model, model.architecture, tmp_path / "first", {"accuracy": 0.5})
    with pytest.warns(DeprecationWarning, match="is now export"):
        second = export(model, model.architecture, tmp_path / "second", scores={"accuracy": 0.5})
    for directory in (first, second):
        assert torch.equal(answers(load(directory)), answers(model))
        assert json.loads((directory / SCORES).read_text()) == {"accuracy": 0.5}


def test_an_architecture_that_is_not_the_networks_is_refused(tmp_path: Path) -> None:
    with pytest.warns(DeprecationWarning, match="is now"), pytest.raises(ValueError, match="not the network's"):
        export(small("C4"), small("C2").architecture, tmp_path / "best")


def test_an_export_replaces_an_earlier_one_whole(mine: Path) -> None:
    assert (mine / SYMMETRY).exists()
    other = small("C1")
    export(other, mine)
    assert torch.equal(answers(load(mine)), answers(other))
    assert not (mine / SYMMETRY).exists(), "a certificate of another network"
    assert [p.name for p in mine.parent.iterdir()] == [mine.name], "nothing is left beside it"


@pytest.mark.parametrize(
    ("error", "room"),
    [(OSError(errno.ENOSPC, "full"), 2**20), (RuntimeError("a library's own words"), 0), (ValueError("other"), 2**20)],
)
def test_a_full_disk_is_told_of_the_directory_that_was_asked_for(
    error: Exception, room: int, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not of the folder beside it that is written first, nor in the words of the library that writes."""
    before = answers(load(mine))

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(writing, "seal", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=room))
    with pytest.raises(type(error) if isinstance(error, ValueError) else OSError) as caught:
        export(small("C1"), mine)
    if isinstance(caught.value, OSError):
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(mine))
    assert torch.equal(answers(load(mine)), before)


def test_an_export_of_an_earlier_version_is_read_and_replaced(mine: Path) -> None:
    (mine / MANIFEST).unlink()
    weights = load_file(mine / WEIGHTS)
    save_file(weights, mine / WEIGHTS)  # without whose they are
    assert torch.equal(answers(load(mine)), answers(small()))
    export(small("C1"), mine)
    assert load(mine).architecture == small("C1").architecture


def test_what_no_export_wrote_is_kept_unless_told(mine: Path) -> None:
    (mine / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"'notes.txt', which no export wrote.*overwrite=True"):
        export(small("C1"), mine)
    assert (mine / "notes.txt").read_text() == "mine"
    assert load(mine).architecture == small().architecture
    export(small("C1"), mine, overwrite=True)
    assert {p.name for p in mine.iterdir()} <= known_files()


def test_files_and_links_in_the_way_are_refused(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="is a file"):
        export(small(), tmp_path / "file")
    (tmp_path / "link").symlink_to(mine)
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="links are not followed"):
            export(small("C1"), tmp_path / "link", overwrite=overwrite)
    outside = tmp_path / "outside.json"
    outside.write_text("mine")
    (mine / SCORES).unlink()
    (mine / SCORES).symlink_to(outside)
    with pytest.raises(FileExistsError, match=SCORES):
        export(small("C1"), mine)
    export(small("C1"), mine, overwrite=True)
    assert outside.read_text() == "mine"
    assert not (mine / SCORES).is_symlink()


def test_an_export_that_fails_changes_nothing(mine: Path) -> None:
    before = {path.name: path.read_bytes() for path in mine.iterdir()}
    model = small("C1")
    for parameter in model.parameters():
        parameter.data.fill_(1e25)
    with pytest.raises(Disagreement):
        export(model, mine)
    assert {path.name: path.read_bytes() for path in mine.iterdir()} == before
    assert len(list(mine.parent.iterdir())) == 1


def test_an_export_that_is_interrupted_while_it_is_put_in_place_changes_nothing(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed: list[Path] = []
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        renamed.append(self)
        if len(renamed) == 2:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export(small("C1"), mine)
    monkeypatch.undo()
    assert load(mine).architecture == small().architecture
    assert [p.name for p in mine.parent.iterdir()] == [mine.name]


def test_the_directory_that_one_is_in_is_not_pulled_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="the directory that you are in"):
            export(small(), ".", overwrite=overwrite)
    assert load(export(small(), "best")).architecture == small().architecture


def test_parents_are_made(tmp_path: Path) -> None:
    assert load(export(small(), tmp_path / "runs" / "best" / "net")).architecture == small().architecture
