"""Faults of reading files, arrays and tables, and the laws that notice them."""

from functools import partial

import numpy as np

from search import prediction, prepared, terms
from search.tasks import csv_files, folders, preparation, reading, series, tables
from search.tasks.preparation import Preparation
from tests.search import test_prediction
from tests.search.planting import Fault
from tests.search.tasks import test_own_files, test_remarks, test_sources

CUT = test_sources.test_longer_recordings_than_the_first_are_told_to_be_cut
OF_ONE_LENGTH = test_sources.test_recordings_of_one_length_are_not_remarked_on
ANY_WAY = test_own_files.test_a_table_is_the_same_however_it_is_written
NO_NAMES = test_own_files.test_a_first_row_is_not_taken_for_the_names_of_the_columns
NAMES = partial(test_own_files.test_names_that_are_numbers_are_names, ["400", "410", "420", "430", "y"])
ASKED_FOR = test_own_files.test_a_column_without_a_name_is_an_input_if_it_is_asked_for
GUESSED = test_own_files.test_numbers_with_points_beside_numbers_with_commas_are_not_guessed_at
OF_LABEL = test_own_files.test_a_label_of_a_table_has_the_name_that_it_is_given
OF_FOLDER = partial(
    test_own_files.test_a_folder_has_the_name_that_it_is_given, ("cat", "ape", "bee"), ("cat", "ape", "bee")
)
HIDDEN = test_own_files.test_copies_that_a_program_hides_are_no_examples
PIXELS = test_own_files.test_no_pixel_is_cut_off
IN_ARRAY = partial(test_own_files.test_pixels_in_an_array_are_the_pixels_of_the_file, "8 bits")
SAMPLES = test_own_files.test_samples_in_an_array_are_the_samples_of_the_file

RATE = test_own_files.test_a_rate_that_is_not_that_of_the_series_is_one_sentence

AS_TRAINED = test_own_files.test_a_day_that_may_be_a_month_is_read_as_in_the_training_data

FAULTS = {
    "recordings cut in silence": Fault(
        folders._as_long_as_the_first, "one > LONGER * first", "False", partial(CUT, dtype=np.int16)
    ),
    "recordings of one length told to be cut": Fault(
        folders._as_long_as_the_first, "LONGER * first", "0.99 * first", OF_ONE_LENGTH
    ),
    "an answer to the beginning of a recording": Fault(
        prediction._cut,
        "whole < 2 * read",
        "True",
        partial(test_prediction.test_a_recording_that_is_answered_by_its_beginning_is_told_to_be, length=40, told=True),
    ),
    "numbers of rows among the inputs": Fault(
        tables.from_frame,
        "for name in named(table) if",
        "for name in map(str, table.columns) if",
        partial(ANY_WAY, "with the numbers of its rows"),
    ),
    "a column that is asked for left out": Fault(tables.from_frame, "list(columns or [", "list([", ASKED_FOR),
    "a first row lost": Fault(tables.from_frame, "check_names(table, frame)", "pass", partial(NO_NAMES, "numbers")),
    "a first row with a label in words lost": Fault(
        csv_files._is_value, "name in set(map(str, column))", "False", partial(NO_NAMES, "labels in words")
    ),
    "names of one number refused": Fault(csv_files.check_names, "and all(", "or all(", NAMES),
    "commas among points guessed at": Fault(
        csv_files.read_csv, " and not any(_has_points(table[name]) for name in table.columns)", "", GUESSED
    ),
    "a day or a month guessed at": Fault(
        series.day_comes_first,
        "if max(first, second) <= MONTHS:",
        "if False:",
        test_own_files.test_a_day_that_may_be_a_month_is_one_sentence,
    ),
    "dates read the other way than in the training data": Fault(
        preparation.Preparation._series,
        "self.series, self.day_first",
        "self.series, not self.day_first",
        partial(AS_TRAINED, "%d/%m/%Y"),
    ),
    "whole numbers answered where real ones were learned": Fault(
        preparation.Preparation.inputs,
        "not self.size if self.real is None else self.real",
        "not self.size",
        partial(test_remarks.test_whole_numbers_are_predicted_where_arrays_of_whole_numbers_were_learned, False),
    ),
    "a note on numbers that old runs do not have": Fault(
        terms.of_task,
        ' if name != "real"',
        "",
        test_remarks.test_a_run_that_did_not_note_whether_numbers_are_whole_is_resumed,
    ),
    "a run that forgets whether numbers were whole": Fault(
        prepared._read,
        "replace(made, real=real)",
        "made",
        test_remarks.test_a_run_knows_whether_its_examples_were_whole_numbers,
    ),
    "a month that comes first taken for a day": Fault(
        series.day_comes_first, "return otherwise", "return True", partial(AS_TRAINED, "%m/%d/%Y")
    ),
    "series of one point without a word": Fault(
        tables._check_rate,
        "longest == 1 or",
        "",
        partial(RATE, {"t": [0, 0.02, 0.06] * 20}, {"rate": 5}, "has 1 points"),
    ),
    "a point for each second without a word": Fault(
        tables._check_rate, "longest > rows * FAR", "False", partial(RATE, {}, {}, "has 518,401 points")
    ),
    "labels in another order than their names": Fault(
        tables._numbered,
        "as_targets(as_text(labels), kind, given or own), given or own",
        "as_targets(as_text(labels), kind, own), given or own",
        partial(OF_LABEL, "words, and their order"),
    ),
    "numbers in another order than their names": Fault(
        tables._numbered,
        "text or (given and set(own) <= set(given))",
        "text",
        partial(OF_LABEL, "numbers as names, and their order"),
    ),
    "names of labels that predictions lack": Fault(
        tables._numbered,
        "return as_targets(labels, kind, given), given\n    if given and",
        "return as_targets(labels, kind, given), ()\n    if given and",
        partial(OF_LABEL, "numbers, and their names"),
    ),
    "folders in another order than their names": Fault(
        folders._classes, "given if set(given) == set(names) else names", "names", OF_FOLDER
    ),
    "copies of an editor among the examples": Fault(
        folders._files, "_is_hidden(path.relative_to(home / name))", 'path.name.startswith(".")', HIDDEN
    ),
    "real numbers cut off at 255": Fault(
        reading._white, "1 if is_real(picture) else ", "", partial(PIXELS, "real numbers")
    ),
    "16 bits cut off at 255": Fault(
        reading._white, '65535 if picture.mode.startswith("I") else 255', "255", partial(PIXELS, "16 bits")
    ),
    "pixels in a list taken for numbers from 0 to 1": Fault(
        reading.is_picture, '.dtype.kind in "iu"', ".dtype == np.uint8", IN_ARRAY
    ),
    "samples in an array taken for numbers from -1 to 1": Fault(
        Preparation._read, 'if self.source == "audio" else x', "if False else x", partial(SAMPLES, np.int16)
    ),
}
