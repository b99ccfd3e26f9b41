"""The Ray backend: the same engine, pulled by Ray Tune. The only file that imports Ray."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from search.backends.worker import Job, Trainer
from search.candidate import Candidate
from search.engine import Engine
from search.errors import RunError
from search.outcome import Failed, Outcome, from_record, to_record
from search.record.directory import JOURNAL
from search.training.threads import one_thread

# Read by Ray when it is imported: no usage statistics, no progress tables, no loggers of its own.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

try:
    import ray
    from ray import tune
    from ray.tune.search import Searcher
except ImportError as error:
    raise RunError("the ray backend needs Ray: pip install 'archsearch[ray]', or use backend='local'") from error

Told = Callable[[Candidate, Outcome], None]
RESTARTS = 2


def run_on_ray(engine: Engine, trainer: Trainer, workers: int, told: Told, address: str | None) -> None:
    """Train on a Ray cluster until the engine is done; `told` is called after each outcome.

    The run's directory must be on a file system that every node sees. A worker that is lost is started again, from the
    last epoch's checkpoint, twice.

    Raises:
        RunError: there is no cluster at the address.
    """
    ours = not ray.is_initialized()
    if ours:
        _connect(address, workers)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    scratch = Path(trainer.directory) / "ray"
    try:
        gpus = ray.cluster_resources().get("GPU", 0.0) / workers
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(_train, trainer=trainer), {"cpu": 1, "gpu": min(1.0, gpus)}),
            tune_config=tune.TuneConfig(
                search_alg=EngineSearcher(engine, told),
                num_samples=engine.wanted - engine.finished,
                reuse_actors=True,
                max_concurrent_trials=None,
            ),
            run_config=tune.RunConfig(
                storage_path=str(scratch),
                name="tune",
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=RESTARTS),
            ),
        )
        tuner.fit()
    finally:
        if ours:
            ray.shutdown()
        shutil.rmtree(scratch, ignore_errors=True)


class EngineSearcher(Searcher):  # type: ignore[misc]
    """Ray Tune's side of ask and tell."""

    def __init__(self, engine: Engine, told: Told) -> None:
        super().__init__(metric="finished", mode="max")
        self.engine, self.told = engine, told
        self.candidates: dict[str, Candidate] = {}

    def suggest(self, trial_id: str) -> Any:
        """The next candidate as Ray's configuration; None while it depends on an outcome not told yet."""
        candidate = self.engine.ask()
        if candidate is None:
            return Searcher.FINISHED if self.engine.all_asked else None
        self.candidates[trial_id] = candidate
        # As text: Ray takes nested mappings apart.
        return {"job": json.dumps(vars(Job.of(candidate)))}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the engine what Ray says of a trial."""
        candidate = self.candidates.pop(trial_id, None)
        if candidate is None:
            return
        if error or not result or "outcome" not in result:
            outcome: Outcome = Failed(f"its Ray worker died {RESTARTS + 1} times, most likely for lack of memory")
        else:
            outcome = from_record(json.loads(result["outcome"]))
        self.engine.tell(candidate, outcome)
        self.told(candidate, outcome)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the study is the record."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: a run goes on from its study."""


def _train(config: dict[str, Any], trainer: Trainer) -> None:
    """What a Ray worker does with one candidate."""
    one_thread()
    if (Path(trainer.directory) / JOURNAL).exists():
        outcome = trainer.run(Job(**json.loads(config["job"])))
    else:
        outcome = Failed(
            f"{trainer.directory} is not visible on node {ray.util.get_node_ip_address()}; put the run's "
            "directory on a file system that all nodes share"
        )
    tune.report({"finished": 1, "outcome": json.dumps(to_record(outcome))})


def _connect(address: str | None, workers: int) -> None:
    options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None:
            ray.init(num_cpus=workers, **options)
        else:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RunError(f"no Ray cluster at {address or 'this machine'}: {str(error).splitlines()[0]}") from None
