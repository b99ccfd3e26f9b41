"""Faults of what a search is asked for, and the laws that notice them."""

from functools import partial

from search import objectives, preflight, stated
from search.drawing import Drawing
from search.strategies import strategy
from tests.search import test_stated as laws
from tests.search.planting import Fault
from tests.search.strategies import test_proposals

FUNCTIONS = partial(
    laws.test_two_functions_of_one_name_are_refused_as_one_alone_would_be_held, [laws.PARAMS, laws.FLOPS]
)
NAMES = laws.test_a_function_has_no_name_that_means_something_else
TWICE = partial(
    laws.test_objectives_that_cannot_be_told_apart_or_are_none_are_refused,
    ["maximize accuracy", "minimize accuracy"],
    "two objectives are named accuracy",
)
CLASS = partial(
    laws.test_what_is_no_part_of_a_search_is_refused_in_a_sentence,
    lambda: laws.small_search(strategy=laws.Random),
    "not the class Random",
)

STATED = {
    "one of two functions of a name limited": Fault(
        stated.stated_constraints, "one.measure != functions[one.name]", "False", FUNCTIONS
    ),
    "two objectives with one value": Fault(stated.stated_objectives, "if count > 1", "if count > 9", TWICE),
    "an objective with the name of a cost": Fault(
        objectives._objective, "measure is not None and name in QUANTITIES", "False", NAMES
    ),
    "a limit with the name of a cost": Fault(
        objectives.at_most, "name in (*QUANTITIES, LATENCY, BYTES, *TRAINED):", "False:", NAMES
    ),
    "an objective with the name of a score": Fault(
        preflight.check_scores, "isinstance(objective, Measured)", "False", NAMES
    ),
    "a class for a strategy": Fault(strategy.check_strategy, "isinstance(strategy, type) or", "", CLASS),
}
PROPOSALS = {
    "a fidelity of no epochs": Fault(
        strategy.Proposal.__post_init__,
        '("fidelity", 1)',
        '("fidelity", -9)',
        partial(
            test_proposals.test_what_no_run_could_read_again_is_refused,
            {"fidelity": -1},
            "the fidelity of a proposal must be 1 or more",
        ),
    ),
    "numbers of numpy in the record": Fault(
        strategy.Proposal.__post_init__,
        'whole(f"the {name} of a proposal", value, least)',
        "value",
        partial(test_proposals.test_what_is_proposed_is_the_same_in_a_resumed_run, {"parent": True}),
    ),
    "notes that the record changes": Fault(
        strategy.Proposal.__post_init__,
        "plain(dict(self.notes))",
        "dict(self.notes)",
        partial(test_proposals.test_what_is_proposed_is_the_same_in_a_resumed_run, {"notes": {"a": (1, 2)}}),
    ),
    "values for a proposal": Fault(
        Drawing._proposal,
        "not isinstance(proposal, Proposal)",
        "not hasattr(proposal, 'fidelity')",
        test_proposals.test_a_strategy_returns_a_proposal,
    ),
}
FAULTS = {**STATED, **PROPOSALS}
