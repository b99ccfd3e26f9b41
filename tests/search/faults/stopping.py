"""Faults of what is stopped, moved away or overtaken while it runs, and the laws that notice them."""

import errno
from functools import partial

from archspec.exporting import directory
from search import files
from search.cli.main import _done
from search.errors import RunError
from search.record.writing import Record
from search.report import writing
from search.report.report import write_report
from search.training.clock import Clock
from search.training.limits import Limits
from tests.archspec.exporting import test_interrupted
from tests.search import test_relative
from tests.search.cli import test_exit_codes
from tests.search.planting import Fault
from tests.search.record import test_moved
from tests.search.report import test_written_whole
from tests.search.training import test_clock

KEPT = test_written_whole.test_what_was_there_stays_unless_the_new_is_whole
FULL = partial(KEPT, "x.md", OSError(errno.ENOSPC, "full"), RunError)
LED = test_written_whole.test_behind_a_link_it_is_written_where_that_leads_and_to_a_pipe_as_it_is

FAULTS = {
    "an export that is said to be resumed": Fault(
        _done,
        "options.run in (commands.search, commands.confirm)",
        "True",
        test_exit_codes.test_what_resumes_nothing_promises_nothing,
    ),
    "Ctrl-C that becomes an error of torch": Fault(
        directory.deposited,
        "if _interrupted(error, handled)",
        "if False",
        partial(test_interrupted.test_an_interruption_that_a_library_makes_another_error_of_stays_one, explicit=True),
    ),
    "Ctrl-C that an error does not show": Fault(
        directory._interrupted,
        "error.__cause__ or error.__context__",
        "error.__cause__",
        partial(test_interrupted.test_an_interruption_that_a_library_makes_another_error_of_stays_one, explicit=False),
    ),
    "an earlier Ctrl-C taken for a new one": Fault(
        directory._interrupted,
        "and error is not handled",
        "",
        test_interrupted.test_an_error_of_an_export_that_follows_an_interruption_is_itself,
    ),
    "a directory that goes where the process goes": Fault(
        files.RunDirectory.at, ".absolute()", "", test_relative.test_a_result_is_read_where_it_was_opened
    ),
    "a report that is lost to a full disk": Fault(
        write_report,
        'write_named(file, lambda path: path.write_text(text, encoding="utf-8"))',
        'file.write_text(text, encoding="utf-8")',
        FULL,
    ),
    "a report in place of a link": Fault(writing.write_named, "file = file.resolve()", "pass", LED),
    "a pipe that is replaced by a file": Fault(
        writing.write_named, "file.exists() and not file.is_file()", "False", LED
    ),
    "half a file left by Ctrl-C": Fault(
        files.write_whole,
        "except BaseException as error",
        "except OSError as error",
        partial(KEPT, "x.png", KeyboardInterrupt(), KeyboardInterrupt),
    ),
    "a run that is written where it no longer is": Fault(
        Record._require_place,
        "os.path.samestat(os.stat(self.directory.record), os.fstat(self._file))",
        "True",
        partial(test_moved.test_nothing_is_noted_of_a_run_whose_directory_is_no_longer_there, act="moved"),
    ),
    "another run that is written into": Fault(
        Record._require_place,
        "os.path.samestat(os.stat(self.directory.record), os.fstat(self._file))",
        "os.stat(self.directory.record)",
        partial(test_moved.test_nothing_is_noted_of_a_run_whose_directory_is_no_longer_there, act="replaced"),
    ),
    "a directory that is gone, begun by a worker": Fault(
        files.write_whole,
        "mkdir(exist_ok=True)",
        "mkdir(parents=True, exist_ok=True)",
        test_moved.test_no_file_of_a_run_begins_a_directory_that_is_gone,
    ),
    "time that passes while the process is stopped": Fault(
        Clock.look,
        "now - self._seen <= MOST",
        "True",
        partial(test_clock.test_the_time_for_which_a_process_was_stopped_is_not_counted, (60.0,), 0.0),
    ),
    "a busy machine that is taken for a stopped one": Fault(
        Clock.look,
        "now - self._seen <= MOST",
        "now - self._seen <= 5.0",
        partial(test_clock.test_the_time_for_which_a_process_was_stopped_is_not_counted, (0.25, 8.0), 8.25),
    ),
    "nobody who looks at the clock": Fault(
        Clock._watch, "self.look()", "pass", test_clock.test_somebody_looks_at_the_clock_while_nobody_asks
    ),
    "a limit by the time of day": Fault(
        Limits._left,
        "self.own - running_time()",
        "self.own - time.time()",
        partial(test_clock.test_no_limit_of_a_trial_depends_on_the_time_of_day, 3600.0),
    ),
}
