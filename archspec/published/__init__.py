"""Published networks as functions that return an `Architecture`; arguments annotated `Any` can be holes.

Settings are those of the authors' public code. Each docstring names the repository and states the differences. A
function named after a network accepts any input; one named after a task has the sizes of that task.
"""

from archspec.published.continuous import (
    ccnn,
    ccnn_4_140,
    ccnn_6_380,
    ckcnn,
    ckcnn_adding,
    ckcnn_copy_memory,
    ckcnn_smnist,
    ckconv,
    flexconv,
    flexnet,
    flexnet_7,
    flextcn,
    flextcn_6,
    s4_block,
)
from archspec.published.cubes import octahedral_cnn
from archspec.published.gsa import gsa_net
from archspec.published.planar import attentive_gcnn, p4cnn, p4mcnn
from archspec.published.turns import partial_gcnn, separable_gcnn
from archspec.published.wavelets import wavelet_net

__all__ = [
    "attentive_gcnn",
    "ccnn",
    "ccnn_4_140",
    "ccnn_6_380",
    "ckcnn",
    "ckcnn_adding",
    "ckcnn_copy_memory",
    "ckcnn_smnist",
    "ckconv",
    "flexconv",
    "flexnet",
    "flexnet_7",
    "flextcn",
    "flextcn_6",
    "gsa_net",
    "octahedral_cnn",
    "p4cnn",
    "p4mcnn",
    "partial_gcnn",
    "s4_block",
    "separable_gcnn",
    "wavelet_net",
]
