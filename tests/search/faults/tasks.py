"""Faults of tasks (losses, scores, metrics, splits, batches), and the laws that notice them."""

from functools import partial

import torch

from search import reference, terms
from search.directions import direction_of
from search.tasks import batches, ignoring, labels, metrics, sources, splitting
from search.tasks.kinds import Binary, Classification, DenseClassification, Multilabel, Regression, TaskKind
from search.tasks.metrics import NamedMetric
from search.tasks.preparation import Preparation
from search.tasks.task import Task
from search.training import evaluation
from tests.search.planting import Fault
from tests.search.tasks import test_by_hand, test_ignoring, test_kinds, test_raw, test_sources, test_task

OF_KEPT = test_ignoring.test_the_loss_is_that_of_the_positions_that_count
OF_BYTES = partial(OF_KEPT, -1, torch.int8, None)
SCORES_OF_KEPT = test_ignoring.test_scores_are_those_of_the_positions_that_count
NOTHING = test_ignoring.test_a_batch_in_which_nothing_counts_is_no_step
OWN = test_ignoring.test_a_loss_and_metrics_of_ones_own_are_given_everything
BYTES = test_ignoring.test_a_label_that_its_numbers_cannot_hold_is_nowhere
COUNTED = test_ignoring.test_classes_are_counted_without_what_is_ignored
CONSTANT = test_ignoring.test_the_best_constant_answer_is_that_of_what_counts
RESUMED = test_ignoring.test_a_run_is_resumed_with_the_label_that_it_was_begun_with
AS_WRITTEN = test_kinds.test_scores_do_not_depend_on_how_precise_targets_are_written
MASKS = partial(AS_WRITTEN, "dense", torch.uint8)
HALF = partial(AS_WRITTEN, "regression", torch.float16)
WEIGHED = test_kinds.test_classification_is_cross_entropy_with_its_weights
BALANCED = test_kinds.test_balanced_weights_are_inversely_proportional_to_the_count
YES = partial(test_kinds.test_binary_is_one_output_whatever_the_shape_of_the_targets, (60,))
OF_YES = test_by_hand.test_a_weight_of_yes_or_no_multiplies_the_loss_of_its_examples
OF_LABELS = test_by_hand.test_a_weight_of_a_label_multiplies_the_loss_where_it_is_and_not_where_it_is_not
SMOOTHED = test_by_hand.test_smoothing_is_the_same_for_yes_and_for_no
LABELS = test_kinds.test_multilabel_scores_each_label
NOWHERE = test_by_hand.test_a_label_that_is_nowhere_and_is_not_found_is_right
DENSE = test_kinds.test_dense_scores_each_position
UNION = test_by_hand.test_the_union_of_what_is_found_and_what_is_there_counts_once_and_only_of_classes_that_occur
NUMBERS = partial(test_kinds.test_numbers_are_learned_standardised_and_scored_in_their_units, (60,))
SEVERAL = test_kinds.test_r2_counts_each_target_alike_whatever_its_scale
OWN_LOSS = test_kinds.test_a_loss_of_ones_own_is_trained_on
PROBABILITIES = test_by_hand.test_metrics_are_of_probabilities_and_their_direction_that_of_what_they_are
DIRECTION = test_kinds.test_the_direction_is_part_of_a_metric
OF_NUMBERS = partial(test_kinds.test_metrics_by_name_are_those_of_scikit_learn, "regression")
CLASSES = test_by_hand.test_a_class_counts_that_is_named_or_is_of_the_test_alone
ALIKE = test_by_hand.test_scores_are_of_all_examples_alike_and_in_the_units_of_the_targets
SUBSET = test_by_hand.test_the_labels_of_a_subset_are_those_of_its_examples
RARE = test_by_hand.test_each_part_has_groups_that_hold_what_is_rare
NO_GROUP = test_by_hand.test_examples_of_no_group_are_not_one_group
EVEN = test_by_hand.test_groups_are_even_over_the_classes_that_most_of_their_examples_are_of
GROUPS = test_sources.test_groups_are_not_split
GROUPS_BY_SEED = test_by_hand.test_groups_are_split_by_the_seed
HELD = test_by_hand.test_what_is_held_out_of_a_dataset_is_even_over_its_classes_and_does_not_split_its_groups
LISTS = test_sources.test_lists_of_numbers_are_examples_and_targets
PLAIN = test_sources.test_what_is_held_out_is_not_augmented
MAPPINGS = test_sources.test_datasets_of_mappings_give_two_of_their_columns
SPLIT = test_task.test_the_parts_of_a_split_are_disjoint_whole_and_even_over_the_classes
NAME = test_task.test_a_name_that_no_file_can_hold_is_refused_when_the_task_is_made
SHOWN = test_task.test_an_epoch_shows_every_example_but_one_left_over_in_as_many_batches_as_are_counted

LOSSES = {
    "a name that no file can hold": Fault(Task.__post_init__, "_check_text(text, what)", "pass", NAME),
    "class weights not used": Fault(Classification.loss, "weight=weights", "weight=None", WEIGHED),
    "class weights upside down": Fault(
        labels.class_weights,
        "(labels.numel() / (len(count) * count.clamp(min=1)))",
        "(len(count) * count / labels.numel())",
        BALANCED,
    ),
    "balanced weights of many classes": Fault(labels.class_weights, "len(count) * ", "", BALANCED),
    "weights of labels against all examples": Fault(
        labels.class_weights, "(len(labels) - with_).clamp(min=1) / with_", "len(labels) / with_", BALANCED
    ),
    "the weight of no for yes": Fault(Binary.loss, "weights[-1], weights[0]", "weights[0], weights[-1]", OF_YES),
    "a label's weight where it is not": Fault(Multilabel.loss, "pos_weight=weights", "weight=weights", OF_LABELS),
    "yes smoothed and no left alone": Fault(
        Binary.loss, "(1 - smoothing) + smoothing / 2", "(1 - smoothing)", partial(SMOOTHED, "binary")
    ),
    "labels smoothed and their absence left alone": Fault(
        Multilabel.loss, "(1 - smoothing) + smoothing / 2", "(1 - smoothing)", partial(SMOOTHED, "multilabel")
    ),
    "each number against all targets": Fault(
        Regression.loss,
        "F.mse_loss(outputs, targets.view_as(outputs).to(outputs.dtype))",
        "(outputs - targets).pow(2).mean()",
        NUMBERS,
    ),
    "a loss of one's own thrown away": Fault(
        Task.of_parts, 'criterion=rest.pop("loss", None)', 'criterion=rest.pop("loss", None) and None', OWN_LOSS
    ),
    "targets learned as they are": Fault(
        Task.loss, "self.preparation.scaled(targets) if self.preparation else targets", "targets", NUMBERS
    ),
    "targets learned without their mean": Fault(Preparation.scaled, " - _row(self.target_mean, targets)", "", NUMBERS),
    "numbers at each position learned as they are": Fault(
        sources.split_up,
        "not kind_of(prepared.kind).labels:",
        "not kind_of(prepared.kind).labels and targets.dim() < 3:",
        partial(test_kinds.test_numbers_are_learned_standardised_and_scored_in_their_units, (60, 3, 4)),
    ),
    "r2 of numbers at each position as of one": Fault(
        Regression.scores,
        "outputs.dim() > 1 and",
        "outputs.dim() == 2 and",
        test_kinds.test_numbers_at_each_position_count_alike_in_r2_whatever_their_scale,
    ),
    "targets never standardised": Fault(sources.from_arrays, "standardise=standardise", "standardise=False", NUMBERS),
}
SCORES = {
    "yes at more than a half": Fault(Binary.scores, "= outputs > 0,", "= outputs > 0.5,", YES),
    "a label at more than a half": Fault(Multilabel.scores, "= outputs > 0,", "= outputs > 0.5,", LABELS),
    "f1 of all labels together": Fault(
        Multilabel.scores,
        "(found & wanted).sum(0), found.sum(0) + wanted.sum(0)",
        "(found & wanted).sum(), found.sum() + wanted.sum()",
        LABELS,
    ),
    "a label that is nowhere is wrong": Fault(Multilabel.scores, ", 1.0)", ", 0.0)", NOWHERE),
    "accuracy of a position counted for all": Fault(
        Classification.scores, "/ targets.numel()", "/ len(targets)", DENSE
    ),
    "a union that counts twice what both have": Fault(
        DenseClassification.scores, " + table.sum(1) - table.diagonal()", " + table.sum(1)", UNION
    ),
    "classes that do not occur in the mean": Fault(
        DenseClassification.scores, "both[there] / either[there]", "both / either.clamp(min=1)", UNION
    ),
    "r2 of all targets together": Fault(
        Regression.scores, "outputs.dim() > 1 and outputs.shape[1] > 1", "False", SEVERAL
    ),
    "metrics of outputs, not of probabilities": Fault(
        NamedMetric.__call__, "kind_of(self.kind).predictions(outputs)", "outputs", PROBABILITIES
    ),
    "rmse without its root": Fault(
        NamedMetric.__call__,
        'value.sqrt() if self.name == "rmse" else value',
        "value",
        partial(OF_NUMBERS, "rmse"),
    ),
    "a metric of the first target": Fault(
        NamedMetric.__call__,
        "(found, targets).mean()",
        "(found[:, 0], targets[:, 0]).mean()",
        partial(OF_NUMBERS, "mae"),
    ),
    "each number against all targets in a metric": Fault(Task.scores, "found.reshape(wanted.shape)", "found", NUMBERS),
    "a metric's direction turned": Fault(
        metrics.read_metrics, 'what[0] == "maximize"', 'what[0] == "minimize"', DIRECTION
    ),
    "errors maximised": Fault(direction_of, "else False if", "else True if", DIRECTION),
    "a direction by the name that a metric was given": Fault(
        metrics.read_metrics,
        "direction_of(what if isinstance(what, str) else name)",
        "direction_of(name)",
        PROBABILITIES,
    ),
    "scores in units of learning": Fault(
        evaluation.evaluate, "restored(outputs) if restored else outputs", "outputs", ALIKE
    ),
    "scores of the first batch": Fault(evaluation.evaluate, "(torch.cat(parts) for", "(parts[0] for", ALIKE),
    "as many outputs as training has classes": Fault(
        Task.outputs, "(self.train, self.validation, self.test)", "(self.train,)", CLASSES
    ),
    "named classes that do not occur left out": Fault(Task.outputs, "if self.classes", "if False", CLASSES),
}
PARTS = {
    "groups that are split": Fault(splitting.split, "if groups is not None", "if False", GROUPS),
    "groups split in arrays": Fault(sources.split_up, "prepared.kind), groups)", "prepared.kind), None)", GROUPS),
    "groups split in datasets": Fault(sources.from_datasets, "kind), groups, exact", "kind), None, exact", HELD),
    "classes of groups by chance": Fault(
        splitting._by_groups, "shares, seed, alike", "shares, seed, None", partial(EVEN, 0)
    ),
    "the class that the fewest of a group are of": Fault(
        splitting._alike, "times * many", "-times * many", partial(EVEN, 1)
    ),
    "a pass over all examples for each group": Fault(
        splitting._alike,
        "nothing = member.new_zeros(count)",
        "nothing = sum((member == group).sum() for group in range(count)) * member.new_zeros(count)",
        test_by_hand.test_many_groups_are_split_by_as_many_operations_as_few,
    ),
    "groups of nothing taken for one": Fault(
        splitting._known, "group == group", "True", partial(NO_GROUP, float("nan"))
    ),
    "what is rare in a group left to chance": Fault(
        splitting._alike, '.argsort()[of], "amax"', '.argsort()[of], "amin"', partial(RARE, 0)
    ),
    "groups split alike for every seed": Fault(
        splitting._by_groups, "shares, seed, alike", "shares, 0, alike", GROUPS_BY_SEED
    ),
    "classes of arrays by chance": Fault(sources.split_up, "strata(targets, prepared.kind)", "None", SPLIT),
    "classes of datasets by chance": Fault(sources.from_datasets, "strata(labels, kind)", "None", HELD),
    "labels of the whole for a subset's": Fault(
        labels.known_labels, "all_[torch.as_tensor(data.indices)]", "all_", SUBSET
    ),
    "augmented validation data": Fault(
        sources.from_datasets, "Subset(same or first, held", "Subset(first, held", PLAIN
    ),
    "means of targets of the whole data": Fault(
        sources.split_up, "learned = targets[train]", "learned, train = targets, range(len(targets))", NUMBERS
    ),
    "means of inputs of the whole data": Fault(
        sources.split_up,
        "measured(inputs[train])",
        "measured(inputs)",
        test_raw.test_means_are_of_the_training_data_alone,
    ),
    "targets read as inputs": Fault(
        sources.Columns.__getitem__,
        "as_input(example[self.x]), example[self.y]",
        "as_input(example[self.y]), example[self.x]",
        MAPPINGS,
    ),
    "a short last batch left out of scores": Fault(
        batches._loaded, "drop_last=drop", "drop_last=True", partial(SHOWN, "dataset", 100, 32)
    ),
    "a single last example left out of scores": Fault(
        batches.batches, "generator is not None and _one_left", "_one_left", partial(SHOWN, "arrays", 33, 32)
    ),
    "lists of numbers put together as columns": Fault(
        batches._numbers, "not isinstance(part, list)", "True", partial(LISTS, test_sources.Rows(False))
    ),
    "a search that has the test data": Fault(
        Task.without_test, "test=None, ", "", test_task.test_a_search_gets_no_test_data
    ),
}
IGNORED = {
    "what is ignored learned": Fault(
        ignoring.cross_entropy,
        "(outputs, targets, weights",
        "(outputs, targets.where(there, 0), weights",
        OF_BYTES,
    ),
    "what is ignored counted in the mean": Fault(
        ignoring.cross_entropy,
        "each = there if",
        "each = torch.ones_like(there) if",
        OF_BYTES,
    ),
    "the weights of what is ignored in the mean": Fault(
        ignoring.cross_entropy,
        "there * weights",
        "weights",
        partial(OF_KEPT, -1, torch.int8, (0.5, 2.0, 3.0)),
    ),
    "a batch in which nothing counts as NaN": Fault(
        ignoring.cross_entropy, ".clamp(min=torch.finfo(total.dtype).tiny)", "", NOTHING
    ),
    "what is ignored scored": Fault(
        Task.scores, "kind.scores(*counted)", "kind.scores(outputs, targets)", partial(SCORES_OF_KEPT, 1, torch.int32)
    ),
    "what is ignored given to metrics": Fault(
        Task.scores, "isinstance(metric, NamedMetric)", "False", partial(SCORES_OF_KEPT, 1, torch.int32)
    ),
    "what is ignored kept from metrics of one's own": Fault(
        Task.scores, "isinstance(metric, NamedMetric)", "True", OWN
    ),
    "bytes of -1": Fault(ignoring.that_count, "if whole and", "if False and", BYTES),
    "what is ignored as a class": Fault(
        Task.__post_init__, "len(self.classes), ignored)", "len(self.classes), None)", COUNTED
    ),
    "classes of a head for what is ignored": Fault(Task.outputs, "kept(found, self.ignored)", "found", COUNTED),
    "what is ignored answered": Fault(
        reference._counted, 'kept(comparable(targets), getattr(task, "ignored", None))', "targets", CONSTANT
    ),
    "a run of another ignored label resumed": Fault(terms.of_task, 'getattr(task, "ignored", None)', "None", RESUMED),
}
PRECISE = {
    "unions in bytes": Fault(TaskKind.precise, "return targets.long()", "return targets", MASKS),
    "bytes that index as a mask": Fault(
        Task.scores, "kind.precise(targets, outputs)", "targets", partial(AS_WRITTEN, "classification", torch.uint8)
    ),
    "means in half precision": Fault(
        TaskKind.precise,
        "torch.promote_types(targets.dtype, outputs.dtype)",
        "targets.dtype",
        HALF,
    ),
}
FAULTS = LOSSES | SCORES | PARTS | IGNORED | PRECISE
