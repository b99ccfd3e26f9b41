"""Faults that strike kernels and layers of a person's own, and the laws that notice them."""

from functools import partial

from archspec import Fourier
from archspec.layers.bank import Bank
from archspec.layers.inherited_kernels import Inheriting
from archspec.layers.kernel_layer import KernelLayer
from archspec.layers.kernels.features import FeatureKernel
from search import errors
from search.training import weights
from tests.archspec.layers import test_own_kernels
from tests.archspec.network import test_inheritance
from tests.search.backends import test_registered
from tests.search.planting import Fault
from tests.search.training import test_weights

INHERITS = test_own_kernels.test_what_a_layer_cannot_inherit_stays_as_it_was_drawn
LIVES = test_own_kernels.test_a_network_is_trained_copied_loaded_and_frozen

FAULTS = {
    "a weight that is looked for where there is none": Fault(
        Bank.like,
        'self.get_buffer("empty") if weight is None else weight',
        "next(self.kernel.parameters())",
        partial(LIVES, "constant", None),
    ),
    "constants that are counted as parameters": Fault(
        FeatureKernel.adopt,
        "if name in learned else 0",
        "",
        partial(test_inheritance.test_the_share_is_of_parameters_alone, Fourier(features=8)),
    ),
    "a kernel of another size that ends an heir": Fault(
        Inheriting._adopted, "except NotCarried", "except ZeroDivisionError", partial(INHERITS, "bound", (5, 7))
    ),
    "features of another size": Fault(
        Inheriting._adopted, "self.kernel.load_state_dict(drawn)", "pass", partial(INHERITS, "bound", (5, 7))
    ),
    "weights that are left from what could not be inherited": Fault(
        KernelLayer.inherit, "if not count:", "if False:", partial(INHERITS, "whole", (5, 7))
    ),
    "a weight in two places that cannot be saved": Fault(
        weights.save_weights,
        "clone(memory_format=torch.contiguous_format)",
        "contiguous()",
        test_weights.test_a_weight_that_stands_in_two_places_is_written_as_any_other,
    ),
    "a reason that is a blank line": Fault(
        errors.first_line,
        "if line.strip()",
        "if True",
        partial(
            test_registered.test_why_a_candidate_failed_is_not_a_blank_line, "\n  Some words.\nMore.\n", "Some words."
        ),
    ),
}
