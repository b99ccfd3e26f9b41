"""Search spaces: architectures with holes, which can be filled, counted, sampled and searched; and ready-made ones."""

from archspec.moved import keep_old_names
from archspec.schema.constructors import choice, integer, order, real
from spaces.costs import Costs
from spaces.parameters import Parameter
from spaces.published import (
    attentive_gcnn,
    ccnn,
    ckcnn,
    flexnet,
    flextcn,
    gsa_net,
    octahedral_cnn,
    p4cnn,
    p4mcnn,
    partial_gcnn,
    separable_gcnn,
    wavelet_net,
)
from spaces.ready import images, rotated_images, sequences, volumes
from spaces.space import Space

keep_old_names(
    "spaces",
    {},
    {
        "parameters": {
            "check": "use hole.check(value, name)",
            "domain": "use hole.values",
            "option_of": "use hole.option(value, name)",
        },
        "space": {"KINDS": "use archspec.schema.kinds.model_of(kind)"},
    },
)

__all__ = [
    "Costs",
    "Parameter",
    "Space",
    "attentive_gcnn",
    "ccnn",
    "choice",
    "ckcnn",
    "flexnet",
    "flextcn",
    "gsa_net",
    "images",
    "integer",
    "octahedral_cnn",
    "order",
    "p4cnn",
    "p4mcnn",
    "partial_gcnn",
    "real",
    "rotated_images",
    "separable_gcnn",
    "sequences",
    "volumes",
    "wavelet_net",
]
