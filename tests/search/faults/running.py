"""Faults of a run (what is proposed, what is told, what is written down), and the laws that notice them."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from search import constraints, numbers, objectives, scoring
from search.backends import local
from search.drawing import Drawing, _violated
from search.engine import Engine
from search.objectives import Constraint, Quantity
from search.record import history, lines, old, writing
from search.record.history import History
from search.record.mirror import Mirror
from search.record.reading import Reading
from search.record.studies import Translation
from search.record.writing import Record
from search.running import Running
from search.search import Search
from search.strategies.optuna_samplers import Tpe
from search.tasks.task import Task
from tests.search import test_drawing, test_engine, test_objectives, test_running
from tests.search.backends import test_workers
from tests.search.planting import Fault
from tests.search.record import test_mirror, test_old_run, test_record, test_writing
from tests.search.strategies import test_candidates, test_learning, test_strategies
from tests.search.tasks import test_task


def old_run(law: Callable[[Path], None], tmp_path: Path) -> None:
    """A law of a run of an earlier version."""
    law(Path(shutil.copytree(test_old_run.OLD, tmp_path / "run")))


LEARNS = partial(
    test_learning.test_what_it_has_learned_from_comes_twice_as_close_to_the_best_as_chance, "maximize accuracy"
)
SAME = partial(test_candidates.test_candidates_are_those_of_before, name="small, 2 workers")
HOURS = partial(test_workers.test_after_so_many_hours_no_further_candidate_is_started, 1.9, 1, 4)
WORKERS = test_workers.test_as_many_processes_as_workers_each_with_one_candidate
DIED = test_workers.test_a_process_that_is_killed_interrupts_its_own_candidate_and_is_replaced
SEEDS = test_engine.test_each_architecture_is_trained_under_a_seed_of_its_own_that_follows_from_the_runs
FITTING = test_engine.test_no_candidate_is_ill_typed_over_budget_or_drawn_twice
KNOWS = partial(test_strategies.test_with_n_workers_a_proposal_knows_the_outcomes_up_to_n_slots_before, lag=2)
LIMIT = test_drawing.test_what_costs_the_limit_is_within_it_and_what_costs_one_more_is_not
LOGS = test_objectives.test_the_sampler_learns_the_logarithm_of_a_cost
WORTH = test_objectives.test_accuracy_per_flop_is_an_objective_by_its_name
ANY_CASE = test_objectives.test_costs_and_directions_are_read_in_any_case
READ = test_objectives.test_constraints_are_read
FIRST_SCORE = test_objectives.test_the_best_weights_are_picked_by_the_first_score
MIRRORED = test_mirror.test_the_study_is_the_record
READ_BACK = test_record.test_what_is_read_is_what_was_known_when_it_was_written
SYNCED = test_writing.test_proposals_and_outcomes_are_on_the_disk_before_anybody_is_told
OLD_READ = partial(old_run, test_old_run.test_it_is_read_without_a_change_to_it)
OLD = partial(old_run, test_old_run.test_it_goes_on_to_the_same_candidates)

FOUND = test_strategies.test_where_a_strategy_finds_nothing_new_the_space_is_looked_through

PROPOSING = {
    "limits on an architecture not kept": Fault(
        Drawing._excess,
        "c.excess(cost, architecture)",
        "c.excess(cost)",
        test_drawing.test_a_function_of_the_architecture_is_limited_before_anything_is_trained,
    ),
    "the last value met told for the least": Fault(
        Drawing._excess,
        "min(by, self._least.get(name, by))",
        "max(by, self._least.get(name, by))",
        test_drawing.test_where_a_function_leaves_nothing_the_least_value_met_is_told,
    ),
    "what is no number within a limit": Fault(
        Constraint.value,
        "not math.isfinite(value)",
        "False",
        partial(test_drawing.test_a_function_that_gives_no_number_stops_the_run_in_a_sentence, float("nan")),
    ),
    "a sampler that never learns": Fault(Tpe.propose, "self._learn()", "pass", LEARNS),
    "a sampler that forgets those in training": Fault(Tpe._learn, '.state != "running"', '.state == "rejected"', SAME),
    "a sampler that wants the worst": Fault(Translation.directions, '"maximize" if', '"minimize" if', LEARNS),
    "the same seed for every sampler": Fault(Tpe.propose, "budget.seed % 2**32", "0", SAME),
    "decisions learned one by one": Fault(Tpe.sampler, "multivariate=True, group=True", "multivariate=False", SAME),
    "costs learned as they are": Fault(
        Quantity.told, "math.log10(max(self.value(cost, scores), 1.0))", "self.value(cost, scores)", LOGS
    ),
    "limits not told": Fault(Translation.trial, "dict(trial.excess)", "{}", MIRRORED),
    "the same seed for every attempt": Fault(
        Drawing._proposal,
        'f"{slot} {self._attempts}"',
        'f"{slot}"',
        test_strategies.test_every_proposal_has_a_seed_of_its_own_that_follows_from_the_runs,
    ),
    "one seed for all trainings": Fault(
        Drawing._event, "derived_seed(self.seed, architecture.hash)", "self.seed", SEEDS
    ),
    "the run's seed not used": Fault(Drawing._event, "derived_seed(self.seed, arch", "derived_seed(0, arch", SEEDS),
    "duplicates trained again": Fault(
        Drawing._examine, "if self._key(architecture.hash, epochs, values) in self._known", "if False", FITTING
    ),
    "what was found in the space thrown away": Fault(
        Drawing._proposal, "replace(proposal, values=self._found_in_space(slot, proposal.fidelity))", "proposal", FOUND
    ),
    "found for another fidelity": Fault(Drawing._proposal, "(slot, proposal.fidelity)", "(slot, None)", FOUND),
    "a fidelity forgotten": Fault(
        Drawing._key,
        "return hash, shorter,",
        "return hash, None,",
        test_strategies.test_fidelity_parent_and_notes_go_with_the_trial,
    ),
}
GOALS = {
    "a limit that is over itself": Fault(_violated, "if by > 0", "if by >= 0", LIMIT),
    "costs of torch for another target": Fault(
        Drawing._examine,
        "price(architecture, self.target)",
        "price(architecture)",
        partial(test_drawing.test_costs_and_limits_are_of_the_target, "onnx"),
    ),
    "limits off by a factor": Fault(Constraint.excess, "/ self.limit - 1", "/ (2 * self.limit) - 1", LOGS),
    "a limit read a thousandfold": Fault(
        numbers.amount, "SUFFIXES[match[2].lower()]", "1e3", partial(READ, "params < 1_000", "params", 1000)
    ),
    "a kibibyte of a thousand": Fault(
        numbers.amount, 'if match[3] == "iB"', "if False", partial(READ, "memory <= 1.5 KiB", "memory", 1536)
    ),
    "FLOPs that are no flops": Fault(constraints.written, "name.lower() in names", "False", ANY_CASE),
    "minimise for maximise": Fault(
        objectives.parse_objective,
        'startswith("max")',
        'startswith("min")',
        partial(FIRST_SCORE, ["minimize loss"], "classification", objectives.Score("loss", False)),
    ),
    "accuracy per FLOP without a price": Fault(objectives.accuracy_per_flop, "** PRICE_OF_FLOPS", "** 0", WORTH),
    "accuracy times FLOPs": Fault(objectives.accuracy_per_flop, "** PRICE", "** -PRICE", WORTH),
    "weights picked by another score": Fault(
        objectives.goal_of,
        "isinstance(objective, Score)",
        "False",
        partial(FIRST_SCORE, ["minimize loss"], "classification", objectives.Score("loss", False)),
    ),
    "scores that are no numbers": Fault(
        scoring.scored,
        "not math.isfinite(number)",
        "False",
        test_engine.test_an_objective_that_cannot_be_worked_out_is_a_failure_with_its_reason,
    ),
    "hours without end": Fault(Running._stop_when_late, "time.time() >= self.until", "False", HOURS),
    "hours of a minute": Fault(Search.run, "3600 *", "60 *", HOURS),
    "hours of a day": Fault(Search.run, "3600 *", "86400 *", HOURS),
    "a stop that stops nothing": Fault(Engine.stop, "self.exhausted or reason", "self.exhausted", HOURS),
    "test data sent to the workers": Fault(
        Search.run,
        "Trainer(self.task.without_test(),",
        "Trainer(self.task,",
        test_workers.test_workers_get_no_test_data,
    ),
    "test data left in a copy without": Fault(
        Task.without_test, "test=None", "test=self.test", test_task.test_a_search_gets_no_test_data
    ),
}
ORDER = {
    "candidates that depend on who is faster": Fault(
        Engine._draw,
        "self.told)",
        "self.history)",
        test_strategies.test_a_strategy_hears_the_same_whoever_finishes_first,
    ),
    "proposals that wait for nothing": Fault(Engine._tell_up_to, "return False", "break", KNOWS),
    "more candidates than workers": Fault(
        Running._submit_all,
        "len(self._there) < self.engine.workers and ",
        "",
        test_running.test_no_more_candidates_are_at_the_backend_than_there_are_workers,
    ),
    "one outcome fewer than promised": Fault(Engine.ask, "slot - self.lag", "slot - self.lag - 1", KNOWS),
    "a second telling": Fault(
        Engine.tell, "trial.number not in self.history.outcomes", "True", test_engine.test_a_second_telling_is_ignored
    ),
    "epochs recorded twice": Fault(
        Engine.observe,
        " and not recorded",
        "",
        test_strategies.test_events_of_workers_are_recorded_once_and_end_with_the_outcome,
    ),
    "candidates in training forgotten": Fault(
        Engine._recover,
        'trial.state == "running"',
        "False",
        test_engine.test_an_engine_over_the_record_of_a_killed_one_goes_on_as_if_nothing_had_happened,
    ),
    "a single process": Fault(local.Local._hand_out, "self.workers - len", "1 - len", WORKERS),
    "a process for each candidate": Fault(local.Local._hand_out, "self.workers - len(self._pool)", "99", WORKERS),
    "candidates for a process that is not ready": Fault(local.Local._hand_out, "w.ready and ", "", WORKERS),
    "a death that interrupts another candidate": Fault(
        local._Worker._died, "Interrupted(trial.number,", "Interrupted(0,", DIED
    ),
    "a process that is not replaced": Fault(local._Worker._died, "self._begin()", "pass", DIED),
}
WRITING = {
    "a torn last line kept": Fault(
        writing._begun, "mend(directory)", "pass", test_engine.test_a_torn_last_line_of_the_record_is_mended
    ),
    "the end of a line torn off": Fault(
        writing.mend,
        'text.rfind(b"\\n") + 1',
        'text.rfind(b"\\n")',
        test_engine.test_a_torn_last_line_of_the_record_is_mended,
    ),
    "no lock": Fault(writing._locked, "fcntl.LOCK_EX |", "fcntl.LOCK_SH |", test_engine.test_one_process_holds_a_run),
    "outcomes that wait for the disk": Fault(Record.append, "os.fsync(self._file)", "pass", SYNCED),
    "told before it is written": Fault(Record.append, "not isinstance(event, Started | Epoch)", "False", SYNCED),
    "half a line written": Fault(
        Record.append,
        "line[os.write(self._file, line) :]",
        'os.write(self._file, line) and b""',
        test_writing.test_a_disk_that_takes_a_few_letters_at_a_time_gets_them_all,
    ),
    "half a file left": Fault(
        writing._begun,
        "unfinished.unlink(missing_ok=True)",
        "pass",
        test_writing.test_what_a_killed_process_had_half_written_is_cleared_away,
    ),
    "other settings that go on": Fault(
        lines.different,
        "known.get(name, value) != value",
        "False",
        test_strategies.test_a_search_takes_a_name_or_an_object_and_its_record_says_which,
    ),
    "a curve counted from 0": Fault(
        history.finished,
        "enumerate(outcome.curve, 1)",
        "enumerate(outcome.curve)",
        test_record.test_what_training_found_is_in_the_trial,
    ),
    "the cost that training found lost": Fault(
        history.finished,
        "outcome.cost or trial.cost",
        "trial.cost",
        test_record.test_what_training_found_is_in_the_trial,
    ),
    "seconds lost": Fault(
        history.finished,
        "seconds=outcome.seconds)\n    curve",
        ")\n    curve",
        test_record.test_what_training_found_is_in_the_trial,
    ),
    "numbers of an old run used again": Fault(History.next_number, "max(self.settings.drawn,", "max(0,", OLD),
    "what an old sampler had learned forgotten": Fault(
        old.read_journal, "len(trials), told)", "len(trials), 0)", OLD_READ
    ),
    "objectives swapped in the mirror": Fault(
        Mirror._finish,
        "self.translation.values(trial), STATE",
        "(self.translation.values(trial) or [])[::-1] or None, STATE",
        MIRRORED,
    ),
    "a database left open": Fault(
        Mirror._load, "self._held.callback(database.engine.dispose)", "pass", test_mirror.test_runs_share_a_database
    ),
    "trials left running in the mirror": Fault(Mirror._take, "self._finish(trial)", "pass", MIRRORED),
    "nothing completed in the mirror": Fault(
        Mirror._load,
        "self._complete()",
        "self._count = 0",
        partial(test_mirror.test_what_is_missing_is_completed_from_the_record, spoil=test_mirror.gone),
    ),
    "a mirror of another run completed": Fault(
        Mirror._load,
        ".get(MIRRORED, run) != run",
        ".get(MIRRORED, run) is None",
        partial(test_mirror.test_what_is_missing_is_completed_from_the_record, spoil=test_mirror.of_another_run),
    ),
    "a mirror taken for a run": Fault(
        old.read_journal,
        "if mirrors:",
        "if False:",
        partial(test_mirror.test_a_mirror_is_not_taken_for_a_run, lose=test_mirror.emptied),
    ),
    "lines that cannot be read passed over": Fault(
        Reading.history,
        "self._take(self._history, self._new_lines())",
        "lines = self._new_lines(); self._read += sum(map(len, lines)); self._take(self._history, lines)",
        test_record.test_what_cannot_be_read_is_said_every_time,
    ),
}
FAULTS = PROPOSING | GOALS | ORDER | WRITING
