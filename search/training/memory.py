"""How much memory the training of a candidate takes, known before it is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor, nn

from archspec.architecture import Architecture
from archspec.layers.keeping import kept_kernels
from archspec.lowering import Network, lower
from search.constraints import MEMORY
from search.errors import RunError
from search.objectives import Constraint
from search.stated import stated_constraints
from search.tasks.batches import Batch, Data, batches, example_count
from search.tasks.kinds import KINDS
from search.tasks.named import AnyTask
from search.tasks.task import Task
from search.training.devices import device_of
from search.training.evaluation import EVALUATION_BATCH, answered
from search.training.lives import Lives, beside_on_cpu, beside_on_gpu, nothing
from search.training.recording import ours
from search.training.settings import Training
from search.training.steps import Step, optimizer_of

META = torch.device("meta")


def training_memory(architecture: Architecture, task: AnyTask, training: Training | None = None) -> int:
    """Bytes that the training of an architecture holds at the most at one time, without training it.

    One step, and the scoring of a batch, are run on torch's `meta` device, where tensors have sizes and no numbers.
    Counted are weights, the copy of the best ones, gradients, the moments of AdamW, batches, and what operators hold in
    between and for the gradients, as the device of the training computes them. Not counted are the data set, Python,
    torch and CUDA themselves, and on a GPU the workspaces of cuDNN.

    Learned windows count as they begin, and a loss of your own as that of the task's kind. With `bf16` or `fp16` it is
    what float32 would take, which is more. Settings that are holes count at what takes the most.

    Raises:
        RunError: the network cannot be run without numbers, or the data cannot be read.
    """
    return memory_of(task, training or Training())(architecture)


def memory_of(task: AnyTask, training: Training, tensors: bool = False) -> Callable[[Architecture], int]:
    """The memory of training any architecture on a task; data are read when the first is asked for.

    With `tensors` only theirs counts, and not what operators hold beside them.
    """
    largest = replace(training.default, batch_size=max(training.possible("batch_size")), precision="float32")
    copies = 2 if any(training.possible("augment")) else 1

    @lru_cache(maxsize=1)
    def shapes() -> tuple[Batch, Batch]:
        wanted = largest.batch_size
        return _like(task.train, wanted), _like(task.validation, max(wanted, EVALUATION_BATCH))

    known: dict[str, int] = {}

    def memory(architecture: Architecture) -> int:
        try:
            if architecture.hash not in known:
                with torch.random.fork_rng(devices=[]):
                    known[architecture.hash] = _peak(architecture, task.kind, *shapes(), largest, copies, tensors)
            return known[architecture.hash]
        except Exception as error:  # whatever a block, a head or a data set of others raises
            reason = " ".join(str(error).split()) or type(error).__name__
            raise RunError(f"the memory of its training is not known, as a step cannot be tried: {reason}") from error

    return memory


def _like(data: Data, size: int) -> Batch:
    """A batch as there will be, without numbers."""
    count = example_count(data)
    x, y = next(iter(batches(data, size if count is None else 1)))
    wanted = len(x) if count is None else min(size, count)
    return x.new_empty((wanted, *x.shape[1:]), device=META), y.new_empty((wanted, *y.shape[1:]), device=META)


def _peak(
    architecture: Architecture,
    kind: str,
    train: Batch,
    scored: Batch,
    training: Training,
    copies: int,
    tensors: bool,
) -> int:
    """Bytes at the most, of which a network, an optimizer and a step are made as `search.training.loop` makes them."""
    gpu = device_of(training.device).type == "cuda"
    model = lower(architecture)
    if tensors and (other := next((m for m in model.modules() if not ours(m)), None)) is not None:
        raise RunError(f"{type(other).__name__} may use less on a device than on none")
    lives = Lives(nothing if tensors else beside_on_gpu if gpu else beside_on_cpu)
    with lives.followed():
        if gpu:
            model.to(META)
        else:
            _hollow(model)
        best = [torch.empty_like(value) for value in model.state_dict().values()]
        batch = [tuple(torch.empty_like(part) for part in train) for _ in range(copies)]
        optimizer = optimizer_of(model, training, META)
        for parameter in model.parameters():
            parameter.grad = torch.empty_like(parameter)
        optimizer.step()  # makes the moments
        task = Task("", KINDS.get(kind, KINDS["regression"]).name, train, scored)
        scaler = torch.amp.GradScaler("cpu", enabled=False)
        Step(model.train(), model, task, training, optimizer, scaler, torch.zeros((), device=META))(*batch[0])
        model.eval()
        with torch.no_grad(), kept_kernels(model):
            whole = torch.empty_like(scored[0])
            model(whole.split(answered(whole, training.batch_size))[0])
    del best
    return lives.peak


def _hollow(model: Network) -> None:
    """Replace the parameters, buffers and other tensors of a network by such without numbers, one by one.

    Moved to another device as a whole, a network chooses anew how it convolves, and as on a GPU.
    """
    parameters: dict[int, nn.Parameter] = {}
    for module in model.modules():
        for name, value in list(module.named_parameters(recurse=False)):
            empty = torch.empty_like(value, device=META)
            setattr(module, name, parameters.setdefault(id(value), nn.Parameter(empty, value.requires_grad)))
        constants = [(name, value) for name, value in vars(module).items() if isinstance(value, Tensor)]
        for name, constant in (*module.named_buffers(recurse=False), *constants):
            setattr(module, name, torch.empty_like(constant, device=META))


def limits(constraints: Sequence[str | Constraint], task: AnyTask, training: Training) -> list[Constraint]:
    """The constraints of a search, of which a limit on memory is one on that of its training on its task."""
    found = stated_constraints(constraints)
    where = [index for index, limit in enumerate(found) if limit.name == MEMORY and limit.measure is None]
    measure = memory_of(task, training) if where else None
    return [replace(limit, memory=measure) if index in where else limit for index, limit in enumerate(found)]
