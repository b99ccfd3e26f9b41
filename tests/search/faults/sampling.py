"""Faults of `FrontSampler`, and the laws that notice them."""

from search.sampler import FrontSampler
from tests.search import test_sampler
from tests.search.planting import Fault

FOLLOWS = test_sampler.test_what_is_sampled_follows_from_the_trials_and_the_seed
LIMITS = test_sampler.test_nothing_over_a_limit_is_sampled_and_nothing_twice
TRAINING = test_sampler.test_trials_in_training_in_another_process_are_known
OTHERS = test_sampler.test_other_parameters_are_random_and_what_fails_or_is_of_no_space_does_no_harm

FAULTS = {
    "a sampler that learns nothing": Fault(
        FrontSampler._outcome,
        "Scored(scores, epochs=1)",
        'Failed("")',
        test_sampler.test_a_study_finds_more_than_random_sampling_of_four_times_the_trials,
    ),
    "a seed of the clock": Fault(
        FrontSampler.before_trial,
        "derived_seed(self.seed, str(trial.number))",
        '__import__("time").time_ns() % 2**32',
        FOLLOWS,
    ),
    "a sampler without limits": Fault(FrontSampler.before_trial, "self.limits", "()", LIMITS),
    "only finished trials known": Fault(
        FrontSampler._learn, "trial.number not in self._begun", "trial.state in FINISHED", TRAINING
    ),
    "values for other parameters": Fault(FrontSampler.sample_independent, "param_name in chosen", "not chosen", LIMITS),
    "any directions": Fault(
        FrontSampler._check,
        "known != wanted",
        "False",
        test_sampler.test_a_study_of_other_directions_is_refused_with_the_remedy,
    ),
}
