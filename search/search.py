"""`Search`: the declaration of a search (space, task, objectives, constraints, training), and its run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from archspec.doors import Unknown
from archspec.geometry.fourier import TARGETS, Target
from search.backends.backend import BACKENDS, Backend
from search.backends.worker import Trainer
from search.engine import Engine
from search.errors import NotBegun, RunError
from search.files import RunDirectory, write_text
from search.objectives import Constraint, Objective, goal_of, parse_constraint, parse_objective
from search.outcome import Outcome
from search.preflight import Findings, Unfit, check_scores, default_objectives, preflight
from search.record.mirror import Mirror
from search.record.reading import Reading
from search.record.studies import Translation
from search.record.writing import Record, Unwritable, begun_alike
from search.report.watching import Watch, watching
from search.result import Result
from search.strategies.strategy import STRATEGIES, Strategy, fresh
from search.tasks.named import TASKS, AnyTask
from search.terms import terms
from search.training.augmentation import check_augmentation
from search.training.joint import joint
from search.training.rates import check_roles
from search.training.settings import Training
from search.trial import Trial
from search.warm import Wanted, WarmStart, carry_weights, checked, designs, name_of
from spaces import Space


class Search:
    """Search a space for the front of its objectives on a task.

    Args:
        space: the architectures to choose from.
        task: a `Task`, or the name of one: `"digits"`.
        objectives: text (`"maximize accuracy"`) or `maximize(...)`, `minimize(...)`; at least one is a score. By
            default accuracy (of a regression r2, of several labels f1) and FLOPs.
        constraints: text (`"params <= 50k"`) or `at_most(...)`.
        trials: number of candidates to train.
        epochs: number of epochs for which each candidate is trained; short for `training=Training(epochs=...)`.
        seed: seed from which all random numbers of the run follow.
        training: how candidates are trained.
        target: what will run the best networks, and so what costs in objectives and constraints are computed for:
            `torch` on a CPU, `cuda`, or `onnx`, the exported file in onnxruntime.
        strategy: what proposes candidates: `tpe`, `random`, a name that an installed package registers, or an object,
            which is copied at the start of each run, so that no run learns from another.
        warm_start: the directory of an older run, or a list of architectures and trials. Scored trials of the same
            task, data, training, functions and target are taken over with their outcomes, weights and all, beside the
            `trials` that are trained; others, and architectures, are the first that are trained. What is not of the
            space or breaks a constraint is left out. It is read when a run is begun, and not when it is resumed.

    Raises:
        ValueError: an objective, a constraint, a name or a number cannot be read, or the training does not fit space
            and task.
    """

    def __init__(
        self,
        space: Space,
        task: AnyTask | str,
        objectives: Sequence[str | Objective] | None = None,
        constraints: Sequence[str | Constraint] = (),
        trials: int = 40,
        epochs: int | None = None,
        seed: int = 0,
        training: Training | None = None,
        target: Target = "torch",
        strategy: str | Strategy = "tpe",
        warm_start: WarmStart | None = None,
    ) -> None:
        if not isinstance(space, Space):
            raise ValueError("the first argument of Search is a Space: Space(Architecture(...))")
        if target not in TARGETS:
            raise ValueError(f"there is no target {target!r}; use one of {', '.join(TARGETS)}")
        if trials < 1:
            raise ValueError(f"trials must be 1 or more, not {trials}")
        self.space, self.trials, self.seed, self.target = space, trials, seed, target
        self.task: AnyTask = TASKS[task]() if isinstance(task, str) else task
        self.objectives = [parse_objective(text) for text in objectives or default_objectives(self.task)]
        self.constraints = [parse_constraint(text) for text in constraints]
        if training is not None and epochs is not None:
            raise ValueError("give epochs or training, not both: training has epochs of its own")
        self.training = training or (Training(epochs=epochs) if epochs is not None else Training())
        check_roles(space.template, self.training.rates)
        for group in self.training.possible("augment"):
            check_augmentation(group, self.task)
        # The space with the training's holes among its parameters.
        self.joint = joint(space, self.training)
        if all(objective.priced for objective in self.objectives):
            raise ValueError("at least one objective is a score of the task, such as 'maximize accuracy'")
        check_scores(self.objectives, self.task)
        self.goal = goal_of(self.objectives, self.task.kind)
        self.strategy, self.warm_start = strategy, checked(warm_start)
        if isinstance(strategy, str):
            _ = STRATEGIES[strategy]  # raises for an unknown name

    def run(
        self,
        directory: str | Path,
        backend: str = "local",
        workers: int | None = None,
        address: str | None = None,
        hours: float | None = None,
        watch: Watch | Literal["auto", False] | None = "auto",
        optuna_storage: str | None = None,
    ) -> Result:
        """Run the search in a directory, or resume it there; a finished run returns its result at once.

        Args:
            directory: directory of the run, which holds all its files.
            backend: `local` worker processes, a `ray` cluster, or a name that an installed package registers.
            workers: number of candidates trained at the same time; by default one for each CPU core. Runs with the same
                number of workers train the same candidates.
            address: address of the Ray cluster; by default one is started on this machine.
            hours: hours after which no further candidate is started.
            watch: what shows the progress: `auto` is a bar and the front on a terminal, a cell in a notebook, and
                elsewhere lines on standard error; None or False is nothing. Or a function, called as
                `watch(engine, None, None)` at the start, and as `watch(engine, trial, outcome)` after each outcome.
            optuna_storage: URL of the database in which the run is mirrored as an Optuna study, for its dashboard:
                `sqlite:///runs.db`, `postgresql://…`. By default it is mirrored in the run's own `study.journal`.

        Raises:
            RunError: the directory holds another search, or another process is running it.
            Exhausted: no architecture of the space satisfies the constraints.
        """
        workers = workers or max(1, len(os.sched_getaffinity(0)))
        try:
            begin, strategy = BACKENDS[backend], fresh(self.strategy, self.joint, self.objectives)
        except Unknown as error:
            raise RunError(str(error)) from None
        home = RunDirectory(Path(directory))
        finished = self._finished(home)
        if not finished and (mistakes := self.preflight().mistakes):
            raise Unfit(mistakes)
        try:
            opened = Record(home, self._terms(), self.task, self._designs)
        except Unwritable:
            if not finished:
                raise
            begun_alike(home, self._terms())  # on a medium that is only read
            return Result(home.path, self.objectives, self.task)
        with opened as record, watching(watch) as seen:
            if (prepared := getattr(self.task, "preparation", None)) is not None and not home.preparation.exists():
                write_text(home.preparation, json.dumps(prepared.to_data()))
            record.followers.append(Mirror(record.history, Translation(self.joint, self.objectives), optuna_storage))
            engine = Engine(
                record,
                self.joint,
                self.objectives,
                self.constraints,
                self.trials,
                self.seed,
                workers,
                self.target,
                strategy,
                self.training.epochs,
                self.training.parameters,
            )
            carry_weights(engine.history, home)
            if seen:
                seen(engine, None, None)
            if not engine.done:
                path = str(home.path.resolve())
                trainer = Trainer(self.task.without_test(), self.training, self.goal, path, self.target)
                running = begin(trainer, workers, address)
                try:
                    _pull(engine, running, _callback(engine, hours, seen))
                finally:
                    running.close()
        return Result(home.path, self.objectives, self.task)

    def preflight(self) -> Findings:
        """Compare task, space and objectives, and try one step of training; see `search.preflight.preflight`."""
        return preflight(
            self.space, self.task, self.objectives, self.constraints, self.training.default, self.target, self.seed
        )

    def _finished(self, home: RunDirectory) -> bool:
        """Whether the directory holds a run with all its candidates trained, so that nothing is left to train.

        RunError if it holds one that cannot be read.
        """
        if not home.record.exists():
            return False
        try:
            history = Reading(home).history
            return len(history.outcomes) >= self.trials + history.settings.carried
        except NotBegun:
            return False

    def _terms(self) -> dict[str, object]:
        """The terms of a run, which must be the same for it to be resumed."""
        decisive = terms(
            self.space,
            self.task,
            self.objectives,
            self.constraints,
            self.training,
            self.seed,
            self.target,
            self.strategy,
        )
        return decisive if self.warm_start is None else decisive | {"warm start": name_of(self.warm_start)}

    def _designs(self) -> list[dict[str, Any]]:
        """What a new run tries first."""
        if self.warm_start is None:
            return []
        wanted = Wanted(self.joint, self.training, self.objectives, self.constraints, self.target, self._terms())
        return designs(self.warm_start, wanted)


def _pull(engine: Engine, backend: Backend, callback: Callable[[Trial, Outcome], None]) -> None:
    """Submit the engine's candidates to the backend, and pass its events to the engine, until the engine is done."""
    while not engine.done:
        while (trial := engine.ask()) is not None:
            backend.submit(trial)
        if engine.done:
            return
        for event in backend.events():
            if (finished := engine.observe(event)) is not None:
                callback(*finished)


def _callback(engine: Engine, hours: float | None, watch: Watch | None) -> Callable[[Trial, Outcome], None]:
    """A function to call after each outcome: it stops the engine after so many hours, and calls `watch`."""
    deadline = None if hours is None else time.monotonic() + 3600 * hours

    def callback(trial: Trial, outcome: Outcome) -> None:
        if deadline is not None and time.monotonic() > deadline:
            engine.stop("the time is up")
        if watch:
            watch(engine, trial, outcome)

    return callback
