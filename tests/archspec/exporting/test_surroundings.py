"""What is exported follows from the network alone, not from torch's settings or from which of its layers are one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from archspec import Conv, Network, Series, export, load
from archspec.exporting import torch_files
from tests.archspec.exporting.small import answers, small
from tests.examples import built, network, noise

pytestmark = pytest.mark.thorough


def twice_the_same() -> Network:
    """A network in which one layer stands in two places."""
    model = built(network(Series(channels=3, length=9), Conv(channels=3), Conv(channels=3))).float().eval()
    model.body_1_conv = model.body_0_conv
    return model


def test_a_layer_in_several_places_is_written_for_each(tmp_path: Path) -> None:
    model = twice_the_same()
    export(model, tmp_path / "export", formats=())
    x = noise(model.architecture).float()
    with torch.no_grad():
        assert torch.equal(load(tmp_path / "export")(x), model(x))


def test_its_weights_cannot_be_written_as_one(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="share memory"):
        torch_files.save_file(twice_the_same().state_dict(), tmp_path / "weights.safetensors")


def test_the_default_device_has_no_part_in_an_export(tmp_path: Path) -> None:
    model = small()
    with torch.device("meta"):
        export(model, tmp_path / "export")
    assert torch.equal(answers(load(tmp_path / "export")), answers(model))
