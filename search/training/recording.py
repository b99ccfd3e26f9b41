"""Steps that are recorded once and replayed: in a small network, operations take longer to launch than to compute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn

from search.errors import first_line
from search.tasks.named import AnyTask
from search.training.settings import Training

Run: TypeAlias = Callable[[], None]
# What a recording is of: shapes and types of a batch.
Like: TypeAlias = tuple[torch.Size, torch.dtype, torch.Size, torch.dtype]

# Steps of each shape that run before one is recorded: libraries choose their ways, the optimizer makes its moments.
BEFORE = 3
# Shapes that are recorded, such as those of whole batches and of an epoch's last one; any others run as they are.
MOST = 4


class Recorder(Protocol):
    """Records a run over tensors that stay where they are."""

    def run(self, step: Run) -> None:
        """Run it without recording, as it must be before it is recorded."""

    def record(self, step: Run) -> Run:
        """What repeats the run; recording computes nothing. RuntimeError if it cannot be recorded."""


class Graphs:
    """Records CUDA graphs, on a stream of their own, with one pool of memory: nothing in it outlives a replay."""

    def __init__(self, device: torch.device) -> None:
        self.stream, self.pool = torch.cuda.Stream(device), torch.cuda.graph_pool_handle()

    def run(self, step: Run) -> None:
        """Run it on the stream that it is recorded on."""
        here = torch.cuda.current_stream(self.stream.device)
        self.stream.wait_stream(here)
        with torch.cuda.stream(self.stream):
            step()
        here.wait_stream(self.stream)

    def record(self, step: Run) -> Run:
        """The replay of a graph; other threads, such as those of loaders, may use the GPU meanwhile."""
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize(self.stream.device)
        # A recording takes memory of its own: what the steps before it have left is for others that share the GPU.
        torch.cuda.empty_cache()
        with torch.cuda.stream(self.stream):
            graph.capture_begin(pool=self.pool, capture_error_mode="thread_local")
            try:
                step()
            finally:
                graph.capture_end()
        return graph.replay


def recorder_of(device: torch.device) -> Recorder | None:
    """What records steps on a device; None where replaying gains nothing."""
    return Graphs(device) if device.type == "cuda" else None


class Recorded:
    """A step, called with one batch after the other, that is recorded for each shape of batches and then replayed.

    Args:
        step: the step, which depends on the batch and on tensors that it changes in place, and on nothing else.
        recorder: how it is recorded.
        hindrance: why it must not be recorded; see `hindrance`.

    Attributes:
        hindrance: why steps are not recorded, or not any more, in one line; empty as long as they are.
    """

    def __init__(self, step: Callable[[Tensor, Tensor], None], recorder: Recorder, hindrance: str = "") -> None:
        self.step, self.recorder, self.hindrance = step, recorder, hindrance
        self._seen, self._replays = Counter[Like](), dict[Like, tuple[Tensor, Tensor, Run]]()

    def __call__(self, x: Tensor, y: Tensor) -> None:
        like = x.shape, x.dtype, y.shape, y.dtype
        if self._ready(like):
            self._record(like, x, y)
        if like not in self._replays:
            self.recorder.run(lambda: self.step(x, y))
            return
        held_x, held_y, replay = self._replays[like]
        held_x.copy_(x)
        held_y.copy_(y)
        replay()

    def _ready(self, like: Like) -> bool:
        """Whether a batch of this shape is the one to record."""
        self._seen[like] += 1
        full = like in self._replays or len(self._replays) >= MOST
        return self._seen[like] > BEFORE and not full and not self.hindrance

    def _record(self, like: Like, x: Tensor, y: Tensor) -> None:
        held = x.clone(), y.clone()
        try:
            self._replays[like] = (*held, self.recorder.record(lambda: self.step(*held)))
        except RuntimeError as error:
            self.hindrance = first_line(error)


def hindrance(model: nn.Module, task: AnyTask, training: Training, turning: bool) -> str:
    """Why the steps of a training cannot be recorded, in a few words; empty if they can.

    A replay repeats what the GPU did, and nothing that Python does, so that nothing of a step may be decided anew by
    Python: not by a loss or by modules of your own, unless they say so by an attribute `recordable` that is true.
    """
    if training.precision == "fp16":
        return "in float16 a step whose gradients overflow is skipped"
    if turning:
        return "kernels are sampled at random offsets"
    if not getattr(task, "recordable", False):
        return "the loss is not one of this package or of torch"
    for module in model.modules():
        if not (ours(module) or getattr(module, "recordable", False)):
            return f"{type(module).__name__} is not a module of this package or of torch"
    return ""


def ours(module: nn.Module) -> bool:
    """Whether it is a module of this package or of torch."""
    return type(module).__module__.partition(".")[0] in ("archspec", "torch")
