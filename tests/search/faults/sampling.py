"""Faults of `FrontSampler`, and the laws that notice them."""

from functools import partial

from search.sampler import FrontSampler
from tests.search import test_sampler
from tests.search.planting import Fault

FOLLOWS = test_sampler.test_what_is_sampled_follows_from_the_trials_and_the_seed
LIMITS = test_sampler.test_nothing_over_a_limit_is_sampled_and_nothing_twice
TRAINING = test_sampler.test_trials_in_training_in_another_process_are_known
OTHERS = test_sampler.test_other_parameters_are_random_and_what_fails_or_is_of_no_space_does_no_harm
ENQUEUED = partial(test_sampler.test_scores_are_learned_of_what_was_trained_also_where_a_trial_was_enqueued, 4)
FOREIGN = test_sampler.test_trials_that_are_brought_in_and_not_of_the_space_are_told_once
USED_UP = test_sampler.test_where_all_within_the_limits_were_sampled_nothing_over_them_is
VALUES = test_sampler.test_an_infinite_value_counts_as_failed_and_a_value_is_what_was_returned

FAULTS = {
    "a sampler that learns nothing": Fault(
        FrontSampler._outcome,
        "Scored(scores, epochs=1)",
        'Failed("")',
        test_sampler.test_a_study_finds_more_than_random_sampling_of_four_times_the_trials,
    ),
    "a seed of the clock": Fault(
        FrontSampler._chosen,
        'derived_seed(self.seed, f"{number} {attempt}" if attempt else str(number))',
        '__import__("time").time_ns() % 2**32',
        FOLLOWS,
    ),
    "a sampler without limits": Fault(FrontSampler.__init__, "seed, self.limits", "seed, ()", USED_UP),
    "only finished trials known": Fault(
        FrontSampler._learn, "trial.number not in self._begun", "trial.state in FINISHED", TRAINING
    ),
    "values for other parameters": Fault(FrontSampler.sample_independent, "param_name in chosen", "not chosen", LIMITS),
    "scores of what was not trained": Fault(FrontSampler._learn, " or trial.state in FINISHED", "", ENQUEUED),
    "what is sampled where the space is used up over a limit": Fault(
        FrontSampler._chosen, "if self._within_limits(values)", "if True", USED_UP
    ),
    "infinite values learned": Fault(FrontSampler._outcome, "all(map(math.isfinite, scores.values()))", "True", VALUES),
    "values computed again": Fault(FrontSampler.__init__, "Score(o.name, o.maximize) for", "o for", VALUES),
    "trials of another space left out without a word": Fault(
        FrontSampler._learn, "len(self._foreign) > known", "False", FOREIGN
    ),
    "trials of another space told again": Fault(
        FrontSampler._learn, "known = len(self._foreign)", "known = 0", FOREIGN
    ),
    "a kept sampler of another seed": Fault(
        FrontSampler.__getstate__,
        'if name != "_lock"}',
        'if name != "_lock"} | {"seed": 9}',
        test_sampler.test_a_sampler_that_was_kept_goes_on_where_it_was,
    ),
    "any directions": Fault(
        FrontSampler._check,
        "known != wanted",
        "False",
        test_sampler.test_a_study_of_other_directions_is_refused_with_the_remedy,
    ),
}
