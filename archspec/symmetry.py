"""How equivariant a network really is: measured, element by element and node by node."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, fx

from archspec.architecture import Architecture
from archspec.graph import module_names, path
from archspec.groups import Group, is_subgroup
from archspec.signal import Signal

EXACT = 1e-4
APPROXIMATE = 0.3


@dataclass(frozen=True)
class Certificate:
    """Largest relative error over the elements of `group`.

    Attributes:
        output: at the network's output.
        features: at the last feature map before the head; an invariant head hides what happens before it.
        worst: path of the node with the largest error, and that error.
        verdict: `exact` below 1e-4 everywhere, `approximate` below 0.3, else `broken`.
    """

    group: Group
    output: float
    features: float
    worst: tuple[str, float]
    verdict: Literal["exact", "approximate", "broken"]

    def __str__(self) -> str:
        return (
            f"{self.group}: {self.verdict} (output {self.output:.1e}, features {self.features:.1e}, "
            f"worst at {self.worst[0]} {self.worst[1]:.1e})"
        )


def certify(
    model: fx.GraphModule, architecture: Architecture, group: Group | str, examples: Tensor | None = None, seed: int = 0
) -> Certificate:
    """Turn examples by every element and compare each node with its turned self, in evaluation mode.

    Without `examples` smooth random ones are made. For turns off the grid the comparison is inside the largest disc.

    Raises:
        ValueError: the group does not act on the architecture's grid.
    """
    group = Group(str(group))
    dims = len(architecture.input.grid)
    if not group.acts_on(dims):
        raise ValueError(f"{group} does not act on {dims} axes")
    if examples is None:
        parameter = next(model.parameters())
        examples = smooth_noise((4, architecture.input.channels, *architecture.input.grid), seed).to(parameter)
    before = node_values(model, architecture, examples)
    signals = {name: node.signal for name, node in architecture.graph.nodes.items()}
    errors: dict[str, float] = dict.fromkeys(before, 0.0)
    for element in range(1, group.order):
        after = node_values(model, architecture, transformed(examples, architecture.signal, group, element))
        for name, value in before.items():
            if (
                signals[name].symmetry.trivial
                or is_subgroup(group, signals[name].symmetry, dims)
                or not signals[name].grid
            ):
                wanted = transformed(value, signals[name], group, element)
                errors[name] = max(errors[name], _relative(after[name], wanted, signals[name], group))
    head = architecture.graph.output
    features = [error for name, error in errors.items() if name != head and not signals[name].symmetry.trivial]
    worst = max(errors, key=lambda name: errors[name])
    largest = errors[worst]
    verdict: Literal["exact", "approximate", "broken"] = (
        "exact" if largest < EXACT else "approximate" if largest < APPROXIMATE else "broken"
    )
    return Certificate(group, errors[head], features[-1] if features else largest, (path(worst), largest), verdict)


def node_values(model: fx.GraphModule, architecture: Architecture, x: Tensor) -> dict[str, Tensor]:
    """What every block gives out, by the name of its node, in evaluation mode."""
    names = {target: name for name, target in module_names(architecture.graph).items()}
    values: dict[str, Tensor] = {}

    class Recorder(fx.Interpreter):
        def call_module(self, target, args, kwargs):  # type: ignore[no-untyped-def]
            value = super().call_module(target, args, kwargs)
            values[names[str(target)]] = value
            return value

    training = model.training
    model.eval()
    with torch.no_grad():
        Recorder(model).run(x)
    model.train(training)
    return values


def transformed(x: Tensor, signal: Signal, group: Group, element: int) -> Tensor:
    """(L_g F)(p, h) = F(g⁻¹p, g⁻¹h): the grid turned, and the group axis permuted where there is one."""
    if not signal.grid:
        return x
    action = group.action(signal.dims)
    inverse = int(action.relative[element, 0])
    if not signal.group.trivial:
        fibre = signal.group.action(signal.dims)
        at = int(fibre.index_of(action.matrices[inverse]))
        x = x.index_select(2, torch.from_numpy(fibre.product[at]))
    matrix = action.matrices[inverse]
    exact = np.abs(matrix - np.rint(matrix)).max() < 1e-9
    return _permuted(x, np.rint(matrix).astype(int)) if exact else _turned(x, matrix)


def smooth_noise(shape: tuple[int, ...], seed: int, cutoff: float = 0.3) -> Tensor:
    """Random signals without frequencies above `cutoff` of Nyquist, float64, unit variance."""
    noise = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    axes = tuple(range(2, len(shape)))
    radius = torch.zeros(shape[2:], dtype=torch.float64)
    for axis, size in enumerate(shape[2:]):
        frequency = torch.fft.fftfreq(size, dtype=torch.float64) * 2
        radius = radius + (frequency**2).view([-1 if a == axis else 1 for a in range(len(axes))])
    smooth = torch.fft.ifftn(torch.fft.fftn(noise, dim=axes) * torch.exp(-radius / (2 * cutoff**2)), dim=axes).real
    scaled: Tensor = smooth / smooth.std()
    return scaled


def _permuted(x: Tensor, matrix: NDArray[Any]) -> Tensor:
    """x(matrix·p) for a signed permutation of the grid's axes, measured from its centre."""
    dims = len(matrix)
    first = x.dim() - dims
    # Row a of the matrix says which output axis the input's axis a is read along, and in which direction.
    source = [int(np.flatnonzero(row)[0]) for row in matrix]
    flips = [first + a for a, row in enumerate(matrix) if row[source[a]] < 0]
    x = x.flip(flips) if flips else x
    order = [source.index(b) for b in range(dims)]
    return x.permute(*range(first), *(first + a for a in order))


def _turned(x: Tensor, matrix: NDArray[Any]) -> Tensor:
    """x(matrix·p) by bicubic interpolation in the last two axes."""
    planar = torch.tensor(matrix[-2:, -2:], dtype=x.dtype)
    # grid_sample takes (column, row); the turn is the same with both swapped.
    swapped = planar.flip(0, 1)
    theta = torch.cat([swapped, torch.zeros(2, 1, dtype=x.dtype)], dim=1)[None]
    flat = x.reshape(1, -1, *x.shape[-2:])
    grid = F.affine_grid(theta, list(flat.shape), align_corners=True)
    return F.grid_sample(flat, grid, mode="bicubic", align_corners=True).reshape(x.shape)


def _relative(found: Tensor, wanted: Tensor, signal: Signal, group: Group) -> float:
    if signal.grid and not group.action(signal.dims).exact:
        rows, columns = (torch.linspace(-1, 1, n, dtype=found.dtype) for n in signal.grid[-2:])
        inside = (rows[:, None] ** 2 + columns**2 < 0.6**2).to(found.dtype)
        found, wanted = found * inside, wanted * inside
    scale = float(wanted.norm())
    error = float((found - wanted).norm()) / (scale or 1.0)
    return error if math.isfinite(error) else math.inf
