"""Faults of what is kept from earlier: pickles, spaces as data, runs to be resumed, and the laws that notice them."""

from functools import partial

from search.pickled import Pickled
from search.record import difference, writing
from spaces.written import Written
from tests.search import test_pickled, test_terms
from tests.search.planting import Fault
from tests.spaces import test_spaces

KNOWN = partial(test_pickled.test_what_a_pickle_lacks_has_its_default, test_pickled.KEPT[2])
LACKING = partial(test_pickled.test_what_a_pickle_lacks_has_its_default, test_pickled.KEPT[0])
SAID = test_terms.test_a_run_that_cannot_be_resumed_says_which_setting_was_what
SETTINGS = test_pickled.test_a_space_with_settings_of_a_training_is_pickled_with_them
TEMPLATE = test_pickled.test_all_of_a_space_that_is_pickled_is_its_template
EQUAL = partial(test_spaces.test_a_space_is_equal_to_what_is_read_from_what_it_writes_and_to_no_other, "two holes")
TWICE = test_spaces.test_one_hole_twice_is_another_space_than_two_holes

PICKLED = {
    "a default in place of what is known": Fault(Pickled.__setstate__, "if own.name in values:", "if False:", KNOWN),
    "a pickle without what has no default": Fault(
        Pickled.__setstate__, "if own.default is MISSING and own.default_factory is MISSING:", "if False:", LACKING
    ),
    "a pickle with whatever an earlier version kept": Fault(
        Written.__setstate__, 'self._begin(state["template"])', "self.template = state['template']", TEMPLATE
    ),
    "a pickle without what a kind of space adds": Fault(Written.__setstate__, "own.update(", "dict(", SETTINGS),
    "a space is equal to itself alone": Fault(
        Written.__eq__, "self._identity() == other._identity()", "self is other", EQUAL
    ),
    "all spaces are equal": Fault(Written.__eq__, "self._identity() == other._identity()", "True", EQUAL),
    "equal spaces of another hash": Fault(Written.__hash__, "hash(self._identity())", "id(self)", EQUAL),
    "equal spaces of other decisions": Fault(Written._identity, "write_json(decisions)", '""', TWICE),
}

RESUMED = {
    "the values the other way round": Fault(
        writing.begun_alike,
        "difference(begun.get(names[0]), plain(settings[names[0]]))",
        "difference(plain(settings[names[0]]), begun.get(names[0]))",
        SAID,
    ),
    "what differs as a whole": Fault(difference._first, "return _first(before, now, path + step(key))", "break", SAID),
}

FAULTS = PICKLED | RESUMED
