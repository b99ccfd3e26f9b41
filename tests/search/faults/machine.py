"""Faults of how faults are treated (of the machine, of a candidate), and the laws that notice them."""

import errno
from functools import partial

from search import machine, running
from search.backends import local, scratch
from search.backends.local import Local
from search.backends.sharing import Sharing, devices_of
from search.retries import Retries
from search.running import Running
from tests.search import test_machine, test_running
from tests.search.backends import test_resources, test_scratch, test_sharing
from tests.search.planting import Fault

PAUSES = test_running.test_what_pauses_is_no_success_of_a_longer_training
ALIKE = test_running.test_three_that_fail_alike_stop_the_search_and_are_tried_again_once_the_fault_is_mended
ALONE = test_running.test_a_candidate_whose_worker_dies_beside_others_only_is_scored
AGAIN = test_running.test_a_candidate_whose_worker_died_is_tried_again_and_the_run_ends_the_same
FULL = test_running.test_a_disk_that_is_full_for_a_while_costs_nothing
LATE = test_running.test_what_the_time_interrupts_stays_in_training_and_goes_on_with_the_next_run
LOST = test_resources.test_a_lost_node_is_not_counted_against_the_candidate
PAUSED = test_running.test_a_disk_that_stays_full_pauses_the_run_in_a_sentence_and_no_candidate_is_blamed
ROOM = partial(
    test_sharing.test_what_has_no_room_waits_and_all_are_trained_in_their_order,
    [test_sharing.LARGE] * 5,
    2.5 * test_sharing.TAKES[test_sharing.LARGE],
    2,
)
CHEAP = test_sharing.test_nothing_is_tried_out_where_there_is_room_in_any_case
UNKNOWN = test_sharing.test_a_candidate_that_nobody_can_tell_counts_as_its_process
GPUS = partial(
    test_sharing.test_trainings_take_turns_on_all_gpus_unless_one_is_named,
    "cuda",
    "3, 5",
    2,
    [(10, "3"), (11, "5")],
)
NAMED = partial(test_sharing.test_trainings_take_turns_on_all_gpus_unless_one_is_named, "cuda:1", None, 3, [(11, None)])
FEWEST = test_sharing.test_a_candidate_goes_to_the_gpu_that_trains_the_fewest
SEES = test_sharing.test_a_worker_sees_its_gpu_alone
WAITS = partial(test_sharing.test_who_waits_for_memory_is_told_once, gpus=2)
STARTING = test_sharing.test_who_waits_for_a_process_is_not_told_of_memory

LEFT = test_scratch.test_what_a_killed_process_left_is_removed_and_nothing_else

SCRATCH = {
    "folders of killed processes left": Fault(scratch.scratch, "_remove_abandoned(folder)", "pass", LEFT),
    "folders in use removed": Fault(
        scratch._remove_abandoned, "fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass", LEFT
    ),
    "a folder that nobody holds": Fault(
        scratch.scratch, "fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass", LEFT
    ),
    "a folder left at the end": Fault(scratch.scratch, "shutil.rmtree(folder, ignore_errors=True)", "pass", LEFT),
}
SHARING = {
    "memory that all have for themselves": Fault(Sharing.has_room, "sum(map(takes, there))", "takes(trial)", ROOM),
    "what a process keeps forgotten": Fault(Sharing.takes, "self.factor * ", "", ROOM),
    "processes that take nothing": Fault(Sharing.has_room, "PROCESS + data", "data", UNKNOWN),
    "a step tried in vain": Fault(
        Sharing.has_room, "(self._by_costs, self.takes)", "(self.takes, self._by_costs)", CHEAP
    ),
    "too little believed": Fault(Sharing._by_costs, "BELIEVED * ", "BELIEVED / 999 * ", ROOM),
    "no bound without a step": Fault(Sharing.has_room, "(self._by_costs, self.takes)", "(self._by_costs,)", ROOM),
    "an unknown candidate with no room": Fault(Sharing.takes, "return 0.0\n", "return float('inf')\n", UNKNOWN),
    "a later candidate goes first": Fault(Local._hand_out, "self._waiting.popleft()", "self._waiting.pop()", ROOM),
    "one GPU of many": Fault(devices_of, "[:count])]", "[:1])]", GPUS),
    "GPUs by their place, not their name": Fault(devices_of, "os.environ.get(VISIBLE) or ", "", GPUS),
    "a named GPU among all": Fault(devices_of, "device.index is not None or count < 2", "count < 2", NAMED),
    "all processes on the first GPU": Fault(Local._hand_out, "len(self._pool) % len(self.devices)", "0", FEWEST),
    "the first idle process, whichever its GPU": Fault(Local._hand_out, "idle.sort(", "sorted(idle, ", FEWEST),
    "a GPU for the parent alone": Fault(local._Worker._begin, "os.environ | visible", "os.environ", SEES),
    "waiting in silence": Fault(Local._hand_out, "self._tell()", "pass", WAITS),
    "waiting told each time": Fault(
        Local._tell, "self._told = self._waiting[0], True", "_ = self._waiting[0], 1", WAITS
    ),
    "a process that starts taken for waiting": Fault(
        Local._hand_out, "all(worker.ready for worker in self._pool)", "True", STARTING
    ),
}
FAULTS = {
    "a full disk taken for a death": Fault(Running._interrupt, "if not (event.died or", "if False and (", PAUSED),
    "a death booked against the candidate": Fault(Running._interrupt, "elif times > DEATHS and", "elif", AGAIN),
    "a disk that is tried once": Fault(Retries.wait, "if times > len(machine.WAITS)", "if True", FULL),
    "a candidate lost with its worker": Fault(Running._interrupt, "self._submit(trial)", "pass", AGAIN),
    "a lost node counted against the candidate": Fault(Retries.count, "+= not event.lost", "+= 1", LOST),
    "never tried alone": Fault(
        Running._interrupt,
        "self._suspects.append(trial)",
        "self._submit(trial)",
        ALONE,
    ),
    "others beside one that is tried alone": Fault(
        Running._submit_all,
        "if not self._there:",
        "if True:",
        ALONE,
    ),
    "memory taken by a neighbour": Fault(
        Running._finish,
        "self._alone != trial.number",
        "False",
        partial(
            test_running.test_out_of_memory_beside_others_is_tried_alone_before_it_is_a_failure, "ran out of memory"
        ),
    ),
    "a full disk booked against the candidate": Fault(
        machine.machine_fault,
        "cause.errno in _FAULTS",
        "False",
        partial(
            test_machine.test_errors_of_disks_are_faults_of_the_machine_whatever_was_raised_from_them, errno.ENOSPC
        ),
    ),
    "the same failure to the last candidate": Fault(running._stops, "return", "return False and", ALIKE),
    "a pause is a success of all": Fault(
        running._in_a_row, " if _length(failed) > _length(trial)]", " if False]", partial(PAUSES, None, True)
    ),
    "a pause is no success at all": Fault(
        running._in_a_row, " if _length(failed) > _length(trial)]", "]", partial(PAUSES, 2, False)
    ),
    "every divergence stops the search": Fault(
        running._stops,
        "not failure.natural or",
        "True or",
        test_running.test_divergence_of_some_does_not_stop_a_search_that_has_scored_others,
    ),
    "what was mended is not tried again": Fault(
        running.to_be_retried, "if trial.number not in", "if trial.number in", ALIKE
    ),
    "what is not mended is tried for ever": Fault(
        running.to_be_retried,
        "if trial.number not in history.retried",
        "",
        test_running.test_what_is_tried_again_in_vain_is_not_tried_a_third_time,
    ),
    "a trial as it was when it was asked for": Fault(
        Running._finish,
        "self.engine.history[trial.number], outcome)",
        "trial, outcome)",
        test_running.test_who_watches_is_given_each_trial_as_it_has_ended,
    ),
    "the time blames who was in training": Fault(Running._interrupt, "self.engine.exhausted == TIME_UP", "False", LATE),
    **SHARING,
    **SCRATCH,
}
