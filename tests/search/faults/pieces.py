"""Faults that strike kernels and layers of a person's own, and the laws that notice them."""

from functools import partial

from archspec import Fourier
from archspec.layers.bank import Bank
from archspec.layers.inherited_kernels import Inheriting
from archspec.layers.kernel_layer import KernelLayer
from archspec.layers.kernels.features import FeatureKernel
from search import errors, pieces, preflight
from search.training import weights
from tests.archspec.layers import test_own_kernels
from tests.archspec.network import test_finer_inheritance, test_inheritance
from tests.search import test_pieces
from tests.search.backends import test_registered
from tests.search.planting import Fault
from tests.search.test_pieces import Draws, Fails, Graded, Multiplies, OfBatch, Widens, WrongFrozen, WrongHeir
from tests.search.training import test_weights

INHERITS = test_own_kernels.test_what_a_layer_cannot_inherit_stays_as_it_was_drawn
LIVES = test_own_kernels.test_a_network_is_trained_copied_loaded_and_frozen

REFUSED = test_pieces.test_a_piece_that_would_be_found_out_after_training_is_refused
BLOCKS = test_pieces.test_a_layer_is_what_its_block_says
WITHOUT = test_pieces.test_symmetry_that_the_others_lose_is_not_remarked_on
REMARKED = test_pieces.test_what_may_be_meant_is_remarked_on

FAULTS = {
    "a piece that draws in evaluation": Fault(
        pieces._remarked,
        "if _apart(model(x), wanted) > ROUNDING",
        "if False",
        partial(REFUSED, Draws(), "in eval.* time"),
    ),
    "a piece that sees other examples": Fault(
        pieces._remarked,
        "if _apart(torch.cat([model(x[:1]), wanted[1:]]), wanted) > ROUNDING",
        "if False",
        partial(REFUSED, OfBatch(), ""),
    ),
    "a frozen form that is another network": Fault(
        pieces._remarked,
        "if (apart := _apart(frozen(x), wanted)) > ROUNDING",
        "if (apart := 0.0)",
        partial(REFUSED, WrongFrozen(), ""),
    ),
    "an heir that is another network": Fault(
        pieces._remarked, "inherit(heir, model) == 1 and", "False and", partial(REFUSED, WrongHeir(), "")
    ),
    "FLOPs that are not priced": Fault(
        pieces._remarked, "if counted > priced", "if False", partial(REFUSED, Multiplies(), "torch counts")
    ),
    "FLOPs that nobody counts": Fault(
        pieces._remarked,
        "if counted < priced",
        "if False",
        test_pieces.test_flops_that_torch_does_not_count_are_remarked_on,
    ),
    "a symmetry that is believed": Fault(
        pieces._remarked,
        "found.breaks in",
        "found.breaks not in",
        partial(REMARKED, Graded(), "C4", ["it is not as symmetric as infer() says: C4 broken ("]),
    ),
    "a symmetry that is given up for one that is lost": Fault(
        pieces._remarked, ").held and", ").verdict and", partial(WITHOUT, "given up")
    ),
    "a symmetry that the grid has not for one that is lost": Fault(
        pieces._exact,
        " and group.action(model.architecture.signal.dims).exact",
        "",
        partial(WITHOUT, "turned by an eighth"),
    ),
    "a batch where a few tell it": Fault(pieces.try_pieces, "x[:FEW]", "x", test_pieces.test_a_few_examples_tell_it),
    "constants that are changed": Fault(
        pieces._at_random, " if one.requires_grad", "", test_pieces.test_constants_are_left_as_they_are
    ),
    "a layer of another precision": Fault(
        pieces._compare,
        "output.dtype != (real := given[0].dtype)",
        "(real := False)",
        partial(BLOCKS, Widens(), "gives torch.f"),
    ),
    "an error in nobody's block": Fault(
        pieces._note,
        "begun.append(what)",
        "pass",
        partial(BLOCKS, Fails(), r"^body\[1\] \(activation\) raised KeyError"),
    ),
    "kernels that are not looked at": Fault(
        pieces._own_places,
        "own_kinds(to_data(block))",
        "own_kinds({'kind': block.kind})",
        test_pieces.test_the_parameters_of_a_kernel_are_counted,
    ),
    "pieces of three candidates alone": Fault(
        pieces.try_pieces,
        "if not found <= seen",
        "if not seen",
        test_pieces.test_every_kind_is_tried_once_without_a_group_and_once_on_one,
    ),
    "pieces that no preflight tries": Fault(
        preflight.preflight,
        'notes += try_pieces([candidates[i] for i in by_cost], batches["training"][0])',
        "pass",
        test_pieces.test_the_preflight_tries_them,
    ),
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
    "an heir's taps that are those of another grid": Fault(
        Inheriting.fit_to,
        "taps, self.where.taps.taps",
        "taps, self.sizes",
        partial(test_finer_inheritance.test_a_finer_grid_has_heirs_like_its_own, "siren"),
    ),
    "zeros at the taps of another grid": Fault(
        Inheriting.silence,
        "math.prod(self.where.taps.taps)",
        "self.where.tap_count",
        partial(test_finer_inheritance.test_a_finer_grid_has_heirs_like_its_own, "siren"),
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
