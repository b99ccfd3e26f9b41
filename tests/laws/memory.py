"""Memory of trainings on a CPU as torch's allocator counts it, by torch's profiler."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.profiler import ProfilerActivity, profile

from archspec import Architecture
from search import Task, Training
from search.objectives import Score
from search.training.loop import Loop
from search.training.memory import training_memory

# Batches have at most so many examples.
MOST = 4096


def task_of(architecture: Architecture, examples: int) -> Task:
    """Noise that the architecture can be trained on, as a regression; as many for validation as for training."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(examples, architecture.input.channels, *architecture.input.grid, generator=generator)
    output = architecture.graph.signal
    y = torch.randn(examples, output.channels, *output.grid, generator=generator)
    return Task("noise", "regression", (x, y), (x, y))


def training_of(examples: int, **settings: object) -> Training:
    """Of batches with so many examples, on a CPU; nothing diverges."""
    return Training(**{"batch_size": examples, "learning_rate": 1e-6, "device": "cpu", **settings})


def examples_for(architecture: Architecture, wanted: float) -> int:
    """The number of examples in a batch with which a training takes about so many bytes."""
    few, more = (training_memory(architecture, task_of(architecture, n), training_of(n)) for n in (2, 258))
    return int(min(MOST, max(2, 2 + 256 * (wanted - few) / (more - few))))


def held(architecture: Architecture, task: Task, training: Training) -> int:
    """The most bytes that torch held in two epochs of a training, each of one step and the scoring after it."""
    return allocated(lambda: run(architecture, task, training))


def run(architecture: Architecture, task: Task, training: Training) -> None:
    """Train for two epochs."""
    loop = Loop(architecture, task, training, 0, Score("loss", False), 2)
    for _ in range(2):
        assert loop.epoch(lambda: None) is None


def allocated(run: Callable[[], object]) -> int:
    """The most bytes that were allocated at one time while it ran, beside those that were there before."""
    gc.collect()  # or what others left behind goes while it runs, and its bytes are missing
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    with TemporaryDirectory() as directory:
        path = Path(directory, "trace.json")
        profiler.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    memory = sorted((e for e in events if e["name"] == "[memory]"), key=lambda event: event["ts"])
    totals = [event["args"]["Total Allocated"] for event in memory]
    return int(max(totals) - (totals[0] - memory[0]["args"]["Bytes"]))
