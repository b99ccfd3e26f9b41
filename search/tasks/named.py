"""The protocol of a task, and the tasks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self

from archspec.doors import Door

if TYPE_CHECKING:
    from torch import Tensor

    from search.tasks.task import Data, Kind


class AnyTask(Protocol):
    """Data, and how a prediction is scored: `Task`, or your own class with these methods.

    It must be possible to pickle it, because it is sent to worker processes.
    """

    @property
    def name(self) -> str:
        """The name of the task in reports."""

    @property
    def kind(self) -> Kind:
        """What is predicted: `classification`, `binary`, `multilabel`, `regression` or `dense`; see `Task`."""

    @property
    def train(self) -> Data:
        """Training data: tensors (x, y), a dataset of pairs, or a loader of batches; x is (B, channels, *grid)."""

    @property
    def validation(self) -> Data:
        """Validation data, on which a search scores networks."""

    @property
    def test(self) -> Data | None:
        """Test data, which a search does not use; None in the copy that workers get."""

    @property
    def fingerprint(self) -> str:
        """A text that is equal for equal data: a run can only be resumed with the data that it was begun with."""

    def without_test(self) -> Self:
        """A copy of the task without its test data."""

    def loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """The training loss, averaged over the batch."""

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Scores by name, `accuracy` or `loss` among them, of the outputs for the whole validation or test data."""


_SYNTHETIC = "search.tasks.synthetic"
# Tasks by name: each is a function that needs no arguments and returns a task.
TASKS: Door[Callable[[], AnyTask]] = Door(
    "archsearch.tasks",
    "task",
    {
        "adding_problem": f"{_SYNTHETIC}.sequences:adding_problem",
        "bumps_1d": f"{_SYNTHETIC}.sequences:bumps_1d",
        "chiral_voxels": f"{_SYNTHETIC}.voxels:chiral_voxels",
        "copy_memory": f"{_SYNTHETIC}.sequences:copy_memory",
        "digits": "search.tasks.digits:digits",
        "dilated_chirps": f"{_SYNTHETIC}.oscillations:dilated_chirps",
        "half_turns": f"{_SYNTHETIC}.symmetric:half_turns",
        "mirrored": f"{_SYNTHETIC}.symmetric:mirrored",
        "nearby": f"{_SYNTHETIC}.sequences:nearby",
        "recall": f"{_SYNTHETIC}.sequences:recall",
        "shapes": f"{_SYNTHETIC}.shapes:shapes",
        "textures": f"{_SYNTHETIC}.oscillations:textures",
        "waves": f"{_SYNTHETIC}.sequences:waves",
    },
)
