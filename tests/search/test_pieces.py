"""A block of a person's own that is not what it says is named before anything is trained, and so is one that fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from archspec import Activation, Architecture, Classifier, Conv, Image, Signal, lower
from search import preflight
from search.errors import RunError
from search.objectives import Objective, maximize
from search.pieces import try_blocks
from spaces import Space
from tests.search.made_up import engine_in
from tests.search.tiny import bars

X = torch.zeros(2, 1, 6, 6)


class Fails(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        raise KeyError("inside")


def network(channels: int = 3) -> Architecture:
    body = [Conv(channels=channels, kernel_size=3), Activation()]
    return Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2))


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (nn.Conv2d(3, 3, 1), r"^body\[1\] \(activation\): its cost says 0 parameters, its layer has 12; mend one"),
        (
            nn.MaxPool2d(2),
            r"^body\[1\] \(activation\): it infers the shape \(3, 6, 6\), its layer gives \(3, 3, 3\); ",
        ),
        (Fails(), r"^a layer of the network raised KeyError: inside \(test_pieces.py, line \d+\); mend it$"),
    ],
)
def test_a_layer_is_what_its_block_says(layer: nn.Module, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Activation, "__module__", "somebodys")
    model = lower(network())
    try_blocks(network(), model, X)
    model.body_1_activation = layer
    with pytest.raises(RunError, match=said):
        try_blocks(network(), model, X)


def test_what_a_block_raises_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def infer(self: Activation, x: Signal) -> Signal:
        return x._replace(channels=x.channels // 0)

    monkeypatch.setattr(Activation, "infer", infer)
    space, wanted = Space(network(29)), list[Objective]([maximize("accuracy")])
    said = r"^a block of the space raised ZeroDivisionError: .* \(test_pieces.py, line \d+\); mend it"
    try:
        with pytest.raises(RunError, match=said):
            preflight.preflight(space, bars(), wanted)
        with pytest.raises(RunError, match=said):
            engine_in(tmp_path, space).ask()
    except ZeroDivisionError as error:
        pytest.fail(f"only a traceback says it: {error}")
