"""Train every architecture of a table, and write what came of each; whatever is there already is not trained again.

    python -m tests.benchmarks.table.make sequences --seeds 0 1 2
    python -m tests.benchmarks.table.make images --seeds 0 1 2

A seed of the sequences takes about 40 minutes on one core, of the images about 75. Architectures are trained in a
random order, so that what is done at any time is a fair sample of the space. Rows are appended to `NAME.jsonl` beside
this script; `--pack` writes `NAME.jsonl.gz`, which is committed, and which is read too if it is there.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from archspec import price
from archspec.architecture import Architecture
from archspec.lowering import lower
from search import Task
from search.outcome import Failed
from search.training.evaluation import evaluate
from search.training.retraining import ACCURACY
from search.training.threads import one_thread
from search.training.trainer import train
from tests.benchmarks.table.spaces import EPOCHS, RUNGS, TRAINING, space, task

HERE = Path(__file__).parent


def row(architecture: Architecture, data: Task, seed: int) -> dict[str, Any]:
    """What is known of an architecture under a seed: validation accuracies by rung and epoch, test accuracy, seconds.

    The training for each rung goes on from that of the rung before, as it was before its cooldown.
    """
    began = time.process_time()
    with tempfile.TemporaryDirectory() as directory:
        weights, trunk = Path(directory) / "weights", Path(directory) / "trunk"
        curves: dict[int, list[float]] = {}
        for rung in RUNGS:
            outcome = train(architecture, data, TRAINING, seed, ACCURACY, weights=weights, epochs=rung, trunk=trunk)
            if isinstance(outcome, Failed):
                return {"seed": seed, "failed": outcome.reason}
            curves[rung] = [round(score, 4) for score in outcome.curve]
        seconds = (time.process_time() - began) / (EPOCHS + sum(r - TRAINING.trunk(r) for r in RUNGS[:-1]))
        model = lower(architecture)
        model.load_state_dict(load_file(weights))
        assert data.test is not None
        test = evaluate(model.eval(), data, data.test)["accuracy"]
    return {"seed": seed, "curves": curves, "test": round(test, 4), "seconds per epoch": round(seconds, 4)}


def pack(rows: list[dict[str, Any]], file: Path) -> None:
    """Write rows, each once, by seed and architecture."""
    known = {(found["seed"], found["hash"]): found for found in rows}
    lines = [json.dumps(known[key], separators=(",", ":")) + "\n" for key in sorted(known)]
    file.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def main() -> None:
    """Make, or go on making, a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("sequences", "images"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--file", type=Path, help="where to write; by default beside this script")
    parser.add_argument("--pack", action="store_true", help="train nothing: write what there is to the packed file")
    given = parser.parse_args()
    os.nice(10)
    one_thread()
    file = given.file or HERE / f"{given.name}.jsonl"
    packed = HERE / f"{given.name}.jsonl.gz"
    lines = gzip.decompress(packed.read_bytes()).decode().splitlines() if packed.exists() else []
    rows = list(map(json.loads, lines + (file.read_text().splitlines() if file.exists() else [])))
    if given.pack:
        pack(rows, packed)
        return
    done = {(found["hash"], found["seed"]) for found in rows}
    data = task(given.name)
    everything = list(space(given.name).fillings())
    random.Random(0).shuffle(everything)
    for seed in given.seeds:
        for architecture, values in everything:
            if (architecture.hash, seed) in done:
                continue
            cost = price(architecture)
            known = {"hash": architecture.hash, "values": values, "flops": cost.flops, "params": cost.params}
            with file.open("a") as out:
                out.write(json.dumps(known | row(architecture, data, seed)) + "\n")


if __name__ == "__main__":
    main()
