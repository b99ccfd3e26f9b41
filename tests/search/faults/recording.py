"""Faults of steps that are recorded and replayed, and the laws that notice them."""

from functools import partial

from search.tasks.task import Task
from search.training import rates, recording, steps
from search.training.loop import Loop
from search.training.recording import Recorded
from tests.search.planting import Fault
from tests.search.training import test_recording
from tests.search.training.watched import PLAIN

SAME = partial(test_recording.test_steps_that_are_replayed_are_those_that_run_one_by_one, PLAIN, {})
NOTHING = test_recording.test_nothing_is_recorded_that_python_may_decide_anew_at_each_step

FAULTS = {
    "rates that a recording does not see": Fault(
        rates.set_rates, 'group["lr"].fill_(value)', 'group.update(lr=group["lr"] * 0 + value)', SAME
    ),
    "the same batch over and over": Fault(Recorded.__call__, "held_x.copy_(x)", "pass", SAME),
    "the same targets over and over": Fault(Recorded.__call__, "held_y.copy_(y)", "pass", SAME),
    "recorded before anything has run": Fault(Recorded._ready, "> BEFORE", "> 0", SAME),
    "steps taken twice": Fault(Recorded.__call__, "replay()", "(replay(), replay())", SAME),
    "a recording for kernels of another size": Fault(
        Loop._end_epoch,
        "self.run = None",
        "pass",
        test_recording.test_steps_are_recorded_anew_when_a_window_has_changed_its_size,
    ),
    "every shape recorded": Fault(
        Recorded._ready,
        " or len(self._replays) >= MOST",
        "",
        test_recording.test_no_more_shapes_are_recorded_than_a_few,
    ),
    "any loss recorded": Fault(Task.recordable, "type(self).loss is Task.loss and not own", "True", NOTHING),
    "any module recorded": Fault(recording.hindrance, "for module in model.modules()", "for module in []", NOTHING),
    "offsets recorded": Fault(
        recording.hindrance,
        "if turning:",
        "if False:",
        test_recording.test_a_training_with_random_offsets_is_never_recorded,
    ),
    "an optimizer in the form of another device": Fault(
        steps.as_ours,
        'kept = ("lr", "fused", "capturable", "foreach")',
        "kept = ()",
        test_recording.test_the_state_of_an_optimizer_takes_the_form_of_the_one_that_goes_on_from_it,
    ),
}
