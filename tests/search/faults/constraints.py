"""Faults of limits on what is measured, and the laws that notice them."""

from functools import partial

from search import choosing, measures, numbers, scoring, warm
from search.constraints import Constraint
from search.drawing import Drawing
from search.record import history
from search.report import tables
from search.strategies.evolve import Evolve
from search.strategies.knowledge import Knowledge
from search.strategies.optuna_samplers import _Generations
from search.training import measuring, trainer
from search.trial import Trial
from tests.search import test_constraints as laws
from tests.search import test_constraints_of_trained as trained
from tests.search.planting import Fault

FRONT = trained.test_a_trained_network_that_breaks_a_limit_is_scored_and_not_on_the_front
BEFORE = laws.test_a_limit_on_latency_is_decided_before_training
LEARNED = trained.test_strategies_learn_that_a_network_breaks_a_limit
GAP = partial(trained.test_the_gap_is_what_a_score_loses_on_twice_the_grid, trained.ACCURACY)
LOSS = partial(trained.test_the_gap_is_what_a_score_loses_on_twice_the_grid, trained.LOSS)
WEIGHTS = trained.test_what_is_limited_is_measured_of_the_best_weights
BYTES = partial(laws.test_bytes_are_those_of_the_exported_weights, laws.continuous(5))
FASTEST = laws.test_latency_is_the_fastest_run_after_the_first_ones
NEAREST = trained.test_where_no_network_keeps_a_limit_the_nearest_is_told
TRACE = laws.test_latency_is_of_one_core_and_leaves_no_trace
COSTS = laws.test_what_a_cost_decides_is_not_measured
FINER = laws.test_what_cannot_run_on_a_finer_grid_is_not_trained
LEAST = laws.test_a_limit_that_no_latency_keeps_tells_the_least
KEEPS = trained.test_a_search_keeps_a_limit_on_its_trained_networks
MAP = trained.test_a_map_is_compared_on_its_own_grid

FAULTS = {
    "latency in seconds whatever its unit": Fault(
        numbers.seconds,
        " * UNITS[match[2]]",
        "",
        partial(laws.test_limits_on_measurements_are_read, "latency <= 5ms", 0.005, "latency <= 5 ms"),
    ),
    "bytes of unsampled kernels": Fault(measures._frozen, "freeze(lower(architecture))", "lower(architecture)", BYTES),
    "the first runs timed": Fault(measures._fastest, "range(WARM_UP)", "range(0)", FASTEST),
    "the slowest run timed": Fault(measures._fastest, "min(found)", "max(found)", FASTEST),
    "latency measured as long as it may take": Fault(
        measures._fastest,
        " and sum(found) < LONG",
        "",
        FASTEST,
    ),
    "threads left at one": Fault(
        measures.latency,
        "torch.set_num_threads(threads)",
        "pass",
        TRACE,
    ),
    "random weights drawn from the run's randomness": Fault(
        measures.latency,
        "torch.random.fork_rng(devices=[]), torch.no_grad()",
        "torch.no_grad()",
        TRACE,
    ),
    "latency not kept": Fault(Drawing._event, "{} if _violated(excess) else", "{} if True else", BEFORE),
    "latency of what a cost rules out": Fault(
        Drawing._event,
        "{} if _violated(excess) else",
        "{} if False else",
        COSTS,
    ),
    "a limit that is not of the trained network alone": Fault(
        Constraint.excess,
        "1.0 if self.obstacle(architecture) else -1.0",
        "-1.0",
        FINER,
    ),
    "latency told in seconds": Fault(
        Constraint.amount,
        "as_seconds(value) if",
        "str(value) if",
        LEAST,
    ),
    "limits on trained networks not kept": Fault(scoring.scored, ", excess=excess)", ")", FRONT),
    "limits on trained networks forgotten": Fault(
        history.finished, "{**trial.excess, **outcome.excess}", "trial.excess", FRONT
    ),
    "no word of which limit is broken": Fault(history.finished, " if by > 0", " if by > 99", FRONT),
    "what breaks a limit on the front": Fault(
        Trial.feasible, "all(by <= 0 for by in self.excess.values())", "True", FRONT
    ),
    "a network at its limit left out": Fault(Trial.feasible, "by <= 0", "by < -1e-9", FRONT),
    "what is limited may be infinite": Fault(
        scoring.scored, "if not math.isfinite(by)]", "if by != by]", trained.test_what_is_limited_is_a_finite_number
    ),
    "the farthest told for the nearest": Fault(choosing.none_feasible, "min(scored", "max(scored", NEAREST),
    "children of what breaks a limit": Fault(
        Evolve._population, "(trial := history[number]).feasible", "(trial := history[number]).scores", LEARNED
    ),
    "what breaks a limit learned as good": Fault(Knowledge._finished, "not outcome.feasible", "False", LEARNED),
    "parents by their values alone": Fault(
        _Generations.get_parent_population,
        "max(0.0, *trial.constraints.values())",
        "0",
        trained.test_parents_that_break_a_limit_come_after_all_others,
    ),
    "outcomes carried over unmeasured": Fault(
        warm._measured,
        "limit.trained and",
        "False and",
        trained.test_an_outcome_without_what_is_limited_is_measured_again,
    ),
    "what was not measured kept": Fault(
        Constraint.value,
        "if self.name not in (scores or {}):",
        "if self.name not in (scores or {}):\n            return 0.0\n        if False:",
        trained.test_a_limit_on_what_was_not_measured_says_so,
    ),
    "a gap that is a gain": Fault(measuring.resolution_gap, "worse if goal.maximize else -worse", "-worse", GAP),
    "the gap of a loss upside down": Fault(
        measuring.resolution_gap, "worse if goal.maximize else -worse", "worse", LOSS
    ),
    "a map compared on the finer grid": Fault(
        measuring.Finer.forward,
        " if self.answers else outputs",
        " if not self.answers else outputs",
        MAP,
    ),
    "the gap of the last weights": Fault(
        trainer._outcome, "loop.model.load_state_dict(loop.best_state)", "pass", WEIGHTS
    ),
    "nothing measured": Fault(trainer._outcome, "scores |= measured(", "measured(", WEIGHTS),
    "no count of what breaks a limit": Fault(
        tables.counts_line,
        "if broken else",
        "if False else",
        trained.test_a_search_keeps_a_limit_on_its_trained_networks,
    ),
}
