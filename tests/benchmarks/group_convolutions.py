"""How fast group convolutions are, side by side in one process of one thread: ratios of processor time, in turns.

    PYTHONPATH=. python tests/benchmarks/group_convolutions.py [dense] [escnn] [construction] [separable] [irreducible]

All parts take about a quarter of an hour. The parts `escnn` and `construction` measure escnn too and are left out where
it is not installed. It wants NumPy 1 and a Fortran compiler (Debian's gfortran): give it an environment of its own,

    python -m venv .venv-escnn && . .venv-escnn/bin/activate
    pip install -c constraints.txt -e . && pip install -c constraints.txt escnn     # pip warns of NumPy 1.26; it works

1. dense: a lifting and a group convolution beside two nn.Conv2d of the same expanded shapes and numbers.
2. escnn: one group convolution, regular to regular, beside escnn's R2Conv in training mode, on small batches; the
   floor is escnn's time over that of nn.Conv2d of the expanded shape.
3. construction: both layers made; first in a process (cold), then again (warm).
4. separable: factorised beside dense, and beside nn.Conv2d of one tap and nn.Conv2d of one channel each.
5. irreducible: `Pointwise` by irreducible parts beside the regular one, next to the ratio of FLOPs.
"""

# Letters: B batch, C channels, N group elements, S grid.

from __future__ import annotations

import importlib
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Disc,
    Group,
    GroupPool,
    Image,
    Lift,
    Network,
    Pointwise,
    Siren,
    lower,
)
from archspec.graph.block import Primitive

Way = Callable[[], object]
GROUPS = ("C4", "C8", "D4")


def in_turns(ways: dict[str, Way], seconds: float, least: int = 5) -> dict[str, list[float]]:
    """Processor seconds of each way, run in turns, there and back; the first two turns warm up."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    begun, turn = time.process_time(), 0
    while turn < least + 2 or (time.process_time() - begun < seconds and turn < 200):
        for name in (list(ways), list(ways)[::-1])[turn % 2]:
            start = time.process_time()
            ways[name]()
            times[name].append(time.process_time() - start)
        turn += 1
    return {name: found[2:] for name, found in times.items()}


def ratio(above: list[float], below: list[float]) -> str:
    """Median of the ratios of neighbours in time, and the middle half of them."""
    low, middle, high = statistics.quantiles([a / b for a, b in zip(above, below, strict=True)], n=4)
    return f"{middle:.2f} ({low:.2f}, {high:.2f})"


def step(module: Callable[[Any], Any], x: Any, leaf: Tensor, leaves: Sequence[Tensor]) -> object:
    """Forward and backward, to the signal and to the weights."""
    y = module(x)
    y = y if isinstance(y, Tensor) else y.tensor
    return torch.autograd.grad(y, [leaf, *leaves], torch.ones_like(y))


def stepping(module: nn.Module, x: Tensor) -> Way:
    return partial(step, module.train(), x, x, list(module.parameters()))


@torch.no_grad()
def evaluated(module: nn.Module, x: Tensor) -> object:
    return module(x)


def architecture(group: str, channels: int, size: int, **conv: Any) -> Architecture:
    """A lifting and a convolution, square kernels; under a disc where turns need one. `kernel_size` is that of both."""
    window = None if Group(group).action(2).exact else Disc()
    dense = {key: value for key, value in conv.items() if key != "factorisation"}
    body = [
        Lift(group=group, channels=channels, window=window, **dense),
        Conv(channels=channels, window=window, **conv),
    ]
    image = Image(channels=1, size=(size, size))
    return Architecture(input=image, body=[*body, GroupPool()], head=Classifier(classes=2))


def network(group: str, channels: int, size: int, **conv: Any) -> Network:
    """The same with weights."""
    return lower(architecture(group, channels, size, **conv))


def expanded(layer: Any) -> nn.Conv2d:
    """An ordinary convolution with the layer's bank as weights of its own."""
    bank, bias = layer.sample().detach(), layer.expanded_bias().detach()
    conv = nn.Conv2d(bank.shape[1] * layer.groups, len(bank), layer.taps, padding="same", groups=layer.groups)
    conv.padding = tuple(n // 2 for n in layer.taps)
    conv.weight, conv.bias = nn.Parameter(bank.clone()), nn.Parameter(bias.clone())
    return conv


def agree(one: nn.Module, other: nn.Module, x: Tensor, flat: Tensor) -> None:
    y, wanted = one(x).flatten(1), other(flat).flatten(1)
    assert (y - wanted).abs().max() < 1e-4 * wanted.abs().max()


def dense() -> None:
    print("1. Lifting and group convolution over two nn.Conv2d of the expanded shapes: k 5, 28x28, batch 32\n")
    print(f"{'':>20} {'forward + backward':>20} {'evaluation':>20}")
    for kernel in ("table", "siren"):
        for group in GROUPS:
            for channels in (8, 16, 32) if kernel == "table" else (8,):
                made: dict[str, Any] = {} if kernel == "table" else {"kernel": Siren()}
                model = network(group, channels, 28, kernel_size=5, **made)
                first, second = model.get_submodule("body_0_lift"), model.get_submodule("body_1_conv")
                ours, plain = nn.Sequential(first, second), nn.Sequential(expanded(first), expanded(second))
                x = torch.randn(32, 1, 28, 28, requires_grad=True)
                agree(ours, plain, x[:1], x[:1])
                train = in_turns({"ours": stepping(ours, x), "plain": stepping(plain, x)}, 5)
                ours.eval(), plain.eval()
                ways: dict[str, Way] = {"ours": partial(evaluated, ours, x), "plain": partial(evaluated, plain, x)}
                kept = in_turns(ways, 3)
                cells = [ratio(t["ours"], t["plain"]) for t in (train, kept)]
                print(f"{group:>4} {channels:>5} {kernel:>9} " + " ".join(f"{cell:>20}" for cell in cells), flush=True)


def their_layers(group: str, channels: int, size: int) -> tuple[Any, Any, Any]:
    """The lifting of escnn, its convolution of regular fields, and the type of these."""
    nn_, spaces = importlib.import_module("escnn.nn"), importlib.import_module("escnn.gspaces")
    numerical: Any = importlib.import_module("escnn.group._numerical")
    if not hasattr(numerical, "exact_svd"):
        # It gives scikit-learn matrices where that takes arrays only since 1.2.
        numerical.exact_svd = numerical.randomized_svd
        numerical.randomized_svd = lambda a, **options: numerical.exact_svd(np.asarray(a), **options)
    order = int(group[1:])
    space = spaces.rot2dOnR2(order) if group[0] == "C" else spaces.flipRot2dOnR2(order)
    plain, fields = nn_.FieldType(space, [space.trivial_repr]), nn_.FieldType(space, channels * [space.regular_repr])
    make = partial(nn_.R2Conv, kernel_size=size, padding=size // 2)
    return make(plain, fields), make(fields, fields), fields


def escnn() -> None:
    print("\n2. escnn's R2Conv over ours, and over nn.Conv2d of the expanded shape: training mode, 8 channels, k 5\n")
    print(f"{'':>18} {'forward':>20} {'floor':>20} {'forward + backward':>20} {'floor':>20}")
    wrap = importlib.import_module("escnn.nn").GeometricTensor
    for group in GROUPS:
        _, theirs, fields = their_layers(group, 8, 5)
        for size in (14, 28):
            layer = network(group, 8, size, kernel_size=5).get_submodule("body_1_conv")
            plain, order = expanded(layer), Group(group).order
            for batch in (1, 2):
                flat = torch.randn(batch, 8 * order, size, size, requires_grad=True)
                x = flat.detach().view(batch, 8, order, size, size).requires_grad_()
                agree(layer, plain, x, flat)
                wrapped = wrap(flat, fields)
                forward = in_turns(
                    {"a": partial(theirs, wrapped), "b": partial(layer, x), "c": partial(plain, flat)}, 3
                )
                leaves = list(theirs.parameters())
                ways: dict[str, Way] = {
                    "a": partial(step, theirs, wrapped, flat, leaves),
                    "b": stepping(layer, x),
                    "c": stepping(plain, flat),
                }
                both = in_turns(ways, 4)
                cells = [ratio(t["a"], t[below]) for t in (forward, both) for below in "bc"]
                print(
                    f"{group:>4} {f'{size}x{size}':>6} B{batch:<4} " + " ".join(f"{cell:>20}" for cell in cells),
                    flush=True,
                )


def lowered(of: Architecture) -> None:
    """Both layers of a typed architecture."""
    for place, block in enumerate(of.body[:2]):
        assert isinstance(block, Primitive)
        block.lower(of.graph.source(f"body.{place}"))


def made(library: str, group: str, channels: int, size: int) -> None:
    """Print the processor seconds of the first making in this process, and of the next four."""
    if library == "ours":
        network("C1", 1, 28, kernel_size=3)  # what is imported late
        typed = architecture(group, channels, 28, kernel_size=size)
        assert typed.graph
        make: Way = partial(lowered, typed)
    else:
        their_layers("C1", 1, 3)
        make = partial(their_layers, group, channels, size)
    for _ in range(5):
        start = time.process_time()
        make()
        print(time.process_time() - start)


def construction() -> None:
    print("\n3. Making a lifting and a group convolution, k 5: escnn's time over ours, of three processes each\n")
    print(f"{'':>10} {'cold':>24} {'warm':>24} {'ours, warm':>12}")
    for group in GROUPS:
        for channels in (8,):
            found: dict[str, list[list[float]]] = {"ours": [], "escnn": []}
            for _ in range(4):  # the first fills what escnn keeps on disk
                for library, runs in found.items():
                    command = [sys.executable, "-W", "ignore", __file__, "made", library, group, str(channels), "5"]
                    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
                    runs.append([float(word) for word in out])
            cold, warm = (
                {name: [statistics.median(run[part]) for run in runs[1:]] for name, runs in found.items()}
                for part in (slice(1), slice(1, None))
            )
            cells = [ratio(t["escnn"], t["ours"]) for t in (cold, warm)]
            print(f"{group:>4} {channels:>5} " + " ".join(f"{cell:>24}" for cell in cells), end=" ")
            print(f"{statistics.median(warm['ours']) * 1e3:>9.1f} ms", flush=True)


def separable() -> None:
    print("\n4. C8, 8 channels, 28x28, batch 32: direct dense over separable; separable over plain separable\n")
    heads = ("forward + backward", "evaluation", "of plain", "evaluation")
    print(f"{'channels':>40} " + " ".join(f"{head:>20}" for head in heads))
    for size in (5, 7):
        make = partial(network, "C8", 8, 28, kernel_size=size)
        full = make(algorithm="direct").get_submodule("body_1_conv")
        x = torch.randn(32, 8, 8, 28, 28, requires_grad=True)
        outermost = x.detach().flatten(1, 2).requires_grad_()
        innermost = outermost.detach().to(memory_format=torch.channels_last).requires_grad_()
        innermost_5d = innermost.detach().unflatten(1, (8, 8)).requires_grad_()
        for factorisation in ("group_separable", "depthwise_separable"):
            parts = make(factorisation=factorisation).get_submodule("body_1_conv")
            stages = [nn.Conv2d(64, 64, 1, bias=False), nn.Conv2d(64, 64, size, padding=size // 2, groups=64)]
            plain = nn.Sequential(*(stages if factorisation == "group_separable" else stages[::-1]))
            for where, ours, flat in (("outermost", x, outermost), ("innermost", innermost_5d, innermost)):
                modules: dict[str, tuple[nn.Module, Tensor]] = {
                    "full": (full, x),
                    "parts": (parts, ours),
                    "plain": (plain, flat),
                }
                train = in_turns({name: stepping(*pair) for name, pair in modules.items()}, 8)
                for module, _ in modules.values():
                    module.eval()
                kept = in_turns({name: partial(evaluated, *pair) for name, pair in modules.items()}, 4)
                pairs = (("full", "parts"), ("parts", "plain"))
                cells = [ratio(t[a], t[b]) for a, b in pairs for t in (train, kept)]
                print(
                    f"k {size} {factorisation:>24} {where:>10}  " + " ".join(f"{cell:>20}" for cell in cells),
                    flush=True,
                )
    dense = make().get_submodule("body_1_conv")
    train = in_turns({"direct": stepping(full, x), "auto": stepping(dense, x)}, 4)
    full.eval(), dense.eval()
    kept = in_turns({"direct": partial(evaluated, full, x), "auto": partial(evaluated, dense, x)}, 4)
    print("k 7 dense, direct over by transforms: " + ", ".join(ratio(t["direct"], t["auto"]) for t in (train, kept)))


def irreducible() -> None:
    print("\n5. Pointwise, 28x28, batch 32: regular over irreducible\n")
    print(f"{'':>10} {'FLOPs':>8} {'forward + backward':>20} {'evaluation':>20}")
    for group in ("C2", "D1", "C8"):
        for channels in (8, 32):
            ways, costs = {}, {}
            for basis in ("regular", "irreducible"):
                body = [Lift(group=group, channels=channels, kernel_size=1), Pointwise(channels=channels, basis=basis)]
                head = Classifier(classes=2)
                whole = Architecture(input=Image(channels=1, size=(28, 28)), body=[*body, GroupPool()], head=head)
                source = whole.graph.source("body.1")
                costs[basis] = body[1].cost(source).macs
                ways[basis] = lower(whole).get_submodule("body_1_pointwise")
            x = torch.randn(32, channels, Group(group).order, 28, 28, requires_grad=True)
            train = in_turns({name: stepping(module, x) for name, module in ways.items()}, 4)
            for module in ways.values():
                module.eval()
            kept = in_turns({name: partial(evaluated, module, x) for name, module in ways.items()}, 3)
            cells = [ratio(t["regular"], t["irreducible"]) for t in (train, kept)]
            print(f"{group:>4} {channels:>5} {costs['regular'] / costs['irreducible']:>8.2f} ", end="")
            print(" ".join(f"{cell:>20}" for cell in cells), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["made"]:
        made(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        parts = {f.__name__: f for f in (dense, escnn, construction, separable, irreducible)}
        asked = sys.argv[1:] or list(parts)
        for name in asked:
            if name in ("escnn", "construction") and importlib.util.find_spec("escnn") is None:
                print(f"\n{name}: escnn is not installed")
                continue
            parts[name]()
