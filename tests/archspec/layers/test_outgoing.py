"""The outgoing parameters of a layer: scaling the rows of a channel scales that channel of its output."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from archspec.layers.layer import Layer, over_rows
from archspec.layers.pointwise import SharedPointwise
from tests.examples import EXAMPLES, built, noise


def read(model: nn.Module, x: Tensor) -> dict[str, tuple[Any, ...]]:
    """What each layer with outgoing parameters reads."""
    found: dict[str, tuple[Any, ...]] = {}
    layers = {name: part for name, part in model.named_children() if isinstance(part, Layer) and part.outgoing()}

    def note(name: str) -> Any:
        return lambda module, inputs: found.update({name: inputs})

    handles = [part.register_forward_pre_hook(note(name)) for name, part in layers.items()]
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    return found


def worst(layer: Layer, inputs: tuple[Any, ...]) -> float:
    """By how much the output differs from the one with scaled channels, as a share of the largest value."""
    with torch.no_grad():
        output = layer(*inputs)
        factors = torch.linspace(0.5, 1.5, output.shape[1], dtype=output.dtype)
        rows = {name: value * over_rows(factors, value) for name, value in layer.outgoing().items()}
        found = functional_call(layer, rows, inputs)
        wanted = output * factors.view(-1, *(1,) * (output.dim() - 2))
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-12))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_output_is_proportional_to_the_outgoing_rows_of_its_channels(name: str) -> None:
    """Every layer of the examples that states such parameters."""
    model = built(EXAMPLES[name]).eval()
    for place, inputs in read(model, noise(EXAMPLES[name])).items():
        layer = model.get_submodule(place)
        assert isinstance(layer, Layer)
        assert worst(layer, inputs) < 1e-9, place


def test_rows_that_are_left_out_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: a bias that is not counted among the outgoing parameters."""
    monkeypatch.setattr(SharedPointwise, "outgoing", lambda self: {"weight": self.weight})
    layer = SharedPointwise(3, 4, 1, 1, bias=True).double()
    assert layer.bias is not None
    nn.init.constant_(layer.bias, 10.0)
    assert worst(layer, (torch.ones(2, 3, 1, 5, dtype=torch.float64),)) > 0.1
