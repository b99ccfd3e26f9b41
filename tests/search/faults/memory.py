"""Faults of what is told of the memory of a training, and the laws that notice them."""

from functools import partial

from search.constraints import Constraint
from search.training import evaluation, lives, memory, shortage, trainer
from search.training.lives import Lives
from tests.search.planting import Fault
from tests.search.training import test_memory as laws

COPIES = partial(laws.test_what_is_told_is_within_a_fifth_of_what_torch_holds, "table")
EXACT = partial(laws.test_it_is_exact_where_torch_holds_tensors_alone, "O attention")
WEIGHTS = partial(laws.test_weights_count_with_their_gradients_moments_and_the_best_ones, 2)
FITS = partial(laws.test_what_may_fit_is_trained, precision="bf16", share=0.45)
REFUSED = partial(laws.test_what_cannot_fit_is_not_trained_and_says_what_it_takes, cuda=False)
LARGEST = partial(laws.test_what_takes_more_is_told_to_take_more, {"batch_size": laws.choice(8, 128, 16)}, {})
AUGMENTED = partial(laws.test_what_takes_more_is_told_to_take_more, {"augment": "C4"}, {})

VOLUMES = laws.test_large_examples_take_no_more_to_score_than_a_few
PARTS = partial(laws.test_a_large_batch_is_answered_in_parts_and_scored_as_one, batch_size=7)

FAULTS = {
    "nothing is freed": Fault(Lives._free, "self.now -= self._held.pop(storage)", "pass", EXACT),
    "not all is counted": Fault(Lives._hold, "self.now += storage.nbytes()", "self.now += 0", EXACT),
    "what is held at the end": Fault(Lives.made, "max(self.peak, self.now +", "(self.now +", EXACT),
    "the copies of convolutions forgotten": Fault(lives._blocked, "return batch *", "return 0 * batch *", COPIES),
    "no moments": Fault(memory._peak, "optimizer.step()  # makes the moments", "pass", WEIGHTS),
    "no copy of the best weights": Fault(memory._peak, "in model.state_dict().values()]", "in ()]", WEIGHTS),
    "no gradients of the step before": Fault(
        memory._peak, "parameter.grad = torch.empty_like(parameter)", "pass", WEIGHTS
    ),
    "nothing scored": Fault(
        memory._peak,
        "model(whole.split(answered(whole, training.batch_size))[0])",
        "pass",
        laws.test_scoring_counts_where_it_takes_more_than_a_step,
    ),
    "large examples scored by 256": Fault(
        evaluation.answered, "max(1, batch_size, NUMBERS", "max(256, batch_size, NUMBERS", VOLUMES
    ),
    "a batch scored as a whole": Fault(evaluation._in_parts, "answered(x, batch_size)", "len(x)", PARTS),
    "fewer answered than trained on": Fault(evaluation.answered, "max(1, batch_size, NUMBERS", "max(1, NUMBERS", PARTS),
    "the batch of the data set as a whole": Fault(
        memory._like, "min(size, count)", "size", laws.test_a_batch_is_no_larger_than_the_data
    ),
    "the first batch size of a hole": Fault(
        memory.memory_of, "max(training.possible", "min(training.possible", LARGEST
    ),
    "one batch where examples are moved": Fault(
        memory.memory_of, 'copies = 2 if any(training.possible("augment")) else 1', "copies = 1", AUGMENTED
    ),
    "weights drawn from the run's randomness": Fault(
        memory.memory_of,
        "with torch.random.fork_rng(devices=[]):",
        "if True:",
        laws.test_the_random_state_is_left_as_it_was,
    ),
    "a limit on memory that all keep": Fault(
        Constraint._computed,
        "return self.memory(architecture)",
        "return 0.0",
        laws.test_a_limit_on_memory_is_decided_before_training,
    ),
    "a limit without its search": Fault(
        memory.limits,
        "if index in where else",
        "if False else",
        laws.test_a_limit_on_memory_is_decided_before_training,
    ),
    "refused at once": Fault(shortage.shortage, "told / MARGIN /", "told /", FITS),
    "half precision as dear as any": Fault(
        shortage.shortage, '(1 if training.precision == "float32" else 2)', "1", FITS
    ),
    "blocks of others refused": Fault(
        memory._peak, "if tensors and", "if not tensors and", laws.test_where_it_is_not_known_it_is_trained
    ),
    "trained whatever it takes": Fault(
        trainer.train, "if (why := shortage(architecture, task, training)) is not None:", "if why := None:", REFUSED
    ),
    "a step tried for every candidate": Fault(
        shortage.shortage,
        "max(training.batch_size, EVALUATION_BATCH)) < there",
        "0) < 0",
        laws.test_a_small_candidate_costs_no_step,
    ),
}
