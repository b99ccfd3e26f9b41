"""What came of a search: its trials, their front, the best of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archspec.architecture import Architecture
from archspec.certificate import Certificate
from archspec.cost import Cost
from search.candidate import ARCHITECTURE, OUTCOME, REJECTED, candidate_of
from search.objectives import Objective, parse_objective
from search.outcome import Failed, Scored, from_record
from search.store import RunDirectory, RunError

if TYPE_CHECKING:
    import optuna

    from archspec.lowering import Network
    from search.task import Task

State = Literal["scored", "stopped", "failed", "rejected", "running"]
ACCURACY_PER_FLOP = "accuracy_per_flop"
PRICE_OF_FLOPS = -0.07
TARGET_FLOPS = 1e6


@dataclass(frozen=True, eq=False)
class Trial:
    """One draw of a search. `architecture` and `cost` are None where it was rejected before training.

    The cost is that of the trained network: what its windows and elements have learned counts. `symmetry` is its
    certificate, None where it has no group.
    `fidelity` is the number of epochs it was trained for, `reason` why it failed or was rejected.
    """

    number: int
    state: State
    architecture: Architecture | None
    cost: Cost | None
    scores: Mapping[str, float]
    fidelity: int
    reason: str | None
    seed: int
    directory: RunDirectory = field(repr=False)
    task: Task | None = field(default=None, repr=False)
    symmetry: Certificate | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trial) and (self.number, self.directory.path) == (other.number, other.directory.path)

    def __hash__(self) -> int:
        return hash((self.number, self.directory.path))

    def model(self) -> Network:
        """The trained network, in evaluation mode; RunError if it has no weights."""
        from safetensors.torch import load_file

        from archspec.lowering import lower

        path = self.directory.weights(self.number)
        if self.architecture is None or not path.exists():
            raise RunError(f"trial {self.number} ({self.state}) has no weights")
        model = lower(self.architecture)
        model.load_state_dict(load_file(path))
        model.eval()
        return model

    def test(self) -> dict[str, float]:
        """Scores on the test data, which the search has not seen; RunError if the task is not at hand."""
        if self.task is None or self.task.test is None:
            raise RunError("there is no test data here: open the run with its task, Result.open(directory, task)")
        from search.evaluating import evaluate

        return evaluate(self.model(), self.task, self.task.test)

    def export(self, directory: str | Path, overwrite: bool = False) -> Path:
        """Write the trained network as spec, weights, ONNX and README; see `archspec.export`."""
        from archspec.exporting import export

        scores = {f"validation {name}": value for name, value in self.scores.items()}
        if self.task is not None and self.task.test is not None:
            scores |= {f"test {name}": value for name, value in self.test().items()}
        return export(self.model(), directory, scores=scores, symmetry=self.symmetry, overwrite=overwrite)


@dataclass(frozen=True)
class Front(Sequence[Trial]):
    """The trials no other beats in every objective, cheapest first. Printed, a table."""

    trials: tuple[Trial, ...]
    objectives: tuple[Objective, ...]

    def __len__(self) -> int:
        return len(self.trials)

    def __getitem__(self, index: Any) -> Any:
        return self.trials[index]

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def hypervolume(self, low: float = 1e3, high: float = 1e9) -> float:
        """Share of the rectangle of error (0 to 1) and log10 FLOPs (`low` to `high`) that the front dominates."""
        area, best = 0.0, 0.0
        edges = [math.log10(max(t.cost.flops, 1)) for t in self.trials if t.cost] + [math.log10(high)]
        for trial, right in zip(self.trials, edges[1:], strict=True):
            assert trial.cost is not None
            best = max(best, trial.scores.get("accuracy", 0.0))
            left = max(math.log10(max(trial.cost.flops, 1)), math.log10(low))
            area += best * max(0.0, min(right, math.log10(high)) - left)
        return area / (math.log10(high) - math.log10(low))

    def __str__(self) -> str:
        from search.tables import as_text, front_table

        return as_text(front_table(self))


class Result:
    """A run as its directory tells it."""

    def __init__(
        self, directory: str | Path, study: optuna.Study, objectives: Sequence[Objective], task: Task | None
    ) -> None:
        self.directory, self.study, self.task = RunDirectory(directory), study, task
        self.objectives = tuple(objectives)

    @classmethod
    def open(cls, directory: str | Path, task: Task | None = None) -> Result:
        """The result of a run, finished or not. Give the task to measure on test data.

        Raises:
            RunError: there is no run in that directory.
        """
        study = RunDirectory(directory).read()
        objectives = [parse_objective(text) for text in study.user_attrs.get("objectives", [])]
        return cls(directory, study, objectives, task)

    @property
    def trials(self) -> list[Trial]:
        """Every draw, rejected ones too, in the order drawn."""
        return [t for t in map(self._trial, self.study.get_trials(deepcopy=False)) if t is not None]

    @property
    def front(self) -> Front:
        """The scored trials no other beats in every objective."""
        scored = [(t, self._values(t)) for t in self.trials if t.state == "scored"]
        best = [t for t, values in scored if not any(_beats(other, values) for _, other in scored)]
        seen: dict[tuple[float, ...], Trial] = {}
        for trial in best:
            seen.setdefault(self._values(trial), trial)
        return Front(tuple(sorted(seen.values(), key=lambda t: t.cost.flops if t.cost else 0)), self.objectives)

    def best(self, by: str = ACCURACY_PER_FLOP) -> Trial:
        """The best scored trial by one objective, a score, a cost, or `accuracy_per_flop`.

        `accuracy_per_flop` is accuracy · (FLOPs / 10⁶)^-0.07: the plain ratio would favour a constant answer.

        Raises:
            RunError: no trial was scored, or there is no such score.
        """
        scored = [t for t in self.trials if t.state == "scored"]
        if not scored:
            raise RunError("no trial of this run has been scored")
        objective = next((o for o in self.objectives if o.name == by), None)
        try:
            if by == ACCURACY_PER_FLOP:
                return max(scored, key=accuracy_per_flop)
            chosen = objective or Objective(by, maximize=by not in ("loss", "flops", "macs", "params", "activations"))
            return max(
                scored,
                key=lambda t: (
                    chosen.value(t.cost or Cost(), t.scores) * (1 if chosen.maximize else -1),
                    -(t.cost.flops if t.cost else 0),
                ),
            )
        except KeyError as error:
            raise RunError(str(error.args[0])) from None

    def trial(self, number: int) -> Trial:
        """The trial of this number; RunError if there is none."""
        for trial in self.trials:
            if trial.number == number:
                return trial
        raise RunError(f"there is no trial {number} in {self.directory.path}")

    def counts(self) -> dict[str, int]:
        """How many trials are in each state."""
        states = [t.state for t in self.trials]
        return {state: states.count(state) for state in ("scored", "stopped", "failed", "running", "rejected")}

    def _values(self, trial: Trial) -> tuple[float, ...]:
        """Objectives as losses."""
        assert trial.cost is not None
        return tuple((-1 if o.maximize else 1) * o.value(trial.cost, trial.scores) for o in self.objectives)

    def _trial(self, frozen: optuna.trial.FrozenTrial) -> Trial | None:
        attrs = frozen.user_attrs
        if REJECTED in attrs:
            return Trial(frozen.number, "rejected", None, None, {}, 0, attrs[REJECTED], 0, self.directory)
        if ARCHITECTURE not in attrs:
            return None  # killed while it was being drawn
        candidate = candidate_of(frozen)
        state: State = "running"
        scores: Mapping[str, float] = {}
        epochs, reason, cost, symmetry = 0, None, candidate.cost, None
        if OUTCOME in attrs:
            outcome = from_record(attrs[OUTCOME])
            state = "failed" if isinstance(outcome, Failed) else "scored" if isinstance(outcome, Scored) else "stopped"
            if isinstance(outcome, Failed):
                reason = outcome.reason
            else:
                scores, epochs = outcome.scores, outcome.epochs
            if isinstance(outcome, Scored):
                cost = outcome.cost or cost
                symmetry = Certificate.from_data(outcome.symmetry) if outcome.symmetry else None
        return Trial(
            frozen.number,
            state,
            candidate.architecture,
            cost,
            scores,
            epochs,
            reason,
            candidate.seed,
            self.directory,
            self.task,
            symmetry,
        )


def accuracy_per_flop(trial: Trial) -> float:
    """Accuracy with a soft price on FLOPs: accuracy · (FLOPs / 10⁶)^-0.07 (Tan et al. 2019, arXiv 1807.11626)."""
    assert trial.cost is not None
    return float(trial.scores["accuracy"] * (max(trial.cost.flops, 1) / TARGET_FLOPS) ** PRICE_OF_FLOPS)


def _beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b
