"""A network of causal convolutions with an output at each step warns exactly where an output sees later inputs."""

from __future__ import annotations

import pytest
import torch

from archspec import (
    S4D,
    Activation,
    Architecture,
    Attention,
    Branch,
    Classifier,
    Conv,
    Dense,
    Exponential,
    Gaussian,
    Magnet,
    Norm,
    Pointwise,
    Pool,
    Residual,
    SelfAttention,
    Series,
    Siren,
    SpectralPool,
    lower,
)
from archspec.graph.block import Block
from archspec.published import ckcnn

LINE = Series(channels=2, length=48)
BODIES: dict[str, list[Block]] = {
    "alone": [],
    "points": [Norm(), Activation(), Norm(type="layer"), Pointwise(channels=4)],
    "statistics over the grid": [Norm(type="group")],
    "a convolution that is centred": [Conv(channels=4, kernel_size=3)],
    "one of one tap": [Conv(channels=4, kernel_size=1)],
    "one that is causal, by transforms": [Conv(channels=4, kernel_size=31, causal=True, algorithm="fft")],
    "a state space": [Conv(channels=4, kernel_size=31, causal=True, kernel=S4D())],
    "windows": [
        Conv(channels=4, kernel_size=31, causal=True, kernel=Magnet(), window=Gaussian()),
        Conv(channels=4, kernel_size=15, causal=True, kernel=Siren(), window=Exponential()),
    ],
    "strides": [Conv(channels=4, kernel_size=4, causal=True, stride=2)],
    "separable": [Conv(channels=4, kernel_size=7, causal=True, factorisation="depthwise_separable")],
    "in a branch": [Branch(branches=[[Conv(channels=4, causal=True)], [Conv(channels=4, kernel_size=5)]])],
    "in a residual": [Residual(body=[Norm(), Conv(channels=4, causal=True)])],
    "pooling": [Pool()],
    "pooling of the spectrum": [SpectralPool(points=24)],
    "attention": [Attention()],
    "self-attention": [SelfAttention(channels=4)],
}


def architecture_of(name: str) -> Architecture:
    return Architecture(
        input=LINE, body=[Conv(channels=4, kernel_size=5, causal=True), *BODIES[name]], head=Dense(outputs=1)
    )


def sees_ahead(architecture: Architecture) -> bool:
    """Whether the gradient of an output by a later input is not zero."""
    torch.manual_seed(0)
    model = lower(architecture).double().eval()
    x = torch.randn(1, *architecture.signal.shape, dtype=torch.float64, requires_grad=True)
    y = model(x)
    at = y.shape[2] // 2
    y[0, 0, at].backward()
    assert x.grad is not None
    return bool(x.grad[0, :, at * 48 // y.shape[2] + 1 :].abs().max() > 1e-12 * x.grad.abs().max())


def warned_of(architecture: Architecture) -> bool:
    return any("reads later points" in text for text in architecture.warnings)


@pytest.mark.parametrize("name", BODIES)
def test_what_looks_ahead_beside_causal_convolutions_is_warned_of(name: str) -> None:
    assert warned_of(architecture_of(name)) is sees_ahead(architecture_of(name))


def test_the_norms_that_were_published_look_ahead() -> None:
    architecture = ckcnn(LINE, Dense(outputs=1), channels=4)
    assert sees_ahead(architecture)
    assert warned_of(architecture)


def test_no_warning_where_nothing_is_causal_or_one_answer_is_given() -> None:
    centred = Architecture(input=LINE, body=[Conv(channels=4)], head=Dense(outputs=1))
    one = Architecture(input=LINE, body=[Conv(channels=4, causal=True), Pool()], head=Classifier(classes=2))
    assert not warned_of(centred)
    assert not warned_of(one)


FAULTS = {
    "every norm is causal": ("archspec.blocks.norm.Norm.reads_ahead", False, "statistics over the grid"),
    "every norm looks ahead": ("archspec.blocks.norm.Norm.reads_ahead", True, "points"),
    "a causal convolution looks ahead": ("archspec.blocks.conv.conv.Convolution.reads_ahead", True, "alone"),
    "spectra are of the past": (
        "archspec.blocks.spectral_pool.SpectralPool.reads_ahead",
        False,
        "pooling of the spectrum",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_that_law(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, answer, name = FAULTS[fault]
    monkeypatch.setattr(where, lambda *_: answer)
    with pytest.raises(AssertionError):
        test_what_looks_ahead_beside_causal_convolutions_is_warned_of(name)
