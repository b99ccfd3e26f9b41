"""Every precision that torch has for training and for answering: finite, and within its rounding of float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, jvp, vmap

from archspec import Architecture, Conv, Dense, Network, Siren, freeze, kept_kernels
from archspec.layers.conv import GroupConv
from archspec.layers.kernels.features import FeatureKernel
from archspec.layers.precision import widened
from tests.examples import EXAMPLES, LINE, SELECTED_BY_DEFAULT, built, network, noise
from tests.laws.numbers import difference

# In units of the precision's last place: the largest that was found over the table is 4.3 (autocast to bfloat16).
ROUNDINGS = 8
HALF = (torch.bfloat16, torch.float16)
BY_FFT = {name: a for name, a in EXAMPLES.items() if "fft" in name} | {"D4 in part": EXAMPLES["D4 in part, twice"]}
by_fft = pytest.mark.parametrize("name", BY_FFT)


def exactly(model: Network, x: Tensor) -> Tensor:
    """What float64 gives of the weights and the examples as they were rounded."""
    reference = built(model.architecture).eval()
    state = {k: v.double() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    reference.load_state_dict(state)
    with torch.no_grad():
        return reference(x.double())


def holds(dtype: torch.dtype, wanted: Tensor) -> bool:
    """Whether a precision has such numbers at all: answers beyond its largest one are no matter of rounding."""
    return bool(wanted.abs().max() < torch.finfo(dtype).max / 100)


def answers_in_half_precision_are_within_its_rounding(architecture: Architecture) -> None:
    with torch.no_grad():
        wanted = built(architecture).eval()(noise(architecture))
    for dtype in (d for d in HALF if holds(d, wanted)):
        model, x = built(architecture).to(dtype).eval(), noise(architecture).to(dtype)
        assert all(p.dtype == dtype for p in model.parameters())
        with torch.no_grad():
            y = model(x)
        assert y.dtype == dtype
        assert difference(y.double(), exactly(model, x)) < ROUNDINGS * torch.finfo(dtype).eps / 2


def answers_under_autocast_are_within_its_rounding(architecture: Architecture) -> None:
    model, x = built(architecture).float().eval(), noise(architecture).float()
    wanted = exactly(model, x)
    for dtype in (d for d in HALF if holds(d, wanted)):
        with torch.no_grad(), torch.autocast("cpu", dtype=dtype), kept_kernels(model):
            assert difference(model(x).double(), wanted) < ROUNDINGS * torch.finfo(dtype).eps / 2
    with torch.no_grad():
        assert difference(model(x).double(), wanted) < 1e-4


def a_step_of_training_under_autocast_has_finite_gradients(architecture: Architecture) -> None:
    model, x = built(architecture).float().train(), noise(architecture).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(x).float().square().mean()
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


LAWS = (
    answers_in_half_precision_are_within_its_rounding,
    answers_under_autocast_are_within_its_rounding,
    a_step_of_training_under_autocast_has_finite_gradients,
)


@pytest.mark.parametrize("name", SELECTED_BY_DEFAULT)
def test_an_example_keeps_every_law_of_precision(name: str) -> None:
    for law in LAWS:
        law(EXAMPLES[name])


def test_kernels_that_are_made_in_half_precision_fail_that_law() -> None:
    fast = Conv(channels=3, kernel_size=9, kernel=Siren(hidden=4, layers=4, omega_0=200.0))
    architecture = network(LINE, fast, head=Dense(outputs=1))
    model, x = built(architecture).to(torch.bfloat16).eval(), noise(architecture).to(torch.bfloat16)
    wanted = exactly(model, x)
    with torch.no_grad():
        assert difference(model(x).double(), wanted) < ROUNDINGS * torch.finfo(torch.bfloat16).eps / 2
    for module in model.modules():
        if isinstance(module, GroupConv) and isinstance(module.kernel, FeatureKernel):
            module.kernel.points = module.kernel.points.to(torch.bfloat16)
    with torch.no_grad():
        assert difference(model(x).double(), wanted) > ROUNDINGS * torch.finfo(torch.bfloat16).eps / 2


def test_widened_is_float32_of_what_is_half() -> None:
    for dtype in HALF:
        assert widened(torch.ones(1, dtype=dtype)).dtype == torch.float32
    for dtype in (torch.float32, torch.float64):
        assert widened(torch.ones(1, dtype=dtype)).dtype == dtype


# --- derivatives of other kinds, through transforms as through sums ---


def _calls(model: Network, x: Tensor) -> tuple[dict[str, Tensor], Callable[[dict[str, Tensor], Tensor], Tensor]]:
    parameters = {key: value.detach() for key, value in model.named_parameters()}

    def loss(weights: dict[str, Tensor], one: Tensor) -> Tensor:
        return functional_call(model, weights, (one[None],)).square().sum()

    return parameters, loss


@by_fft
def test_gradients_of_each_example_at_once(name: str) -> None:
    model, x = built(BY_FFT[name]).eval(), noise(BY_FFT[name], batch=3)
    parameters, loss = _calls(model, x)
    found = vmap(grad(loss), (None, 0))(parameters, x)
    for i in range(len(x)):
        model.zero_grad()
        model(x[i : i + 1]).square().sum().backward()
        for key, parameter in model.named_parameters():
            if parameter.grad is not None:
                assert difference(found[key][i], parameter.grad) < 1e-9


@by_fft
def test_an_ensemble_at_once(name: str) -> None:
    models, x = [built(BY_FFT[name], seed=s).eval() for s in (0, 1)], noise(BY_FFT[name])
    stacked = {key: torch.stack([m.get_parameter(key) for m in models]) for key, _ in models[0].named_parameters()}
    buffers = {key: torch.stack([m.get_buffer(key) for m in models]) for key, _ in models[0].named_buffers()}
    with torch.no_grad():
        found = vmap(lambda p, b: functional_call(models[0], (p, b), (x,)))(stacked, buffers)
        for i, model in enumerate(models):
            assert difference(found[i], model(x)) < 1e-9


@pytest.mark.filterwarnings("ignore:.torch.jit.script")  # torch's own, at its first forward derivative
@by_fft
def test_forward_derivatives_are_those_of_the_backward(name: str) -> None:
    model, x = built(BY_FFT[name]).eval(), noise(BY_FFT[name], batch=1)
    parameters, loss = _calls(model, x)
    along = {key: torch.randn(value.shape, dtype=value.dtype) for key, value in parameters.items()}
    _, found = jvp(lambda weights: loss(weights, x[0]), (parameters,), (along,))
    gradients = grad(loss)(parameters, x[0])
    wanted = sum((gradients[key] * along[key]).sum() for key in gradients)
    assert difference(found, torch.as_tensor(wanted)) < 1e-9


@by_fft
def test_second_derivatives_are_those_of_sums(name: str) -> None:
    model, x = built(BY_FFT[name]).eval(), noise(BY_FFT[name])

    def penalty() -> list[Tensor]:
        inputs = x.clone().requires_grad_()
        weights = [p for p in model.parameters() if p.requires_grad]
        (first,) = torch.autograd.grad(model(inputs).square().sum(), inputs, create_graph=True)
        found = torch.autograd.grad(first.square().sum(), weights, allow_unused=True)
        return [g for g in found if g is not None]

    by_transforms = penalty()
    for module in model.modules():
        if isinstance(module, GroupConv):
            module.by_fft = [False, False]
    for found, wanted in zip(by_transforms, penalty(), strict=True):
        assert difference(found, wanted) < 1e-8


@pytest.mark.parametrize("name", ["table", "fft", "C4 siren", "C8 in a sector"])
def test_frozen_networks_answer_in_half_precision_too(name: str) -> None:
    architecture = EXAMPLES[name]
    model, x = built(architecture).to(torch.bfloat16).eval(), noise(architecture).to(torch.bfloat16)
    with torch.no_grad():
        found = freeze(model)(x)
    assert found.dtype == torch.bfloat16
    assert difference(found.double(), exactly(model, x)) < ROUNDINGS * torch.finfo(torch.bfloat16).eps / 2
