"""Faults of epochs at a coarser sampling rate, and the laws that notice them."""

from functools import partial

from search import spending
from search.training import checks, resolution, settings, trainer
from search.training.loop import Loop
from search.training.resolution import Grids
from search.training.settings import Training
from tests.search.planting import Fault
from tests.search.training import test_coarse as laws
from tests.search.training import test_coarse_terms as terms

KILLED = partial(laws.test_a_training_killed_while_coarse_or_after_ends_as_one_that_was_not, 1)
PAUSED = partial(laws.test_a_pause_while_coarse_has_what_it_has_and_goes_on_as_if_it_had_not_paused, 3)
WEIGHTS = laws.test_the_weights_of_a_pause_while_coarse_are_of_the_whole_network_with_statistics_of_its_own_grid
NONE = laws.test_shares_of_zero_are_no_coarse_epochs_and_tables_are_trained_at_the_full_rate
STEPS = laws.test_the_epochs_are_at_rising_rates_with_the_same_parameters_and_one_optimizer
STATISTICS = laws.test_at_the_step_to_a_finer_grid_statistics_are_those_of_the_finer_grid
SELECT = laws.test_the_scores_of_coarse_epochs_never_select
FINITE = laws.test_coarse_scores_do_not_count_as_those_that_are_finite
PATIENCE = partial(laws.test_patience_counts_no_coarse_epoch, [0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1, 0.0], 7)
COST = laws.test_a_coarse_epoch_costs_what_the_network_that_is_trained_there_takes
MEANS = terms.test_examples_sampled_more_coarsely_are_means_over_their_cells_and_keep_nothing_above_the_new_band
READ = terms.test_coarse_epochs_are_recorded_and_read_again
REFUSED = terms.test_a_search_whose_networks_cannot_be_sampled_more_coarsely_is_refused

FAULTS = {
    "a coarse training resumed at the full rate": Fault(
        Loop._restored, "self.model = self.on(self.grids.at(found.done - 1))", "pass", KILLED
    ),
    "coarse epochs as shares of the shorter training": Fault(
        Loop.__init__,
        "Grids(architecture, training)",
        "Grids(architecture, __import__('dataclasses').replace(training, epochs=epochs))",
        PAUSED,
    ),
    "weights of a pause with statistics of the coarse grid": Fault(
        trainer._outcome, "loop.on(loop.grids.own).state_dict()", "loop.best_state", WEIGHTS
    ),
    "the full rate throughout": Fault(Grids.at, "self._coarse.get(self._factor(epoch), self.own)", "self.own", NONE),
    "coarse to the end": Fault(Training.factor, "share += more", "share += 2 * more", STEPS),
    "the finer rate first": Fault(settings._read, ", reverse=True", "", READ),
    "copies of the parameters trained": Fault(
        Loop.on,
        "network = self.model.at_resolution(*grid)",
        "network = __import__('copy').deepcopy(self.model).at_resolution(*grid)",
        STEPS,
    ),
    "statistics of the coarse grid kept": Fault(Loop.on, "if self.done:", "if False:", STATISTICS),
    "statistics at the step from examples at the full rate alone": Fault(
        Loop.on, "self._reestimate(network)", "self._reestimate(self.model)", STATISTICS
    ),
    "the best of all epochs": Fault(Loop.comparable, " if self.grids.at(epoch) == last", "", SELECT),
    "a coarse score taken for a finite one": Fault(trainer._outcome, "loop.comparable", "loop.history", FINITE),
    "patience lost while coarse": Fault(Loop.finished, " and self.model.grid == self.grids.own", "", PATIENCE),
    "coarse epochs at the full price": Fault(
        spending.training_flops, "coarse.get(factor, trial.cost)", "trial.cost", COST
    ),
    "epochs after a pause priced as the first": Fault(
        spending.training_flops, "range(begun, begun + epochs)", "range(epochs)", COST
    ),
    "every other value": Fault(resolution.sampled, 'mode="area"', 'mode="nearest"', MEANS),
    "a search of tables alone": Fault(checks.check_coarse, "if not architectures or", "if True or", REFUSED),
}
