"""Faults of budgets, and the laws that notice them."""

from functools import partial

from search import spending
from search.engine import Engine
from search.record.history import History
from search.running import Running
from search.spending import Spending
from tests.search import test_spending
from tests.search.planting import Fault

OVERSHOT = partial(test_spending.test_a_budget_of_epochs_is_overshot_by_less_than_one_training, 5, 2)
FLOPS = test_spending.test_a_budget_of_flops_ends_at_the_first_candidate_that_reaches_it
BATCHES = test_spending.test_the_flops_of_a_training_count_the_size_of_its_own_batches
MORE = test_spending.test_a_run_that_is_given_more_goes_on_as_if_it_had_been_given_it_at_once
ORDER = test_spending.test_which_training_ends_first_does_not_move_the_end
PAUSES = test_spending.test_what_goes_on_from_a_pause_takes_the_epochs_that_are_left
CARRIED = test_spending.test_what_was_carried_over_takes_nothing
OF = test_spending.test_a_strategy_knows_what_the_budget_is_of
TOLD = test_spending.test_status_says_what_was_spent_and_which_budget_ended_the_run

FAULTS = {
    "a budget of FLOPs that the strategy is not told": Fault(
        Engine.__init__, "target, flops, inherit", "target, math.inf, inherit", OF
    ),
    "a budget that ends nothing": Fault(Engine.ask, "self.ended or not", "not", OVERSHOT),
    "a budget that ends before it is spent": Fault(
        Spending.reached, "self.epochs >= budget.epochs", "self.epochs > budget.epochs - 4", OVERSHOT
    ),
    "one more candidate than the budget": Fault(
        Spending.reached, "self.flops >= budget.flops", "self.flops > budget.flops", FLOPS
    ),
    "training priced as a forward pass": Fault(spending.training_flops, "PASSES *", "1 *", FLOPS),
    "making kernels for each example": Fault(
        spending.training_flops, "kernel_macs * steps", "kernel_macs * examples", BATCHES
    ),
    "a budget counted from the resumption on": Fault(
        Engine._take_draw, "self.handed_out += ahead", "self.handed_out = ahead", MORE
    ),
    "what is spent told by the outcomes": Fault(
        Engine.ended,
        "self.handed_out.reached(self.budget)",
        "Spending(4 * self.finished).reached(self.budget)",
        ORDER,
    ),
    "epochs before a pause paid twice": Fault(History.length, " - self.begun(trial)", "", PAUSES),
    "epochs before a pause told twice": Fault(History.trained, " - self.begun(trial)", "", PAUSES),
    "what was carried over paid": Fault(spending.ahead, "trial.source is not None", "False", CARRIED),
    "what was carried over told": Fault(spending.spent, " or trial.source is not None", "", CARRIED),
    "no word of what ended a run": Fault(Running.run, "self._note_end()", "pass", TOLD),
}
