"""Faults of the doors through which a person's own pieces go, and the laws that notice them."""

from functools import partial

from torch import nn

from archspec import Cost, Signal, doors
from archspec.graph import node, stated
from search import errors, pieces, preflight, scoring, simulating, sources
from search.backends.storage import Storage
from search.backends.worker import Trainer
from search.drawing import Drawing
from search.engine import Engine
from search.objectives import Measured
from search.sampler import FrontSampler
from search.strategies import strategy
from search.strategies.strategy import Proposal
from tests.archspec.graph import test_defined_anew, test_stated
from tests.search import test_pieces, test_preflight, test_sampler, test_scoring, test_simulating, test_sources
from tests.search.backends import test_registered
from tests.search.planting import Fault
from tests.search.strategies import test_own_strategies

SIGNAL = test_stated.test_what_is_no_signal_is_named_with_its_line
COST = test_stated.test_what_is_no_cost_is_named_with_its_line
WHOLE = test_stated.test_whole_numbers_of_another_type_are_taken_as_they_are
NAMED = partial(test_own_strategies.test_a_strategy_has_a_name, None)
REFERS = test_sources.test_whatever_a_piece_refers_to_is_its_source
IN_MODULE = partial(REFERS, "a function of another module")
IN_BASE = partial(REFERS, "a base of a layer that is imported inside")
OTHER = partial(test_sources.test_what_it_does_not_refer_to_is_not, "own_rest", "return x\n", "return 0\n")
OURS = test_sources.test_nothing_of_ours_and_of_installed_packages_is_a_term
REGISTERED = test_registered.test_what_is_registered_here_is_registered_where_the_trainer_is_loaded
RAISED = test_own_strategies.test_a_strategy_that_raises_an_error_is_named_with_the_line_of_its_file
TWICE = test_sampler.test_no_architecture_is_sampled_twice_in_other_words_before_all_were
CURVES = test_simulating.test_only_what_can_be_a_candidate_is_asked_for_its_curve
LEARNED = test_scoring.test_what_no_strategy_can_learn_from_is_a_failure
SAYS = test_pieces.test_a_layer_is_what_its_block_says
BLOCKS = test_pieces.test_what_a_block_raises_is_named_with_its_line
UNFIT = test_preflight.test_what_does_not_fit_is_told_before_anything_is_trained

FAULTS = {
    "a price that is not counted": Fault(
        pieces._watched, "if found != wanted", "if False", partial(SAYS, nn.Conv2d(3, 3, 1), "its cost says")
    ),
    "a shape that is not looked at": Fault(
        pieces._compare, "if found[1:] != signal.shape", "if False", partial(SAYS, nn.MaxPool2d(2), "it infers")
    ),
    "a block that fails in the preflight": Fault(preflight.preflight, '"a block of the space"', '"it"', BLOCKS),
    "a block that fails in a draw": Fault(Drawing._examine, '"a block of the space"', '"it"', BLOCKS),
    "a class taken for another of its name": Fault(
        node.facts,
        "type(block), text",
        "Primitive, text",
        test_defined_anew.test_what_was_known_of_a_class_is_not_taken_for_another_of_its_name,
    ),
    "what was known before something was registered": Fault(
        node.facts,
        "additions()",
        "0",
        test_defined_anew.test_what_was_known_before_something_was_registered_is_asked_anew,
    ),
    "a signal that is none": Fault(
        stated.signal_of,
        "or min(whole) < 1",
        "",
        partial(SIGNAL, Signal(0, (4,))),
    ),
    "a cost that no record holds": Fault(
        stated.cost_of,
        "if same else",
        "if True else",
        WHOLE,
    ),
    "a cost below zero": Fault(
        stated.cost_of,
        "or min(amounts.values()) < 0",
        "",
        partial(COST, Cost(macs=-1)),
    ),
    "a strategy of no name": Fault(
        strategy.check_strategy,
        "isinstance(strategy.name, str) and strategy.name",
        "True",
        NAMED,
    ),
    "what a method refers to left out": Fault(
        sources._collect,
        "_collect(other, known)\n        return",
        "pass\n        return",
        IN_MODULE,
    ),
    "what a function imports left out": Fault(
        sources._imported,
        "return importlib.import_module(full)",
        "return None",
        IN_BASE,
    ),
    "a base of a class left out": Fault(sources._collect, "thing.__mro__[1:]", "()", IN_BASE),
    "all of a module that a piece refers to": Fault(
        sources._referred,
        "names & vars(one).keys() if _is_own",
        "vars(one).keys() if _is_own",
        OTHER,
    ),
    "our own code a term": Fault(
        sources._collect, "not _is_own(thing)", "(known and not _is_own(thing))", partial(OURS, "front")
    ),
    "what is registered stays here": Fault(
        doors.Registered.__reduce__, "return _registering, (self.things,)", "return Registered, ((),)", REGISTERED
    ),
    "what is registered not written down": Fault(
        doors.register, "_registered[family.group, name] = thing", "pass", REGISTERED
    ),
    "what a worker cannot read ends it": Fault(
        Trainer.read,
        "except ValueError as error:",
        "except ZeroDivisionError as error:",
        partial(test_registered.test_what_a_worker_cannot_read_is_an_interruption, False),
    ),
    "what a worker with a storage cannot read ends it": Fault(
        Storage.train,
        "trainer.read(data, tell)",
        "trainer.trial(data)",
        partial(test_registered.test_what_a_worker_cannot_read_is_an_interruption, True),
    ),
    "of an error the number alone": Fault(
        errors.said,
        "len(error.args) == 1",
        "error.args",
        test_scoring.test_an_error_is_said_in_its_own_words,
    ),
    "values that a strategy can change": Fault(
        Proposal.__post_init__,
        "dict(self.values))",
        "self.values)",
        test_own_strategies.test_what_was_proposed_stays_what_it_was_whatever_the_strategy_does_with_its_values,
    ),
    "a whole training by another name": Fault(
        Drawing._key,
        " and epochs < self.budget.epochs",
        "",
        partial(test_own_strategies.test_a_whole_training_is_the_same_candidate_whatever_its_epochs_are_called, (4, 5)),
    ),
    "a strategy that asks without a name": Fault(
        Drawing._proposal, 'named(f"the strategy {self.strategy.name}"', 'named("it"', RAISED
    ),
    "a strategy that hears without a name": Fault(Engine._tell_strategy, "{self.strategy.name}", "", RAISED),
    "an error without its line": Fault(errors.said, " if own else", " if not own else", RAISED),
    "a function that takes scores from others": Fault(
        Measured.value,
        "dict(scores)",
        "scores",
        test_scoring.test_a_function_that_takes_scores_out_takes_them_from_nobody_else,
    ),
    "what is learned not looked at": Fault(
        scoring.scored,
        "float(objective.told(cost, outcome.scores))",
        "0.0",
        partial(LEARNED, test_scoring.one_over, ".*"),
    ),
    "a limit that stops the run again and again": Fault(
        scoring.scored,
        "return Failed(str(error), outcome.seconds)",
        "raise",
        test_scoring.test_a_limit_that_cannot_be_worked_out_of_the_trained_network_is_a_failure,
    ),
    "scores for what has none yet": Fault(
        preflight._step,
        "{} if objective.priced",
        "scores if objective.priced",
        partial(UNFIT, "a price that asks for scores"),
    ),
    "samples told apart by their values alone": Fault(
        FrontSampler._chosen, " and self.space.fill(values).hash not in self._known:", ":", TWICE
    ),
    "the curve of what breaks a limit": Fault(simulating._candidate, "<= 0", "<= 1e9", CURVES),
}
