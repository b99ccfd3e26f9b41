"""What a search asks of a task, and the tasks that have a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self

from archspec.doors import Door

if TYPE_CHECKING:
    from torch import Tensor

    from search.tasks.task import Data, Kind


class AnyTask(Protocol):
    """Data, and how a prediction is scored. `Task` is one; a class of one's own with these is another.

    It is sent to worker processes, so it can be pickled.
    """

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def kind(self) -> Kind:
        """`classification` or `regression`."""

    @property
    def train(self) -> Data:
        """What networks are trained on: batches (x, y), x of shape (B, C, *grid)."""

    @property
    def validation(self) -> Data:
        """What the search scores them on."""

    @property
    def test(self) -> Data | None:
        """What the search must not see; None in the copy that is trained on."""

    @property
    def fingerprint(self) -> str:
        """A text that is equal for equal data: a run can only be resumed with the data that it was begun with."""

    def without_test(self) -> Self:
        """The same task, with nothing in it that a search must not see."""

    def loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """What training minimises, averaged over the batch."""

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Scores of a whole split by name, `accuracy` or `loss` among them."""


_SYNTHETIC = "search.tasks.synthetic"
# Functions that make a task and need no arguments.
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
