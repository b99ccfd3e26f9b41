"""A search, declared: what is searched, on what, for what; and its run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from archspec.geometry.fourier import TARGETS, Target
from archspec.schema.data import to_data
from search.backends.worker import Trainer
from search.candidate import Candidate
from search.engine import Engine
from search.errors import RunError
from search.objectives import Constraint, Objective, parse_constraint, parse_objective
from search.outcome import Outcome
from search.record.directory import RunDirectory
from search.result import Result
from search.tasks.task import Task
from search.training.augmentation import check_augmentation
from search.training.rates import check_roles
from search.training.settings import Training
from spaces import Space

Backend = Literal["local", "ray"]
Watch = Callable[[Engine, Candidate | None, Outcome | None], None]
DEFAULT_OBJECTIVES = ("maximize accuracy", "minimize flops")


class Search:
    """Search a space for the front of its objectives on a task.

    Args:
        objectives: text (`"maximize accuracy"`) or `maximize(...)`, `minimize(...)`; at least one is a score.
        constraints: text (`"params <= 50k"`) or `at_most(...)`.
        trials: candidates to train.
        epochs: of each candidate; short for `training=Training(epochs=...)`.
        seed: of everything random.
        training: how candidates are trained.
        target: what will run the best ones, and so what objectives and constraints price: `torch` on a CPU, `cuda`, or
            `onnx`, the exported file in onnxruntime.

    Raises:
        ValueError: an objective, a constraint or a number cannot be read, or the training does not fit space and task.
    """

    def __init__(
        self,
        space: Space,
        task: Task,
        objectives: Sequence[str | Objective] = DEFAULT_OBJECTIVES,
        constraints: Sequence[str | Constraint] = (),
        trials: int = 40,
        epochs: int | None = None,
        seed: int = 0,
        training: Training | None = None,
        target: Target = "torch",
    ) -> None:
        if not isinstance(space, Space):
            raise ValueError("the first argument of Search is a Space: Space(Architecture(...))")
        if target not in TARGETS:
            raise ValueError(f"there is no target {target!r}; use one of {', '.join(TARGETS)}")
        if trials < 1:
            raise ValueError(f"trials must be 1 or more, not {trials}")
        self.space, self.task, self.trials, self.seed, self.target = space, task, trials, seed, target
        self.objectives = [parse_objective(text) for text in objectives]
        self.constraints = [parse_constraint(text) for text in constraints]
        if training is not None and epochs is not None:
            raise ValueError("give epochs or training, not both: training has epochs of its own")
        self.training = training or (Training(epochs=epochs) if epochs is not None else Training())
        check_roles(space.template, self.training.rates)
        check_augmentation(self.training.augment, task)
        learned = [o for o in self.objectives if not o.priced]
        if not learned:
            raise ValueError("at least one objective is a score of the task, such as 'maximize accuracy'")
        plain = [o for o in learned if o.measure is None]
        default = ("accuracy", True) if task.kind == "classification" else ("loss", False)
        self.goal = (plain[0].name, plain[0].maximize) if plain else default

    def run(
        self,
        directory: str | Path,
        backend: Backend = "local",
        workers: int | None = None,
        address: str | None = None,
        hours: float | None = None,
        watch: Watch | None = None,
    ) -> Result:
        """Run, or go on with, the search in a directory. Running the same again when it is finished returns its result.

        Args:
            directory: of the run; all that belongs to it is kept there.
            backend: `local` worker processes, or a `ray` cluster.
            workers: candidates trained at once; by default one a core. The same number gives the same candidates.
            address: of the Ray cluster; by default one is started here.
            hours: start no further candidate after this long.
            watch: called with the engine at the start, and after each outcome with its candidate and outcome.

        Raises:
            RunError: the directory holds another search, or another process is running it.
            Exhausted: no architecture of the space satisfies the constraints.
        """
        if backend not in ("local", "ray"):
            raise RunError(f"there is no backend {backend!r}; use 'local' or 'ray'")
        workers = workers or _cores()
        home = RunDirectory(directory)
        directions: list[Literal["minimize", "maximize"]] = [
            "maximize" if o.maximize else "minimize" for o in self.objectives
        ]
        study = home.open(directions, self._record())
        try:
            engine = Engine(
                study, self.space, self.objectives, self.constraints, self.trials, self.seed, workers, self.target
            )
            trainer = Trainer(self.task.without_test(), self.training, self.goal, str(home.path.resolve()), self.target)
            deadline = None if hours is None else time.monotonic() + 3600 * hours
            if watch:
                watch(engine, None, None)

            def told(candidate: Candidate, outcome: Outcome) -> None:
                if deadline is not None and time.monotonic() > deadline:
                    engine.stop("the time is up")
                if watch:
                    watch(engine, candidate, outcome)

            if not engine.done:
                if backend == "ray":
                    from search.backends.ray import run_on_ray

                    run_on_ray(engine, trainer, workers, told, address)
                else:
                    from search.backends.local import run_local

                    run_local(engine, trainer, workers, told)
        finally:
            home.close()
        return Result(home.path, home.read(), self.objectives, self.task)

    def _record(self) -> dict[str, object]:
        """What must be the same for a run to go on."""
        return {
            "target": self.target,
            "space": to_data(self.space.template),
            "objectives": [str(o) for o in self.objectives],
            "constraints": [str(c) for c in self.constraints],
            "seed": self.seed,
            "training": self.training.record(),
            "task": f"{self.task.name} ({self.task.fingerprint})",
        }


def _cores() -> int:
    import os

    return max(1, len(os.sched_getaffinity(0)))
