"""Faults of what a run keeps on the disk, and the laws that notice them."""

from functools import partial

from search import keeping, trial
from search.keeping import Keeping
from search.search import Search
from tests.search import test_keeping
from tests.search.planting import Fault

RESUMED = partial(test_keeping.test_weights_are_those_of_the_best_ranks_so_far, "front", True)
RANKS = partial(test_keeping.test_weights_are_those_of_the_best_ranks_so_far, 2, False)
ON = test_keeping.test_weights_go_while_the_run_goes_on
RUNS = test_keeping.test_what_runs_pauses_or_may_be_tried_again_keeps_what_it_goes_on_from
SAID = test_keeping.test_a_trial_whose_weights_are_gone_says_what_to_do
POLICY = "self.objectives, kept)", 'self.objectives, float("inf"))'
ASKED = test_keeping.test_a_search_keeps_the_weights_it_is_asked_to
BEFORE = test_keeping.test_nothing_is_deleted_that_the_record_on_the_disk_does_not_say_is_finished

STATES = partial(test_keeping.test_states_are_kept_of_the_last_that_have_paused, "all")

FAULTS = {
    "states of all that ever paused": Fault(Keeping._take_paused, "len(self._paused) > PAUSED", "False", STATES),
    "who paused again is still the oldest": Fault(Keeping._take_paused, "self._paused.pop(name, None)", "pass", STATES),
    "what a kill left behind stays": Fault(Keeping.__init__, "self._take(number)", "pass", RESUMED),
    "weights go at the end alone": Fault(Keeping.observe, "self._take(event.number)", "pass", ON),
    "one rank too many": Fault(Keeping._take, "if rank >= self.kept:", "if rank > self.kept:", RANKS),
    "ranks forgotten": Fault(Keeping._take, "if rank < self.kept]", "if rank < 1]", RANKS),
    "checkpoints for ever": Fault(Keeping._take, "_delete(self.directory.checkpoint(number))", "pass", ON),
    "failed candidates tidied away": Fault(
        Keeping._take, "isinstance(self.history.outcomes[number], Failed)", "False", RUNS
    ),
    "paused candidates on the front": Fault(Keeping._take, "not trial.feasible", "False", RUNS),
    "others deleted before they are told": Fault(
        Keeping._take,
        "_delete(self.directory.checkpoint(number))",
        "_delete(self.directory.checkpoint(number + 1))",
        BEFORE,
    ),
    "no word of weights that are gone": Fault(trial.Trial.model, 'self.state == "scored"', "False", SAID),
    "a policy that reaches nobody": Fault(
        Search.run, "self.objectives, kept)", 'self.objectives, float("inf"))', ASKED
    ),
    "weights deleted that are to be inherited": Fault(keeping.ranks_kept, 'inherit and keep != "all"', "False", ASKED),
}
