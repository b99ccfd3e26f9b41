"""Faults of confirmations and of the numbers of a run, and the laws that notice them."""

from functools import partial

from search import anytime, choosing, confirming, front, hypervolume, reference, train_all
from search.backends.place import Place
from search.cli import commands
from search.confirmation import Confirmation
from search.confirmed import Confirmed
from search.confirming import Confirming
from search.estimate import Estimate
from search.front import Front
from search.report import plot
from search.result import Result
from search.retries import Retries
from search.tasks import batches
from tests.search import test_confirmation, test_confirming_elsewhere, test_numbers_of_a_run
from tests.search.cli import test_exit_codes
from tests.search.planting import Fault

AS_SEARCHED = test_confirmation.test_from_the_seed_of_the_search_a_confirmation_finds_what_the_search_found
SEEDS = test_confirmation.test_its_seeds_are_neither_those_of_the_search_nor_equal
TEST_DATA = test_confirmation.test_whatever_the_test_data_are_only_test_scores_change
BY_VALIDATION = test_confirmation.test_the_confirmed_front_is_by_validation_data
INTERVAL = test_confirmation.test_an_interval_is_the_mean_and_students_t_times_the_standard_error
KILLED = partial(test_confirmation.test_a_killed_confirmation_goes_on_and_ends_as_if_nothing_had_happened, 3)
ONCE = test_confirmation.test_what_is_confirmed_is_not_trained_again
ELSEWHERE = test_confirming_elsewhere.test_it_is_begun_here_killed_finished_elsewhere_and_back_with_the_same_scores
PLACE = test_confirming_elsewhere.test_what_a_training_takes_and_where_reaches_the_backend
AT_ONCE = test_confirming_elsewhere.test_all_seeds_train_at_once_where_there_is_room
LOST = test_confirming_elsewhere.test_a_lost_machine_is_not_counted_and_one_that_fails_is_tried_again
GETS_ON = test_confirming_elsewhere.test_a_training_that_gets_on_may_be_interrupted_any_number_of_times
TOLD = test_confirming_elsewhere.test_what_a_backend_has_to_say_is_told_and_what_is_past_is_passed_over
TRAVEL = test_confirming_elsewhere.test_test_data_do_not_travel_whatever_their_tensors_share
NOTHING_LEFT = test_confirming_elsewhere.test_where_nothing_is_left_no_cluster_is_asked
KNEE = partial(test_numbers_of_a_run.test_the_knee_is_the_farthest_from_the_line_between_the_ends, seed=1)
RAW = test_numbers_of_a_run.test_the_knee_is_by_the_logarithm_of_costs
ANYTIME = partial(
    test_numbers_of_a_run.test_the_anytime_curve_is_the_hypervolume_so_far_and_ends_at_that_of_the_front, seed=1
)
PICTURE = test_confirmation.test_a_picture_shows_scores_and_no_more_of_intervals_than_they_differ
REFERENCE = test_numbers_of_a_run.test_the_reference_is_what_a_constant_answers_and_what_the_dearest_costs

MEMORY = test_confirmation.test_memory_that_others_may_have_taken_and_a_machine_that_fails_are_no_outcomes
CONFIRMATIONS = {
    "a confirmation by another training": Fault(
        Confirming.training,
        'Training.from_record(self.history.settings.values.get("training", {}))',
        "Training(epochs=2)",
        AS_SEARCHED,
    ),
    "a confirmation from the seed of the search": Fault(
        confirming.fresh, 'derived_seed(seed, f"confirm {trial.hash} {index}")', "trial.seed", SEEDS
    ),
    "one seed for all": Fault(confirming.fresh, "{trial.hash} {index}", "{trial.hash}", SEEDS),
    "the same seeds for every run": Fault(confirming.fresh, "derived_seed(seed,", "derived_seed(0,", SEEDS),
    "epochs chosen by test data": Fault(
        Confirming._train,
        "Trainer(self.task.without_test(),",
        "Trainer(self.task.without_test().with_fields(validation=self.task.test),",
        TEST_DATA,
    ),
    "test data given to workers": Fault(Confirming._train, "self.task.without_test()", "self.task", TEST_DATA),
    "a confirmed front by test data": Fault(
        Confirmed.expected, "name: self.validation(name).mean", "name: self.test(name).mean", BY_VALIDATION
    ),
    "the best seed": Fault(Estimate.mean, "mean(self.values)", "max(self.values)", BY_VALIDATION),
    "optimism of what is minimised": Fault(
        Confirmation.optimism, "-1 if not o.maximize else 1", "1 if not o.maximize else 1", BY_VALIDATION
    ),
    "validation data for test data": Fault(
        Confirming._scored, "evaluate(model, self.task, self.task.test)", "dict(outcome.scores)", AS_SEARCHED
    ),
    "a deviation for an error": Fault(Estimate.half, " / math.sqrt(len(self.values))", "", INTERVAL),
    "a normal interval of three": Fault(Estimate.half, "free))", "10**6))", INTERVAL),
    "a one-sided interval": Fault(Estimate.half, "(1 + confidence) / 2", "confidence", INTERVAL),
    "what is confirmed trained again": Fault(confirming._left, 'if trial.state == "running"', "", ONCE),
    "proposed twice after a kill": Fault(Confirming.run, "if _of(trial) not in known:", "if True:", KILLED),
    "another task confirms": Fault(
        Confirming._check_terms,
        "different(begun, of_task(self.task))",
        "list[str]()",
        test_confirmation.test_another_task_another_run_and_what_was_not_scored_are_refused,
    ),
    "a failed seed averaged": Fault(
        Confirmed.scored,
        'if trial.state == "scored"',
        "",
        test_confirmation.test_a_seed_that_fails_is_told_and_not_averaged,
    ),
}
ON_ANY_BACKEND = {
    "always trained on this machine": Fault(Result.confirm, "place(backend,", 'place("local",', PLACE),
    "workers that are not told what a training takes": Fault(
        Place.begin, "replace(trainer, needs=self.needs, storage=self.storage)", "trainer", PLACE
    ),
    "an address that is lost": Fault(Place.begin, "self.address)", "None)", PLACE),
    "files that go to the directory of the run": Fault(
        Confirming._train, "record.directory.path.resolve()", "self.directory.path.resolve()", PLACE
    ),
    "more at once than there are workers": Fault(train_all.train_all, "len(there) < workers", "True", AT_ONCE),
    "one after the other": Fault(train_all.train_all, "len(there) < workers", "not there", AT_ONCE),
    "what was finished here trained again there": Fault(confirming._left, 'if trial.state == "running"', "", ELSEWHERE),
    "a lost machine counted": Fault(Retries.count, "+= not event.lost", "+= 1", LOST),
    "interruptions that are never forgotten": Fault(train_all.train_all, "retries.forget(number)", "pass", GETS_ON),
    "a notice that nobody reads": Fault(Confirming._train, "(tell or say)(text)", "pass", TOLD),
    "what is past recorded": Fault(train_all.train_all, "event.number not in there", "False", TOLD),
    "test data in what training data are views of": Fault(
        batches.alone, "part.untyped_storage().nbytes() > part.nbytes", "False", TRAVEL
    ),
    "what is too large here booked as failed": Fault(train_all._short, "if outcome.too_large", "if False", MEMORY),
    "a cluster that is asked for nothing": Fault(
        Result.confirm, "idle=not confirming.left(wanted)", "idle=False", NOTHING_LEFT
    ),
    "an option that does not arrive": Fault(
        commands._where, '"memory", "storage")', '"memory")', test_exit_codes.test_the_options_reach_the_confirmation
    ),
}
NUMBERS = {
    "intervals that are all of the picture": Fault(plot._frame, "max(bottom, low - room)", "bottom", PICTURE),
    "scores alone in the picture": Fault(plot._frame, "min(top, high + room)", "high + room", PICTURE),
    "a knee of raw costs": Fault(
        Front.knee, "[point(trial, self.objectives) for", "[smaller_is_better(trial, self.objectives) for", RAW
    ),
    "a knee of unscaled objectives": Fault(Front.knee, "np.where(width > 0, width, 1.0)", "1.0", KNEE),
    "a knee on the worse side": Fault(Front.knee, "argmin()", "argmax()", KNEE),
    "what is beaten counts": Fault(
        hypervolume.hypervolumes, "front = [p for p in front if", "front = [p for p in front if False and", ANYTIME
    ),
    "a curve that forgets": Fault(hypervolume.hypervolumes, "found[-1] if found else 0.0", "0.0", ANYTIME),
    "paused trials on the curve": Fault(anytime._point, "not trial.feasible", "not trial.scores", ANYTIME),
    "a volume of what strategies are told": Fault(
        front.point,
        "smaller_is_better(trial, objectives)",
        "[(-1 if o.maximize else 1) * o.told(trial.cost, trial.scores) for o in objectives]",
        test_numbers_of_a_run.test_volumes_and_the_knee_are_of_values_whatever_strategies_are_told,
    ),
    "FLOPs without their logarithm": Fault(front.in_volume, "math.log10(max(value, 1.0))", "value", ANYTIME),
    "epochs of one trial": Fault(
        anytime.anytime,
        "epochs += history",
        "epochs = history",
        test_numbers_of_a_run.test_epochs_are_those_that_were_spent,
    ),
    "the rarest class as the answer": Fault(
        reference._counted, "counts.sum()).log()", "counts.sum()).log().neg()", REFERENCE
    ),
    "the loosest limit": Fault(reference.reference_point, "min(limits, default", "max(limits, default", REFERENCE),
    "limits that nobody keeps": Fault(
        choosing.best_of,
        "limit.excess(t.cost or Cost(), t.architecture, t.scores) <= 0",
        "True",
        test_numbers_of_a_run.test_the_best_within_limits_keeps_them,
    ),
}
FAULTS = CONFIRMATIONS | ON_ANY_BACKEND | NUMBERS
