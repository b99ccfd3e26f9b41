"""How fast long convolutions are, side by side in one process of one thread: times of the other way over ours.

    python tests/benchmarks/long_convolutions.py [ckconv] [lengths]        # both parts: about two minutes

With an allocator that keeps its memory, as search workers should have it:

    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456 \
        python tests/benchmarks/long_convolutions.py

1. CKConv (Romero et al. 2021) as its authors' code does it, written anew: a sine network with weight normalisation
   samples a dense kernel as long as the signal, which is transformed, multiplied by broadcasting and summed.
2. Transform lengths of `archspec.transforms.fft_sizes` over the next even number of the form 2^a·3^b·5^c.
"""

# Letters: B batch, C channels, L length, H hidden, O/I channels out/in.

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from archspec import Architecture, Classifier, Conv, Series, Siren, lower
from archspec.geometry.fourier import fft_sizes
from archspec.layers.conv import GroupConv
from tests.benchmarks.crossover import ratio

BATCH, CHANNELS, HIDDEN, OMEGA = 16, 32, 32, 30.0


class Reference(nn.Module):
    """The authors' design: x (B, C, L) to (B, C, L), causal."""

    points: Tensor

    def __init__(self, length: int) -> None:
        super().__init__()
        self.first = weight_norm(nn.Conv1d(1, HIDDEN, 1))
        self.second = weight_norm(nn.Conv1d(HIDDEN, HIDDEN, 1))
        self.out = weight_norm(nn.Conv1d(HIDDEN, CHANNELS * CHANNELS, 1))
        self.register_buffer("points", torch.linspace(-1, 1, length).view(1, 1, length))

    def kernel(self) -> Tensor:
        """(O, I, L)."""
        z = torch.sin(OMEGA * self.first(self.points))
        samples: Tensor = self.out(torch.sin(OMEGA * self.second(z)))
        return samples.view(CHANNELS, CHANNELS, -1)

    def forward(self, x: Tensor, kernel: Tensor | None = None) -> Tensor:
        kernel = self.kernel() if kernel is None else kernel
        length = x.shape[-1]
        signals = torch.fft.rfft(F.pad(x, (length, 0)))
        kernels = torch.fft.rfft(F.pad(kernel, (0, length)))
        product = (signals.unsqueeze(1) * kernels.conj().unsqueeze(0)).sum(2)
        both: Tensor = torch.fft.irfft(product, n=2 * length)
        # Padded by as much as the kernel is long, position 0 is one before the first output.
        return both[..., 1 : length + 1]


def ours(reference: Reference) -> GroupConv:
    """The layer of this package that computes the same, with the same weights."""
    length = reference.points.shape[-1]
    siren = Siren(hidden=HIDDEN, omega_0=OMEGA, weight_norm=True)
    conv = Conv(channels=CHANNELS, kernel_size=length, kernel=siren, causal=True, bias=False)
    series = Series(channels=CHANNELS, length=length)
    model = lower(Architecture(input=series, body=[conv], head=Classifier(classes=1)))
    layer = model.get_submodule("body_0_conv")
    assert isinstance(layer, GroupConv)
    theirs = (reference.first, reference.second, reference.out)
    kernel: Any = layer.kernel
    for mine, other in zip((*kernel.hidden, kernel.out), theirs, strict=True):
        normed = other.parametrizations.weight
        state = {"length": normed.original0.flatten(), "direction": normed.original1[..., 0], "bias": other.bias}
        mine.load_state_dict(state)
    return layer


def training(module: Callable[[Tensor], Tensor], x: Tensor, gradient: Tensor, leaves: list[Tensor]) -> object:
    """Forward and backward, to the signal and to the weights."""
    y = module(x)
    return torch.autograd.grad(y, [x, *leaves], gradient)


def without_gradients(way: Callable[[], Tensor]) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.no_grad():
            return way()

    return run


def compared(length: int) -> list[tuple[float, float, float]]:
    """Ratios of forward, of forward and backward, and of forward with kept kernels."""
    theirs = Reference(length)
    layer = ours(theirs)
    x = torch.randn(BATCH, CHANNELS, length, requires_grad=True)
    gradient = torch.randn_like(x)
    with torch.no_grad():
        kernel, wanted = theirs.kernel(), theirs(x[:1])
        assert (layer(x[:1]) - wanted).abs().max() < 1e-4 * wanted.abs().max()

    def trained(module: nn.Module) -> Callable[[], object]:
        return lambda: training(module, x, gradient, list(module.parameters()))

    rows = [
        ratio(without_gradients(lambda: theirs(x)), without_gradients(lambda: layer.train()(x)), 6),
        ratio(trained(theirs), trained(layer.train()), 6),
    ]
    layer.eval()  # kernels are kept
    return [*rows, ratio(without_gradients(lambda: theirs(x, kernel)), without_gradients(lambda: layer(x)), 6)]


def ckconv() -> None:
    print(f"1. The authors' CKConv over ours: {CHANNELS} channels, batch {BATCH}; ratio of medians (least, largest)\n")
    print(f"{'length':>7} {'forward':>22} {'forward + backward':>22} {'kept kernels':>22}")
    for length in (256, 1024, 4096, 16384):
        cells = [f"{middle:.1f} ({least:.1f}, {largest:.1f})" for middle, least, largest in compared(length)]
        print(f"{length:>7} " + " ".join(f"{cell:>22}" for cell in cells), flush=True)


def lengths() -> None:
    print("\n2. Time of the next 2^a·3^b·5^c over that of the lengths used, mean over the lengths asked for")
    smooth = sorted(n for a in range(1, 13) for b in range(8) for c in range(6) if (n := 2**a * 3**b * 5**c) <= 4320)
    batches = {n: torch.randn(max(8, 2**18 // n), n) for n in smooth if n >= 16}
    times: dict[int, list[float]] = {n: [] for n in batches}
    for _ in range(10):
        for n, batch in batches.items():
            start = time.perf_counter()
            torch.fft.irfft(torch.fft.rfft(batch), n=n)
            times[n].append((time.perf_counter() - start) / len(batch))
    best = {n: min(some) for n, some in times.items()}
    for low, high in ((16, 128), (128, 512), (512, 4096)):
        next_smooth = [best[min(n for n in best if n >= wanted)] for wanted in range(low, high)]
        used = [best[fft_sizes((wanted,), (1,), ((0, 0),))[0]] for wanted in range(low, high)]
        print(f"{low:>6} to {high:<6} {statistics.mean(a / b for a, b in zip(next_smooth, used, strict=True)):.2f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    parts = sys.argv[1:] or ["ckconv", "lengths"]
    for part in (ckconv, lengths):
        if part.__name__ in parts:
            part()
