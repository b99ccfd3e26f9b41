"""Faults of records, of what is shown, of warm starts and of open settings, and the laws that notice them."""

from functools import partial

from search import engine, front, warm, words
from search.backends.worker import Trainer
from search.cli import loading
from search.drawing import Drawing
from search.record import checking, history, lines, reading
from search.record.history import History
from search.report import page
from search.report.standing import Standing
from search.training import weights
from search.training.joint import Joint
from tests.search import test_front, test_warm_start
from tests.search.cli import test_unknown_pieces
from tests.search.planting import Fault
from tests.search.record import test_record
from tests.search.report import test_hostile_text, test_progress, test_report
from tests.search.training import test_open_settings, test_weights

DIGIT = test_record.test_another_digit_is_not_taken_for_what_was_written
UNKNOWN = test_unknown_pieces.test_what_is_not_registered_here_is_no_damage
LINES = test_record.test_a_line_that_is_lost_or_stands_twice_is_noticed
BYTES = test_weights.test_no_damage_of_a_byte_goes_unnoticed
FOUND = test_record.test_what_training_found_is_in_the_trial
LEFT = test_progress.test_nothing_is_said_of_the_time_left_before_it_was_measured
CARRIED = test_warm_start.test_outcomes_under_the_same_terms_are_carried_over_and_cost_no_training
OTHERS = test_warm_start.test_under_other_terms_they_are_tried_first_those_of_the_front_before_the_others
APART = test_open_settings.test_pauses_of_one_architecture_with_other_settings_are_apart
TRAINED = test_open_settings.test_a_worker_trains_with_them

FAULTS = {
    "what is not known here is called damaged": Fault(
        reading.Reading._take, "not isinstance(error, OutOfOrder)", "False", UNKNOWN
    ),
    "a lost line that is called whole": Fault(
        reading.Reading._take, " and not isinstance(error, OutOfOrder)", "", LINES
    ),
    "a file that registers things is not read": Fault(
        loading.open_run,
        "if file is not None",
        "if False",
        test_unknown_pieces.test_a_file_that_a_command_cannot_read_is_named,
    ),
    "a seal that is not looked at": Fault(lines.data_in, "zlib.crc32(line) != int(seal[1], 16)", "False", DIGIT),
    "a draw that stands twice": Fault(checking.check_order, "event.number <= last or", "", LINES),
    "a draw that is lost": Fault(checking.check_order, "or event.number > max(", "or False and (", LINES),
    "a pause without what a kill kept from being told": Fault(
        history.finished, 'state="stopped", curve=curve', 'state="stopped"', FOUND
    ),
    "damaged weights": Fault(weights.load_network, "digest != digest_of(weights)", "False", BYTES),
    "escape sequences on the terminal": Fault(
        words.printable,
        "else _written_out(c)",
        "else c",
        partial(test_hostile_text.test_text_from_outside_is_one_harmless_line, test_hostile_text.HOSTILE[0]),
    ),
    "HTML in a page": Fault(
        page.page, '{"html": False}', '{"html": True}', test_report.test_text_from_outside_is_no_part_of_a_page
    ),
    "HTML in a report": Fault(
        words.in_markdown,
        'replace("<", "&lt;")',
        'replace("", "")',
        partial(test_hostile_text.test_text_from_outside_is_one_harmless_line, test_hostile_text.HOSTILE[3]),
    ),
    "a front of what is no number": Fault(
        front.front_of, "if not any(map(math.isnan, values))", "", test_front.test_what_is_no_number_is_not_on_the_front
    ),
    "time left that nobody measured": Fault(Standing.left, "not times or", "not (times := times or [1.0]) or", LEFT),
    "time left of one worker": Fault(Standing.left, "/ min(self.engine.workers, waiting)", "", LEFT),
    "epochs that are done still to come": Fault(Standing.left, "waiting - done", "waiting", LEFT),
    "outcomes of another task": Fault(
        warm._same_terms, "return same and", "return", partial(OTHERS, {"task": "another"})
    ),
    "outcomes under another loss": Fault(
        warm._same_terms, "measures[0] == measures[1]", "True", partial(OTHERS, {"functions": {"loss": "mine 1a2b"}})
    ),
    "what is carried over counts as trained": Fault(
        engine.Engine.__init__, "trials + record.history.settings.carried", "trials", CARRIED
    ),
    "outcomes thrown away": Fault(engine.Engine._carry_over, "if trial.source is not None", "if False", CARRIED),
    "designs that nobody tries": Fault(
        Drawing._proposal,
        "slot < len(self.designs)",
        "False",
        test_warm_start.test_architectures_are_tried_first_in_their_order,
    ),
    "open settings left at their first value": Fault(
        Trainer._last_event,
        "self.training.filled(trial.values)",
        "self.training.default",
        TRAINED,
    ),
    "other settings taken for duplicates": Fault(
        Drawing._key,
        "for name in self.settings",
        "for name in ()",
        test_open_settings.test_other_settings_are_no_duplicate_and_equal_ones_are,
    ),
    "one state for all settings of an architecture": Fault(
        Trainer.trial,
        '{"training": self.training.record()}',
        "{}",
        APART,
    ),
    "other settings gone on with": Fault(
        History.begun, "self._trained_as(parent) != self._trained_as(trial)", "parent.hash != trial.hash", APART
    ),
    "random values without open settings": Fault(
        Joint.random_values,
        "values[name] for name in self.settings",
        "self.settings[name].first for name in self.settings",
        test_open_settings.test_a_joint_space_has_the_parameters_of_both,
    ),
}
