"""Faults of the strategy `front`, of its models and of simulations, and the laws that notice them."""

from functools import partial

from search import hypervolume, simulating
from search.engine import Engine
from search.record.history import History
from search.strategies import gain, gaussian_process, knowledge, pool
from search.strategies.front import FrontStrategy
from search.strategies.gain import Cells
from search.strategies.gaussian_process import GaussianProcess
from search.strategies.knowledge import Knowledge, Lessons
from search.strategies.moves import Moves
from search.strategies.pool import Pool
from search.strategies.scale import Scale
from search.strategies.two_levels import TwoLevels
from tests.search import test_simulating
from tests.search.planting import Fault
from tests.search.strategies import test_front, test_models

CONDITIONAL = partial(test_models.test_predictions_are_the_conditional_of_the_joint_normal_distribution, None)
GRADIENT = test_models.test_the_gradient_is_that_of_the_loss_and_the_loss_falls
GROWTH = partial(test_models.test_the_expected_gain_is_the_mean_growth_of_the_hypervolume, 0.3)
CERTAIN = partial(test_models.test_the_expected_gain_is_the_mean_growth_of_the_hypervolume, 1e-9)
SEVERAL = test_models.test_with_several_costs_the_expected_gain_is_nearly_the_growth_of_the_hypervolume
SHARES = test_models.test_shares_are_learned_as_log_odds_and_their_moments_are_those_of_shares
PLAIN = test_models.test_other_scores_are_learned_as_they_are_and_several_as_their_weighted_sum
EARLY = test_models.test_early_scores_tell_of_whole_trainings
FINDS = test_front.test_it_finds_more_than_random_search_and_than_half_of_its_epochs
OFF = test_front.test_each_of_its_ideas_can_be_switched_off
GOES_ON = test_front.test_the_first_pause_and_the_best_of_them_go_on
LIMITS = test_front.test_a_pool_holds_nothing_over_a_limit
REMEMBERED = test_front.test_half_of_what_is_remembered_is_nearest_to_the_front_and_the_rest_is_spread
EVERY = test_front.test_it_proposes_every_architecture_of_a_small_space_and_then_no_more
PAUSES = partial(test_front.test_pauses_take_at_most_a_quarter_of_a_budget_of_flops, 0.5)
FLOPS = test_front.test_with_a_budget_of_flops_the_gain_counts_for_each_flop
BUDGET = test_front.test_a_budget_is_of_whole_trainings
OWN = test_front.test_an_objective_of_cost_and_score_is_learned_with_the_cost
REST = test_simulating.test_what_paused_goes_on_and_takes_the_rest_of_the_epochs
SPENT = test_simulating.test_no_candidate_is_begun_once_the_epochs_are_spent_and_scores_are_the_best_of_the_curve
CLOCK = test_simulating.test_workers_are_asynchronous_and_the_clock_is_that_of_the_seconds_given
VOLUMES = test_simulating.test_the_hypervolume_grows_by_what_each_outcome_adds
EFFECTS = test_models.test_the_effect_of_a_value_is_learned_from_all_that_have_it
FEW = partial(test_models.test_predictions_are_the_conditional_of_the_joint_normal_distribution, 3)
MIXED = test_models.test_points_are_told_apart_by_all_their_coordinates
WAITS = test_front.test_what_paused_waits_until_it_is_gone_on_with
BOUNDED = test_front.test_what_is_remembered_does_not_grow_with_the_run
NEAR = test_front.test_the_pool_of_a_large_space_has_also_what_is_a_step_from_the_front
CURVES = partial(test_simulating.test_a_curve_is_any_sequence_and_epochs_without_a_number_do_not_count, "random")
SAME = partial(test_simulating.test_the_same_seed_and_workers_give_the_same_simulation, strategy="front", workers=3)

MODELS = {
    "noise forgotten": Fault(GaussianProcess.condition, "(self.noise + 1e-9)", "1e-9", CONDITIONAL),
    "deviations of the noise": Fault(GaussianProcess.predict, "1 - (explained**2)", "1 - (explained)", CONDITIONAL),
    "one length scale for all": Fault(
        GaussianProcess._covariance, "scale[group] = length", "scale[:] = length", CONDITIONAL
    ),
    "no sum": Fault(GaussianProcess._covariance, "parts += np.concatenate", "0 * np.concatenate", FEW),
    "a sum of some": Fault(GaussianProcess._covariance, "parts += _matern", "parts = _matern", CONDITIONAL),
    "values for one another": Fault(gaussian_process._distinct, "x @ MIX[: x.shape[1]]", "x.sum(1)", MIXED),
    "nothing but a function of all": Fault(GaussianProcess._covariance, "ADDITIVE / len", "0 / len", EFFECTS),
    "another smoothness": Fault(gaussian_process._matern, "root**2 / 3", "root**2 / 2", CONDITIONAL),
    "a gradient of the other sign": Fault(
        gaussian_process._loss, "0.5 * (precision -", "0.5 * (-precision +", GRADIENT
    ),
    "no prior in the gradient": Fault(gaussian_process._loss, "gradient + off / spread**2", "gradient", GRADIENT),
    "a gain for what is beyond the reference": Fault(Cells.expected, ", 0, None).prod", ", -9, None).prod", CERTAIN),
    "gains of certain scores": Fault(Cells.expected, "z * ndtr(z) + np.exp", "z * (z > 0) + 0 * np.exp", GROWTH),
    "a front that is not its best": Fault(gain.cells, ".max(1, initial=worst)", ".min(1, initial=2.0)", CERTAIN),
    "costs that are compared one by one": Fault(gain.cells, ".all(-1)", ".any(-1)", SEVERAL),
    "odds for their logarithm": Fault(Scale.units, "np.log(share / (1 - share))", "share / (1 - share)", SHARES),
    "the median for the mean": Fault(Scale.moments, "values @ WEIGHTS", "self.back(mean)", SHARES),
    "negative scores as shares": Fault(Scale.__init__, "(known >= 0) & ", "", PLAIN),
    "early scores forgotten": Fault(TwoLevels._line, "not self._has_early", "True", EARLY),
    "a trend that falls": Fault(TwoLevels.predict, "self._trend[1] * early", "-self._trend[1] * early", EARLY),
}
PROPOSING = {
    "a budget of FLOPs spent like one of epochs": Fault(FrontStrategy._by_flops, "budget.flops <", "0 >", FLOPS),
    "pauses without end in a budget of FLOPs": Fault(
        FrontStrategy._pauses, "self.known.begun_flops / budget.flops", "0", PAUSES
    ),
    "first candidates that take all FLOPs": Fault(
        FrontStrategy._affordable, "PAUSED * budget.flops", "budget.epochs * budget.flops", PAUSES
    ),
    "first candidates that there must be": Fault(
        FrontStrategy._affordable, "max(1, self.design)", "self.design", partial(OFF, {"design": 0})
    ),
    "dear candidates for few FLOPs": Fault(FrontStrategy._best, "left *=", "left /=", FLOPS),
    "the least gain": Fault(FrontStrategy._best, "np.argmax(self._gains", "np.argmin(self._gains", FINDS),
    "no pause": Fault(FrontStrategy._pauses, "return epochs if", "return None if", GOES_ON),
    "another parent for what goes on": Fault(FrontStrategy._best, "parent=resumed.number", "parent=0", GOES_ON),
    "what paused is never gone on with": Fault(Knowledge._learn, "known.paused and", "False and", GOES_ON),
    "costs of the other sign": Fault(Knowledge.costs, "loss_of(objective", "-loss_of(objective", FINDS),
    "what was tried proposed again": Fault(Pool.leave_out, "self._left[self._index[name]] = False", "pass", EVERY),
    "failures taken for scores": Fault(Lessons.__len__, "*scored]", "*self.whole]", BOUNDED),
    "limits not looked at": Fault(pool._within, "limit.excess(cost) <= 0", "True", LIMITS),
    "scores of a network without cost": Fault(
        Knowledge._scored, "-loss_of(objective, cost,", "-loss_of(objective, Cost(),", OWN
    ),
    "the best forgotten": Fault(knowledge.remembered, "[: kept // 2]", "[-kept // 2 :]", REMEMBERED),
    "what goes on waits": Fault(Knowledge.observe, "self.waiting.pop(self.new[-1], None)", "pass", WAITS),
    "the past forgotten": Fault(knowledge.remembered, "sorted([*near, *spread])", "sorted(near)", REMEMBERED),
    "everything remembered": Fault(Knowledge._learn, "remembered([*whole, known])", "[*whole, known]", BOUNDED),
    "all early scores remembered": Fault(Knowledge._learn, ", BEGUN)", ", 9_999)", BOUNDED),
    "neighbours over a limit": Fault(
        Pool._near, "_within(costs, self._budget)", "_within(costs, Budget(0, 1, 0, 1, 0))", NEAR
    ),
    "neighbours that were tried": Fault(Pool.around, "if name not in self._out", "", NEAR),
    "neighbours that are far": Fault(Moves.around, "{**values, name: other}", "{name: other}", NEAR),
    "seeds of the clock": Fault(FrontStrategy._proposal, "default_rng(budget.seed)", "default_rng()", SAME),
}
SHORT = test_front.test_a_short_run_has_something_on_its_front
FIRST = partial(test_front.test_the_first_take_at_most_a_quarter_of_a_run, 8, 12)
SHARES_OF_A_RUN = {
    "nothing but pauses": Fault(FrontStrategy._pauses, "and taken < PAUSED", "", partial(SHORT, 10, 64, 15)),
    "the model after all the first": Fault(FrontStrategy._begins, "return on and", "return", partial(SHORT, 40, 1, 4)),
    "many first ones of a short run": Fault(
        FrontStrategy._begins, "PAUSED * budget.trials / self.pause", "self.design", FIRST
    ),
    "pauses not counted": Fault(Knowledge.observe, "self.begun +=", "self.begun = 0 *", partial(SHORT, 1, 8, 2)),
}
SIMULATING = {
    "each waits for the slowest": Fault(
        simulating.simulate,
        "lag_of(workers)",
        "workers",
        test_simulating.test_a_worker_that_is_done_seldom_waits_for_the_slowest,
    ),
    "what paused costs all its epochs": Fault(History.begun, 'parent.state != "stopped"', "True", REST),
    "parts of a training counted as whole": Fault(
        Engine._take_draw,
        "self.history.share(event.trial, self.epochs)",
        "1",
        test_front.test_a_budget_is_of_whole_trainings,
    ),
    "epochs without end": Fault(simulating._run, "begun < budget", "begun < 2 * budget", SPENT),
    "the last score for the best": Fault(
        simulating._Worker.train, "(max if self.goal.maximize else min)(known)", "known[0]", SPENT
    ),
    "infinite scores the best": Fault(simulating._Worker.train, "if math.isfinite(score) else", "if True else", CURVES),
    "workers one after the other": Fault(simulating._run, "now + seconds", "len(times) + seconds", CLOCK),
    "nothing left of the front after a bad outcome": Fault(
        hypervolume.hypervolumes, "found[-1] if found else 0.0", "0.0", VOLUMES
    ),
    "a slice too many": Fault(hypervolume._volume, "points[: i + 1, :-1]", "points[: i + 2, :-1]", SEVERAL),
}
FAULTS = MODELS | PROPOSING | SHARES_OF_A_RUN | SIMULATING
