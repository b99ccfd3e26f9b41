"""Convolution by Fourier transform is the direct convolution: values, gradients, export."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from archspec.geometry.fourier import fft_sizes, smallest_size
from archspec.layers import spectral_gradients
from archspec.layers.spectra import convolve_plain
from archspec.layers.spectral import convolve, kernel_spectrum, spectrum_of_features


@dataclass(frozen=True)
class Problem:
    grid: tuple[int, ...]
    taps: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    inputs: int
    outputs: int
    depthwise: bool

    @property
    def out(self) -> tuple[int, ...]:
        return tuple(s + a + b - k + 1 for s, k, (a, b) in zip(self.grid, self.taps, self.pads, strict=True))

    @property
    def sizes(self) -> tuple[int, ...]:
        return fft_sizes(self.grid, self.taps, self.pads)

    def data(self, dtype: torch.dtype = torch.float64, batch: int = 3) -> tuple[Tensor, Tensor]:
        """A signal and a bank."""
        torch.manual_seed(0)
        bank = torch.randn(self.outputs, 1 if self.depthwise else self.inputs, *self.taps, dtype=dtype)
        x = torch.randn(batch, self.inputs, *self.grid, dtype=dtype)
        return x.requires_grad_(), bank.requires_grad_()

    def direct(self, x: Tensor, bank: Tensor) -> Tensor:
        convolution = (F.conv1d, F.conv2d, F.conv3d)[len(self.grid) - 1]
        padded = F.pad(x, [n for pair in reversed(self.pads) for n in pair])
        return convolution(padded, bank, groups=self.inputs if self.depthwise else 1)

    def spectrum(self, bank: Tensor, sizes: tuple[int, ...] | None = None) -> Tensor:
        return kernel_spectrum(bank, self.grid, sizes or self.sizes, self.pads, self.depthwise)

    def transformed(self, x: Tensor, bank: Tensor, sizes: tuple[int, ...] | None = None) -> Tensor:
        return convolve(x, self.spectrum(bank, sizes), sizes or self.sizes, self.out, self.depthwise)


def both(name: str, grid: tuple[int, ...], taps: tuple[int, ...], *pads: tuple[int, int]) -> list[object]:
    """The case as a dense and as a depthwise convolution."""
    return [
        pytest.param(Problem(grid, taps, pads, 2, 3, False), id=f"{name}, dense"),
        pytest.param(Problem(grid, taps, pads, 3, 3, True), id=f"{name}, depthwise"),
    ]


CASES = [
    *both("centred", (16,), (5,), (2, 2)),
    *both("centred, odd grid", (15,), (7,), (3, 3)),
    *both("centred, even kernel", (12,), (4,), (1, 2)),
    *both("causal", (11,), (6,), (5, 0)),
    *both("causal over all of the grid", (9,), (9,), (8, 0)),
    *both("causal, longer than the grid", (6,), (11,), (10, 0)),
    *both("centred, longer than the grid", (8,), (15,), (7, 7)),
    *both("unpadded", (10,), (4,), (0, 0)),
    *both("one tap", (7,), (1,), (0, 0)),
    *both("one sample", (1,), (1,), (0, 0)),
    *both("padded by more than the kernel", (5,), (2,), (4, 7)),
    *both("square", (8, 8), (3, 3), (1, 1), (1, 1)),
    *both("neither square", (6, 9), (5, 2), (2, 2), (1, 0)),
    *both("longer than the image", (4, 3), (7, 5), (3, 3), (2, 2)),
    *both("causal in one axis", (5, 6), (3, 4), (2, 0), (1, 2)),
    *both("volume", (4, 5, 6), (3, 2, 5), (1, 1), (0, 1), (4, 0)),
]
each = pytest.mark.parametrize("problem", CASES)


def error(found: Tensor, wanted: Tensor) -> float:
    assert found.shape == wanted.shape
    return float((found - wanted).detach().abs().max() / wanted.detach().abs().max().clamp(min=1e-9))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    dims = draw(st.integers(1, 3))
    largest = {1: 14, 2: 7, 3: 4}[dims]
    grid = tuple(draw(st.integers(1, largest)) for _ in range(dims))
    pads = tuple((draw(st.integers(0, 2 * largest)), draw(st.integers(0, 2 * largest))) for _ in range(dims))
    taps = tuple(draw(st.integers(1, s + a + b)) for s, (a, b) in zip(grid, pads, strict=True))
    depthwise, inputs, outputs = draw(st.booleans()), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return Problem(grid, taps, pads, inputs, inputs if depthwise else outputs, depthwise)


@each
def test_equals_the_direct_convolution(problem: Problem) -> None:
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        x, bank = problem.data(dtype)
        wanted = problem.direct(x, bank)
        assert problem.transformed(x, bank).dtype == dtype
        assert error(problem.transformed(x, bank), wanted) < tolerance
        with torch.no_grad():
            spectrum = problem.spectrum(bank)
            for way in (convolve, convolve_plain):
                assert error(way(x, spectrum, problem.sizes, problem.out, problem.depthwise), wanted) < tolerance


@each
def test_the_gradients_are_those_of_the_direct_convolution(problem: Problem) -> None:
    x, bank = problem.data()
    wanted = problem.direct(x, bank)
    gradient = torch.randn_like(wanted)
    ways = problem.transformed(x, bank), wanted
    pairs = zip(*(torch.autograd.grad(y, (x, bank), gradient) for y in ways), strict=True)
    assert all(error(found, right) < 1e-10 for found, right in pairs)


@settings(deadline=None, max_examples=150)
@given(problems())
def test_any_shape_at_the_smallest_size_and_at_the_fast_ones(problem: Problem) -> None:
    x, bank = problem.data()
    wanted = problem.direct(x, bank)
    gradient = torch.randn_like(wanted)
    right = torch.autograd.grad(wanted, (x, bank), gradient)
    shapes = zip(problem.grid, problem.taps, problem.pads, strict=True)
    least = tuple(smallest_size(s, k, *pair) for s, k, pair in shapes)
    of_two = fft_sizes(problem.grid, problem.taps, problem.pads, powers_of_two=True)
    for sizes in (least, problem.sizes, of_two):
        y = problem.transformed(x, bank, sizes)
        assert torch.allclose(y, wanted, rtol=0, atol=1e-11)
        found = torch.autograd.grad(y, (x, bank), gradient)
        assert all(torch.allclose(a, b, rtol=0, atol=1e-10) for a, b in zip(found, right, strict=True))


@pytest.mark.parametrize("longer", [0, 1], ids=["even length", "odd length"])
@pytest.mark.parametrize(
    "problem",
    [
        *both("causal", (5,), (4,), (3, 0)),
        *both("image", (3, 4), (3, 2), (1, 1), (1, 0)),
        *both("volume", (2, 3, 2), (2, 3, 1), (0, 1), (2, 0), (0, 0)),
    ],
)
def test_gradients_are_the_differences_of_values(problem: Problem, longer: int) -> None:
    x, bank = problem.data(batch=2)
    sizes = tuple(n + longer for n in problem.sizes)
    spectrum = problem.spectrum(bank, sizes).detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda x, bank: problem.transformed(x, bank, sizes), (x, bank))
    assert torch.autograd.gradcheck(lambda bank: problem.spectrum(bank, sizes), (bank,))
    assert torch.autograd.gradcheck(
        lambda x, spectrum: convolve(x, spectrum, sizes, problem.out, problem.depthwise), (x, spectrum)
    )


@pytest.mark.parametrize("problem", both("causal", (9,), (9,), (8, 0)))
def test_one_sample_less_than_the_smallest_size_wraps_around(problem: Problem) -> None:
    x, bank = problem.data()
    least = smallest_size(9, 9, 8, 0)
    assert least == 17
    assert error(problem.transformed(x, bank, (least,)), problem.direct(x, bank)) < 1e-12
    assert error(problem.transformed(x, bank, (least - 1,)), problem.direct(x, bank)) > 1e-3


@pytest.mark.parametrize("wanted", ["signal", "kernel"])
@pytest.mark.parametrize("problem", both("centred", (8,), (3,), (1, 1)))
def test_a_gradient_is_made_of_one_alone(problem: Problem, wanted: str) -> None:
    x, bank = problem.data()
    kept, other = (x, bank) if wanted == "signal" else (bank, x)
    right = torch.autograd.grad(problem.direct(x, bank).square().sum(), kept)[0]
    other.requires_grad_(False)
    assert error(torch.autograd.grad(problem.transformed(x, bank).square().sum(), kept)[0], right) < 1e-10


@each
def test_samples_in_chunks_are_as_all_at_once(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    x, bank = problem.data(batch=5)
    whole = problem.transformed(x, bank)
    gradient = torch.randn_like(whole)
    right = torch.autograd.grad(whole, (x, bank), gradient)
    monkeypatch.setattr(spectral_gradients, "CHUNK", 2 * problem.spectrum(bank).numel())
    parts = problem.transformed(x, bank)
    assert error(parts, whole) < 1e-12
    found = torch.autograd.grad(parts, (x, bank), gradient)
    assert all(error(a, b) < 1e-12 for a, b in zip(found, right, strict=True))


@each
def test_the_spectrum_of_features_is_that_of_the_bank_they_make(problem: Problem) -> None:
    shape = (problem.outputs, 1 if problem.depthwise else problem.inputs)
    torch.manual_seed(0)
    weight = torch.randn(shape[0] * shape[1], 4, dtype=torch.float64, requires_grad=True)
    hidden = torch.randn(3, *problem.taps, dtype=torch.float64)
    features = torch.cat([hidden, torch.ones_like(hidden[:1])]).requires_grad_()
    bank = torch.tensordot(weight, features, 1).view(*shape, *problem.taps)
    place = (problem.grid, problem.sizes, problem.pads)
    found, wanted = spectrum_of_features(weight, features, *place, shape, problem.depthwise), problem.spectrum(bank)
    assert error(found, wanted) < 1e-12
    gradient = torch.randn_like(wanted)
    pairs = zip(*(torch.autograd.grad(s, (weight, features), gradient) for s in (found, wanted)), strict=True)
    assert all(error(a, b) < 1e-10 for a, b in pairs)


class Frozen(nn.Module):
    spectrum: Tensor

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        bank = problem.data(torch.float32)[1].detach()
        self.sizes = fft_sizes(problem.grid, problem.taps, problem.pads, powers_of_two=True)
        self.out, self.depthwise = problem.out, problem.depthwise
        self.register_buffer("spectrum", torch.view_as_real(problem.spectrum(bank, self.sizes)))

    def forward(self, x: Tensor) -> Tensor:
        return convolve_plain(x, torch.view_as_complex(self.spectrum), self.sizes, self.out, self.depthwise)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "problem",
    [
        both("causal", (50,), (33,), (32, 0))[0],
        both("image", (6, 9), (5, 4), (2, 2), (1, 2))[1],
        both("volume", (4, 3, 5), (3, 3, 3), (1, 1), (1, 1), (1, 1))[0],
    ],
)
def test_the_exported_convolution_agrees(problem: Problem, tmp_path: Path) -> None:
    model, x = Frozen(problem).eval(), problem.data(torch.float32, batch=2)[0].detach()
    batch = {0: torch.export.Dim("batch")}
    program = torch.export.export(model, (x,), dynamic_shapes=(batch,)).module()
    file = tmp_path / "model.onnx"
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (x,), file, dynamo=True, verbose=False, dynamic_shapes=(batch,), input_names=["x"])
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    bank = problem.data(torch.float32)[1]
    for size in (1, 5):
        x = torch.randn(size, *x.shape[1:])
        wanted = problem.direct(x, bank)
        assert error(program(x), wanted) < 1e-5
        assert error(torch.from_numpy(np.asarray(session.run(None, {"x": x.numpy()})[0])), wanted) < 1e-5
