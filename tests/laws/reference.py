"""Convolutions written plainly, one sum after another, from the equations: what the layers are held against."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor

from archspec import S4D, Conv, Disc, Exponential, Fourier, Gaussian, Hyena, Magnet, Mlp, Siren, Spline, Table
from archspec.layers.conv import GroupConv

Weights = dict[str, Tensor]


def coordinates(sizes: tuple[int, ...], causal: bool) -> list[tuple[float, ...]]:
    """Of every tap: `linspace(-1, 1, k)` along the longest axis, and its steps about the centre along the others.

    One tap lies at 0; of causal ones the last, the current step, at 1.
    """
    longest = torch.linspace(-1, 1, max(sizes), dtype=torch.float64) if max(sizes) > 1 else torch.zeros(1)
    if causal:
        return [(float(p),) for p in (longest if len(longest) > 1 else longest + 1)]
    axes = [longest if k == max(sizes) else spacing_of(sizes) * (torch.arange(k) - (k - 1) / 2) for k in sizes]
    return list(product(*(axis.tolist() for axis in axes)))


def spacing_of(sizes: tuple[int, ...]) -> float:
    """Between neighbouring taps, in coordinates; one tap has no neighbour, and any number would do."""
    first, second, *_ = torch.linspace(-1, 1, max(2, *sizes), dtype=torch.float64).tolist()
    return second - first if max(sizes) > 1 else 1.0


def kernels(conv: Conv, layer: GroupConv, rows: int, sizes: tuple[int, ...]) -> Tensor:
    """(R, K): every kernel at every tap, without its window."""
    weights = {name: value.detach() for name, value in layer.kernel.state_dict().items()}
    points = [torch.tensor(p) for p in coordinates(sizes, conv.causal)]
    at = FORMULAS[conv.kernel.kind](conv, weights, rows, sizes)
    return torch.stack([at(i, p) for i, p in enumerate(points)], 1)


At = Callable[[int, Tensor], Tensor]


def _table(conv: Conv, w: Weights, rows: int, sizes: tuple[int, ...]) -> At:
    return lambda i, p: w["weight"][:, i]


def _siren(conv: Conv, w: Weights, rows: int, sizes: tuple[int, ...]) -> At:
    kernel = conv.kernel
    assert isinstance(kernel, Siren)
    nyquist = math.pi / spacing_of(sizes)
    omega = kernel.omega_0 or max(1.0, kernel.bandwidth * nyquist)

    def linear(name: str, z: Tensor) -> Tensor:
        if kernel.weight_norm:
            v, g = w[f"{name}.direction"], w[f"{name}.length"]
            matrix = torch.stack([g[o] * v[o] / math.sqrt(float((v[o] ** 2).sum())) for o in range(len(v))])
        else:
            matrix = w[f"{name}.weight"]
        return matrix @ z + w[f"{name}.bias"]

    def at(i: int, p: Tensor) -> Tensor:
        z = p
        for layer in range(kernel.layers - 1):
            factor = kernel.first_omega_0 if layer == 0 and kernel.first_omega_0 else omega
            z = torch.sin(factor * linear(f"hidden.{layer}", z))
        return linear("out", z)

    return at


def _mlp(conv: Conv, w: Weights, rows: int, sizes: tuple[int, ...]) -> At:
    def at(i: int, p: Tensor) -> Tensor:
        z = p
        for layer in range(conv.kernel.layers - 1):
            z = torch.relu(w[f"hidden.{layer}.weight"] @ z + w[f"hidden.{layer}.bias"])
        return w["out.weight"] @ z + w["out.bias"]

    return at


def _magnet(conv: Conv, w: Weights, rows: int, sizes: tuple[int, ...]) -> At:
    def filtered(i: int, p: Tensor) -> Tensor:
        name = f"filters.{i}"
        gaussian = torch.exp(-0.5 * ((w[f"{name}.gamma"] * (p - w[f"{name}.mu"])) ** 2).sum(1))
        return gaussian * torch.sin(w[f"{name}.linear.weight"] @ p + w[f"{name}.linear.bias"])

    def at(i: int, p: Tensor) -> Tensor:
        z = filtered(0, p)
        for layer in range(conv.kernel.layers):
            z = filtered(layer + 1, p) * (w[f"mixes.{layer}.weight"] @ z + w[f"mixes.{layer}.bias"])
        return w["out.weight"] @ z + w["out.bias"]

    return at


def _fourier(conv: Conv, w: Weights, rows: int, sizes: tuple[int, ...]) -> At:
    def at(i: int, p: Tensor) -> Tensor:
        phases = [float(frequency @ p) for frequency in w["frequencies"]]
        waves = [math.cos(phase) for phase in phases] + [math.sin(phase) for phase in phases]
        return w["out.weight"] @ torch.tensor(waves) + w["out.bias"]

    return at


def _spline(conv: Conv, w: Weights, rows: int, sizes: tuple[int, ...]) -> At:
    kernel = conv.kernel
    assert isinstance(kernel, Spline)
    counts = [min(kernel.knots or k, k) for k in sizes]
    reaches = [max(p[axis] for p in coordinates(sizes, False)) or 1.0 for axis in range(len(sizes))]

    def hump(x: float) -> float:
        x = abs(x)
        if kernel.degree == 1:
            return max(0.0, 1 - x)
        if kernel.degree == 2:
            return 0.75 - x**2 if x < 0.5 else 0.5 * (1.5 - x) ** 2 if x < 1.5 else 0.0
        return 2 / 3 - x**2 + x**3 / 2 if x < 1 else (2 - x) ** 3 / 6 if x < 2 else 0.0

    def at(i: int, p: Tensor) -> Tensor:
        value = torch.zeros(rows)
        for number, knots in enumerate(product(*(range(n) for n in counts))):
            factor = 1.0
            for axis, knot in enumerate(knots):
                spacing = 2 / max(1, counts[axis] - 1)
                place = -1 + knot * spacing if counts[axis] > 1 else 0.0
                factor *= hump((float(p[axis]) / reaches[axis] - place) / spacing)
            value = value + w["weight"][:, number] * factor
        return value

    return at


def _s4d(conv: Conv, w: Weights, rows: int, sizes: tuple[int, ...]) -> At:
    a = torch.complex(-w["log_decay"].exp(), w["frequency"])
    step = w["log_step"].exp()
    c = torch.complex(w["weight"][..., 0], w["weight"][..., 1])

    def at(i: int, p: Tensor) -> Tensor:
        t = float(1 - p[0] if conv.causal else abs(p[0])) / spacing_of(sizes)
        side = 1 if not conv.causal and p[0] > 0 else 0
        held = (torch.exp(step * a) - 1) / a
        return 2 * (c[:, side] * held * torch.exp(step * a * t)).real.sum(1)

    return at


def _hyena(conv: Conv, w: Weights, rows: int, sizes: tuple[int, ...]) -> At:
    kernel = conv.kernel
    assert isinstance(kernel, Hyena)
    slow, fast = math.log(100) / kernel.slowest, math.log(100) / kernel.fastest

    def at(i: int, p: Tensor) -> Tensor:
        phases = [math.pi * b * float(x) for x in p for b in range(1, kernel.bands + 1)]
        z = torch.cat([p, torch.tensor([math.cos(f) for f in phases]), torch.tensor([math.sin(f) for f in phases])])
        for layer in range(kernel.layers - 1):
            z = torch.sin(w["omega"] * (w[f"hidden.{layer}.weight"] @ z + w[f"hidden.{layer}.bias"]))
        distance = float(1 - p[0]) / 2 if conv.causal else math.sqrt(float((p**2).sum()))
        rates = [slow + (fast - slow) * r / max(1, rows - 1) for r in range(rows)]
        return (w["out.weight"] @ z) * torch.tensor([math.exp(-rate * distance) for rate in rates])

    return at


FORMULAS: dict[str, Callable[[Conv, Weights, int, tuple[int, ...]], At]] = {
    "table": _table,
    "siren": _siren,
    "mlp": _mlp,
    "magnet": _magnet,
    "fourier": _fourier,
    "spline": _spline,
    "s4d": _s4d,
    "hyena": _hyena,
}
assert set(FORMULAS) == {
    k.model_fields["kind"].default for k in (Table, Siren, Mlp, Magnet, Fourier, Spline, S4D, Hyena)
}


def windows(conv: Conv, layer: GroupConv, sizes: tuple[int, ...]) -> Tensor:
    """(K,): the window at every tap, zero where it is cropped."""
    factors = []
    for p in coordinates(sizes, conv.causal):
        centre = 1.0 if conv.causal else 0.0
        apart = [x - centre for x in p]
        match conv.window:
            case Gaussian():
                assert layer.window is not None
                sigma = layer.window.width.detach()[0].tolist()
                factor = math.exp(-0.5 * sum((x / s) ** 2 for x, s in zip(apart, sigma, strict=True)))
                reach = [math.sqrt(-2 * math.log(conv.window.threshold)) * s for s in sigma]
            case Exponential():
                assert layer.window is not None
                tau = float(layer.window.width.detach())
                factor = math.exp(-math.sqrt(sum(x**2 for x in apart)) / tau)
                reach = [-math.log(conv.window.threshold) * tau] * len(p)
            case Disc():
                steps = math.sqrt(sum(x**2 for x in p)) / spacing_of(sizes)
                soft = conv.window.softness
                factor = min(1.0, max(0.0, ((min(sizes) - 1) / 2 + soft - steps) / soft))
                reach = [math.inf] * len(p)
            case _:
                factor, reach = 1.0, [math.inf] * len(p)
        # A tap is kept when it lies less than the reach away; the first neighbours always are.
        kept = all(
            abs(x) / spacing_of(sizes) < max(r / spacing_of(sizes) + 1e-8, 1.5)
            for x, r in zip(apart, reach, strict=True)
        )
        factors.append(factor if kept else 0.0)
    return torch.tensor(factors)


def correlated(x: Tensor, bank: Tensor, causal: bool, depthwise: bool) -> Tensor:
    """y[b, o, t] = Σ_i Σ_j k[o, i, j] x[b, i, t + j - before], x zero outside its grid: one shift after another."""
    grid, taps = x.shape[2:], bank.shape[2:]
    y = torch.zeros(x.shape[0], bank.shape[0], *grid)
    for tap in product(*(range(k) for k in taps)):
        moved = torch.zeros_like(x)
        source, target = [], []
        for j, k, n in zip(tap, taps, grid, strict=True):
            shift = j - (k - 1 if causal else k // 2)
            source.append(slice(max(0, shift), max(0, min(n, n + shift))))
            target.append(slice(max(0, -shift), max(0, min(n, n - shift))))
        moved[(..., *target)] = x[(..., *source)]
        weight = bank[(..., *tap)]
        y = y + (
            moved * weight.view(1, -1, *[1] * len(grid))
            if depthwise
            else torch.einsum("oi,bi...->bo...", weight, moved)
        )
    return y
