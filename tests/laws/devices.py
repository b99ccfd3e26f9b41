"""What is public runs where the network is: the steps that a stand-in device and a GPU are both held to.

    python -m tests.laws.devices '{"none": {"table": ["train", "frozen"]}}'

runs them on the stand-in and prints what goes wrong, by example. It is a process of its own because a stand-in belongs
to a whole process: torch has to know of it before the first backward, and takes it for an accelerator from then on.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

import archspec.symmetry.certifying
from archspec import (
    Architecture,
    Network,
    SignalError,
    SpecError,
    admissibility_penalty,
    alias_penalty,
    carry,
    export,
    freeze,
    kept_kernels,
    load,
    roles,
)
from archspec.geometry.groups import Group
from archspec.graph.signal import Signal
from archspec.layers.bank import Bank
from archspec.network.offsets import turn, turns
from archspec.network.statistics import reestimate
from archspec.symmetry.certificate import largest
from archspec.symmetry.certifying import certify, settle
from archspec.symmetry.signals import transformed
from tests.examples import EXAMPLES, built, noise


class Case(NamedTuple):
    """A network on a device, examples there, and how far off its answers may be."""

    model: Network
    x: Tensor
    tolerance: float

    def agrees(self, found: Tensor, wanted: Tensor) -> None:
        """Raise unless what is found is on the device, and its values are those wanted."""
        assert found.device.type == self.x.device.type, f"answers on {found.device.type}"
        found, wanted = found.detach().cpu(), wanted.detach().cpu()
        off = float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-3))
        assert off <= self.tolerance, f"{off:.1e} off"


def case(architecture: Architecture, device: torch.device, dtype: torch.dtype, tolerance: float) -> Case:
    """In evaluation mode; it answers as on the CPU."""
    here, x = built(architecture).to(dtype).eval(), noise(architecture).to(dtype)
    found = Case(copy.deepcopy(here).to(device), x.to(device), tolerance)
    with torch.no_grad():
        found.agrees(found.model(found.x), here(x))
    return found


def train(at: Case) -> None:
    """A step, and the windows fitted after it."""
    optimizer = torch.optim.AdamW(at.model.parameters(), lr=1e-3)
    penalty = alias_penalty(at.model) + admissibility_penalty(at.model)
    assert penalty.device == at.x.device, f"penalties on {penalty.device.type}"
    loss = at.model.train()(at.x).square().mean() + penalty
    loss.backward()
    optimizer.step()
    at.model.fit()
    at.model.eval()
    assert all(torch.isfinite(p.grad).all() for p in at.model.parameters() if p.grad is not None)


def frozen(at: Case) -> None:
    with torch.no_grad(), kept_kernels(at.model):
        at.agrees(freeze(at.model)(at.x), at.model(at.x))


def certified(at: Case) -> None:
    certify(at.model)


def resampled(at: Case) -> None:
    """On its own grid, and on a finer and a larger one where it can be."""
    grid = at.model.grid
    with torch.no_grad():
        at.agrees(at.model.at_resolution(grid)(at.x), at.model(at.x))
        for way in (at.model.at_resolution, at.model.on_grid):
            try:
                other = way(tuple(2 * n for n in grid))
            except SignalError:
                continue
            other(at.x.repeat(1, 1, *(2,) * len(grid)))


def carried(at: Case) -> None:
    """To its own architecture, and to larger kernels and another order of the group where it can be."""
    with torch.no_grad():
        at.agrees(carry(at.model, at.model.architecture)(at.x), at.model(at.x))
        for data in (_changed(at.model.architecture.to_data(), change) for change in (_larger, _of_more_turns)):
            try:
                other = carry(at.model, Architecture.from_data(data))
            except (SignalError, SpecError):
                continue
            other(at.x)


def _changed(data: Any, change: Callable[[str, Any], Any]) -> Any:
    """Plain data with every field changed that a change is for."""
    if isinstance(data, dict):
        return {key: _changed(change(key, value), change) for key, value in data.items()}
    return [_changed(value, change) for value in data] if isinstance(data, list) else data


def _larger(field: str, value: Any) -> Any:
    return value + 2 if field == "kernel_size" and isinstance(value, int) else value


def _of_more_turns(field: str, value: Any) -> Any:
    return {"C4": "C8", "C8": "C16"}.get(value, value) if field == "group" else value


def exported(at: Case) -> None:
    """Whole, from where it is."""
    with tempfile.TemporaryDirectory() as directory, torch.no_grad():
        loaded = load(export(at.model, f"{directory}/best"))
        wanted = at.model(at.x).cpu()
        assert float((loaded(at.x.cpu().float()) - wanted).abs().max()) <= 1e-4 * float(wanted.abs().max())


def estimated(at: Case) -> None:
    settle(at.model)
    reestimate(at.model, [at.x])
    with torch.no_grad():
        at.model(at.x)


def turned(at: Case) -> None:
    if turns(at.model):
        turn(at.model, np.random.default_rng(0))
        with torch.no_grad():
            at.model(at.x)


def copied(at: Case) -> None:
    """State there and back, and the copy on the CPU that an export is made of."""
    assert all(p.device == at.x.device for named in roles(at.model).values() for p in named.values())
    at.model.load_state_dict(copy.deepcopy(at.model.state_dict()))
    with torch.no_grad():
        at.agrees(at.model(at.x), copy.deepcopy(at.model).cpu()(at.x.cpu()))


STEPS: dict[str, Callable[[Case], None]] = {
    f.__name__: f for f in (train, frozen, certified, resampled, carried, estimated, turned, copied, exported)
}
SMALL = 8  # elements of the largest group that is certified on every device


def steps_of(architecture: Architecture, most: int = SMALL) -> list[str]:
    """Without the certificate where there is no group, or one of more elements than this, and without an export."""
    certifies = 1 < largest(architecture.graph).order <= most
    return [s for s in STEPS if s != "exported" and (certifies or s != "certified")]


def index_on_the_cpu(patch: pytest.MonkeyPatch) -> None:
    """A group axis is permuted by an index that is made where torch makes things."""

    def wrong(x: Tensor, signal: Signal, group: Group, element: int) -> Tensor:
        moved = transformed(x, signal, group, element)
        return moved if signal.group.trivial else moved.index_select(2, torch.arange(moved.shape[2]))

    patch.setattr(archspec.symmetry.certifying, "transformed", wrong)


def buffer_on_the_cpu(patch: pytest.MonkeyPatch) -> None:
    """A kernel is placed anew with a buffer that is made where torch makes things."""
    right = Bank.place

    def wrong(self: Bank, kept: tuple[int, ...]) -> None:
        right(self, kept)
        if self.standing is not None:
            self.standing = self.standing.cpu()

    patch.setattr(Bank, "place", wrong)


FAULTS = {f.__name__: f for f in (index_on_the_cpu, buffer_on_the_cpu)}


def main(runs: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, str]]:
    """What goes wrong on the stand-in, by example, under each fault, or with none, which is named `none`."""
    from tests.laws.elsewhere import AWAY, Elsewhere

    torch.set_num_threads(1)
    wrong: dict[str, dict[str, str]] = {fault: {} for fault in runs}
    for fault, steps in runs.items():
        for name, asked in steps.items():
            step = "case"
            try:
                with pytest.MonkeyPatch.context() as patch, Elsewhere():
                    at = case(EXAMPLES[name], AWAY, torch.float64, 1e-9)
                    if fault != "none":
                        FAULTS[fault](patch)
                    for step in asked:
                        STEPS[step](at)
            except Exception as error:
                wrong[fault][name] = f"{step}: {type(error).__name__}: {error}"
    return wrong


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
