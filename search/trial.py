"""One trial of a run, with its trained network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archspec.architecture import Architecture
from archspec.graph.cost import Cost
from archspec.symmetry.certificate import Certificate, largest
from search.errors import RunError
from search.record.directory import RunDirectory

if TYPE_CHECKING:
    from archspec.lowering import Network
    from search.tasks.task import Task

State = Literal["scored", "stopped", "failed", "rejected", "running"]
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

    @property
    def group(self) -> str:
        """The largest group that its network has, C1 of a plain one: what tables and pictures call its symmetry."""
        return str(largest(self.architecture.graph)) if self.architecture else "C1"

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
        from search.training.evaluation import evaluate

        return evaluate(self.model(), self.task, self.task.test)

    def export(self, directory: str | Path, overwrite: bool = False) -> Path:
        """Write the trained network as spec, weights, ONNX and README; see `archspec.export`."""
        from archspec.exporting.writing import export

        scores = {f"validation {name}": value for name, value in self.scores.items()}
        if self.task is not None and self.task.test is not None:
            scores |= {f"test {name}": value for name, value in self.test().items()}
        return export(self.model(), directory, scores=scores, symmetry=self.symmetry, overwrite=overwrite)


def accuracy_per_flop(trial: Trial) -> float:
    """Accuracy with a soft price on FLOPs: accuracy · (FLOPs / 10⁶)^-0.07 (Tan et al. 2019, arXiv 1807.11626)."""
    assert trial.cost is not None
    return float(trial.scores["accuracy"] * (max(trial.cost.flops, 1) / TARGET_FLOPS) ** PRICE_OF_FLOPS)
