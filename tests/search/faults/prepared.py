"""Faults of which preparation a network answers with, and the laws that notice them."""

from search import prepared
from search.prediction import Predictor
from search.trial import Trial
from tests.search import test_prepared
from tests.search.planting import Fault

RECORD = test_prepared.test_what_the_record_says_is_how_examples_are_prepared
OLDER = test_prepared.test_where_the_record_says_nothing_it_is_the_task_s_or_that_in_the_file
TRIAL = test_prepared.test_a_predictor_and_an_export_of_a_trial_have_it
REFUSED = test_prepared.test_test_data_that_are_prepared_otherwise_are_refused
SEALED = test_prepared.test_an_export_whose_preparation_was_changed_or_lost_answers_nothing

FAULTS = {
    "the preparation of whatever task is given": Fault(
        prepared.preparation_of, 'settings.get("preparation")', 'None if task else settings.get("preparation")', RECORD
    ),
    "a preparation in the record alone": Fault(
        prepared.preparation_of, "given is not None or path is None or not path.exists()", "True", OLDER
    ),
    "a file before the task": Fault(prepared.preparation_of, "given is not None or path", "path", OLDER),
    "a predictor without the record": Fault(
        Trial.predictor, "preparation_of(self.settings,", "preparation_of({},", TRIAL
    ),
    "an export without the record": Fault(Trial.export, "preparation_of(self.settings,", "preparation_of({},", TRIAL),
    "test data of any task": Fault(Trial.test, "require_alike(self.settings, self.task)", "pass", REFUSED),
    "rounding for another preparation": Fault(prepared._alike, "rel_tol=ROUNDING", "rel_tol=0.0", REFUSED),
    "classes in any order": Fault(prepared._alike, "a == b or (", "isinstance(a, str) or a == b or (", REFUSED),
    "a preparation that nobody sealed": Fault(Predictor.open, "(PREPARATION,)", "()", SEALED),
    "a preparation that is gone": Fault(Predictor.open, "PREPARATION in sealed", "False", SEALED),
}
