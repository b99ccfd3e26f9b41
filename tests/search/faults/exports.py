"""Faults that strike what an export writes, and the laws that notice them."""

from functools import partial

from archspec.exporting import directory, source_code, torch_files
from tests.archspec.exporting import test_source
from tests.search.planting import Fault

LAYERS = test_source.test_layers_of_ones_own_that_are_torchs_are_written_out

FAULTS = {
    "settings that have no attribute": Fault(
        source_code._arguments, ", parameter.default)", ")", partial(LAYERS, "limits that have older names")
    ),
    "weights that are computed from others": Fault(
        source_code._constructed,
        "{name: operator.attrgetter(name)(module).data for name in made.state_dict()}",
        "dict(module.state_dict())",
        partial(LAYERS, "weights computed from others"),
    ),
    "public names that are not known": Fault(
        source_code._statements, "in _PUBLIC.items()", "in [*_PUBLIC.items()][-1:]", partial(LAYERS, "erf")
    ),
    "what Python compiled taken for a person's own": Fault(
        directory._require_replaceable,
        "p.name != COMPILED or",
        "True or",
        test_source.test_an_export_whose_source_was_imported_is_replaced,
    ),
    "a whole export that is called none": Fault(
        torch_files._unread,
        "if not (whole and",
        "if True or (whole and",
        test_source.test_a_block_that_is_not_known_is_named_and_its_source_runs,
    ),
    "tensors that nobody reads written out": Fault(
        source_code._without_what_is_not_read,
        ' or (node.op == "get_attr" and not node.users)',
        "",
        test_source.test_the_sources_pass_the_default_rules_of_ruff,
    ),
}
