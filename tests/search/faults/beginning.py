"""Faults of what is looked at and decided before anything is trained, and the laws that notice them."""

from functools import partial

from search import feasible, identity, preflight, terms, warm
from search.record import reading
from search.tasks import inspecting, numbering
from search.training import holes, limits
from search.training.joint import Joint
from search.training.loop import Loop
from search.training.settings import Training
from spaces import fitting
from spaces.fitting import Fitting
from spaces.for_task import ReadyMade, head_for
from tests.search import (
    test_feasible,
    test_preflight,
    test_preflight_by_hand,
    test_terms,
    test_terms_of_a_run,
    test_warm_designs,
    test_warm_start,
)
from tests.search.planting import Fault
from tests.search.strategies import test_strategies
from tests.search.training import test_faults, test_open_settings
from tests.spaces import test_for_task

MISTAKES = test_preflight.test_what_does_not_fit_is_told_before_anything_is_trained
TRIED = test_preflight_by_hand.test_the_cheapest_a_medium_and_the_dearest_candidate_are_tried
TIME = test_preflight_by_hand.test_an_epoch_is_all_steps_of_the_dearest_and_a_trial_all_epochs_of_the_mean
LIMITED = test_preflight_by_hand.test_what_breaks_a_constraint_is_not_tried
LAST = test_preflight_by_hand.test_every_part_is_looked_at_to_its_last_example
RARE = test_preflight_by_hand.test_a_class_that_only_the_test_has_is_a_class
EXAMINED = test_preflight_by_hand.test_a_space_is_examined_whole_if_it_is_small_and_by_so_many_samples_if_not
REASONS = test_preflight_by_hand.test_reasons_are_told_once_for_each_kind_the_most_frequent_first
TERM = test_terms_of_a_run.test_what_is_changed_is_a_term_and_nothing_else_is
EXAMPLES = test_terms_of_a_run.test_every_example_of_few_counts_and_of_many_the_first_and_the_last
ARRAYS = test_terms_of_a_run.test_arrays_are_told_apart_by_shape_and_by_content
FUNCTIONS = test_terms_of_a_run.test_of_a_function_its_source_and_its_arguments_count
OTHERS = test_warm_start.test_under_other_terms_they_are_tried_first_those_of_the_front_before_the_others
OPEN = test_warm_start.test_of_another_training_nothing_is_carried_over_and_of_an_open_one_what_fits
SETTINGS = test_warm_designs.test_an_outcome_stays_with_the_settings_that_it_was_measured_under
OUTCOME = test_warm_designs.test_an_outcome_is_taken_over_as_it_was
SIDES = test_for_task.test_the_sides_of_the_examples_are_in_their_order
THREAD = test_faults.test_a_thread_says_so_when_nothing_is_trained_and_ends_what_outlasts_its_limit
JOINT = test_open_settings.test_a_joint_space_has_the_parameters_of_both

PREFLIGHT = {
    "the dearest not tried": Fault(
        preflight.preflight, "{0, len(by_cost) // 2, len(by_cost) - 1}", "{0, len(by_cost) // 2}", TRIED
    ),
    "candidates that break a constraint tried": Fault(
        feasible.keeping, "all(c.excess(price(a, target)) <= 0 for c in quick)", "True", LIMITED
    ),
    "a limit that nothing keeps taken for one that few keep": Fault(
        feasible.out_of_reach,
        "found > constraint.limit",
        "False",
        test_feasible.test_a_limit_that_nothing_keeps_is_a_mistake,
    ),
    "the cheapest of the few for that of the space": Fault(
        feasible.tight, "least(space, c, target)", "c.limit + 1", test_feasible.test_limits_that_few_keep_are_told
    ),
    "costs of torch before a search for another target": Fault(
        preflight.preflight,
        "costs = [price(a, target)",
        "costs = [price(a)",
        test_preflight_by_hand.test_costs_are_of_the_target,
    ),
    "an epoch of one step": Fault(preflight.preflight, "steps * (", "(", TIME),
    "an epoch of the cheapest": Fault(preflight.preflight, "each[by_cost[-1]]", "each[by_cost[0]]", TIME),
    "a trial of one epoch": Fault(preflight.preflight, "training.epochs * sum(each)", "sum(each)", TIME),
    "every trial as cheap as the cheapest": Fault(preflight.preflight, "sum(each) / len(each)", "min(each)", TIME),
    "the cheapest for the dearest": Fault(preflight.preflight, "high, note, few)", "low, note, few)", TRIED),
    "test data not looked at": Fault(
        preflight.preflight, "PARTS if task.test is not None else", "", partial(LAST, "test")
    ),
    "a loss that is no number": Fault(
        preflight._step,
        "not bool(loss.isfinite())",
        "False",
        test_preflight_by_hand.test_a_loss_that_is_no_number_is_told,
    ),
    "half precision that no network takes": Fault(
        inspecting._input_mistakes,
        "x.dtype != torch.get_default_dtype()",
        "False",
        partial(MISTAKES, name="half precision"),
    ),
    "a row of one label that is not asked for": Fault(
        inspecting._shape_mistake,
        "found == () and wanted == (1,)",
        "False",
        partial(
            test_preflight.test_what_does_not_fit_is_told_before_anything_is_trained, name="a label each, of several"
        ),
    ),
    "numbers at each position, for which a head is not named": Fault(
        inspecting._shape_mistake,
        "not kind.labels and len(output) == 1 and len(found) > 1",
        "False",
        partial(
            test_preflight.test_what_does_not_fit_is_told_before_anything_is_trained,
            name="numbers of positions for a whole example",
        ),
    ),
    "positions that do not count made classes": Fault(
        numbering._outside,
        "places and (low < 0 or alone)",
        "False",
        partial(
            test_preflight.test_what_does_not_fit_is_told_before_anything_is_trained, name="positions that do not count"
        ),
    ),
    "classes taken for positions that do not count": Fault(
        numbering._outside,
        "not bool(((y >= classes) & (y < high)).any())",
        "True",
        partial(
            test_preflight.test_what_does_not_fit_is_told_before_anything_is_trained,
            name="positions of more classes than the head",
        ),
    ),
    "an axis of one that is not asked for": Fault(
        inspecting._shape_mistake,
        "not kind.labels and output == (1, *found)",
        "False",
        partial(
            test_preflight.test_what_does_not_fit_is_told_before_anything_is_trained,
            name="one number at each position, without its axis",
        ),
    ),
    "NaN after the first batch": Fault(
        inspecting._input_mistakes, "data[0] if isinstance(data, tuple) else x", "x", partial(LAST, "train")
    ),
    "labels after the first batch": Fault(
        inspecting.target_mistakes, "comparable(y) if known is None else known", "y", partial(LAST, "train")
    ),
    "classes of the training data alone": Fault(
        numbering.unused, "(task.train, task.validation, task.test)", "(task.train,)", RARE
    ),
    "outputs that no label uses": Fault(numbering.unused, "highest + 1 < classes and", "False and", RARE),
    "accuracy asked of every kind": Fault(
        preflight.default_objectives,
        "kind.score if kind else",
        "'accuracy' if kind else",
        test_preflight_by_hand.test_each_kind_has_its_own_score_to_maximise,
    ),
    "a small space examined by chance": Fault(fitting.fitting, "space.enumerate() if whole", "() if whole", EXAMINED),
    "one sample of a large space": Fault(fitting.fitting, "for _ in range(most))", "for _ in range(1))", EXAMINED),
    "other samples each time": Fault(fitting.fitting, "random.Random(seed)", "random.Random()", EXAMINED),
    "the same samples for every seed": Fault(fitting.fitting, "random.Random(seed)", "random.Random(0)", EXAMINED),
    "a reason for every number": Fault(fitting.fitting, '_VARYING.sub("…", str(error))', "str(error)", REASONS),
    "the rarest reason first": Fault(Fitting.told, "most_common()", "most_common()[::-1]", REASONS),
    "one channel for all": Fault(ReadyMade.for_task, "make(channels, size", "make(1, size", SIDES),
    "rows and columns exchanged": Fault(ReadyMade.for_task, "tuple(grid)", "tuple(grid[::-1])", SIDES),
    "two outputs for yes or no": Fault(
        head_for, "classes=task.outputs", "classes=max(2, task.outputs)", test_for_task.test_yes_or_no_has_one_output
    ),
}
TERMS = {
    "another seed is the same search": Fault(terms.terms, '"seed": seed', '"seed": 0', partial(TERM, "seed")),
    "another target is the same search": Fault(
        terms.terms, '"target": target', '"target": "torch"', partial(TERM, "target")
    ),
    "another strategy is the same search": Fault(
        terms.terms, "strategy if isinstance(strategy, str) else", "'tpe' if True else", partial(TERM, "strategy")
    ),
    "another space is the same search": Fault(
        terms.terms, '"space": to_data(space.template)', '"space": None', partial(TERM, "space")
    ),
    "other limits are the same search": Fault(
        terms.terms, "[str(c) for c in constraints]", "[]", partial(TERM, "limit")
    ),
    "another goal is the same search": Fault(
        terms.terms,
        "in_words(o.name, o.maximize) for o in objectives if",
        "'' for o in objectives if",
        partial(TERM, "goal"),
    ),
    "another training is the same search": Fault(terms.terms, "training.record()", "{}", partial(TERM, "training")),
    "other directions are the same search": Fault(
        terms.of_task, 'dict(getattr(task, "directions", {}))', "{}", partial(TERM, "direction")
    ),
    "other weights are the same search": Fault(
        terms.of_task, "of_array(weights)", "len(weights)", partial(TERM, "size of weights")
    ),
    "another loss is the same search": Fault(
        terms.functions, 'getattr(task, "criterion", None)', "None", partial(TERM, "loss")
    ),
    "other validation data are the same search": Fault(
        terms.of_task, '("train", "validation")', '("train",)', partial(TERM, "last pixel of validation")
    ),
    "a function is its name": Fault(identity.of_function, "_hash(source, *map", "_hash(name, *map", FUNCTIONS),
    "named arguments of a function ignored": Fault(
        identity.of_function, '*(f"{k}={of_value(v)}" for k, v in function.keywords.items())', "", FUNCTIONS
    ),
    "numbers of a function's module ignored": Fault(
        identity.of_function,
        ", *_globals(function)",
        "",
        test_terms.test_numbers_that_a_function_reads_from_its_module_count,
    ),
    "a file that has not been changed": Fault(
        identity.of_function,
        "SyntaxError, TokenError",
        "SyntaxError",
        test_terms.test_a_function_whose_file_has_been_changed_since_is_known_by_its_code,
    ),
    "an array is its shape": Fault(identity.of_array, "_hash(found.tobytes())", "0", ARRAYS),
    "an array is its bytes": Fault(identity.of_array, "{tuple(found.shape)} ", "", ARRAYS),
    "the first examples alone": Fault(
        identity.of_data, "for k in range(SAMPLED)}", "for k in range(min(SAMPLED, count) // 2)}", EXAMPLES
    ),
    "any number of examples": Fault(identity.of_data, "{count} examples", "examples", EXAMPLES),
    "a loader is its length": Fault(
        identity.of_data,
        "batches of {of_data(inner)}",
        "batches",
        test_terms.test_random_augmentation_is_the_same_data,
    ),
}
WARM = {
    "outcomes of other data": Fault(
        warm._same_terms, "for name in DECISIVE", "for name in DECISIVE[:1]", partial(OTHERS, {"target": "onnx"})
    ),
    "outcomes picked by another score": Fault(
        warm._same_terms,
        'old.get("goals", [])[:1] == new["goals"][:1]',
        "True",
        partial(OTHERS, {"goals": ["minimize loss"]}),
    ),
    "outcomes of another training": Fault(warm._design, "like is None or", "", OPEN),
    "outcomes under other settings": Fault(
        warm._design, "values | settings | (like or {})", "values | settings", SETTINGS
    ),
    "one of several settings": Fault(
        warm.designs, "for name in wanted.training.parameters", "for name in ()", SETTINGS
    ),
    "outcomes that are no number": Fault(
        warm._measured,
        "all(map(math.isfinite, values))",
        "bool(values)",
        test_warm_designs.test_a_score_that_is_no_number_or_not_there_is_measured_again,
    ),
    "what failed tried again": Fault(
        warm._design, 'trial.state != "scored"', "False", test_warm_designs.test_what_was_never_scored_is_no_design
    ),
    "designs beyond a limit": Fault(
        warm._design,
        "constraint.excess(cost, architecture) > 0",
        "False",
        test_warm_start.test_what_is_not_of_the_space_or_breaks_a_constraint_is_left_out,
    ),
    "limits of torch for another target": Fault(
        warm._design,
        "price(architecture, wanted.target)",
        "price(architecture)",
        test_warm_designs.test_limits_are_those_of_the_target,
    ),
    "outcomes of one epoch": Fault(warm._outcome, "trial.fidelity", "1", OUTCOME),
    "settings that are no outcome's": Fault(
        Training.values_like, "if self.filled(values).record() == other.record() else", "if True else", OPEN
    ),
}
DEFAULT = test_strategies.test_by_default_a_new_run_is_of_front_and_one_of_the_former_default_goes_on_with_it
STRATEGY = {
    "a run that goes on with the strategy of new ones": Fault(
        reading.begun_by,
        "return str((UNRECORDED | dict(values))",
        "return None and str((UNRECORDED | dict(values))",
        DEFAULT,
    ),
}
TRAINING = {
    "the first value of a hole checked": Fault(
        holes.check_holes,
        "in hole.values_to_check()",
        "in list(hole.values_to_check())[:1]",
        test_open_settings.test_every_value_of_a_setting_is_checked,
    ),
    "a value that no record can hold": Fault(
        holes.check_holes, "math.isinf(value)", "False", test_open_settings.test_every_value_of_a_setting_is_checked
    ),
    "settings drawn as their first value": Fault(Joint.drawn, "draw(name, hole) for", "hole.first for", JOINT),
    "a space without the sizes of its settings": Fault(
        Joint.size, " * math.prod(hole.count for hole in self.settings.values())", "", JOINT
    ),
    "settings that are no value of their hole": Fault(
        Joint.fill,
        "hole.check(values[name], name)",
        "pass",
        test_open_settings.test_every_value_of_a_setting_is_checked,
    ),
    "seconds= ignored": Fault(
        Loop.epoch,
        "self.elapsed > self.training.seconds",
        "False",
        test_faults.test_a_trial_ends_at_its_limit_of_time_as_a_failure,
    ),
    "the end of the search ignored": Fault(
        limits.Limits.step,
        "time.time() >= self.until",
        "False",
        test_faults.test_at_the_end_of_the_search_training_is_interrupted_and_goes_on_from_its_checkpoint,
    ),
    "a trial blamed for the end of the search": Fault(
        limits.Limits._watch, "self.end(own <= search)", "self.end(True)", THREAD
    ),
    "a trial's own limit for that of the search": Fault(
        limits.Limits._watch, "self.end(own <= search)", "self.end(False)", THREAD
    ),
}
FAULTS = PREFLIGHT | TERMS | WARM | STRATEGY | TRAINING
