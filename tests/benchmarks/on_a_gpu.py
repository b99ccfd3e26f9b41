"""All that this project says of GPUs, tried on the one at hand; meant to take under five minutes on an H100.

    python tests/benchmarks/on_a_gpu.py OUT [tests] [crossover] [half] [search] [compiling]      # all parts by default

Ends with a table of what held, and with an error where anything did not. OUT gets a copy of `archspec/crossovers.json`
with this GPU's entry, and what the searches recorded. What it tries holds:

tests       `pytest -m gpu`: every example as on the CPU, under autocast, published networks in half precision
crossover   a table of sums and transforms by which 95 % of the cells are within 15 % of the faster way
half        published networks trained in bfloat16: losses are finite; seconds a step, beside float32
search      the same candidates on the CPU and on the GPU: mean accuracy within 2 points
compiling   a training step is one graph, compiled once; its time beside eager
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch._dynamo.testing import CompileCounterWithBackend

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    GroupPool,
    Image,
    Lift,
    Network,
    Norm,
    Pool,
    lower,
    published,
)
from search import Search, Training, digits
from spaces import Space, choice, integer, order
from tests.benchmarks.crossover import main as crossover_of
from tests.benchmarks.crossover import ratio
from tests.benchmarks.layouts import main as layouts_of

BATCH, SHARE, POINTS = 32, 0.95, 0.02
NAMED: dict[str, Architecture] = {
    "ccnn_4_140": published.ccnn_4_140(),
    "flexnet": published.flexnet(Image(channels=3, size=(32, 32)), 10, blocks=3),
    "p4cnn": published.p4cnn(),
}
Said = tuple[bool, str]


def tests(out: Path) -> Said:
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-n", "4", "--tb=short", "-p", "no:cacheprovider"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    (out / "tests.txt").write_text(run.stdout + run.stderr)
    last = (run.stdout.strip().splitlines() or ["nothing"])[-1]
    return run.returncode == 0 and "skipped" not in last, last


def crossover(out: Path) -> Said:
    share = crossover_of("cuda", False, out / "crossovers.json")
    layouts_of("cuda", out / "crossovers.json", before=out / "crossovers.json")
    return share >= SHARE, f"{100 * share:.0f} % of the cells within 15 %, by the table written"


def loss_of(model: Network, half: bool = False) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(x: Tensor, labels: Tensor) -> Tensor:
        with torch.autocast("cuda", torch.bfloat16, enabled=half):
            return F.cross_entropy(model(x).float(), labels)

    return loss


def stepping(model: Network, loss: Callable[[Tensor, Tensor], Tensor]) -> Callable[[], Tensor]:
    """A step of training on the same noise each time; gives the loss."""
    x = torch.randn(BATCH, *model.architecture.signal.shape, device="cuda")
    labels = torch.arange(BATCH, device="cuda") % 10
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> Tensor:
        optimizer.zero_grad()
        value = loss(x, labels)
        value.backward()
        optimizer.step()
        return value.detach()

    return step


def seconds(step: Callable[[], Tensor], times: int = 20) -> float:
    for _ in range(3):
        step()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(times):
        step()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / times


def half(out: Path) -> Said:
    said, finite = [], True
    for name, architecture in NAMED.items():
        model = lower(architecture).cuda().train()
        whole = stepping(model, loss_of(model))
        narrow = stepping(model, loss_of(model, half=True))
        said.append(f"{name} {1e3 * seconds(whole):.1f} → {1e3 * seconds(narrow):.1f} ms a step")
        finite &= bool(torch.isfinite(narrow()))
    return finite, "; ".join(said)


def compiling(out: Path) -> Said:
    said, once = [], True
    for name, architecture in NAMED.items():
        torch._dynamo.reset()
        model, counter = lower(architecture).cuda().train(), CompileCounterWithBackend("inductor")
        loss = loss_of(model)
        eager = stepping(model, loss)
        fast = stepping(model, torch.compile(loss, fullgraph=True, backend=counter))
        for _ in range(3):
            fast()
        said.append(f"{name} {ratio(eager, fast)[0]:.2f}×, {counter.frame_count} graph")
        once &= counter.frame_count == 1
    return once, "; ".join(said)


def rotated() -> Space:
    """Four small networks, plain and on C4."""
    width = integer("width", 16, 32, step=16)
    channels = width // order(choice("C1", "C4", name="group"))
    body = [
        Lift(group=choice("C1", "C4", name="group"), channels=channels, kernel_size=5),
        Pool(),
        *(Norm(), Activation(), Conv(channels=channels, kernel_size=3), Norm(), Activation()),
        GroupPool(),
    ]
    return Space(Architecture(input=Image(channels=1, size=(16, 16)), body=body, head=Classifier(classes=10)))


def search(out: Path) -> Said:
    scores: list[dict[str, float]] = []
    for device in ("cpu", "cuda"):
        training = Training(epochs=15, device=device)
        run = Search(rotated(), digits(rotated=True), trials=4, seed=0, training=training)
        found = run.run(out / f"search_{device}", workers=2).trials
        scores.append({t.architecture.hash: t.scores["accuracy"] for t in found if t.architecture and t.scores})
    same = scores[0].keys() == scores[1].keys() and len(scores[0]) == 4
    pairs = [(100 * scores[0][key], 100 * scores[1].get(key, 0.0)) for key in scores[0]]
    apart = abs(sum(a - b for a, b in pairs)) / max(1, len(pairs)) / 100
    said = ", ".join(f"{a:.1f} and {b:.1f}" for a, b in pairs)
    return same and apart <= POINTS, f"CPU and GPU: {said}; {100 * apart:.1f} points apart in the mean"


PARTS = {f.__name__: f for f in (tests, crossover, half, search, compiling)}


def main(out: Path, parts: list[str]) -> bool:
    """Whether all parts held."""
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in parts:
        begun = time.perf_counter()
        try:
            held, said = PARTS[name](out)
        except Exception as error:
            held, said = False, f"{type(error).__name__}: {error}"
        rows.append((held, f"{name:>10} {'holds' if held else 'FAILS'} {time.perf_counter() - begun:5.0f} s  {said}"))
        print(rows[-1][1], flush=True)
    print(f"\n{torch.cuda.get_device_name()}, torch {torch.__version__}", *(row for _, row in rows), sep="\n")
    return all(held for held, _ in rows)


if __name__ == "__main__":
    if len(sys.argv) < 2 or (unknown := set(sys.argv[2:]) - set(PARTS)):
        sys.exit(f"say where to write, then any of {', '.join(PARTS)}")
    if not torch.cuda.is_available():
        sys.exit("no GPU here")
    torch.manual_seed(0)
    sys.exit(not main(Path(sys.argv[1]), sys.argv[2:] or list(PARTS)))
