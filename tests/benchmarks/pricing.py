"""How fast architectures are priced, beside tools that count a network's operations: the same networks, one run.

PYTHONPATH=. python tests/benchmarks/pricing.py        # needs fvcore and ptflops: pip install -e '.[bench]'
"""

from __future__ import annotations

import contextlib
import io
import logging
import random
import statistics
import time
import warnings
from collections.abc import Callable, Iterable
from functools import partial

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    GroupPool,
    Image,
    Lift,
    Norm,
    choice,
    integer,
    node,
    price,
)
from archspec.graph.block import Block
from spaces import Space
from spaces.filling import Values

CANDIDATES = 40
GROUP = choice("C1", "C4", "D4", name="group")


def space() -> Space:
    """Chains of 20 blocks: a lifting, six times norm, activation and convolution, and the group pooled."""
    body: list[Block] = [Lift(group=GROUP, channels=integer("width", 4, 8))]
    for _ in range(6):
        body += [
            Norm(),
            Activation(function=choice("relu", "gelu")),
            Conv(channels=integer(4, 8), kernel_size=choice(3, 5)),
        ]
    return Space(
        Architecture(input=Image(channels=1, size=(28, 28)), body=[*body, GroupPool()], head=Classifier(classes=10))
    )


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def row(name: str, times: Iterable[float]) -> None:
    """One line of the table."""
    found = sorted(times)
    middle = statistics.median(found)
    print(f"{name:<48} {found[0]:>9.3f} {middle:>9.3f} {found[-1]:>9.3f} {1e3 / middle:>12,.0f}")


def from_text(text: str) -> None:
    """JSON to validated, typed, hashed and priced."""
    architecture = Architecture.from_json(text)
    assert architecture.hash
    price(architecture)


def forgotten(text: str) -> None:
    """The same with nothing remembered of blocks met before."""
    node._FACTS.clear()
    from_text(text)


def refilled(of: Space, values: Values) -> None:
    """Another filling of the same space, priced."""
    price(of.fill(values))


def ours(of: Space, rng: random.Random) -> list[Architecture]:
    """Times of this package, without torch; the architectures for the others."""
    drawn = [of.sample(rng) for _ in range(CANDIDATES)]
    texts = [a.to_json() for a in drawn]
    fresh = [of.values_of(of.sample(rng)) for _ in range(400)]
    from_text(texts[0])
    row("JSON → validated, typed, hashed, priced", [timed(partial(from_text, t)) for t in texts * 10])
    row("  the same, no block met before", [timed(partial(forgotten, t)) for t in texts])
    for values in fresh[:200]:
        refilled(of, dict(values))
    row("another filling of the space, priced", [timed(partial(refilled, of, v)) for v in fresh[200:]])
    return drawn


def theirs(drawn: list[Architecture]) -> None:
    """Times of the tools that run or trace a network; building it is not counted."""
    import torch
    from fvcore.nn import FlopCountAnalysis
    from ptflops import get_model_complexity_info
    from torch.utils.flop_counter import FlopCounterMode

    from archspec import freeze, lower

    torch.set_num_threads(1)
    x = torch.randn(1, 1, 28, 28)
    models = [(a, lower(a).eval()) for a in drawn]

    def with_torch(model: torch.nn.Module) -> int:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(x)
        return int(counter.get_total_flops())

    def with_fvcore(model: torch.nn.Module) -> None:
        FlopCountAnalysis(model, x).unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()

    def with_ptflops(model: torch.nn.Module) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            get_model_complexity_info(model, (1, 28, 28), as_strings=False, print_per_layer_stat=False, verbose=False)

    frozen = [freeze(model) for _, model in models]
    assert all(with_torch(f) == price(a).flops for (a, _), f in zip(models, frozen, strict=True))
    for name, count in (("torch FlopCounterMode", with_torch), ("fvcore", with_fvcore), ("ptflops", with_ptflops)):
        row(f"{name}, frozen network", [timed(partial(count, m)) for m in frozen])

    def lowering(architecture: Architecture) -> None:
        with_torch(lower(architecture).eval())

    row("torch FlopCounterMode, lowering it first", [timed(partial(lowering, a)) for a in drawn])


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    print(f"{'milliseconds, 20 blocks on 28×28':<48} {'min':>9} {'median':>9} {'max':>9} {'a second':>12}")
    theirs(ours(space(), random.Random(0)))


if __name__ == "__main__":
    main()
