"""`Search`: the declaration of a search (space, task, objectives, constraints, training), and its run."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from archspec.geometry.fourier import TARGETS, Target
from search.backends.place import place
from search.backends.process import refuse_in_a_worker
from search.backends.resources import resources
from search.backends.worker import Trainer
from search.engine import Engine, lag_of
from search.errors import RunError
from search.events import Retried
from search.files import RunDirectory, write_once
from search.keeping import Keeping, ranks_kept
from search.numbers import whole
from search.objectives import Constraint, Objective, goal_of
from search.preflight import Findings, Unfit, check_scores, default_objectives, preflight
from search.record.mirror import Mirror
from search.record.reading import begun_by
from search.record.studies import Translation
from search.record.writing import Record, Unwritable, begun_alike
from search.reference import reference_point
from search.report.watching import Watch, watching
from search.result import Result
from search.running import Running, is_finished, to_be_retried
from search.spending import Spending, budget_of
from search.stated import stated_objectives
from search.strategies.strategy import DEFAULT, FORMER_DEFAULT, Strategy, check_strategy, fresh
from search.tasks.named import TASKS, AnyTask
from search.terms import terms
from search.training.checks import check_training
from search.training.joint import joint
from search.training.limits import generous_limit
from search.training.memory import limits
from search.training.settings import Training
from search.warm import Wanted, WarmStart, carry_weights, checked, designs, name_of
from spaces import Space


class Search:
    """Search a space for the front of its objectives on a task.

    Args:
        space: the architectures to choose from.
        task: a `Task`, or the name of one: `"digits"`.
        objectives: text (`"maximize accuracy"`) or `maximize(...)`, `minimize(...)`; at least one is a score. By
            default accuracy (of a regression r2, of several labels f1) and FLOPs.
        constraints: text (`"params <= 50k"`, `"latency <= 5ms"`) or `at_most(...)`, which says what can be limited.
        trials: number of whole trainings; where candidates pause, more are begun, with as many epochs in all.
        epochs: number of epochs for which each candidate is trained; short for `training=Training(epochs=...)`.
        seed: seed from which all random numbers of the run follow.
        training: how candidates are trained.
        target: what will run the best networks, and so what costs in objectives and constraints are computed for:
            `torch` on a CPU, `cuda`, or `onnx`, the exported file in onnxruntime.
        strategy: what proposes candidates: `front`, the default, `gradient`, `halving`, `evolve`, `tpe`, `nsga2`, `gp`,
            `random`, `quasi_random`, `exhaustive`, another name that is registered, or an object, which is copied for
            each run. A run that was begun with `tpe`, the default of earlier versions, goes on with it.
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
        strategy: str | Strategy | None = None,
        warm_start: WarmStart | None = None,
    ) -> None:
        if not isinstance(space, Space):
            raise ValueError("the first argument of Search is a Space: Space(Architecture(...))")
        if target not in TARGETS:
            raise ValueError(f"there is no target {target!r}; use one of {', '.join(TARGETS)}")
        self.space, self.target, self.strategy = space, target, strategy
        self.trials, self.seed = whole("trials", trials, least=1), whole("seed", seed)
        self.task: AnyTask = TASKS[task]() if isinstance(task, str) else task
        if not hasattr(self.task, "kind"):
            found = type(task).__name__
            raise ValueError(f"the second argument of Search is a task: Task.from_arrays(x, y), not {found}")
        self.objectives = stated_objectives(default_objectives(self.task) if objectives is None else objectives)
        if training is not None and epochs is not None:
            raise ValueError("give epochs or training, not both: training has epochs of its own")
        self.training = training or (Training() if epochs is None else Training(epochs=epochs))
        self.constraints = limits(constraints, self.task, self.training)
        check_training(self.training, space, self.task)
        self.joint = joint(space, self.training)  # the training's holes are among its parameters
        if all(objective.priced for objective in self.objectives):
            raise ValueError("at least one objective is a score of the task, such as 'maximize accuracy'")
        check_scores(self.objectives, self.task)
        self.goal = goal_of(self.objectives, self.task.kind)
        self.warm_start = checked(warm_start)
        check_strategy(strategy)

    def __repr__(self) -> str:
        goals = ", ".join(map(str, (*self.objectives, *self.constraints)))
        return f"Search({self.space!r}, {self.task.name!r}, {goals}, trials={self.trials}, seed={self.seed})"

    def run(
        self,
        directory: str | Path,
        backend: str = "local",
        workers: int | None = None,
        address: str | None = None,
        hours: float | None = None,
        watch: Watch | Literal["auto", False] | None = "auto",
        optuna_storage: str | None = None,
        retry_failed: bool = False,
        total_epochs: float | str | None = None,
        total_flops: float | str | None = None,
        keep: str | int = "all",
        cpus: float = 1,
        gpus: float | None = None,
        memory: float | str | None = None,
        storage: str | None = None,
    ) -> Result:
        """Run the search in a directory, or resume it there; a finished run returns its result at once.

        Args:
            directory: directory of the run, which holds all its files.
            backend: `local` worker processes, a `ray` cluster, or a name that an installed package registers.
            workers: number of candidates trained at the same time; by default one for each CPU core, on a cluster as
                many as it has room for at the start. Runs with the same number of workers train the same candidates.
            address: address of the Ray cluster; by default one is started on this machine.
            hours: hours after which the search ends; candidates in training are interrupted, and go on from their last
                epoch when the search is run again.
            watch: what shows the progress: `auto` is a bar and the front on a terminal, a cell in a notebook, and
                elsewhere lines on standard error; None or False is nothing. Or a function, called as
                `watch(engine, None, None)` at the start, and as `watch(engine, trial, outcome)` after each outcome; if
                it has a method `epoch`, that is called as `watch.epoch(engine, trial, epoch, score)` after each epoch.
            optuna_storage: URL of the database in which the run is mirrored as an Optuna study, for its dashboard:
                `sqlite:///runs.db`, `postgresql://…`. By default it is mirrored in the run's own `study.journal`.
            retry_failed: train the candidates again that have failed.
            total_epochs: epochs of all candidates together after which no further one is begun, such as `"2k"`. Those
                in training are trained to their end; a run that is given more goes on.
            total_flops: the same for FLOPs of training (`"2P"`), three times those of the forward passes over examples.
                Where they end a run, `front` seeks the gain for each FLOP. The first of all limits ends it.
            keep: whose weights are kept, those of `all` trials, of the `front`, or of so many non-dominated ranks.
            cpus: CPU cores that each candidate takes of a Ray cluster, and threads of torch that it is trained by.
            gpus: GPUs that each takes, or a share of one; by default one, or with `workers` given an equal share.
            memory: bytes that each takes, such as `"4G"`; by default they are not counted.
            storage: URL of a folder that all nodes of a cluster reach, if they do not see `directory`: `s3://…`.

        Raises:
            ValueError: an argument is out of its range.
            RunError: the directory holds another search; another process is running it; workers cannot be started; the
                machine keeps failing (a full disk, say); or the last three candidates failed alike. It can be resumed.
            Exhausted: no architecture of the space satisfies the constraints.
        """
        if not isinstance(directory, str | Path) or not str(directory) or "\0" in str(directory):
            raise ValueError(f"the first argument of run is a directory, such as 'runs/mine', not {directory!r}")
        refuse_in_a_worker()
        if hours is not None and not (isinstance(hours, int | float) and hours > 0):
            raise ValueError(f"hours must be above 0, not {hours}")
        kept, budget = ranks_kept(keep, self.training.inherit), budget_of(total_epochs, total_flops)
        home, until = RunDirectory.at(directory), None if hours is None else time.time() + 3600 * hours
        named = self.strategy or (FORMER_DEFAULT if begun_by(home) == FORMER_DEFAULT else DEFAULT)
        finished = is_finished(home, self.trials, self.training.epochs) and not retry_failed
        needs = resources(cpus, gpus, memory, self.training.device)
        where = place(backend, workers, address, needs, storage, idle=finished)
        strategy = fresh(named, self.joint, self.objectives)
        training = self.training if finished else self._ready()
        try:
            opened = Record(home, decisive := self._terms(named), self.task, lambda: self._designs(decisive))
        except Unwritable:
            if not finished:
                raise
            begun_alike(home, decisive)  # on a medium that is only read
            return Result(home.path, self.objectives, self.task)
        with opened as record, watching(watch) as seen:
            if (prepared := getattr(self.task, "preparation", None)) is not None:
                write_once(home.preparation, prepared.to_data)
            known = self.space, self.task, self.objectives, self.constraints, self.target
            write_once(home.reference, reference_point, *known)
            record.followers.append(Mirror(record.history, Translation(self.joint, self.objectives), optuna_storage))
            for number in to_be_retried(record.history, retry_failed):
                record.append(Retried(number))
            engine = self._engine(record, where.workers, strategy, budget)
            carry_weights(engine.history, home)
            record.followers.append(Keeping(engine.history, self.objectives, kept))
            if seen:
                seen(engine, None, None)
            if not engine.done:
                limited = tuple(constraint.name for constraint in self.constraints if constraint.trained)
                wanted = (training, self.goal, str(home.path.resolve()), self.target, until, limited)
                home.ended.unlink(missing_ok=True)
                trainer = Trainer(self.task.without_test(), *wanted, template=self.space.template)
                running = where.begin(trainer)
                try:
                    Running(engine, running, seen, until).run()
                finally:
                    running.close()
        return Result(home.path, self.objectives, self.task)

    def preflight(self) -> Findings:
        """Compare task, space and objectives, and try one step of training; see `search.preflight.preflight`."""
        return preflight(
            self.space, self.task, self.objectives, self.constraints, self.training.default, self.target, self.seed
        )

    def _ready(self) -> Training:
        """The training, with a generous limit of time if it has none, by what the preflight has measured.

        Raises:
            Unfit: the preflight finds mistakes; it holds all of them.
        """
        found = self.preflight()
        if found.mistakes:
            raise Unfit(found.mistakes)
        if found.note:
            warnings.warn(found.note, stacklevel=3)
        if self.training.seconds is not None:
            return self.training
        return replace(self.training, seconds=generous_limit(self.training.epochs * found.epoch))

    def _engine(self, record: Record, workers: int, strategy: Strategy, budget: Spending) -> Engine:
        if math.isfinite(budget.flops) and record.history.settings.values.get("examples") is None:
            raise RunError("FLOPs of training need the number of examples, not known here; give total_epochs instead")
        wanted = (self.objectives, self.constraints, self.trials, self.seed, lag_of(workers), self.target, strategy)
        return Engine(record, self.joint, *wanted, self.training.epochs, self.training.parameters, budget, workers)

    def _terms(self, strategy: str | Strategy | None = None) -> dict[str, object]:
        """The terms of a run, by default with the search's own strategy; they must be the same for it to be resumed."""
        wanted = (self.objectives, self.constraints, self.training, self.seed, self.target)
        found = terms(self.space, self.task, *wanted, strategy or self.strategy or DEFAULT)
        return found if self.warm_start is None else found | {"warm start": name_of(self.warm_start)}

    def _designs(self, decisive: Mapping[str, object]) -> list[dict[str, Any]]:
        """What a new run tries first."""
        wanted = Wanted(self.joint, self.training, self.objectives, self.constraints, self.target, decisive)
        return [] if self.warm_start is None else designs(self.warm_start, wanted)
