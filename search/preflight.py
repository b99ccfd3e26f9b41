"""The preflight: before anything is trained, task, space and objectives are compared, and one step is tried."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.lowering import lower
from search.constraints import LIMITED
from search.directions import turned
from search.errors import RunError, first_line, named, said
from search.feasible import keeping, out_of_reach, tight
from search.objectives import Constraint, Measured, Objective, Score
from search.pieces import try_blocks, try_pieces
from search.seeds import derived_seed
from search.tasks.batches import Batch
from search.tasks.inspecting import PARTS, data_mistakes, pass_mistakes, target_mistakes
from search.tasks.kinds import KINDS
from search.tasks.named import AnyTask
from search.tasks.remarks import remark
from search.tasks.undefined import undefined_scores
from search.training.settings import Training
from search.training.threads import one_core
from spaces import Space
from spaces.fitting import fitting

PATIENCE = 5.0  # seconds that one step of the preflight may take


class Unfit(RunError):
    """A search cannot be run as it is written.

    Attributes:
        mistakes: one sentence for each thing that is wrong.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        first = self.mistakes[0] if len(mistakes) == 1 else f"{len(mistakes)} things do not fit:"
        super().__init__("\n  - ".join([first, *(self.mistakes if len(mistakes) > 1 else ())]))


def default_objectives(task: AnyTask) -> tuple[str, str]:
    """The score that tasks of its kind are compared by, and FLOPs."""
    kind = KINDS.get(str(task.kind))
    return f"maximize {kind.score if kind else 'accuracy'}", "minimize flops"


def check_scores(objectives: Sequence[Objective], task: AnyTask) -> None:
    """Refuse objectives over scores that a task of this kind does not compute, and functions named as one that it does.

    Raises:
        ValueError: there is no such score, and the message names those there are; or the name of a function is one.
    """
    kind, own = KINDS.get(str(task.kind)), getattr(task, "functions", None)
    if kind is None or own is None:  # a task of another package; the preflight tries it
        return
    known = (*kind.scores_known, *own)
    for objective in objectives:
        if isinstance(objective, Score) and objective.name not in known:
            near = difflib.get_close_matches(objective.name, known, 1)
            meant = f"; is {near[0]} meant?" if near else f"; give it to the task: metrics=[{objective.name!r}]"
            if objective.name in LIMITED:
                meant = f"; {objective.name} can be limited: constraints=[{objective.name + ' <= …'!r}]"
            raise ValueError(f"the task computes no score {objective.name!r}, but {', '.join(known)}{meant}")
        if isinstance(objective, Measured) and objective.name in known:
            raise ValueError(f"{objective.name} is the name of a score of the task; give your function another name")


@dataclass(frozen=True)
class Findings:
    """What a preflight found.

    Attributes:
        mistakes: one sentence for each thing that is wrong; empty if the search can be run.
        epoch: seconds of one epoch of the dearest of the examined candidates, roughly; 0 if nothing could be tried.
        trial: seconds of all epochs of a candidate of mean cost, roughly.
        flops: cost of the dearest of the examined candidates.
        note: what is done to the data, and what of them may be meant otherwise; None if there is nothing.
        tight: a sentence if none of the examined candidates keeps the constraints; else None.
    """

    mistakes: tuple[str, ...]
    epoch: float = 0.0
    trial: float = 0.0
    flops: int = 0
    note: str | None = None
    tight: str | None = None


def preflight(
    space: Space,
    task: AnyTask,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint] = (),
    training: Training | None = None,
    target: Target = "torch",
    seed: int = 0,
) -> Findings:
    """Compare task, space and objectives, and train the cheapest, a medium and the dearest candidate for a step.

    It takes seconds, reads one batch of training and of validation data, and leaves torch's random state as it was.
    """
    training = training or Training()
    with named("a block of the space", "mend it"):
        found = fitting(space, seed=derived_seed(seed, "preflight") % 2**32)
    mistakes = list(_device(training))
    if not found.fit:
        reasons = "; ".join(list(found.told())[:3])
        return Findings((*mistakes, f"no architecture of the space fits together: {reasons}"))
    kept, examined = keeping(found.fit, constraints, target)
    if not kept:
        mistakes += out_of_reach(space, constraints, target)
    candidates = kept or found.fit
    costs = [price(a, target) for a in candidates]
    by_cost = sorted(range(len(costs)), key=lambda i: costs[i].flops)
    tried = [candidates[by_cost[i]] for i in sorted({0, len(by_cost) // 2, len(by_cost) - 1})]
    with torch.random.fork_rng(devices=[]), one_core():
        torch.manual_seed(0)
        batches: dict[str, Batch] = {}
        for part in PARTS if task.test is not None else PARTS[:2]:
            batch, wrong = data_mistakes(task, part, training.batch_size, tried[0])
            mistakes += [text for text in wrong if text not in mistakes]
            if batch is not None:
                batches[part] = batch
        steps, endless = _passes(task, training) if not mistakes else (1, [])
        mistakes += endless
        if not mistakes:
            mistakes += list(dict.fromkeys(_targets(task, batches, tried[0])))
        if mistakes:
            return Findings(tuple(mistakes))
        outputs = tried[0].graph.signal.channels
        wanted = {one.name: one.maximize for one in objectives if isinstance(one, Score)}
        notes = [turned(wanted, getattr(task, "directions", {})), remark(task, batches["training"], outputs)]
        try:
            notes += try_pieces([candidates[i] for i in by_cost], batches["training"][0])
            seconds = list(_steps(tried, task, training, batches, objectives, target))
            shape = tried[0].graph.signal.channels, *tried[0].graph.signal.grid
            undefined = _tried("a score", lambda: list(undefined_scores(task, batches["validation"][1], shape)))
        except RunError as error:
            return Findings((str(error),))
        if undefined:
            return Findings(tuple(undefined))
    low, high = costs[by_cost[0]].flops, costs[by_cost[-1]].flops
    last = price(tried[len(seconds) - 1], target).flops
    # Where only the cheapest could be tried, time is taken to be proportional to FLOPs.
    slope = max(0.0, seconds[-1] - seconds[0]) / (last - low) if last > low else seconds[0] / max(1, low)
    each = [steps * (seconds[0] + slope * (cost.flops - low)) for cost in costs]
    few = None if kept else tight(examined, space, constraints, target)
    note = "; ".join(filter(None, notes)) or None
    return Findings((), each[by_cost[-1]], training.epochs * sum(each) / len(each), high, note, few)


def _passes(task: AnyTask, training: Training) -> tuple[int, list[str]]:
    """The number of steps of an epoch, and sentences about data of which a pass may never end."""
    limited = training.seconds is not None
    parts = [pass_mistakes(task, part, training.batch_size, limited) for part in PARTS[:2]]
    return parts[0][0], [text for _, wrong in parts for text in wrong]


def _device(training: Training) -> Iterator[str]:
    if training.device == "auto":
        return
    try:
        torch.zeros(1, device=training.device).item()
    except (RuntimeError, AssertionError) as error:
        reason = first_line(error)
        yield f"there is no device {training.device!r} here ({reason}); use device='auto'"


def _targets(task: AnyTask, batches: dict[str, Batch], architecture: Architecture) -> Iterator[str]:
    output = architecture.graph.signal
    for part, (_, y) in batches.items():
        yield from target_mistakes(task, part, y, (output.channels, *output.grid))


def _steps(
    tried: Sequence[Architecture],
    task: AnyTask,
    training: Training,
    batches: dict[str, Batch],
    objectives: Sequence[Objective],
    target: Target,
) -> Iterator[float]:
    """Seconds of one step of architectures of growing cost, as far as a step takes no more than a few seconds."""
    rate = 0.0
    for architecture in tried:
        flops = max(1, price(architecture, target).flops)
        if rate * flops > PATIENCE:
            return
        seconds = _step(architecture, task, training, batches, objectives)
        rate = max(rate, seconds / flops)
        yield seconds


def _step(
    architecture: Architecture,
    task: AnyTask,
    training: Training,
    batches: dict[str, Batch],
    objectives: Sequence[Objective],
) -> float:
    """Seconds of one step of training; RunError, in one sentence, if it or a score fails."""
    model, cost = lower(architecture), price(architecture)
    x, y = batches["training"]
    seconds = []
    try_blocks(architecture, model, x)
    for _ in range(2):  # the first is slower
        began = time.perf_counter()
        loss = _tried("the loss of the task", lambda: task.loss(model(x), y, training.label_smoothing))
        if not isinstance(loss, Tensor) or loss.dim() or not loss.requires_grad:
            raise RunError("the loss of the task must be one number, a tensor of no axes that depends on the outputs")
        if not bool(loss.isfinite()):
            raise RunError(f"the loss of the first step is {float(loss.detach())}; scale the inputs or the targets")
        _tried("the gradient of the loss", loss.backward)
        seconds.append(time.perf_counter() - began)
    model.eval()
    x, y = batches["validation"]
    with torch.no_grad():
        outputs = model(x)
    restored = getattr(task, "restored", None)
    scores = _tried("a score of the task", lambda: task.scores(restored(outputs) if restored else outputs, y))
    for objective in objectives:
        # What follows from the cost alone is asked before there are scores.
        for computed in (objective.value, objective.told) if objective.priced else (objective.value,):
            known = {} if objective.priced else scores
            _tried(f"the objective {objective.name}", partial(computed, cost, known))
    return min(seconds)


def _tried(what: str, function: Callable[[], Any]) -> Any:
    """What the function returns; RunError, naming `what`, if it raises."""
    try:
        return function()
    except Exception as error:
        raise RunError(f"{what} cannot be worked out: {said(error)}") from error
