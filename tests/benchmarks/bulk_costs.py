"""How many fillings a second are priced together and one by one: three spaces, both ways on the same fillings.

PYTHONPATH=. python tests/benchmarks/bulk_costs.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial

import spaces
from archspec import price
from spaces import Space
from spaces.filling import Values

FILLINGS = 100_000
ONE_BY_ONE = 5_000
ROUNDS = 5
SPACES: dict[str, Callable[[], Space]] = {
    "images 28×28": lambda: spaces.images(1, (28, 28), 10),
    "rotated images 28×28": lambda: spaces.rotated_images(1, (28, 28), 10),
    "sequences 1,000": lambda: spaces.sequences(1, 1_000, 10),
}


def rate(call: Callable[[], object], many: int) -> float:
    """Fillings a second of the processor, which other processes do not slow down."""
    start = time.process_time()
    call()
    return many / (time.process_time() - start)


def singly(space: Space, few: Iterable[Values]) -> None:
    """Fillings priced one by one."""
    for values in few:
        price(space.fill(values))


def told(rates: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(rates):>9,.0f} ({min(rates):,.0f} … {max(rates):,.0f})"


def compared(name: str, space: Space) -> None:
    """One line of the table; each round has other fillings, and what is met for the first time is the first round's."""
    first = rate(lambda: space.costs(FILLINGS, seed=1_000), FILLINGS)
    random, given, single = [], [], []
    for seed in range(ROUNDS):
        random.append(rate(partial(space.costs, FILLINGS, seed=seed), FILLINGS))
        values = space.costs(FILLINGS, seed=2_000 + seed).values
        given.append(rate(partial(space.costs, values), FILLINGS))
        few = values[:ONE_BY_ONE]
        single.append(rate(partial(singly, space, few), len(few)))
        assert [price(space.fill(x)).flops for x in few[:100]] == space.costs(few[:100])["flops"].tolist()
    ratios = [given[i] / single[i] for i in range(ROUNDS)]
    print(f"{name:<22} {first:>10,.0f}   {told(random):<34} {told(given):<34} {told(single):<34}", end=" ")
    print(f"{statistics.median(ratios):.1f} ({min(ratios):.1f} … {max(ratios):.1f})")


def main() -> None:
    """Print the table."""
    print(f"{'fillings a second':<22} {'first call':>10}   {'drawn and priced together':<34} ", end="")
    print(f"{'given values together':<34} {'one by one':<34} given : one by one")
    for name, made in SPACES.items():
        compared(name, made())


if __name__ == "__main__":
    main()
