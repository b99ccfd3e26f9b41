"""The reference point of a run: how good an answer without a network is, and what the dearest network costs.

It is fixed before anything is trained, so that hypervolumes of the run are comparable at any time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from search.constraints import QUANTITIES
from search.errors import RunError
from search.files import RunDirectory
from search.front import in_volume
from search.objectives import Constraint, Objective
from search.tasks.named import AnyTask
from spaces import Space

if TYPE_CHECKING:
    from torch import Tensor

# Random fillings of the space of which the dearest counts, and examples that the constant answer is scored on.
PRICED, EXAMPLES = 10_000, 10_000
BATCH = 500


def reference_point(
    space: Space,
    task: AnyTask,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint] = (),
    target: Target = "torch",
) -> dict[str, float]:
    """For each objective the value beyond which nothing counts.

    Of a cost it is the limit of its constraint, else that of the dearest of 10,000 random fillings; of a score, that of
    the best constant answer to the validation data (see `constant_scores`). An objective is left out if it is neither,
    or if that score is not a finite number.
    """
    costs, scores = space.costs(PRICED, target), constant_scores(task)
    dearest = {name: int(costs[name][costs.fits].max(initial=0)) for name in QUANTITIES}
    whole = Cost(**{name: value for name, value in dearest.items() if name != "flops"})
    found: dict[str, float] = {}
    for objective in objectives:
        if objective.name in QUANTITIES:
            limits = [c.limit for c in constraints if c.name == objective.name and c.measure is None]
            least = float(costs[objective.name][costs.fits].min(initial=0))
            found[objective.name] = least if objective.maximize else min(limits, default=float(dearest[objective.name]))
        elif not objective.priced:
            try:
                found[objective.name] = float(objective.value(whole, scores))
            except Exception:  # a function of another score, say: the run then has no reference for it
                continue
    return {name: value for name, value in found.items() if math.isfinite(value)}


def reference_in(directory: RunDirectory, objectives: Sequence[Objective]) -> dict[str, float]:
    """The reference point of the run in a directory, by objective; RunError if there is none for one of them."""
    try:
        found: dict[str, float] = json.loads(directory.reference.read_text(encoding="utf-8"))
        return {objective.name: float(found[objective.name]) for objective in objectives}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        values = ", ".join(f"{objective.name!r}: …" for objective in objectives)
        raise RunError(
            f"{directory.path} has no reference point for its objectives; give one, the worst values that count: "
            f"reference={{{values}}}"
        ) from None


def constant_scores(task: AnyTask) -> dict[str, float]:
    """The scores of the best answer to the validation data that is the same for every example.

    That is how frequent each class or label is, or the mean of each number, over at most 10,000 examples. Empty for
    kinds of tasks that are not ours, and if a score cannot be worked out.
    """
    import torch

    from search.tasks.batches import batches
    from search.tasks.kinds import KINDS

    kind = KINDS.get(str(task.kind))
    if kind is None:
        return {}
    try:
        with torch.random.fork_rng(devices=[]):
            parts = [y for _, y in islice(batches(task.validation, BATCH), EXAMPLES // BATCH)]
        targets = torch.cat(parts)[:EXAMPLES]
        outputs = _counted(targets, task) if kind.counted else _means(targets, kind.labels)
        return task.scores(outputs, targets)
    except Exception:  # of data or of a metric: the preflight tells of it, and a search does not fail for this
        return {}


def _counted(targets: Tensor, task: AnyTask) -> Tensor:
    """Log frequencies of the classes for each example, (n, classes, *grid)."""
    from search.tasks.arrays import comparable
    from search.tasks.ignoring import kept

    counted = kept(comparable(targets), getattr(task, "ignored", None))
    classes = max(int(getattr(task, "outputs", 0)), int(counted.max()) + 1)
    counts = counted.flatten().long().bincount(minlength=classes).double() + 1e-6
    shape = (1, classes, *[1] * (targets.dim() - 1))
    logs = (counts / counts.sum()).log().float().reshape(shape)
    return logs.expand(len(targets), classes, *targets.shape[1:])


def _means(targets: Tensor, labels: bool) -> Tensor:
    """The mean of each number, (n, numbers), or of each label its log odds."""
    each = targets.reshape(len(targets), -1).double()
    mean = each.mean(0)
    # Numbers that single precision does not tell apart are kept in double precision, and so is their mean.
    fine = not labels and targets.dtype == mean.dtype
    return (mean if fine else (mean.logit(1e-6) if labels else mean).float()).expand_as(each)


def corner(objectives: Sequence[Objective], reference: Mapping[str, float]) -> tuple[float, ...]:
    """The reference point by objective, in the units of volumes; RunError if an objective has none."""
    for objective in objectives:
        if objective.name not in reference:
            raise RunError(f"the reference has no value for {objective.name}; give one for each objective")
    return tuple(in_volume(objective, reference[objective.name]) for objective in objectives)
