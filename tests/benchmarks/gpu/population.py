"""Whether candidates trained together use a GPU better than one after the other, see docs/decisions/042.

    python -m tests.benchmarks.gpu.population          # about a minute
    python -m tests.benchmarks.gpu.population --dry    # tiny, on the CPU: does it run?

Milliseconds a step of each candidate, for 1, 8 and 32 at the same time, and how many times faster that is than one
after the other, each with its steps recorded as a CUDA graph:

together     candidates of the same architecture as one program, vectorised by `torch.vmap`, one by one and recorded
streams      candidates of any architectures, each with a recorded step and a stream of its own, from one thread
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec import Activation, Architecture, Classifier, Conv, GroupPool, Image, Lift, Norm, lower, price
from search.training.recording import BEFORE, Graphs

DRY = "--dry" in sys.argv
DEVICE = torch.device("cpu" if DRY else "cuda")
COUNTS, STEPS = ((1, 2), 2) if DRY else ((1, 8, 32), 200)
BATCH = 64
Step = Callable[[], None]


def network(channels: int) -> Architecture:
    """Two group convolutions on C4."""
    body = [Lift(group="C4", channels=channels, kernel_size=3), Norm(), Activation()]
    body += [Conv(channels=channels, kernel_size=3), Norm(), Activation(), GroupPool()]
    return Architecture(input=Image(channels=1, size=(16, 16)), body=body, head=Classifier(classes=10))


def examples(*members: int) -> tuple[Tensor, Tensor]:
    """A batch for each member."""
    x = torch.randn(*members, BATCH, 1, 16, 16, device=DEVICE)
    return x, torch.randint(10, (*members, BATCH), device=DEVICE)


def optimizer_of(parameters: list[Tensor]) -> torch.optim.Optimizer:
    """As trainings have it."""
    return torch.optim.AdamW(parameters, lr=torch.tensor(1e-2, device=DEVICE), fused=True, capturable=not DRY)


def single(architecture: Architecture) -> Step:
    """A step of one candidate."""
    model, (x, y) = lower(architecture).to(DEVICE).train(), examples()
    optimizer = optimizer_of(list(model.parameters()))

    def step() -> None:
        optimizer.zero_grad(set_to_none=False)
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

    return step


def together(architecture: Architecture, count: int) -> Step:
    """A step of so many candidates of one architecture as one program."""
    models = [lower(architecture).to(DEVICE).train() for _ in range(count)]
    parameters = {n: nn.Parameter(torch.stack([m.get_parameter(n) for m in models]).detach()) for n in names(models[0])}
    buffers = {
        name: torch.stack([dict(m.named_buffers())[name] for m in models]) for name, _ in models[0].named_buffers()
    }
    (x, y), optimizer = examples(count), optimizer_of(list(parameters.values()))

    def output(own: dict[str, Tensor], statistics: dict[str, Tensor], mine: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(models[0], (own, statistics), (mine,))
        return result

    def step() -> None:
        optimizer.zero_grad(set_to_none=False)
        outputs = torch.vmap(output, randomness="different")({**parameters}, buffers, x)
        (count * F.cross_entropy(outputs.flatten(0, 1), y.flatten())).backward()
        optimizer.step()

    return step


def names(model: nn.Module) -> list[str]:
    """The names of the parameters."""
    return [name for name, _ in model.named_parameters()]


def recorded(step: Step) -> tuple[Step, Graphs | None]:
    """What replays a step, and what it was recorded with; on a CPU the step itself."""
    if DRY:
        return step, None
    graphs = Graphs(DEVICE)
    for _ in range(BEFORE):
        graphs.run(step)
    return graphs.record(step), graphs


def streams(steps: list[Step]) -> Step:
    """All of these, each on a stream of its own."""
    replays = [recorded(step) for step in steps]

    def step() -> None:
        for replay, graphs in replays:
            with torch.cuda.stream(None if graphs is None else graphs.stream):
                replay()

    return step


def milliseconds(step: Step, count: int) -> float:
    """Of a step of each candidate."""
    for _ in range(2):
        step()
    times = []
    for _ in range(2):
        if not DRY:
            torch.cuda.synchronize()
        times.append(time.perf_counter())
        for _ in range(STEPS):
            step()
    if not DRY:
        torch.cuda.synchronize()
    return 1e3 * (time.perf_counter() - times[-1]) / STEPS / count


def main() -> None:
    """Print the figures."""
    if not DRY and not torch.cuda.is_available():
        sys.exit("no GPU here; --dry tries the script on the CPU")
    torch.set_num_threads(1)
    for channels in (2, 8, 32):
        architecture = network(channels)
        alone = milliseconds(recorded(single(architecture))[0], 1)
        print(f"{price(architecture).flops / 1e6:.2f} MFLOP, one after the other, recorded: {alone:.3f} ms", flush=True)
        for count in COUNTS:
            eager = milliseconds(together(architecture, count), count)
            as_one = milliseconds(recorded(together(architecture, count))[0], count)
            beside = milliseconds(streams([single(architecture) for _ in range(count)]), count)
            said = (
                f"{what} {ms:.3f} ms, {alone / ms:.1f} times"
                for what, ms in zip(WAYS, (eager, as_one, beside), strict=True)
            )
            print(f"  {count:3d} at the same time: {'; '.join(said)}", flush=True)


WAYS = ("together, one by one", "together, recorded", "streams")

if __name__ == "__main__":
    main()
