"""Faults of training, and the laws that notice them."""

from functools import partial

from archspec.exporting import agreement
from archspec.exporting.onnx_file import OnnxFile
from search.backends.worker import Trainer
from search.record.history import History
from search.tasks.kinds import Classification
from search.tasks.task import Task
from search.training import augmentation, checkpoints, epochs, evaluation, rates, retraining, settings, steps, trainer
from search.training.loop import Loop
from search.training.randomness import seed_epoch
from search.training.steps import Step
from search.trial import Trial
from tests.archspec.exporting import test_guard
from tests.search import test_trial
from tests.search.backends import test_doors
from tests.search.planting import Fault
from tests.search.tasks import test_task
from tests.search.training import (
    test_augmentation,
    test_epochs,
    test_faults,
    test_rates,
    test_retraining,
    test_steps,
    test_training,
    test_weights_that_are_none,
)
from tests.search.training.watched import ACCURACY, LOSS, PLAIN

RATE = test_steps.test_the_rate_rises_over_the_warm_up_then_falls_as_a_cosine_to_zero
OF_TYPE = test_weights_that_are_none.test_settings_of_another_type_are_one_sentence
COOLDOWN = test_steps.test_with_a_cooldown_the_rate_is_constant_and_then_falls_as_one_minus_the_root
LONGER = partial(test_epochs.test_a_longer_training_goes_on_from_shorter_ones_as_if_it_had_been_alone, 1 / 3, [3], 2)
COUNTED = partial(test_epochs.test_a_run_counts_the_epochs_that_are_trained, 2 / 3, [1, 3])
ENDED = test_epochs.test_a_pause_that_patience_ended_is_not_trained_again
ROLES = test_steps.test_a_role_moves_at_its_factor_of_the_rate_once_it_moves
ADAMW = test_steps.test_a_step_is_adamw_with_the_decay_of_weights_and_none_of_numbers_per_channel
GRADIENT = test_steps.test_the_gradient_is_that_of_the_smoothed_loss_and_its_penalties_clipped
SMOOTHED = partial(GRADIENT, PLAIN, {"clip": 1e9, "label_smoothing": 0.4})
CLIPPED = partial(GRADIENT, PLAIN, {"clip": 0.01})
HALF = partial(GRADIENT, PLAIN, {"clip": 0.01, "precision": "fp16"})
REGULARISED = partial(GRADIENT, test_steps.REGULARISED, {"alias_penalty": 0.3})
WAVELETS = partial(GRADIENT, test_steps.WAVELETS, {"admissibility": 3.0})
ORDER = test_steps.test_every_epoch_shows_each_example_once_in_an_order_of_its_own_that_follows_from_the_seed
SCORES = test_epochs.test_scores_are_those_of_a_network_in_evaluation_on_validation_data
BEST = test_epochs.test_the_weights_kept_are_those_of_the_best_epoch_and_the_latest_of_equals
BEST_ACCURACY, BEST_LOSS = (
    partial(BEST, ACCURACY, [0.5, 0.7, 0.7, 0.6], 2),
    partial(BEST, LOSS, [0.5, 0.3, 0.9, 0.4], 1),
)
PATIENCE = partial(
    test_epochs.test_patience_is_the_number_of_epochs_that_may_be_no_better, 2, [0.5, 0.4, 0.4, 0.9, 0.9], 3
)
AGAIN = partial(test_epochs.test_a_training_taken_up_again_ends_as_one_that_was_never_stopped, 3)
WINDOWS = test_epochs.test_what_is_evaluated_has_its_windows_fitted_and_costs_what_is_left
OFFSETS = test_epochs.test_offsets_move_the_last_share_of_the_steps_and_are_taken_back_for_evaluation
MOVED = test_augmentation.test_training_data_are_moved_anew_each_epoch_and_validation_data_never
EACH_MOVED = partial(test_augmentation.test_every_example_is_moved_by_itself_and_every_element_is_as_likely, "C4")
RETRAINED = test_retraining.test_scores_are_those_of_each_architecture_under_each_seed_on_test_data
WORKER = test_doors.test_what_a_worker_does_is_told_event_by_event

SCHEDULE = {
    "no warm-up": Fault(rates.Schedule.share, "max(1, round(self.warmup * self.total))", "0", RATE),
    "a rate that rises to the end": Fault(rates.Schedule.share, "(1 + math.cos", "(1 - math.cos", RATE),
    "a constant rate": Fault(rates.set_rates, '= rate * group["factor"]', '= learning_rate * group["factor"]', RATE),
    "a cooldown without a root": Fault(
        rates.Schedule.share, "math.sqrt(min(1.0, fallen))", "min(1.0, fallen)", COOLDOWN
    ),
    "a cooldown from the beginning": Fault(Loop.__init__, "self.steps * self.falls", "0", COOLDOWN),
    "a warm-up of the shorter training": Fault(
        Loop.__init__, "for n in (training.epochs,", "for n in (epochs,", COOLDOWN
    ),
    "the beginning trained again": Fault(trainer._run, "loop.restore_trunk(trunk)", "False", LONGER),
    "a cooldown gone on from": Fault(trainer._run, "= loop.done == loop.trunk", "= loop.done == loop.epochs", LONGER),
    "what patience ended trained again": Fault(
        trainer._run, " or (loop.done < loop.trunk and loop.finished)", "", ENDED
    ),
    "a cooldown that costs nothing": Fault(
        History.begun,
        "min(parent.fidelity, parent.training.trunk(parent.epochs or parent.fidelity))",
        "parent.fidelity",
        COUNTED,
    ),
    "only epochs that were told counted": Fault(
        History.trained,
        "max(trial.curve, default=0)",
        "len(trial.curve)",
        test_epochs.test_epochs_whose_word_a_kill_lost_count_too,
    ),
    "a schedule for each epoch": Fault(Loop.__init__, "self.steps * n)", "self.steps)", RATE),
    "steps that are not counted": Fault(epochs.shown, "planned(epoch, batch, steps)", "0", RATE),
    "no factor of a role": Fault(rates.set_rates, 'rate * group["factor"]', "rate", ROLES),
    "no role that waits": Fault(rates.set_rates, ' * (step >= group["still"] * schedule.total)', "", ROLES),
    "a decay of its own forgotten": Fault(
        rates.parameter_groups,
        "(decay if rate.decay is None else rate.decay) if",
        "decay if",
        test_rates.test_each_role_is_trained_at_its_rate,
    ),
}
SETTINGS = {
    "a setting of another type": Fault(
        settings.Training.__post_init__,
        "_check_types(self)",
        "pass",
        partial(
            test_weights_that_are_none.test_settings_of_another_type_are_one_sentence,
            "learning_rate",
            "much",
            "a number",
        ),
    ),
}

STEPS = {
    "no weight decay": Fault(rates.parameter_groups, "if decays else 0.0", "if False else 0.0", ADAMW),
    "biases that decay": Fault(rates.parameter_groups, "if decays else 0.0", "if True else 0.0", ADAMW),
    "no decay given to the optimizer": Fault(steps.optimizer_of, "training.weight_decay, rates", "0.0, rates", ADAMW),
    "no clipping": Fault(Step.__call__, "self.training.clip)", "1e9)", CLIPPED),
    "scaled gradients clipped": Fault(Step.__call__, "self.scaler.unscale_(self.optimizer)", "pass", HALF),
    "gradients that add up": Fault(Step.__call__, "self.optimizer.zero_grad(set_to_none=True)", "pass", SMOOTHED),
    "no label smoothing": Fault(Step.__call__, ", self.training.label_smoothing)", ")", SMOOTHED),
    "no label smoothing in the loss": Fault(Classification.loss, "=smoothing", "=0.0", SMOOTHED),
    "label smoothing in scores": Fault(
        Task.scores,
        "self._loss(outputs, targets, 0.0)",
        "self._loss(outputs, targets, 0.1)",
        test_task.test_the_loss_is_smoothed_in_training_and_never_in_a_score,
    ),
    "no alias penalty": Fault(Step.__call__, "self.training.alias_penalty *", "0 *", REGULARISED),
    "no admissibility penalty": Fault(Step.__call__, "self.training.admissibility *", "0 *", WAVELETS),
    "statistics of evaluation in training": Fault(Loop.epoch, "self.model.train()", "self.model.eval()", SMOOTHED),
}
SEEDS = {
    "the same first weights for every seed": Fault(
        Loop.__init__,
        "torch.manual_seed(seed)",
        "torch.manual_seed(0)",
        test_steps.test_the_first_weights_are_those_that_the_seed_gives,
    ),
    "no shuffling": Fault(epochs.shown, "shuffle_seed=seed % 2**31 + epoch", "shuffle_seed=None", ORDER),
    "the same order each epoch": Fault(epochs.shown, "% 2**31 + epoch", "% 2**31", ORDER),
    "the same order for every seed": Fault(epochs.shown, "shuffle_seed=seed % 2**31 +", "shuffle_seed=", ORDER),
    "the same dropout each epoch": Fault(
        seed_epoch, "1_000_003 + epoch", "1_000_003", test_epochs.test_dropout_drops_others_each_epoch
    ),
    "randomness that a resumed training lacks": Fault(seed_epoch, "torch.manual_seed(own)", "pass", AGAIN),
    "no augmentation": Fault(epochs.shown, "training.augment, derived", "None, derived", MOVED),
    "one element for a whole batch": Fault(
        augmentation.augmented,
        "(len(x),), generator=generator)",
        "(1,), generator=generator).expand(len(x))",
        EACH_MOVED,
    ),
    "never the last element": Fault(
        augmentation.augmented, "randint(group.order,", "randint(group.order - 1,", EACH_MOVED
    ),
    "the trial's seed not used": Fault(
        Trainer._last_event, "trial.seed,", "0,", test_doors.test_a_worker_trains_under_the_trials_seed
    ),
}
SELECTION = {
    "scores in training mode": Fault(evaluation.evaluate, "model.eval()", "model.train()", SCORES),
    "a class read from NaN": Fault(
        evaluation.evaluate,
        "if outputs.isfinite().all()",
        "if True",
        test_faults.test_answers_that_are_no_numbers_are_not_read_as_a_class,
    ),
    "no scores": Fault(trainer._outcome, "loop.scores()", "{}", SCORES),
    "selection by training data": Fault(Loop.scores, "self.validation", "self.train", SCORES),
    "selection by test data": Fault(Loop.scores, "self.validation", "self.task.test", SCORES),
    "the last weights kept": Fault(Loop.epoch, "self._best_epoch() == len(self.history) - 1", "True", BEST_ACCURACY),
    "the first weights kept": Fault(Loop.epoch, "self._best_epoch() == len(self.history) - 1", "False", BEST_ACCURACY),
    "the last weights scored": Fault(
        trainer._outcome, "loop.model.load_state_dict(loop.best_state)", "pass", BEST_ACCURACY
    ),
    "the largest loss is best": Fault(Loop._best_epoch, "if self.goal.maximize", "if True", BEST_LOSS),
    "the earliest of equals kept": Fault(
        Loop._best_epoch,
        "len(self.history) - 1 - self.history[::-1].index(best)",
        "self.history.index(best)",
        BEST_ACCURACY,
    ),
    "patience without end": Fault(Loop.finished, "waited >= patience", "False", PATIENCE),
    "patience that ends too early": Fault(Loop.finished, "waited >= patience", "waited + 1 >= patience", PATIENCE),
    "no fidelity": Fault(Trainer._last_event, '"epochs": trial.epochs', '"epochs": None', WORKER),
    "retrained scores of validation data": Fault(
        retraining.retrained, "task, task.test)", "task, task.validation)", RETRAINED
    ),
    "retrained with test data in sight": Fault(retraining.retrained, "task.without_test()", "task", RETRAINED),
    "retrained under one seed": Fault(retraining.retrain, "[*seeds] *", "[seeds[0]] * len(seeds) *", RETRAINED),
}
EPOCHS = {
    "windows not fitted": Fault(Loop._end_epoch, "self.model.fit()", "False", WINDOWS),
    "the cost that it began with": Fault(trainer._outcome, "cost if cost != begun else None", "None", WINDOWS),
    "offsets not taken back": Fault(Loop._end_epoch, "turn(self.model, None)", "pass", OFFSETS),
    "offsets in the first share": Fault(
        Loop._begin_step, ">= (1 - self.training.offsets) *", "< self.training.offsets *", OFFSETS
    ),
    "statistics of moved kernels": Fault(Loop._end_epoch, "self._reestimate(self.model)", "pass", OFFSETS),
    "moments lost on resuming": Fault(
        Loop._restored, "self.optimizer.load_state_dict(as_ours(found.optimizer, self.optimizer))", "pass", AGAIN
    ),
    "the best weights lost on resuming": Fault(Loop._restored, "= found.best,", "= self.best_state,", AGAIN),
    "a checkpoint deleted before the outcome is on the disk": Fault(
        trainer.train,
        "isinstance(outcome, Failed) and ",
        "",
        partial(test_training.test_training_killed_after_an_epoch_goes_on_to_the_same_end, at=1),
    ),
    "a checkpoint of other settings used": Fault(
        checkpoints.read_checkpoint,
        "found.of == of and",
        "",
        test_epochs.test_a_checkpoint_of_another_training_is_left_aside,
    ),
    "seconds lost on resuming": Fault(
        Loop.elapsed, "self.seconds + ", "", test_epochs.test_the_seconds_before_an_interruption_count
    ),
    "divergence unnoticed": Fault(
        Loop.epoch,
        "not math.isfinite(value := self.loss.item())",
        "False",
        test_training.test_divergence_is_a_failure_with_its_reason,
    ),
}
EXPORTS = {
    "no comparison of the ONNX file": Fault(
        OnnxFile.write,
        '{"the ONNX file": partial(in_onnxruntime, file)}',
        "{}",
        test_guard.test_a_file_that_answers_otherwise_is_refused_and_nothing_is_left,
    ),
    "a comparison that refuses nothing": Fault(
        agreement.agreed,
        "not error <= TOLERANCE",
        "False",
        test_guard.test_a_file_that_answers_otherwise_is_refused_and_nothing_is_left,
    ),
    "FLOPs of torch for the ONNX file": Fault(
        OnnxFile.write,
        'price(network, "onnx")',
        "price(network)",
        test_guard.test_what_is_said_to_run_is_what_onnxruntime_runs,
    ),
    "validation scores for test scores": Fault(
        Trial.test,
        "self.task, self.task.test)",
        "self.task, self.task.validation)",
        test_trial.test_it_is_tested_on_test_data,
    ),
    "test scores named validation scores": Fault(
        Trial.export,
        'f"test {name}"',
        'f"validation {name}"',
        test_trial.test_scores_are_exported_under_the_name_of_the_data,
    ),
}
FAULTS = SCHEDULE | SETTINGS | STEPS | SEEDS | SELECTION | EPOCHS | EXPORTS
