"""Faults of what data mean (labels, axes, units, random numbers), and the laws that notice them."""

from functools import partial

from search import directions
from search.tasks import inspecting, labels, lacking, numbering, reading, remarks, sources
from search.tasks.preparation import Preparation
from search.training import randomness
from search.training.settings import Training
from tests.search.planting import Fault
from tests.search.tasks import test_remarks
from tests.search.training import test_faults, test_training

ABSENT = test_remarks.test_a_class_that_a_part_of_the_data_has_no_example_of_is_remarked_on
SCALE = test_remarks.test_inputs_that_are_far_off_are_remarked_on
WORST = test_remarks.test_an_objective_that_looks_for_the_worst_is_remarked_on
MISSED, WORSE = (("maximize missed", "write 'minimize missed'"), ("maximize loss", "write 'minimize loss'"))
AXES = test_remarks.test_channels_that_seem_to_come_last_are_remarked_on
UNITS = partial(test_remarks.test_numbers_that_are_learned_as_they_are_are_remarked_on_if_they_are_far_off, "dataset")
OWN = test_remarks.test_the_labels_of_a_dataset_are_those_that_it_gives
MODES = test_remarks.test_a_picture_of_any_mode_has_its_channels_first
ANSWERS = test_remarks.test_what_leaves_nothing_to_answer_is_told_before_training
SEED = test_training.test_what_a_dataset_draws_at_random_follows_from_the_seed
SETTING = test_faults.test_a_setting_that_trains_nothing_or_cannot_be_recorded_is_one_sentence
PALETTE = test_remarks.COLOURS.convert("P")

PREDICTED = test_remarks.test_a_picture_is_predicted_as_it_was_learned
BYTES = test_remarks.test_whole_numbers_are_not_predicted_where_real_ones_were_learned
POSITIONS = test_remarks.test_numbers_at_each_position_are_remarked_on_if_they_are_far_off

FAULTS = {
    "halves taken for the whole": Fault(
        remarks._examples,
        'isinstance(getattr(data, "sampler", None), RandomSampler | SequentialSampler)',
        'hasattr(data, "dataset")',
        partial(test_remarks.test_validation_data_that_are_trained_with_are_remarked_on, "halves"),
    ),
    "no look at the examples of loaders": Fault(
        remarks._examples,
        "data.dataset if whole else data",
        "data",
        partial(test_remarks.test_validation_data_that_are_trained_with_are_remarked_on, "loaders"),
    ),
    "a class that is missing in validation not remarked on": Fault(
        lacking.absent, '("validation", task.validation), ', "", partial(ABSENT, "in validation")
    ),
    "a label that is missing for one that all have": Fault(
        lacking.lacking, "round(1 - one)", "round(one)", partial(ABSENT, "a label")
    ),
    "millions as inputs without a word": Fault(
        remarks._scale, "max(float(middle[worst]), float(spread[worst]))", "0", partial(SCALE, 1e3, 0, True)
    ),
    "inputs far from 0 without a word": Fault(
        remarks._scale, "torch.maximum(middle, spread)", "spread", partial(SCALE, 1, 300, True)
    ),
    "an error that is maximised without a word": Fault(
        directions.turned, "known.get(name, direction_of(name))", "direction_of(name)", partial(WORST, *MISSED)
    ),
    "a score of a known name minimised without a word": Fault(
        directions.turned, "known.get(name, direction_of(name))", "known.get(name)", partial(WORST, *WORSE)
    ),
    "copies of training examples not remarked on": Fault(
        remarks._copied,
        "digest in known",
        "False",
        partial(test_remarks.test_copies_of_training_examples_among_the_validation_data_are_remarked_on, 4),
    ),
    "what is blank taken for copies": Fault(
        remarks._digests,
        " if (example != example.flat[0]).any()",
        "",
        test_remarks.test_examples_that_are_blank_are_no_copies,
    ),
    "labels that are read no further than their first": Fault(
        labels.present,
        "if found.issuperset(range(classes))",
        "if True",
        test_remarks.test_labels_are_read_until_all_classes_are_found,
    ),
    "labels that are read to their end": Fault(
        labels.present,
        "if found.issuperset(range(classes))",
        "if False",
        test_remarks.test_labels_are_read_until_all_classes_are_found,
    ),
    "steps for channels not remarked on": Fault(remarks._axes, "channels > grid[0]", "False", partial(AXES, (40, 3))),
    "columns of a picture for its colours not remarked on": Fault(
        remarks._axes, "grid[-1] <= COLOURS <", "False and grid[-1] <", partial(AXES, (12, 10, 3))
    ),
    "many channels remarked on": Fault(remarks._axes, "channels > grid[0]", "True", partial(AXES, (3, 40))),
    "millions learned as they are without a word": Fault(
        remarks._units, "abs(middle) <= FAR and", "True or", partial(UNITS, 1, 500, True)
    ),
    "labels that a dataset changes": Fault(
        labels.known_labels, "tensors or _are_answers(labels, data)", "True", partial(OWN, "two of them as one")
    ),
    "labels that a transform changes": Fault(
        labels._are_answers,
        'getattr(data, "target_transform", None) is not None',
        "False",
        test_remarks.test_labels_that_are_changed_by_a_transform_are_not_known,
    ),
    "a weight less than there are classes": Fault(
        labels.class_weights,
        "max(2, classes)",
        "2",
        test_remarks.test_a_class_without_training_data_has_a_balanced_weight,
    ),
    "numbers of colours for colours": Fault(
        reading.channels_of, '"P": 3', '"P": 0', partial(MODES, PALETTE, test_remarks.IN_PALETTE)
    ),
    "names of fewer labels than there are": Fault(
        numbering.name_mistakes,
        "len(names) != outputs",
        "False",
        partial(ANSWERS, "multilabel", test_remarks.ONE_HOT, ("a", "b"), "classes= has 2 names"),
    ),
    "an answer that is always the same": Fault(
        inspecting.target_mistakes,
        "bool((known == known[:1]).all())",
        "False",
        partial(ANSWERS, "regression", test_remarks.EQUAL, (), "all numbers are equal"),
    ),
    "a picture read otherwise than in training": Fault(
        sources.Columns.pictures, "not hasattr(first", "True or not hasattr(first", PREDICTED
    ),
    "names that a picture's answer lacks": Fault(
        sources.Columns.pictures, '"image", classes,', '"image", (),', PREDICTED
    ),
    "bytes taken for numbers from 0 to 1": Fault(
        Preparation.inputs, "real and not x.is_floating_point()", "False", BYTES
    ),
    "positions of millions without a word": Fault(
        remarks._units, "abs(middle) <= FAR and", "True or", partial(POSITIONS, 1e6, False, True)
    ),
    "what is standardised remarked on": Fault(
        remarks._units,
        "kind.labels or isinstance(task.train, tuple)",
        "kind.labels",
        partial(POSITIONS, 1e6, True, False),
    ),
    "numpy not seeded": Fault(randomness.seed_epoch, "np.random.seed(own % 2**32)", "pass", partial(SEED, "numpy")),
    "random not seeded": Fault(randomness.seed_epoch, "random.seed(own)", "pass", partial(SEED, "random")),
    "no epoch at all": Fault(
        Training.__post_init__,
        '"learning_rate", "patience")',
        '"learning_rate")',
        partial(SETTING, "patience", 0, "patience must be above 0, not 0"),
    ),
    "infinity that a record forgets": Fault(
        Training.__post_init__,
        "not math.isfinite(value)",
        "False",
        partial(SETTING, "weight_decay", float("inf"), "weight_decay is a finite number, not inf"),
    ),
}
