"""Faults of how loaders and other data of a person's own are trained on, and the laws that notice them."""

from functools import partial

from search.tasks import batches, first_batches, inspecting
from search.tasks.task import Task
from search.training import epochs, randomness, rates
from tests.search.planting import Fault
from tests.search.tasks import test_kinds
from tests.search.training import test_loaders, test_retraining

LATER = partial(test_loaders.test_data_without_a_length_are_learned_in_every_epoch, data=test_loaders.Stream())
OWN = test_loaders.test_what_data_draw_by_generators_of_their_own_follows_from_the_seed
ANEW = test_loaders.test_an_epoch_draws_other_numbers_than_the_one_before
PASSES = partial(partial, test_loaders.test_data_are_passed_over_twice_or_refused)
COUNTED = test_loaders.test_the_batches_of_a_pass_are_counted_where_they_are_not_told

SPOILING = test_kinds.test_a_metric_that_changes_what_it_is_given_changes_nothing_else
DRAWN = test_retraining.test_who_trains_again_draws_what_would_have_been_drawn_without

FAULTS = {
    "what others are scored by changed": Fault(Task.scores, "alike.clone(), wanted.clone()", "alike, wanted", SPOILING),
    "a retraining that seeds its caller": Fault(randomness.as_found, "random.setstate(states[1])", "pass", DRAWN),
    "the rate of a training that is over": Fault(rates.planned, "min(batch, steps)", "batch", LATER),
    "epochs of nothing": Fault(
        epochs.shown, "not batch:", "False:", test_loaders.test_an_epoch_without_a_batch_is_no_epoch
    ),
    "a mean over no example": Fault(
        batches.batches, "if len(x):", "if True:", test_loaders.test_a_batch_without_an_example_is_left_out
    ),
    "data that can be read once": Fault(
        first_batches.counted, "and again is not None", "", PASSES(name="a training that is spent")
    ),
    "a pass without an end": Fault(
        inspecting.pass_mistakes, "or limited", "or True", PASSES(name="a training without an end")
    ),
    "a limit of time that is none": Fault(
        inspecting.pass_mistakes, " or limited", "", PASSES(name="a training without an end, for a while")
    ),
    "batches that are not counted": Fault(inspecting.pass_mistakes, "found or 1", "1", COUNTED),
    "the order of a loader as it goes on": Fault(epochs.shown, "epoch, data)", "epoch)", partial(OWN, "a loader")),
    "generators of samplers forgotten": Fault(
        randomness._generators, '"sampler", "batch_sampler", ', "", partial(OWN, "a sampler of one's own")
    ),
    "generators of datasets forgotten": Fault(
        randomness._generators,
        '"batch_sampler", "dataset"',
        '"batch_sampler"',
        partial(OWN, "its dataset, of Python's"),
    ),
    "numpy's generators left alone": Fault(
        randomness._seed,
        "generator.bit_generator.state =",
        "_ =",
        partial(OWN, "a dataset, of numpy's"),
    ),
    "the same numbers in every epoch": Fault(
        randomness.seed_epoch, "1_000_003 + epoch", "1_000_003", partial(ANEW, holder="a sampler of one's own")
    ),
}
