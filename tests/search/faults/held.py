"""Faults of how data are read that are held in other arrays, columns and numbers, and the laws that notice them."""

from functools import partial

from search import reference
from search.prediction import Predictor
from search.tasks import arrays, labels, metrics, reading, series, tables
from search.tasks.kinds import Classification
from spaces.space import Space
from tests.search import test_prediction
from tests.search.planting import Fault
from tests.search.tasks import test_held_otherwise as held
from tests.search.tasks.test_held_otherwise import DATES, GAPS, MANY
from tests.spaces import test_values

INPUTS = held.test_inputs_are_the_same_however_they_are_held
TARGETS = held.test_targets_are_the_same_however_they_are_held
WORDS = held.test_labels_in_words_are_the_same_however_they_are_held
COLUMN = held.test_labels_of_a_table_that_are_numbers_are_so_in_any_column
TIMES = held.test_times_are_the_same_in_any_column
ARROW = held.test_times_are_the_same_in_columns_of_arrow
NO_NUMBER = held.test_a_channel_of_what_is_no_number_is_refused_in_a_frame_as_in_a_file
WIDE = partial(held.test_labels_of_any_whole_numbers_are_looked_at_and_scored_alike, "dense", "uint16")
PLACES = held.test_numbers_of_positions_are_scored_as_so_many_examples
OFFERED = held.test_every_metric_that_is_offered_for_a_kind_can_be_worked_out

FAULTS = {
    "arrays that begin at their end refused": Fault(
        arrays.as_array, "given.copy() if", "given if", partial(INPUTS, "backwards")
    ),
    "what learns refused": Fault(arrays.for_numpy, ".detach()", "", partial(INPUTS, "in a tensor with a gradient")),
    "lists of tensors left as they are": Fault(
        arrays.for_numpy, "isinstance(raw, list | tuple)", "False", partial(INPUTS, "in tensors with a gradient")
    ),
    "targets that begin at their end refused": Fault(
        labels.as_targets, "unboxed(as_array(y))", "unboxed(np.asarray(y))", partial(TARGETS, "backwards")
    ),
    "names of a few metrics that are of no labels": Fault(
        metrics.NamedMetric.__post_init__, 'self.kind != "multilabel" or', "True or", OFFERED
    ),
    "decimals taken for words": Fault(
        arrays.unboxed, "isinstance(one, NUMBER)", "type(one) in (int, float)", partial(TARGETS, "decimals")
    ),
    "fractions left in their objects": Fault(
        arrays.unboxed, 'if found.dtype.kind == "O"', "if False", partial(TARGETS, "fractions")
    ),
    "bytes written as Python writes them": Fault(
        arrays.as_text, "one.decode() if isinstance(one, bytes) else str(one)", "str(one)", partial(WORDS, "S")
    ),
    "numpy's own text taken for numbers": Fault(arrays.is_text, '"OUST"', '"OUS"', partial(WORDS, "T")),
    "numbers in objects sorted as words": Fault(
        tables._numbered, "_whole(unboxed(labels))", "_whole(labels)", partial(COLUMN, object, MANY)
    ),
    "whole numbers in a column of real ones with gaps": Fault(
        tables._whole, 'labels.dtype.kind == "f"', "False", partial(COLUMN, float, GAPS)
    ),
    "durations in categories refused": Fault(
        series.times, 'hasattr(column, "cat")', "False", partial(TIMES, "duration")
    ),
    "durations that Arrow refuses": Fault(
        series._seconds, "pd.Series(durations.to_numpy())", "durations", partial(ARROW, "timestamp[ns]")
    ),
    "dates counted in nanoseconds as inputs": Fault(reading.numbers, '"mMc"', '"mc"', partial(NO_NUMBER, DATES)),
    "half of a complex number": Fault(reading.numbers, '"mMc"', '"mM"', partial(NO_NUMBER, held.LONG["u"] * 1j)),
    "a best constant answer lost": Fault(reference._counted, "kept(comparable(targets)", "kept(targets", WIDE),
    "a mean rounded to single precision": Fault(
        reference._means,
        "targets.dtype == mean.dtype",
        "False",
        held.test_the_best_constant_answer_to_numbers_far_off_is_their_mean,
    ),
    "correlations that are of positions given to another shape": Fault(
        metrics.NamedMetric.__call__,
        "part.movedim(1, -1).flatten(0, -2)",
        "part.flatten(1).mT",
        partial(PLACES, "pearson"),
    ),
    "values of numpy's refused": Fault(
        Space.fill, "isinstance(value, np.generic)", "False", test_values.test_numbers_of_numpy_are_those_of_python
    ),
    "weights that learn refused": Fault(
        labels.class_weights,
        "np.asarray(as_array(weights), dtype=np.float64)",
        "np.asarray(weights, dtype=np.float64)",
        held.test_names_and_weights_may_be_numpys_and_torchs,
    ),
    "a mean over one label": Fault(
        metrics.NamedMetric._of_classes,
        'if family == "multilabel" and found.shape[1] == 1 else',
        "if False else",
        partial(held.test_several_labels_may_be_one_which_is_a_binary_task, "f1"),
    ),
    "weights of the classes left out": Fault(
        Classification.loss,
        "weight=weights",
        "weight=None",
        partial(held.test_the_loss_of_a_kind_is_torchs_as_it_is_smoothed, 0.1, [1.0, 2.0, 4.0]),
    ),
    "a table whose names are read as files": Fault(
        Predictor.predict_all,
        'hasattr(examples, "columns")',
        "False",
        test_prediction.test_all_examples_are_a_list_of_them_not_one_table_of_which_names_would_be_read,
    ),
}
