"""Faults of how raw examples become inputs and outputs answers, and the laws that notice them."""

from functools import partial

import numpy as np

from search import prepared
from search.prediction import Predictor
from search.tasks import arrays, explained, folders, labels, preparation, reading, recordings, series, sources, tables
from search.tasks.kinds import Binary, Classification
from search.tasks.preparation import Preparation
from search.tasks.task import Task
from tests.search import test_answers, test_prediction
from tests.search.planting import Fault
from tests.search.tasks import test_explained, test_kinds, test_own_files, test_raw, test_tables

IMAGE = test_raw.test_an_image_is_red_green_blue_by_rows_and_columns_from_0_to_1
SOUND = test_raw.test_a_recording_is_the_mean_of_its_channels_around_zero_and_silent_after_its_end
SHORT = test_raw.test_a_short_series_goes_on_with_its_last_value_and_of_a_long_one_the_end_is_cut_off
EQUAL = test_tables.test_rows_of_the_same_time_are_warned_of_where_their_values_differ
TIMES = test_tables.test_series_of_a_long_table_are_sampled_at_regular_times
ROLES = test_raw.test_neither_the_target_nor_any_other_role_is_among_the_inputs
LIKE = test_raw.test_what_is_predicted_is_prepared_like_what_was_learned
STILL = test_raw.test_a_channel_that_never_changes_is_zero_and_no_number_is_lost
TABLE = test_raw.test_a_table_is_split_by_its_seed_and_numbers_are_learned_standardised
OWN_PARTS = test_raw.test_folders_of_a_split_keep_the_classes_of_the_training_data_and_its_scale
REMAINING = test_raw.test_shares_of_what_a_test_folder_leaves_and_the_seed_of_their_split
ROW = test_prediction.test_a_row_of_a_table_is_read_by_the_names_of_its_columns
LARGEST = test_answers.test_each_class_has_its_own_probability_and_the_largest_comes_first
OWN_UNITS = test_answers.test_numbers_are_in_the_units_of_the_targets
UNITS = partial(test_prediction.test_a_series_in_other_units_of_time_is_warned_of, 1e3, "lasts 4000")
EXPORTED = test_answers.test_the_network_is_evaluated_and_an_export_has_its_preparation
CAST = partial(test_prediction.test_real_numbers_of_any_precision_are_cast_as_the_training_data_were, "g")
SWAPPED = partial(test_prediction.test_real_numbers_of_any_precision_are_cast_as_the_training_data_were, ">f4")
BFLOAT = partial(test_prediction.test_real_numbers_of_any_precision_are_cast_as_the_training_data_were, "bfloat16")
NAMED = partial(test_prediction.test_what_is_no_number_is_not_answered_but_named, np.nan)
NUMBERS = partial(test_kinds.test_numbers_are_learned_standardised_and_scored_in_their_units, (60,))
AT_A_TIME = test_answers.test_many_examples_are_answered_in_order_and_so_many_at_a_time
SMALL, LARGE = partial(AT_A_TIME, 600, 2, [256, 256, 88]), partial(AT_A_TIME, 3, 2**21, [2, 1])
LARGER = test_answers.test_a_predictor_reads_more_of_the_signal_at_the_same_rate
ALL = "len(given)"

BY_HAND = test_explained.test_who_follows_the_words_gives_the_network_what_it_learned_from
SORTS = test_own_files.test_images_are_predicted_from_pixels_of_the_sort_that_was_learned
SLIDES = test_own_files.test_files_of_a_group_are_not_split
STACK = test_own_files.test_a_file_of_several_images_is_not_taken_for_its_first

READING = {
    "real pixels beside whole ones": Fault(reading.image, "is_real(found) != real", "False", SORTS),
    "a run that forgets the sort of its pixels": Fault(
        prepared.preparation_of,
        '("numbers", "pixels")',
        '("numbers",)',
        test_own_files.test_a_run_knows_the_sort_of_its_pixels_and_one_that_did_not_note_it_is_resumed,
    ),
    "a series of any length": Fault(series.in_other_units, "read / FAR < lasts < read * FAR", "True", UNITS),
    "pixels that were prepared before": Fault(Preparation._read, "bool(((x >= 0) & (x <= 1)).all())", "True", SORTS),
    "the first image of a stack": Fault(reading._images_in, "return count", "return 1", STACK),
    "a thumbnail taken for a second image": Fault(
        reading._images_in, "count if found.size == first else 1", "count", STACK
    ),
    "the second image of a photo counted": Fault(
        reading._images_in,
        'if found.format == "MPO"',
        "if False",
        partial(test_own_files.test_a_photo_with_a_second_image_that_belongs_to_it_is_its_first, 1.0),
    ),
    "groups of files that are split": Fault(folders.from_folder, "groups is None else [", "True else [", SLIDES),
    "an image without its scale in words": Fault(
        explained._read, ", of 16 bits by 65,535", "", partial(BY_HAND, "an image")
    ),
    "means left out of the words": Fault(
        explained.explained, "if prepared.mean:", "if False:", partial(BY_HAND, "a recording")
    ),
    "images from 0 to 255": Fault(reading._white, "else 255", "else 1", IMAGE),
    "blue for red": Fault(
        reading.image,
        "np.moveaxis(values, -1, 0)",
        "np.moveaxis(values[..., list(range(values.shape[-1]))[::-1]], -1, 0)",
        IMAGE,
    ),
    "columns for rows": Fault(
        reading.image, "found.resize((size[1], size[0])", "found.resize((size[0], size[1])", IMAGE
    ),
    "the left channel alone": Fault(recordings.recording, "wave.mean(1)", "wave[:, 0]", SOUND),
    "bytes around 128": Fault(recordings.scaled, "(wave - 128) / 128", "wave / 128", SOUND),
    "silence at the beginning": Fault(
        recordings.recording,
        "held[0, : len(wave)] = wave[:samples]",
        "held[0, max(0, samples - len(wave)) :] = wave[:samples]",
        SOUND,
    ),
    "a series that ends in zeros": Fault(series.series, 'mode="edge"', 'mode="constant"', SHORT),
    "the beginning of a long series cut off": Fault(series.series, "[:, :length]", "[:, -length:]", SHORT),
    "rows in the order of the table, not of time": Fault(
        series.resampled, 'np.argsort(times, kind="stable")', "np.arange(len(times))", TIMES
    ),
    "a rate upside down": Fault(series.resampled, "np.arange(length) / rate", "np.arange(length) * rate", TIMES),
    "rows of one time without a word": Fault(
        tables._warn_of_equal, "if count := int(", "if count := 0 * int(", partial(EQUAL, True)
    ),
    "rows that are twice there taken for others": Fault(
        tables._warn_of_equal, "equal.drop_duplicates()", "equal", partial(EQUAL, False)
    ),
    "gaps of series that need not be filled": Fault(
        tables._check_columns, "if timed and", "if False and", test_tables.test_series_with_gaps_may_be_put_on_a_grid
    ),
    "a rate that is not kept": Fault(tables.from_frame, "rate=rate, columns", "rate=None, columns", LIKE),
    "numbers of another precision refused": Fault(arrays.as_array, "given.dtype.itemsize <= 8", "True", CAST),
    "bytes in another order refused": Fault(arrays.as_array, '.newbyteorder("=")', "", SWAPPED),
    "a precision of torch alone refused": Fault(
        arrays.for_numpy, "raw.float() if raw.dtype == torch.bfloat16 else raw", "raw", BFLOAT
    ),
    "an answer for what is no number": Fault(Predictor._inputs, "not one.isfinite().all()", "False", NAMED),
    "the wrong example named": Fault(Predictor._inputs, "_called(example, number,", "_called(example, 0,", NAMED),
    "a row read by place": Fault(reading.row, "table[list(columns)]", "table.iloc[:, : len(columns)]", ROW),
    "the group among the inputs": Fault(
        tables.from_frame,
        "(series, time, groups) if name is not None)]",
        "(series, time) if name is not None)]",
        ROLES,
    ),
    "chosen columns ignored": Fault(tables.from_frame, "(columns or [", "([", TABLE),
    "a table split alike for every seed": Fault(
        tables.from_frame, "shares, seed, of_groups", "shares, 0, of_groups", TABLE
    ),
    "groups of a table split": Fault(tables.from_frame, "seed, of_groups", "seed, None", TIMES),
    "numbers of a table learned as they are": Fault(tables.from_frame, "standardise=True", "standardise=False", TABLE),
    "numbers sorted as text": Fault(
        tables._numbered,
        "np.unique(as_text(labels) if text else labels)",
        "np.unique(as_text(labels))",
        test_raw.test_labels_that_are_numbers_are_in_their_order,
    ),
    "a channel divided by nothing": Fault(preparation.measured, "1e-12 * mean.abs()", "-1.0", STILL),
    "validation data of another scale": Fault(
        folders.from_folder, "(parts.preparation.normalised(x), y)", "(x, y)", OWN_PARTS
    ),
    "classes numbered anew in each folder": Fault(
        folders.from_folder, "_files(folder, classes) for", "_files(folder, _folders(folder)) for", OWN_PARTS
    ),
    "training data given away twice": Fault(
        folders.from_folder, 'if "validation" in read else', "if False else", OWN_PARTS
    ),
    "a folder split alike for every seed": Fault(folders.from_folder, "remaining, seed", "remaining, 0", REMAINING),
}
ANSWERS = {
    "inputs as they are": Fault(Preparation.inputs, "return self.normalised(x)", "return x", LIKE),
    "inputs of another spread": Fault(
        Preparation.normalised, " / x.new_tensor(self.spread).reshape(shape)", "", EXPORTED
    ),
    "the least likely first": Fault(Preparation.answers, "-item[1]", "item[1]", LARGEST),
    "classes in the order of the alphabet": Fault(
        Preparation.answers, "names = self.classes or", "names = tuple(sorted(self.classes)) or", LARGEST
    ),
    "names of the classes sorted in a task": Fault(
        sources.from_arrays,
        "tuple(map(str, classes))",
        "tuple(sorted(map(str, classes)))",
        test_answers.test_names_of_a_task_are_in_the_order_of_its_numbers,
    ),
    "labels in words numbered by the alphabet": Fault(
        labels._numbered,
        "enumerate(classes)",
        "enumerate(sorted(classes))",
        test_answers.test_names_of_a_task_are_in_the_order_of_its_numbers,
    ),
    "probabilities over the examples": Fault(Classification.predictions, "softmax(1)", "softmax(0)", LARGEST),
    "labels by softmax": Fault(
        Binary.predictions, "outputs.sigmoid()", "outputs.softmax(1)", test_answers.test_labels_are_answered_one_by_one
    ),
    "the probability of yes for no": Fault(
        Preparation.answers,
        "names[-1]",
        "names[0]",
        test_answers.test_yes_or_no_is_the_probability_of_the_second_class,
    ),
    "the only class of yes or no called 0": Fault(
        Preparation.answers,
        '2 if self.kind == "binary" else',
        "",
        test_answers.test_yes_or_no_is_the_probability_of_the_second_class,
    ),
    "small examples all at once": Fault(Predictor._inputs, "min(EVALUATION_BATCH, answered(one[None], 1))", ALL, SMALL),
    "large examples all at once": Fault(
        Predictor._inputs, "min(EVALUATION_BATCH, answered(one[None], 1))", "EVALUATION_BATCH", LARGE
    ),
    "the last examples without an answer": Fault(Predictor._inputs, "if held:", "if False:", SMALL),
    "another grid, prepared as before": Fault(Predictor.on_grid, "size=other.grid", "", LARGER),
    "numbers in units of learning": Fault(Preparation.answers, "self.restored(outputs)", "outputs", OWN_UNITS),
    "numbers without their mean": Fault(Preparation.restored, " + _row(self.target_mean, outputs)", "", OWN_UNITS),
    "scores without their mean": Fault(
        Task.restored, "self.preparation.restored(outputs) if self.preparation else outputs", "outputs", NUMBERS
    ),
    "the class of a column for a position": Fault(
        Preparation.answers,
        "one.argmax(0)",
        "one.argmin(0)",
        test_answers.test_each_position_has_the_class_of_its_largest_output,
    ),
    "a network in training": Fault(Predictor.__init__, "model.eval()", "model.train()", EXPORTED),
    "an export without its preparation": Fault(Predictor.open, "not path.exists()", "True", EXPORTED),
}
FAULTS = READING | ANSWERS
