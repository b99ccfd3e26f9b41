"""Faults of zero-cost proxies and their correlations, and the laws that notice them."""

from functools import partial

from search import correlations, frame, outcome, warm
from search.record import history
from search.training import proxies, trainer
from tests.search import test_correlations
from tests.search.planting import Fault
from tests.search.training import test_proxies

UNTOUCHED = test_proxies.test_a_proxy_leaves_everything_as_it_was_and_is_the_same_again
BEGINS = test_proxies.test_proxies_are_of_the_network_that_training_begins_with
GRADIENT = test_proxies.test_the_gradient_norm_is_that_of_the_loss_with_the_statistics_of_the_batch
CHAIN = test_proxies.test_synflow_of_a_linear_chain_is_its_length_times_the_product_of_its_absolute_weights
SAMPLES = test_proxies.test_a_kernel_that_is_a_function_counts_as_the_table_of_its_samples
ALIKE = test_proxies.test_jacobians_that_are_all_alike_have_one_eigenvalue
NO_SCALE = test_proxies.test_the_correlations_of_jacobians_know_no_scale_and_no_order
TWICE = test_proxies.test_each_layer_twice_as_large_adds_log_two_to_zen_whether_a_norm_follows_or_not
STUBBORN = test_proxies.test_a_proxy_that_cannot_be_computed_is_no_number_and_the_training_goes_on
RECORDED = test_proxies.test_training_with_proxies_is_training_without_and_records_them
SCIPY = test_correlations.test_tau_is_that_of_scipy_ties_and_all
BETTER = test_correlations.test_a_proxy_is_better_that_beats_both_parameters_and_flops
RUN = test_correlations.test_a_run_has_the_correlations_of_its_scored_trials
FRAME = test_correlations.test_proxies_are_columns_of_the_frame_and_a_part_of_the_report
OLD = test_correlations.test_a_record_without_proxies_is_read_and_a_warm_start_keeps_them

NOISE, RANKS = test_correlations.NOISE, test_correlations.RANKS
RUN_MOST = partial(RUN, "maximize accuracy", 1)

COMPUTED = {
    "proxies of the network itself": Fault(
        proxies._apart, "copy.deepcopy(network).eval()", "network.eval()", partial(UNTOUCHED, "synflow")
    ),
    "proxies under dropout": Fault(proxies._apart, ".eval()", ".train()", partial(UNTOUCHED, "gradient_norm")),
    "proxies that draw from everybody's random numbers": Fault(
        proxies.zen, ", generator=generator)", ")", partial(UNTOUCHED, "zen")
    ),
    "a random state that proxies leave behind": Fault(
        proxies.proxies_of, "with torch.random.fork_rng(devices=[])", "if True", BEGINS
    ),
    "proxies of another network than is trained": Fault(
        proxies.proxies_of, "manual_seed(seed)", "manual_seed(0)", BEGINS
    ),
    "norms with the statistics of no batch": Fault(proxies._apart, "norm.train()", "norm.eval()", GRADIENT),
    "synflow of weights with their signs": Fault(proxies.synflow, "weight.abs_()", "pass", CHAIN),
    "synflow through norms": Fault(proxies.synflow, "norm.register_forward_hook(_scaled)", "pass", CHAIN),
    "synflow of examples": Fault(proxies.synflow, "torch.ones(1,", "2 * torch.ones(1,", CHAIN),
    "synflow of the weights of a kernel's function": Fault(
        proxies.synflow, 'name.endswith(".kernel")', "False", SAMPLES
    ),
    "covariances for correlations": Fault(proxies.jacobian_covariance, "torch.corrcoef(", "torch.cov(", NO_SCALE),
    "correlations that must be singular": Fault(proxies.jacobian_covariance, "max(2, x[0].numel() // 2)", "32", ALIKE),
    "zen without the scales of norms": Fault(proxies.zen, " + sum(map(math.log, scales))", "", partial(TWICE, "batch")),
    "zen of batch norms alone": Fault(
        proxies.zen,
        "in _norms(model):",
        'in (n for n in _norms(model) if hasattr(n, "running_var")):',
        partial(TWICE, "layer"),
    ),
    "a missing proxy that is zero": Fault(proxies._value, "return math.nan", "return 0.0", STUBBORN),
}
TOLD = {
    "proxies that nobody asked for": Fault(trainer.train, "if training.proxies else {}", "if True else {}", RECORDED),
    "proxies that are not recorded": Fault(trainer.train, "proxies=proxies", "proxies={}", RECORDED),
    "proxies that a history forgets": Fault(history.finished, "proxies=outcome.proxies", "proxies={}", RUN_MOST),
    "proxies that a frame lacks": Fault(frame.trials_frame, "row |= trial.proxies", "pass", FRAME),
    "a missing proxy that is no number": Fault(outcome.from_record, '{"scores", "proxies"}', '{"scores"}', OLD),
    "a warm start without proxies": Fault(warm._outcome, "dict(trial.proxies)", "{}", OLD),
    "the scores of what paused": Fault(correlations.correlations_in, 'trial.state == "scored" and', "", RUN_MOST),
    "a loss taken for a score": Fault(
        correlations.correlations_in, "1 if objective.maximize else -1", "1", partial(RUN, "minimize accuracy", -1)
    ),
    "ties that count": Fault(correlations.kendall, "total(a * a) * total(b * b)", "total(a * a) ** 2", SCIPY),
    "better than parameters is enough": Fault(
        correlations._correlation,
        "for trivial in TRIVIAL if",
        "for trivial in TRIVIAL[:1] if",
        partial(BETTER, NOISE, RANKS, RANKS, False),
    ),
    "the opposite tells nothing": Fault(
        correlations._correlation,
        "np.sign(found[0]) * found",
        "found",
        partial(BETTER, NOISE, NOISE, RANKS[::-1], True),
    ),
    "the opposite of parameters tells nothing": Fault(
        correlations._correlation,
        "np.sign(other[0]) * other",
        "other",
        partial(BETTER, RANKS[::-1], NOISE, RANKS, False),
    ),
    "nine are enough": Fault(
        correlations._correlation,
        "has.sum() >= LEAST",
        "True",
        partial(BETTER, test_correlations.WEAK, test_correlations.WEAK, test_correlations.NINE, False),
    ),
}
FAULTS = COMPUTED | TOLD
