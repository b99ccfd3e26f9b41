"""One trial of a run: its architecture, its outcome and its trained network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from archspec.architecture import Architecture
from archspec.graph.cost import Cost
from archspec.schema.hole import Scalar
from archspec.symmetry.certificate import Certificate, largest
from search.errors import RunError
from search.files import RunDirectory
from search.pickled import Pickled
from search.training.holes import decided, trained_as
from search.training.settings import Training
from search.words import printable, short, summary

if TYPE_CHECKING:
    from pathlib import Path

    from archspec.lowering import Network
    from search.prediction import Predictor
    from search.retrained import Retrained
    from search.tasks.named import AnyTask

State = Literal["scored", "stopped", "failed", "running", "rejected"]
# Names, in `Trial.excess`, of the two conditions on a candidate that are not constraints.
TYPED, NEW = "fits together", "is new"
NO_TEST = "no test data here; open the run with its task, which must have some: Result.open(directory, task)"
STATES: tuple[State, ...] = ("scored", "stopped", "failed", "running", "rejected")


@dataclass(frozen=True, eq=False)
class Trial(Pickled):
    """One draw of a search: what was proposed, and what is known of its training so far.

    Two trials are equal if they are the same trial of the same run.

    Attributes:
        number: index of the draw, from 0; rejected draws count.
        slot: index of the candidate, from 0; a rejected draw has the slot of the candidate that it was drawn for.
        values: what the strategy proposed, by the names of the space's parameters; once trained, with learned sizes.
        state: `rejected` if it is not trained; else `running` until its outcome is known, then `scored`, `failed`, or
            `stopped`: paused after a few epochs, from which another trial may go on, whose `parent` it is.
        architecture: the filled space, or once trained what learned sizes have made of it; None for a rejected trial,
            as are `hash` and `cost`.
        hash: hash of the architecture.
        cost: cost of the architecture; once trained, of the trained network, whose learned windows and elements count.
        seed: seed of its training.
        epochs: number of epochs that the strategy proposed; None is the search's own number.
        parent: number of the trial that the strategy derived it from, if it names one.
        inherits: number of the trial from whose weights its training begins; None if it begins from random ones.
        notes: plain data that the strategy stored with the trial.
        excess: by the name of each condition on candidates, above zero where it is violated; of a constraint, by what
            fraction of the limit.
        scores: scores on validation data, with the best weights; empty until it is scored or stopped.
        proxies: zero-cost proxies of the network as it was initialised, by name, where the training records them.
        sizes: by the names of decisions, the sizes after each epoch in which they were learned (strategy `gradient`).
        fidelity: number of epochs it was trained for.
        curve: the score that selects its best weights, by epoch, from 1.
        reason: why it failed or was rejected, or which constraint its trained network breaks, in one sentence.
        seconds: seconds of training.
        node: the machine of a cluster that it was trained on last; None for the one of the search itself.
        source: the run and trial that its outcome was carried over from by a warm start; None if it is trained here.
        symmetry: certificate of the trained network; None for a network without a group.
        directory: directory of its run; None for a trial outside of a run.
        task: task of its run; None if the run was opened without its task.
        settings: settings that its run was begun with, as plain data.
    """

    number: int
    slot: int
    values: Mapping[str, Scalar]
    state: State = "running"
    architecture: Architecture | None = None
    hash: str | None = None
    cost: Cost | None = None
    seed: int = 0
    epochs: int | None = None
    parent: int | None = None
    inherits: int | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    excess: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    proxies: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    fidelity: int = 0
    curve: Mapping[int, float] = field(default_factory=dict)
    reason: str | None = None
    seconds: float = 0.0
    node: str | None = None
    source: str | None = None
    symmetry: Certificate | None = None
    directory: RunDirectory | None = None
    task: AnyTask | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trial) and self._identity() == other._identity()

    def __repr__(self) -> str:
        told = [str(self.number), self.state, *(f"{name} {value:.4f}" for name, value in self.scores.items())]
        told += [f"{short(self.cost.flops)} FLOPs, {short(self.cost.params)} params"] if self.cost else []
        told.append(summary(self.architecture) if self.architecture else self.reason or "")
        return printable(f"Trial({', '.join(filter(None, told))})")

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[int, Path | None]:
        return self.number, self.directory.path.resolve() if self.directory else None

    def to_data(self) -> dict[str, Any]:
        """The trial as it was drawn, as plain data: all that its training needs."""
        data: dict[str, Any] = {"number": self.number, "slot": self.slot, "values": dict(self.values)}
        if self.architecture is not None and self.cost is not None:
            data |= {"architecture": self.architecture.to_data(), "hash": self.hash}
            data |= {"cost": self.cost.quantities(), "seed": self.seed}
        data |= {"excess": dict(self.excess)}
        further = {"epochs": self.epochs, "parent": self.parent, "notes": dict(self.notes), "reason": self.reason}
        further |= {"source": self.source, "inherits": self.inherits}
        return data | {name: value for name, value in further.items() if value not in (None, {})}

    @classmethod
    def from_data(cls, data: Mapping[str, Any], directory: RunDirectory | None = None) -> Trial:
        """The trial that `to_data` wrote; its state is `rejected` if it has no architecture, else `running`."""
        fields = {**data, "state": "running" if "architecture" in data else "rejected", "directory": directory}
        if "architecture" in data:
            fields["architecture"] = Architecture.from_data(data["architecture"])
            fields["cost"] = Cost(**{name: value for name, value in data["cost"].items() if name != "flops"})
        return cls(**fields)

    @property
    def group(self) -> str:
        """The largest group of its network, C1 for a plain network; tables and plots list it as the symmetry."""
        return str(largest(self.architecture.graph)) if self.architecture else "C1"

    @property
    def feasible(self) -> bool:
        """Whether it was scored, and its trained network keeps all constraints."""
        return self.state == "scored" and all(by <= 0 for by in self.excess.values())

    @property
    def training(self) -> Training:
        """How it is trained, with the settings that were decided for it; RunError if the run does not say.

        Of a trial that paused, the whole training.
        """
        try:
            return Training.from_record(self.settings.get("training", {})).filled(self.values)
        except (ValueError, TypeError) as error:
            raise RunError(f"how trial {self.number} was trained cannot be read: {error}; give a training") from None

    @property
    def decided(self) -> dict[str, Scalar]:
        """The settings of its training that were decided for it, by their names: `{"learning_rate": 0.01}`."""
        return decided(self.settings.get("training", {}), self.values)

    @property
    def trained_as(self) -> str | None:
        """What two trials have in common of which one goes on with the training of the other; None if rejected."""
        return None if self.hash is None else trained_as(self.hash, self.decided)

    def model(self) -> Network:
        """The trained network, in evaluation mode; RunError if it has no weights, or they were damaged."""
        from search.training.weights import load_network

        path = self.directory.weights(self.number) if self.directory else None
        if self.architecture is None or path is None or not path.exists():
            remedy = "take one that was scored"
            if self.state == "scored":
                remedy = "they were deleted (keep=, or by hand); retrain it, trial.retrain(), or take one of the front"
            raise RunError(f"trial {self.number} ({self.state}) has no weights; {remedy}")
        return load_network(self.architecture, path)

    def test(self) -> dict[str, float]:
        """Scores on the test data, which the search does not use.

        Raises:
            RunError: the run was opened without its task, or with one that prepares its examples otherwise.
        """
        if self.task is None or self.task.test is None:
            raise RunError(NO_TEST)
        from search.prepared import require_alike
        from search.training.evaluation import evaluate

        require_alike(self.settings, self.task)
        return evaluate(self.model(), self.task, self.task.test)

    def retrain(
        self, seeds: Sequence[int] = range(5), epochs: int | None = None, training: Training | None = None
    ) -> Retrained:
        """Train its architecture again from new seeds, in this process, and score each network on test data.

        The score that a search selected is biased upwards, these are not.

        Args:
            seeds: a network is trained from each.
            epochs: number of epochs; by default that of the search.
            training: how networks are trained; by default as in the search.

        Raises:
            RunError: it was rejected, there are no test data at hand, or a training fails.
        """
        from search.objectives import goal_of, parse_objective
        from search.retrained import Retrained
        from search.training.retraining import retrained

        if self.architecture is None:
            raise RunError(f"trial {self.number} was rejected: there is nothing to train; take one that was scored")
        if self.task is None:
            raise RunError("there are no data here: open the run with its task, Result.open(directory, task)")
        how = training or self.training
        how = how if epochs is None else replace(how, epochs=epochs)
        goal = goal_of([parse_objective(text) for text in self.settings.get("goals", ())], self.task.kind)
        models, scores = zip(*(retrained(self.architecture, self.task, how, seed, goal) for seed in seeds), strict=True)
        return Retrained(tuple(seeds), tuple(models), tuple(scores))

    def predictor(self) -> Predictor:
        """The trained network, which answers for raw examples; RunError if it has no weights."""
        from search.prediction import Predictor
        from search.prepared import preparation_of

        return Predictor(self.model(), preparation_of(self.settings, self.directory, self.task))

    def export(self, directory: str | Path, overwrite: bool = False, formats: Sequence[str] | None = None) -> Path:
        """Export the trained network: spec, weights, ONNX (or other formats) and README; see `archspec.export`.

        The README states its validation scores, and its test scores if the run was opened with its task.
        """
        from archspec.exporting.writing import FORMATS, export
        from search.prepared import preparation_of
        from search.tasks.explained import explained

        scores = {f"validation {name}": value for name, value in self.scores.items()}
        if self.task is not None and self.task.test is not None:
            scores |= {f"test {name}": value for name, value in self.test().items()}
        prepared = preparation_of(self.settings, self.directory, self.task)
        return export(
            self.model(),
            directory,
            preparation=prepared.to_data() if prepared else None,
            explained=explained(prepared) if prepared else "",
            scores=scores,
            symmetry=self.symmetry,
            overwrite=overwrite,
            formats=FORMATS if formats is None else formats,
        )
