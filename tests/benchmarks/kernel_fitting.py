"""How well each kind of kernel fits functions on a grid: mean squared error of unit-variance targets, and parameters.

python tests/benchmarks/kernel_fitting.py        # two minutes
"""

from __future__ import annotations

import torch
from torch import Tensor

from archspec import Conv, Dense, Fourier, Magnet, Mlp, Siren, Spline, lower, price
from archspec.architecture import Architecture
from archspec.inputs import Image, Input, Series
from archspec.kernels import Kernel
from archspec.layers.conv import GroupConv
from search.tasks.synthetic.targets import targets_1d, targets_2d

STEPS, RATE = 1500, 1e-2
KERNELS: dict[str, Kernel] = {
    "Siren, half of Nyquist": Siren(),
    "Siren, Nyquist / 10": Siren(bandwidth=0.1),
    "Magnet, half of Nyquist": Magnet(),
    "Fourier, 32 frequencies": Fourier(),
    "Spline, 32 knots": Spline(knots=32),
    "Mlp": Mlp(),
}


def fitted(kernel: Kernel, target: Tensor) -> tuple[float, int]:
    """Mean squared error after Adam with a cosine, and the parameters of one kernel."""
    grid = tuple(target.shape)
    input_: Input = Series(length=grid[0]) if len(grid) == 1 else Image(size=(grid[0], grid[1]))
    conv = Conv(channels=1, kernel_size=grid, kernel=kernel, bias=False)
    architecture = Architecture(input=input_, body=[conv], head=Dense(outputs=1))
    torch.manual_seed(0)
    layer = lower(architecture).get_submodule("body_0_conv")
    assert isinstance(layer, GroupConv)
    optimizer = torch.optim.Adam(layer.kernel.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = (layer.sample().view(grid) - target).square().mean()
        loss.backward()
        optimizer.step()
        schedule.step()
    return float(loss), price(architecture).params - 2


def main() -> None:
    """Print a table for one dimension and one for two."""
    torch.set_num_threads(1)
    for targets in (targets_1d(257), targets_2d(33)):
        print(f"{'':<26}{'parameters':>11}" + "".join(f"{name:>11}" for name in targets))
        for name, kernel in KERNELS.items():
            fits = [fitted(kernel, target.float()) for target in targets.values()]
            print(f"{name:<26}{fits[0][1]:>11,}" + "".join(f"{error:>11.1e}" for error, _ in fits), flush=True)
        print()


if __name__ == "__main__":
    main()
