"""Faults of sizes that are learned, and the laws that notice them."""

from functools import partial

from search.masks import settling
from search.masks.learning import SizeLoop
from search.masks.network import MaskedNetwork
from search.strategies import gradient
from search.strategies.gradient import Gradient
from search.strategies.knowledge import Knowledge
from search.strategies.strategy import MOST_DRAWS
from tests.search.masks import test_learning, test_network, test_sizes
from tests.search.planting import Fault
from tests.search.strategies import test_gradient

LEVEL = test_network.test_what_changes_the_price_does_not_drown_what_the_task_says
ALONE = test_learning.test_a_size_that_is_the_only_one_follows_the_price
DEFAULT = test_gradient.test_by_default_a_training_begins_at_what_front_proposes
FOUND = test_gradient.test_front_learns_from_the_sizes_that_were_found
FAR = test_sizes.test_no_size_settles_far_from_what_was_learned
LEAST = partial(test_gradient.test_a_budget_below_all_networks_is_refused_and_the_cheapest_is_named, of="flops")
LIMITS = partial(test_sizes.test_sizes_settle_where_other_limits_are_kept, params=600, share=0.6)
LIMITED = test_gradient.test_what_settles_is_told_the_limits_on_costs_and_no_others
ROUNDS = test_gradient.test_budgets_take_turns_and_lie_below_the_limits
ELSEWHERE = partial(
    test_gradient.test_values_that_the_run_itself_finds_are_trained_as_they_are, attempt=MOST_DRAWS, learns=False
)

FAULTS = {
    "a penalty that drowns the task": Fault(MaskedNetwork.levelled, "share.clamp(-most, most)", "share", LEVEL),
    "a penalty as short far from the budget": Fault(MaskedNetwork.levelled, "1 + STIFF", "1 + 0 * STIFF", LEVEL),
    "a size that is left where it is": Fault(MaskedNetwork.levelled, "<= SILENT *", "< 0 *", ALONE),
    "sizes that settle off the budget": Fault(
        settling.settled, "return other if (less, nearer > 0) < (over, off > 0) else found", "return found", FAR
    ),
    "limits broken for the budget": Fault(settling._best, "((filled.over, ", "((0.0, ", LIMITS),
    "limits that nobody tells": Fault(gradient._limits, "if c.measure is None and", "if False and", LIMITED),
    "sizes that settle anywhere": Fault(settling.settled, "budget, FAR)", "budget, math.inf)", FAR),
    "no price in the loss of sizes": Fault(SizeLoop._price, "self.how.strength *", "0.0 *", ALONE),
    "pauses whose sizes are learned": Fault(
        Gradient.propose, "chosen.fidelity is not None", "chosen.fidelity == 0", DEFAULT
    ),
    "notes of other values": Fault(Gradient.propose, "budget.attempt >= MOST_DRAWS", "False", ELSEWHERE),
    "sizes that begin elsewhere than proposed": Fault(Gradient.propose, "[float(size)", "[1.2 * float(size)", DEFAULT),
    "a budget that no network keeps": Fault(Gradient._check, "if self.budgets and", "if False and", LEAST),
    "budgets that some networks keep refused": Fault(Gradient._least, "min(found)", "2 * min(found)", LEAST),
    "a budget over the limit": Fault(Gradient._budgets, "min(wanted, limit)", "wanted", ROUNDS),
    "other decisions in the middle of a round": Fault(Gradient.propose, "if same else", "if turn < 0 else", ROUNDS),
    "a score of the sizes at the start": Fault(Knowledge._finished, "and outcome.values:", "and not outcome:", FOUND),
}
