"""Faults of lines for people that cannot be written, and the laws that notice them."""

import errno
from functools import partial

from search import words
from search.cli.main import _done
from search.report.progress import Steady, Watcher
from tests.search.planting import Fault
from tests.search.report import test_unwritable

SAID = partial(test_unwritable.test_what_standard_error_does_not_take_ends_nothing, "notice", None)
FULL = partial(test_unwritable.test_progress_that_cannot_be_written_ends_no_search, errno.ENOSPC, False)
LETTERS = partial(test_unwritable.test_progress_is_written_in_the_letters_that_there_are, False)

FAULTS = {
    "a line that cannot be said ends the search": Fault(words.say, "suppress(OSError)", "suppress(LookupError)", SAID),
    "progress on a full disk ends the search": Fault(Steady.__exit__, "except OSError", "except LookupError", FULL),
    "progress in letters that there are not": Fault(
        Watcher.__init__, "write_out_what_is_unknown(stream or sys.stdout)", "pass", LETTERS
    ),
    "an output that is closed fails a command": Fault(
        _done,
        "if sys.stdout is not None:",
        "if True:",
        partial(test_unwritable.test_a_command_whose_output_is_closed_or_lacks_letters_succeeds, None),
    ),
}
