"""Faults of strategies and of what they rank and keep, and the laws that notice them."""

from functools import partial

from search import ranks
from search.drawing import Drawing
from search.engine import Engine
from search.objectives import loss_of
from search.record.history import History
from search.strategies import evolve
from search.strategies.evolve import Evolve
from search.strategies.exhaustive import Exhaustive
from search.strategies.front import FrontStrategy
from search.strategies.halving import Halving
from search.strategies.kept import Kept
from search.strategies.moves import Moves
from search.strategies.optuna_samplers import Gp, Nsga2, OptunaSampler, _Generations
from search.strategies.quasi_random import QuasiRandom
from tests.search import test_inheriting, test_ranks
from tests.search.planting import Fault
from tests.search.strategies import (
    test_every_strategy,
    test_evolving,
    test_going_through,
    test_halving,
    test_kept,
    test_used_up,
)

RANKS = partial(test_ranks.test_ranks_are_those_of_the_definition, (40, 3))
CROWDING = partial(test_ranks.test_crowding_distances_are_those_of_the_definition, (40, 2))
BEST_FIRST = test_evolving.test_the_best_first_are_those_of_low_rank_and_of_these_those_apart
FOLLOWS = test_every_strategy.test_candidates_fit_are_new_and_follow_from_the_seed_killed_or_not
LIMITS = test_every_strategy.test_the_gaussian_process_models_limits_and_no_other_condition
HEIRS = partial(
    test_inheriting.test_front_names_parents_if_it_is_asked_to_or_weights_are_inherited, asked=False, training=True
)
ONCE = partial(test_going_through.test_exhaustive_search_meets_each_architecture_within_the_limits_once, "300", 300)
LIST = test_going_through.test_its_list_is_made_once_and_a_large_space_has_none
AGAIN = test_going_through.test_what_was_drawn_for_it_is_left_out_and_what_was_not_drawn_comes_again
EVEN = partial(test_going_through.test_of_a_power_of_two_of_quasi_random_points_each_value_has_its_share, 0)
SEQUENCE = test_going_through.test_the_sequence_is_one_for_the_run_and_another_for_another
CLOSER = test_evolving.test_it_comes_three_times_as_close_to_the_front_as_random_search
CHILD = test_evolving.test_a_child_is_a_step_from_its_parent_or_has_its_values_of_two
PARENTS = test_evolving.test_parents_are_the_best_of_samples_of_the_last_scored
KEPT = test_kept.test_the_best_and_the_most_recent_are_kept
BOUND = test_kept.test_a_study_never_holds_more_than_is_kept
GENERATION = test_kept.test_parents_of_a_generation_are_the_best_of_those_before

RANKING = {
    "equal points that beat each other": Fault(
        ranks._beaten, "beaten[left[(others == first).all(axis=1)]]", "beaten[left[0]]", RANKS
    ),
    "points in the order of one column": Fault(
        ranks.ranks, "np.lexsort(points.T[::-1])", "np.arange(len(points))", RANKS
    ),
    "what is no number among the best": Fault(
        ranks.ranks,
        "np.isnan(points), np.inf",
        "np.isnan(points), -np.inf",
        test_ranks.test_what_is_no_number_is_the_worst_and_nothing_has_no_rank,
    ),
    "the ends of a front crowded": Fault(ranks.crowding, "= np.inf", "= 0", CROWDING),
    "columns of unequal weight": Fault(ranks.crowding, "/ span", "", CROWDING),
    "the crowded first": Fault(ranks.best_first, "(-apart, found)", "(apart, found)", BEST_FIRST),
    "crowding across ranks": Fault(
        ranks.best_first,
        "apart[found == rank] = crowding(points[found == rank])",
        "apart = crowding(points)",
        BEST_FIRST,
    ),
    "objectives that are maximised ranked the wrong way": Fault(
        loss_of, "-1 if objective.maximize else 1", "-1 if objective.maximize else -1", CLOSER
    ),
}

GOING_THROUGH = {
    "a filling left out": Fault(
        Exhaustive.propose,
        "return Proposal(self._next)",
        "given, self._next = self._next, None; return Proposal(given)",
        AGAIN,
    ),
    "what was drawn for it proposed again": Fault(Exhaustive.observe, "Proposed | Rejected", "Rejected", AGAIN),
    "the same order for every run": Fault(Exhaustive._order, 'derived_seed(run_seed, "order")', "0", ONCE),
    "no order of its own": Fault(Exhaustive._order, ".shuffle(listed)", "", LIST),
    "a list at every proposal": Fault(Exhaustive.propose, "if self._ahead is None:", "if True:", LIST),
    "a list of a space of any size": Fault(Exhaustive._order, "> MOST_SHUFFLED", "< 0", LIST),
    "a real number gone through": Fault(
        Exhaustive.__init__,
        "math.isinf(parameter.hole.count)",
        "False",
        test_going_through.test_that_real_numbers_cannot_be_gone_through_is_said,
    ),
    "points of the slot alone": Fault(QuasiRandom.propose, "history.next_number", "budget.slot", EVEN),
    "a sequence that goes on from where the process is": Fault(
        QuasiRandom._point, "self._sequence.fast_forward(ahead)", "pass", SEQUENCE
    ),
    "one dimension for all decisions": Fault(QuasiRandom.propose, "point[self._dimensions[name]]", "point[0]", EVEN),
    "a run's seed that no strategy is told": Fault(Drawing._proposal, "attempt=", "run_seed=0, attempt=", ONCE),
}

INHERITING = {
    "weights inherited from nobody": Fault(FrontStrategy._best, "self.inherit or budget.inherit", "False", HEIRS),
    "a strategy that is not told of heirs": Fault(Engine.__init__, 'known.get("training", {})', "{}", HEIRS),
}

EVOLVING = {
    "parents of any age": Fault(Evolve._population, "len(last) == POPULATION", "False", PARENTS),
    "the oldest as parents": Fault(Evolve._population, "reversed(history.outcomes)", "history.outcomes", PARENTS),
    "the worst of a sample": Fault(evolve._winner, "min(rng.sample", "max(rng.sample", CLOSER),
    "the best last": Fault(Evolve._population, "return [last[i]", "return [last[-1 - i]", CLOSER),
    "children far from their parents": Fault(
        Moves.mutated, "for _ in range(steps)", "for _ in range(steps + 3)", CHILD
    ),
    "children of nobody's values": Fault(Moves._filled, "rng.choice(known) if known else", "", CHILD),
    "a parent that is not the first": Fault(
        Evolve.propose,
        "self._moves.crossed(first.values, second.values, rng), parent=first.number",
        "self._moves.crossed(first.values, second.values, rng)",
        CHILD,
    ),
    "children of random numbers of their own": Fault(
        Evolve.propose, "random.Random(budget.seed)", "random.Random()", partial(FOLLOWS, "evolve", "small")
    ),
}

SAMPLERS = {
    "a study that forgets nothing": Fault(
        OptunaSampler._learn, "if self._forgot != self.kept.forgot:", "if False:", BOUND
    ),
    "no bound": Fault(Kept.observe, "len(self.trials) > MOST", "False", KEPT),
    "the worst kept": Fault(Kept._forget, "order[:BEST]", "order[::-1][:BEST]", KEPT),
    "the oldest kept": Fault(Kept._forget, "others[-RECENT:]", "others[:RECENT]", KEPT),
    "old ones of equal rank kept": Fault(Kept._forget, "-pair[1].number", "pair[1].number", KEPT),
    "outcomes not kept": Fault(Kept.observe, "event.number in self.trials", "False", KEPT),
    "parents that depend on when they were asked for": Fault(
        _Generations.get_parent_population,
        "if generation == 0:\n        return []",
        "if generation < 9:\n        return super(_Generations, self).get_parent_population(study, generation)",
        GENERATION,
    ),
    "parents of their own generation": Fault(
        _Generations.get_parent_population, "if trial.number not in own", "", GENERATION
    ),
    "parents that are the worst": Fault(
        _Generations.get_parent_population,
        "[:POPULATION]",
        "[-POPULATION:]",
        GENERATION,
    ),
    "generations of another size": Fault(Nsga2.sampler, "population_size=POPULATION", "population_size=30", GENERATION),
    "a process for what is the same for all": Fault(
        Gp.frozen, "name not in (TYPED, NEW)", "name in (TYPED, NEW)", LIMITS
    ),
}


GO_ON = test_halving.test_one_in_three_goes_on_and_it_is_of_the_best_at_its_rung
ONLY_WHOLE = test_halving.test_what_only_whole_trainings_have_does_not_decide_who_goes_on
COMPARED = test_halving.test_what_is_compared_does_not_grow_with_the_run
OTHERS_TOO = test_halving.test_where_nothing_is_new_the_others_go_on_too
TO_ITS_END = partial(test_halving.test_a_small_space_is_trained_to_its_end_by_any_number_of_workers, 3)
LACKS = test_halving.test_a_score_that_one_candidate_lacks_still_decides_among_the_others

USED_UP = test_used_up.test_no_epoch_is_trained_twice_in_a_space_that_is_used_up

HALVING = {
    "what has paused is trained from its beginning": Fault(
        Drawing._event, "if trial.parent is None:", "if False:", partial(USED_UP, "front")
    ),
    "the first pause, not the last": Fault(History.paused_in, "max(", "min(", partial(USED_UP, "in turns")),
    "the worst go on": Fault(Halving._best, "else order[:", "else order[::-1][:", GO_ON),
    "one in four goes on": Fault(Halving._best, "// self.factor", "// (self.factor + 1)", GO_ON),
    "who goes on goes on again": Fault(Halving.observe, "self._gone.add(event.trial.parent)", "pass", GO_ON),
    "the lowest rung first": Fault(Halving.propose, "in reversed(pauses)", "in pauses", GO_ON),
    "latency at a rung": Fault(Halving._best, "losses[:, np.isfinite(losses).any(0)]", "losses", ONLY_WHOLE),
    "all that ever paused": Fault(Halving.observe, "del known[:-COMPARED]", "pass", COMPARED),
    "nobody but the best": Fault(Halving.propose, "(0, PATIENCE)", "(0,)", OTHERS_TOO),
    "the end of a run that waits for others": Fault(Halving.propose, " and budget.attempt < PATIENCE", "", TO_ITS_END),
    "a score that one lacks without effect": Fault(
        Halving._best, "np.isfinite(losses).any(0)", "np.isfinite(losses).all(0)", LACKS
    ),
}

FAULTS = RANKING | GOING_THROUGH | INHERITING | EVOLVING | SAMPLERS | HALVING
