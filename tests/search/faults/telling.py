"""Faults of tasks, spaces and what people are told, and the laws that notice them."""

from functools import partial

from archspec.schema.holes import Choice, Integer, Real
from search import choosing, front
from search.cli import commands
from search.cli.main import _done, main
from search.front import Front
from search.record.history import History
from search.report import notebook, progress
from search.report.report import _paid
from search.tasks import batches, datasets, sources, splitting
from search.tasks.kinds import Classification, Regression
from search.tasks.task import Task
from spaces import counting, matching
from spaces.filling import Filling
from spaces.matching import Match
from spaces.space import Space
from tests.search import test_front
from tests.search.cli import test_exit_codes
from tests.search.planting import Fault
from tests.search.report import test_paid, test_progress
from tests.search.tasks import test_datasets, test_task
from tests.spaces import test_neighbours, test_spaces, test_values

CELL = test_progress.test_an_interrupted_cell_says_how_the_search_goes_on
WAITS = test_progress.test_a_cell_shows_what_a_search_waits_for_until_it_goes_on
FRONT = test_front.test_the_front_is_the_scored_trials_that_no_other_beats_cheapest_first
LARGE = test_front.test_a_trial_is_compared_with_those_of_the_front_alone
BEST = test_front.test_best_is_the_best_and_the_cheapest_of_equals
VOLUME = test_front.test_the_hypervolume_is_the_area_under_the_steps_of_the_front
SPLIT = test_task.test_the_parts_of_a_split_are_disjoint_whole_and_even_over_the_classes
SHARES = test_task.test_every_class_has_its_share_of_each_part_however_rare_it_is
LEFT_OVER = test_task.test_an_epoch_shows_every_example_but_one_left_over_in_as_many_batches_as_are_counted
SCORED = test_task.test_scores_of_classification_and_regression
NEIGHBOURS = test_neighbours.test_the_neighbours_are_these_and_no_others
NUMBER = partial(NEIGHBOURS, test_neighbours.NUMBER, {"n": 4}, [{"n": 2}, {"n": 6}])
OPTIONS = partial(NEIGHBOURS, test_neighbours.OPTIONS, {"size": 3}, [{"size": 1}, {"size": 5}])
TWO = partial(NEIGHBOURS, test_neighbours.TWO, {"n": 2, "m": 5}, [{"n": 3, "m": 5}, {"n": 2, "m": 4}])
FACTORS = test_neighbours.test_a_logarithmic_one_steps_by_a_factor_and_one_that_can_only_be_one_number_not_at_all
SIZE = test_spaces.test_the_size_is_the_number_of_fillings
VALUES = test_spaces.test_filling_with_the_values_of_an_architecture_makes_it_again
MANY = test_values.test_a_space_of_many_decisions_has_values
SUCCESS = partial(test_exit_codes.test_a_run_without_a_scored_trial_is_no_success, [test_exit_codes.BAD], 1)
REMARK = test_exit_codes.test_a_remark_is_a_line_and_where_warnings_are_errors_the_only_one
INTERRUPTED = partial(test_exit_codes.test_what_ends_a_search_is_its_exit_code_and_one_line, KeyboardInterrupt, 130)
OPTION = test_exit_codes.test_the_options_reach_the_search
SCRIPTS = test_exit_codes.test_the_front_for_scripts_is_the_front
PAID = partial(test_paid.test_the_best_within_each_budget_pays, "minimize loss", test_paid.LOSSES)

FRONTS = {
    "a front that keeps dominated trials": Fault(
        front.front_of, "not any(_no_worse(other, values) for", "not any(False for", FRONT
    ),
    "beaten in one objective only": Fault(front._no_worse, "all(x <= y", "any(x <= y", FRONT),
    "beaten only in every objective": Fault(front._no_worse, "all(x <= y", "all(x < y", FRONT),
    "of equal trials the last": Fault(front.front_of, "sorted(scored,", "sorted(scored[::-1],", FRONT),
    "a front of trials as they came": Fault(
        front.front_of, "sorted(scored, key=lambda found: found[1])", "scored", FRONT
    ),
    "every trial against every other": Fault(
        front.front_of, "for other in reversed(seen))", "for _, other in scored)", LARGE
    ),
    "a front of stopped trials": Fault(front.front_of, "t.feasible", "t.scores", FRONT),
    "an objective upside down": Fault(front.smaller_is_better, "(-1 if o.maximize else 1)", "-1", FRONT),
    "a front that begins with the dearest": Fault(
        front.front_of, "(flops_of(trial), trial.number)", "(-flops_of(trial), trial.number)", FRONT
    ),
    "the dearest of equals": Fault(choosing.best_of, ", flops_of(t), t)", ", -flops_of(t), t)", BEST),
    "the largest loss": Fault(choosing._objective, "maximize(by) if large else", "maximize(by) if True else", BEST),
    "an asked objective read the other way": Fault(choosing._objective, "objective.name == by", "False", BEST),
    "half the hypervolume": Fault(Front.hypervolume, "/ (right - left)", "/ (right - left) / 2", VOLUME),
    "a hypervolume beyond its rectangle": Fault(Front.hypervolume, "(0.0, right)", "(0.0, right + 1)", VOLUME),
    "a hypervolume of what is too cheap": Fault(Front.hypervolume, "max(left, ", "max(0.0, ", VOLUME),
    "a hypervolume of the first": Fault(Front.hypervolume, "in self.trials]", "in self.trials[:1]]", VOLUME),
}
TOLD = {
    "a search without a score is well": Fault(
        commands.search, "if len(result.front) else MISTAKE", "if True else MISTAKE", SUCCESS
    ),
    "a front without a trial is well": Fault(
        commands.front, "return OK if len(result.front)", "return OK if True", SUCCESS
    ),
    "remarks with their place in the code": Fault(main, "warnings.showwarning = _remark", "pass", REMARK),
    "an interrupted search is well": Fault(_done, "return INTERRUPTED", "return OK", INTERRUPTED),
    "a complaint is well": Fault(commands.complain, "return MISTAKE", "return OK", SUCCESS),
    "--trials ignored": Fault(commands.search, "search.trials = options.trials", "pass", OPTION),
    "--hours ignored": Fault(commands.search, "options.hours", "None", OPTION),
    "--workers ignored": Fault(commands._where, '"backend", "workers",', '"backend",', OPTION),
    "--trial ignored": Fault(
        commands.export,
        "if options.trial is None else",
        "if True else",
        partial(test_exit_codes.test_the_trial_that_was_asked_for_is_exported, "--trial 0", 0),
    ),
    "--by ignored": Fault(
        commands.export,
        "result.best(options.by)",
        "result.best()",
        partial(test_exit_codes.test_the_trial_that_was_asked_for_is_exported, "--by flops", 1),
    ),
    "all trials for the front": Fault(
        commands.front, "for trial in result.front", "for trial in result.trials", SCRIPTS
    ),
    "progress by the number of the trial": Fault(
        progress.Watcher._head,
        "{engine.finished:>4}",
        "{engine.history.next_number:>4}",
        test_exit_codes.test_progress_counts_the_candidates_that_are_finished,
    ),
    "a notebook that waits in silence": Fault(notebook.Cell.notice, "self._draw()", "pass", WAITS),
    "an interrupted cell without a word": Fault(
        notebook.Cell.__exit__, "issubclass(kind", "False and issubclass(kind", CELL
    ),
    "the largest loss pays": Fault(_paid, "1 if objective.maximize else -1", "1", PAID),
    "dearer candidates in a budget": Fault(_paid, "trial.cost.flops <= budget", "trial.cost.flops", PAID),
    "the last of a kind pays": Fault(_paid, "if kind not in best else", "if True else", PAID),
    "failed trials uncounted": Fault(
        History.counts,
        "for trial in self]",
        "for trial in self if trial.scores]",
        test_exit_codes.test_status_counts_the_trials,
    ),
}
TASKS = {
    "a split that leaks": Fault(
        splitting._split, "order[(place >= first) & (place < second)]", "order[place < second]", SPLIT
    ),
    "a split in the order of the classes": Fault(splitting._split, "* 0.6180339887498949) % 1", "/ count) % 1", SPLIT),
    "a split by chance": Fault(splitting._split, "order[torch.argsort(labels[order], stable=True)]", "order", SHARES),
    "the same split for every seed": Fault(
        splitting._split, "manual_seed(seed)", "manual_seed(0)", test_task.test_same_seed_same_split
    ),
    "validation of training data": Fault(
        sources.from_datasets,
        "Subset(same or first, held",
        "Subset(same or first, kept",
        test_task.test_what_a_dataset_gives_away_it_keeps_no_longer,
    ),
    "classes held out by chance": Fault(
        datasets.held_out,
        "stratify=labels",
        "stratify=None",
        test_datasets.test_validation_is_held_out_evenly_and_by_the_seed,
    ),
    "a fingerprint of training data alone": Fault(
        Task.fingerprint,
        "(self.train, self.validation)",
        "(self.train,)",
        partial(test_task.test_the_fingerprint_is_another_where_one_number_is, "validation"),
    ),
    "accuracy of the least likely": Fault(Classification.scores, "argmax(1)", "argmin(1)", SCORED),
    "r2 against zero": Fault(Regression.scores, "wanted - wanted.mean(0)", "wanted", SCORED),
    "one left over trained on": Fault(
        batches.batches, "and _one_left_over(len(x), size)", "and False", partial(LEFT_OVER, "arrays", 33, 32)
    ),
    "a single example passed over": Fault(
        batches._one_left_over, "count > size > 1", "size > 1", partial(LEFT_OVER, "arrays", 1, 32)
    ),
    "a batch too many counted": Fault(
        batches.batch_count, " - _one_left_over(count, size)", "", partial(LEFT_OVER, "dataset", 33, 32)
    ),
    "the last batch uncounted": Fault(
        batches.batch_count, "math.ceil(count / size)", "count // size", partial(LEFT_OVER, "arrays", 100, 32)
    ),
}
SPACES = {
    "neighbours only upwards": Fault(Integer.neighbours, "(at - 1, at + 1)", "(at + 1,)", NUMBER),
    "neighbours two steps away": Fault(Integer.neighbours, "(at - 1, at + 1)", "(at - 2, at + 2)", NUMBER),
    "real neighbours only upwards": Fault(
        Real.neighbours,
        "here - step",
        "here + step",
        partial(test_neighbours.test_a_real_number_steps_a_tenth_of_its_range_either_way, 0.5, [0.45, 0.55]),
    ),
    "logarithmic neighbours by sums": Fault(Real.neighbours, "if self.log", "if False", FACTORS),
    "a neighbour of itself": Fault(Real.neighbours, " and x != here", "", FACTORS),
    "one other option": Fault(Choice.neighbours, "if x != value)", "if x != value)[:1]", OPTIONS),
    "neighbours that differ in more": Fault(Space.neighbours, "{**values, name: other}", "{name: other}", TWO),
    "neighbours of the first decision alone": Fault(
        Space.neighbours, "values.items()", "list(values.items())[:1]", TWO
    ),
    "ill-typed neighbours": Fault(Space.neighbours, "continue", "pass", test_neighbours.test_neighbours_fit_together),
    "decisions with one name counted twice": Fault(
        counting._decided, "n if decision in made else n * factor", "n * factor", partial(SIZE, "one name twice")
    ),
    "copies counted once": Fault(
        counting._Count.copies, "range(len(places) + 1)", "range(min(2, len(places) + 1))", partial(SIZE, "not tied")
    ),
    "fixed copies counted once": Fault(counting._most, "copies.times if", "1 if", partial(SIZE, "not tied, fixed")),
    "values that contradict each other": Fault(
        Match.decided, "self if self.values[name] == value else None", "self", test_values.test_values_of_one_name_agree
    ),
    "arithmetic that need not come out": Fault(
        matching._comes_out, "== wanted)", "is not None)", partial(VALUES, "arithmetic alone")
    ),
    "values of the first copy for all": Fault(
        matching.matches, "copy{i}.body", "copy0.body", test_values.test_every_copy_has_values_of_its_own
    ),
    "what the first of many has matched is forgotten": Fault(
        matching._all, "matches(*pairs[len(begun)], further)", "matches(*pairs[len(begun)], found)", MANY
    ),
    "copies filled alike": Fault(Filling._filled, "copy{i}.body", "copy0.body", partial(SIZE, "not tied")),
    "decisions with one name drawn twice": Fault(
        Filling.decide, "name not in self.values", "True", partial(SIZE, "one name twice")
    ),
}
FAULTS = FRONTS | TOLD | TASKS | SPACES
