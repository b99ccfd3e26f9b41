"""`Search`: the declaration of a search (space, task, objectives, constraints, training), and its run."""

from __future__ import annotations

import copy
import json
import operator
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from archspec.doors import Unknown
from archspec.geometry.fourier import TARGETS, Target
from search.backends.backend import BACKENDS
from search.backends.process import refuse_in_a_worker
from search.backends.worker import Trainer
from search.engine import Engine
from search.errors import RunError
from search.events import Retried
from search.files import RunDirectory, write_text
from search.machine import available_cores
from search.objectives import Constraint, Objective, goal_of, parse_constraint, parse_objective
from search.preflight import Findings, Unfit, check_scores, default_objectives, preflight
from search.record.mirror import Mirror
from search.record.reading import Reading
from search.record.studies import Translation
from search.record.writing import Record
from search.result import Result
from search.running import Running, Watch, to_be_retried
from search.strategies.strategy import STRATEGIES, Strategy
from search.tasks.named import TASKS, AnyTask
from search.terms import terms
from search.training.augmentation import check_augmentation
from search.training.rates import check_roles
from search.training.settings import Training
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
    ) -> None:
        if not isinstance(space, Space):
            raise ValueError("the first argument of Search is a Space: Space(Architecture(...))")
        if target not in TARGETS:
            raise ValueError(f"there is no target {target!r}; use one of {', '.join(TARGETS)}")
        self.space, self.target = space, target
        self.trials, self.seed = _whole("trials", trials, least=1), _whole("seed", seed)
        self.task: AnyTask = TASKS[task]() if isinstance(task, str) else task
        if not hasattr(self.task, "kind"):
            raise ValueError(
                f"the second argument of Search is a task: Task.from_arrays(x, y), not {type(task).__name__}"
            )
        wanted = default_objectives(self.task) if objectives is None else objectives
        self.objectives = [parse_objective(text) for text in wanted]
        self.constraints = [parse_constraint(text) for text in constraints]
        if training is not None and epochs is not None:
            raise ValueError("give epochs or training, not both: training has epochs of its own")
        self.training = training or (Training(epochs=epochs) if epochs is not None else Training())
        check_roles(space.template, self.training.rates)
        check_augmentation(self.training.augment, self.task)
        if all(objective.priced for objective in self.objectives):
            raise ValueError("at least one objective is a score of the task, such as 'maximize accuracy'")
        check_scores(self.objectives, self.task)
        self.goal = goal_of(self.objectives, self.task.kind)
        self.strategy = strategy
        if isinstance(strategy, str):
            _ = STRATEGIES[strategy]  # raises for an unknown name

    def run(
        self,
        directory: str | Path,
        backend: str = "local",
        workers: int | None = None,
        address: str | None = None,
        hours: float | None = None,
        watch: Watch | None = None,
        optuna_storage: str | None = None,
        retry_failed: bool = False,
    ) -> Result:
        """Run the search in a directory, or resume it there; a finished run returns its result at once.

        Args:
            directory: directory of the run, which holds all its files.
            backend: `local` worker processes, a `ray` cluster, or a name that an installed package registers.
            workers: number of candidates trained at the same time; by default one for each CPU core. Runs with the same
                number of workers train the same candidates.
            address: address of the Ray cluster; by default one is started on this machine.
            hours: hours after which the search ends; candidates in training are interrupted, and go on from their last
                epoch when the search is run again.
            watch: called as `watch(engine, None, None)` at the start, and as `watch(engine, trial, outcome)` after each
                outcome; if it has a method `epoch`, that is called as `watch.epoch(engine, trial, epoch, score)` after
                each epoch.
            optuna_storage: URL of the database in which the run is mirrored as an Optuna study, for its dashboard:
                `sqlite:///runs.db`, `postgresql://…`. By default it is mirrored in the run's own `study.journal`.
            retry_failed: train the candidates again that have failed.

        Raises:
            ValueError: an argument is out of its range.
            RunError: the directory holds another search; another process is running it; workers cannot be started; the
                machine keeps failing (a full disk, say); or the last three candidates failed alike. Each can be mended,
                and the run resumed.
            Exhausted: no architecture of the space satisfies the constraints.
        """
        refuse_in_a_worker()
        workers = available_cores() if workers is None else _whole("workers", workers, least=1)
        if hours is not None and not hours > 0:
            raise ValueError(f"hours must be above 0, not {hours}")
        if address is not None and backend == "local":
            raise RunError(f"the address {address} is that of a Ray cluster; use it with backend='ray' (--backend ray)")
        until = None if hours is None else time.time() + 3600 * hours
        try:
            begin, strategy = BACKENDS[backend], self._fresh_strategy()
        except Unknown as error:
            raise RunError(str(error)) from None
        home = RunDirectory(Path(directory))
        if not self._finished(home):
            found = self.preflight()
            if found.mistakes:
                raise Unfit(found.mistakes)
            if found.note:
                warnings.warn(found.note, stacklevel=2)
        with Record(home, self._terms(), self.task) as record:
            if (prepared := getattr(self.task, "preparation", None)) is not None and not home.preparation.exists():
                write_text(home.preparation, json.dumps(prepared.to_data()))
            record.followers.append(Mirror(record.history, Translation(self.space, self.objectives), optuna_storage))
            for number in to_be_retried(record.history, retry_failed):
                record.append(Retried(number))
            engine = Engine(
                record,
                self.space,
                self.objectives,
                self.constraints,
                self.trials,
                self.seed,
                workers,
                self.target,
                strategy,
                self.training.epochs,
            )
            if watch:
                watch(engine, None, None)
            if not engine.done:
                path = str(home.path.resolve())
                trainer = Trainer(self.task.without_test(), self.training, self.goal, path, self.target, until)
                running = begin(trainer, workers, address)
                try:
                    Running(engine, running, watch, until).run()
                finally:
                    running.close()
        return Result(home.path, self.objectives, self.task)

    def preflight(self) -> Findings:
        """Compare task, space and objectives, and try one step of training; see `search.preflight.preflight`."""
        return preflight(
            self.space, self.task, self.objectives, self.constraints, self.training, self.target, self.seed
        )

    def _finished(self, home: RunDirectory) -> bool:
        """Whether the directory holds a run with all its candidates trained, so that nothing is left to train."""
        if not home.record.exists():
            return False
        try:
            return len(Reading(home).history.outcomes) >= self.trials
        except RunError:
            return False  # what is wrong with the record is said where it is opened to be written

    def _terms(self) -> dict[str, object]:
        """The terms of a run, which must be the same for it to be resumed."""
        return terms(
            self.space,
            self.task,
            self.objectives,
            self.constraints,
            self.training,
            self.seed,
            self.target,
            self.strategy,
        )

    def _fresh_strategy(self) -> Strategy:
        """A strategy that has observed no event: a new one by its name, or a copy of the object."""
        if isinstance(self.strategy, str):
            return STRATEGIES[self.strategy](self.space, self.objectives)
        try:
            return copy.deepcopy(self.strategy)
        except Exception as error:
            raise RunError(
                f"the strategy {self.strategy.name} cannot be copied for a run: {error}; give it a __deepcopy__ that "
                "begins anew, or register it and give its name"
            ) from None


def _whole(name: str, value: int, least: int | None = None) -> int:
    """A whole number, of Python or numpy; ValueError if it is none, or less than `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be {least} or more, not {value}")
    return number
