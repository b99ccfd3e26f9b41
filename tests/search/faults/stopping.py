"""Faults of what is stopped, moved away or overtaken while it runs, and the laws that notice them."""

from functools import partial

from search import files
from search.record.writing import Record
from tests.search.planting import Fault
from tests.search.record import test_moved

FAULTS = {
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
}
