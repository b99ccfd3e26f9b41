"""The training of a candidate whose sizes are learned: first they, then the network of whole sizes, like any other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.lowering import Network
from archspec.schema.hole import Scalar
from search.masks.learnable import Learnable, learnable
from search.masks.learning import Learning, SizeLoop
from search.measures import weight_bytes
from search.objectives import Score
from search.outcome import Failed, Outcome, Scored
from search.tasks.named import AnyTask
from search.training.limits import time_limit
from search.training.settings import Training
from search.training.shortage import shortage
from search.training.trainer import train
from spaces import Space

# The key of a trial's notes under which they say how its sizes are learned.
NOTES = "learned sizes"


@dataclass(frozen=True)
class Asked:
    """How the sizes of a candidate are learned, as the strategy has noted with it.

    Attributes:
        of: the quantity that has a budget: of a cost (`flops`, `params`, `activations`), or `bytes`.
        sizes: the sizes to begin with, by the names of their decisions.
        learning: budget and rates.
        limits: limits on quantities of the cost, or `bytes`, that the network of whole sizes is to keep.
    """

    of: str
    sizes: Mapping[str, float]
    learning: Learning
    limits: Mapping[str, float] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        limits = {"limits": dict(self.limits)} if self.limits else {}
        return {"of": self.of, "sizes": dict(self.sizes), **vars(self.learning), **limits}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Asked:
        """What `to_data` wrote."""
        rest = {name: value for name, value in data.items() if name not in ("of", "sizes", "limits")}
        return cls(data["of"], data["sizes"], Learning(**rest), data.get("limits", {}))

    def learnable(self, space: Space, values: Mapping[str, Scalar], target: Target) -> Learnable:
        """What can be learned of a filling of a space, priced and limited as is asked."""
        return learnable(space, values, priced(self.of, target), partial(over, self.limits, target))


def priced(of: str, target: Target) -> Callable[[Architecture], float]:
    """The function that counts a quantity of an architecture."""
    if of == "bytes":
        return weight_bytes
    return lambda architecture: price(architecture, target).quantities()[of]


def over(limits: Mapping[str, float], target: Target, architecture: Architecture) -> float:
    """How far an architecture is over limits, by their quantities, as a share of one; 0 if it keeps them."""
    return max([0.0, *(priced(of, target)(architecture) / limit - 1 for of, limit in limits.items())])


def train_sizes(
    asked: Asked,
    space: Space,
    values: Mapping[str, Scalar],
    task: AnyTask,
    training: Training,
    seed: int,
    goal: Score,
    *,
    state: Path | None = None,
    weights: Path | None = None,
    checkpoint: Path | None = None,
    each_epoch: Callable[..., None] = lambda epoch, score, sizes=None: None,
    each_batch: Callable[[], None] = lambda: None,
    target: Target = "torch",
    measure: Collection[str] = (),
    parent: Network | None = None,
) -> Outcome:
    """Learn the sizes of a candidate, then train the network of whole sizes for the rest of the epochs.

    Args:
        asked: how sizes are learned.
        space: the space.
        values: a filling of it, whose other decisions stay.
        task: training and validation data, loss and scores.
        training: the settings of the training.
        seed: seed of all randomness.
        goal: the validation score that selects the best weights.
        state: file of the state while sizes are learned, which resumes from it.
        weights: file to write the best weights to.
        checkpoint: file of the state in the second part.
        each_epoch: as for `train`, with the sizes by name as a third argument while they are learned.
        each_batch: as for `train`.
        target: as for `train`.
        measure: as for `train`.
        parent: as for `train`.

    Returns:
        An outcome as of `train`, with the architecture that was found.
    """
    mine = {parameter.name for parameter in space.parameters()}  # others are settings of the training
    values = {name: value for name, value in values.items() if name in mine}
    if (why := shortage(space.fill(values), task, training)) is not None:
        return Failed(why)
    known = asked.learnable(space, values, target)
    began = [asked.sizes[size.name] for size in known.fillings.sizes]
    loop = SizeLoop(known, asked.learning, task, training, seed, goal, began, parent)
    of = {"asked": asked.to_data(), "values": dict(values), "seed": seed, "training": training.record()}
    if state is not None and state.exists():
        loop.restore(state, of)
    while not loop.finished:
        late = training.seconds is not None and loop.elapsed > training.seconds
        failure = time_limit(training.seconds or 0.0) if late else loop.epoch(each_batch)
        if failure is not None:
            if state is not None:
                state.unlink(missing_ok=True)
            return Failed(failure, loop.elapsed)
        if state is not None:
            loop.save(state, of)
        each_epoch(loop.done, loop.history[-1], {name: values[-1] for name, values in loop.sizes.items()})
    settled = loop.settle()
    architecture, before, seconds = settled.architecture, loop.done, loop.elapsed
    left = None if training.seconds is None else max(1e-3, training.seconds - seconds)
    outcome = train(
        architecture,
        task,
        replace(training, epochs=training.epochs - before, seconds=left),
        seed,
        goal,
        weights=weights,
        checkpoint=checkpoint,
        each_epoch=lambda epoch, score: each_epoch(before + epoch, score),
        target=target,
        each_batch=each_batch,
        measure=measure,
        parent=settled,
    )
    if not isinstance(outcome, Scored):
        return outcome
    return replace(
        outcome,
        epochs=before + outcome.epochs,
        seconds=seconds + outcome.seconds,
        cost=outcome.cost or price(architecture, target),
        curve=(*loop.history, *outcome.curve),
        architecture=architecture.to_data(),
        values=known.fillings.values(loop.model.at),
        sizes=loop.sizes,
    )
