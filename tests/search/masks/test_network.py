"""Networks with masks: what is extracted from them is the same function, and an ordinary architecture."""

from __future__ import annotations

import math
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import Tensor

from archspec import export
from archspec.architecture import price
from archspec.exporting.onnx_file import ONNX
from archspec.layers.fading import THRESHOLD, fading
from archspec.network.freezing import freeze
from archspec.symmetry.certificate import largest
from archspec.testing.equivariance import equivariance_error
from search.masks import network as module
from search.masks.network import STIFF, MaskedNetwork
from search.masks.shown import width_of
from tests.search.masks.spaces import SPACES, masked

EXACT = 1e-9
CLOSE = 1e-6  # the fixed widths of windows are float32


def example(model: MaskedNetwork, batch: int = 3) -> Tensor:
    given = model.network.architecture.input
    return torch.randn(batch, given.channels, *given.grid, generator=torch.Generator().manual_seed(0)).double()


def lived(name: str) -> MaskedNetwork:
    """A network with masks whose parameters and statistics are those of no new network."""
    torch.manual_seed(1)
    model = masked(name)
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model.train()
    model(example(model, 16))
    return model.eval()


def apart(first: Tensor, second: Tensor) -> float:
    return float(((first - second).abs().max() / second.abs().max()).detach())


@pytest.mark.parametrize("name", SPACES)
def test_what_is_extracted_has_the_same_outputs(name: str) -> None:
    """Also frozen, and the price is that of its architecture."""
    model = lived(name)
    x = example(model)
    wanted, found = model(x), model.extracted()
    assert apart(found(x), wanted) < CLOSE
    assert apart(freeze(found)(x), wanted) < CLOSE
    assert found.cost() == price(found.architecture)


def exported(name: str, directory: Path) -> float:
    """By how much the exported network differs from the one with masks, in onnxruntime, on a batch of another size."""
    model = lived(name).float()
    export(model.extracted(), directory)
    session = onnxruntime.InferenceSession(directory / ONNX, providers=["CPUExecutionProvider"])
    x = example(model, 5).float()
    return apart(torch.from_numpy(session.run(None, {"x": x.numpy()})[0]), model(x))


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["SIREN on C4, separable", "causal CCNN", "learned grid on D4"])
def test_what_is_exported_answers_as_the_network_with_masks(name: str, tmp_path: Path) -> None:
    assert exported(name, tmp_path / "best") < 1e-5


@pytest.mark.parametrize("name", SPACES)
def test_what_is_cut_was_not_used(name: str) -> None:
    """Nearly: layer norms see the units that go, and activations on a coarser grid are not those of the finer one."""
    model = lived(name)
    model.set_sizes([7.0 if size.name == "width" else size.values[0] for size in model.fillings.sizes])
    x, before = example(model), model.at
    wanted = model(x)
    assert model.fit(1.0)
    assert all(now <= then for now, then in zip(model.at, before, strict=True))
    # A continuous kernel of fewer taps is the same function; the windows of both are below the threshold where it ends.
    assert apart(model(x), wanted) < (0.5 if name == "layer norm" or "grid" in name else 0.2)


def test_a_kernel_of_one_tap_can_grow_again() -> None:
    model = lived("from one tap on C4")
    names = [size.name for size in model.fillings.sizes]
    for size, taps in ((1.0, 1), (2.6, 3)):
        model.set_sizes([{"width": 7.0, "depth": 2.0, "size": size}[name] for name in names])
        x = example(model)
        wanted = model(x) if taps > 1 else None
        assert model.fit(1.0)
        assert dict(zip(names, model.at, strict=True))["size"] == taps
        assert apart(model.extracted()(x), model(x)) < CLOSE
        if wanted is not None:
            assert apart(model(x), wanted) < EXACT


@pytest.mark.parametrize("name", ["tables", "tables on C4", "CCNN"])
def test_channels_and_copies_that_are_cut_were_not_used(name: str) -> None:
    """Exactly, where kernels stay and norms are over the batch."""
    model = lived(name)
    sizes = dict(zip((size.name for size in model.fillings.sizes), model.at, strict=True)) | {
        "width": 7.0,
        "depth": 1.0,
    }
    model.set_sizes([float(sizes[size.name]) for size in model.fillings.sizes])
    x = example(model)
    wanted = model(x)
    assert model.fit(1.0)
    assert apart(model(x), wanted) < EXACT


@pytest.mark.parametrize(
    "name", ["tables on C4", "SIREN on C4, separable", "MAGNet on D4", "series on D1", "learned grid on D4"]
)
def test_masks_are_shared_over_the_group(name: str) -> None:
    """Every masked network is equivariant, at any sizes."""
    model = lived(name)
    found = model.extracted()
    group = largest(found.architecture.graph)
    assert group.order > 1
    assert equivariance_error(found, group) < EXACT


@pytest.mark.parametrize("name", ["tables on C4", "CCNN", "causal CCNN", "learned grid"])
def test_outputs_have_the_gradient_of_finite_differences_in_the_sizes(name: str) -> None:
    """Masks over channels, copies and kernels."""
    model = lived(name)
    x = example(model, 2)

    def outputs(log_sizes: Tensor) -> Tensor:
        return torch.func.functional_call(model, {"log_sizes": log_sizes}, (x,))

    at = model.log_sizes.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(outputs, at, eps=1e-7, atol=1e-5)


def test_what_changes_the_price_does_not_drown_what_the_task_says() -> None:
    """Along sizes of equal price a gradient is what it was; across them it is no longer than that at the budget."""
    model = masked("tables on C4")
    at = model.log_sizes.detach().clone().requires_grad_()
    (across,) = torch.autograd.grad(model.fillings.cost(at.exp()), at)
    across = across / across.norm()
    gradient = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64) + 40 * across
    budget = float(model.cost().detach())
    found = model.levelled(gradient, budget)
    moved = gradient - found
    assert apart(moved, (moved @ across) * across) < EXACT
    assert float(moved.norm()) > 1
    along = found - (found @ across) * across
    assert float((found @ across).abs()) == pytest.approx(float(along.norm()))
    far = model.levelled(gradient, budget / math.e)
    assert float((far @ across).abs()) == pytest.approx((1 + STIFF) * float(along.norm()))


def test_a_mask_falls_to_the_threshold_at_its_size_and_is_zero_beyond() -> None:
    """Every channel inside is above the threshold."""
    mask = fading(torch.tensor(6.001, dtype=torch.float64), 9)
    assert bool((mask[:-1] >= mask[1:]).all())
    assert mask[6] == pytest.approx(THRESHOLD, rel=1e-2)
    assert mask[:6].min() > mask[6]
    assert mask[7:].max() == 0
    assert fading(torch.tensor(6.0), 9)[6:].max() == 0


@pytest.mark.parametrize("causal", [False, True])
def test_a_window_is_at_the_threshold_at_the_first_tap_outside_of_its_size(causal: bool) -> None:
    """A kernel of 9 taps with a window for 5."""
    sigma = width_of(torch.tensor(5.0, dtype=torch.float64), 9, causal)
    steps = torch.arange(9).double() * 2 / 8 - 1
    window = torch.exp(-0.5 * ((steps - (1.0 if causal else 0.0)) / sigma) ** 2)
    outside, inside = (3, 4) if causal else (1, 2)
    assert window[outside] == pytest.approx(THRESHOLD)
    assert window[inside] > THRESHOLD


def test_masks_that_do_not_act_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: no masks over channels and copies; then what is cut was in use."""
    monkeypatch.setattr(module, "placed", lambda network, *_: [])
    model = lived("tables")
    sizes = [
        float(now) if size.name == "size" else 4.0 for size, now in zip(model.fillings.sizes, model.at, strict=True)
    ]
    model.set_sizes(sizes)
    wanted = model(example(model))
    assert model.fit(1.0)
    assert apart(model(example(model)), wanted) > 0.01
