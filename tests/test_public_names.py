"""The names that people rely on, and the kinds of blocks, kernels and windows that there are."""

from __future__ import annotations

import pytest

import archspec
import search
import spaces
from archspec.blocks.conv.conv import Convolution
from archspec.blocks.heads import Readout
from archspec.graph.block import BLOCKS, HEADS, Block, Primitive
from archspec.kernels import KERNELS
from archspec.kernels.windows import WINDOWS
from tests.examples import EXAMPLES

PUBLIC = {
    "Activation",
    "Attention",
    "Architecture",
    "Block",
    "Branch",
    "Check",
    "Kernel",
    "Primitive",
    "Canonicalise",
    "Classifier",
    "Conv",
    "Cost",
    "Dense",
    "Disc",
    "Dropout",
    "Exponential",
    "Fourier",
    "Finite",
    "FrameAverage",
    "Gaussian",
    "Graph",
    "GraphNode",
    "Group",
    "GroupPool",
    "Hyena",
    "Image",
    "Lift",
    "Magnet",
    "Mlp",
    "Network",
    "Norm",
    "Partial",
    "Pointwise",
    "Pool",
    "Regressor",
    "Repeat",
    "Residual",
    "Restrict",
    "Scales",
    "SelfAttention",
    "SelfAttentionLift",
    "Sequential",
    "Series",
    "Signal",
    "SignalError",
    "S4D",
    "Siren",
    "SpecError",
    "SpectralPool",
    "Spline",
    "Table",
    "TestTimeAverage",
    "Volume",
    "admissibility_penalty",
    "alias_penalty",
    "carry",
    "choice",
    "export",
    "freeze",
    "inherit",
    "integer",
    "kept_kernels",
    "load",
    "lower",
    "order",
    "price",
    "real",
    "register",
    "roles",
}


def test_the_public_names_are_these() -> None:
    assert set(archspec.__all__) == PUBLIC
    assert set(spaces.__all__) == {
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
    }
    assert all(getattr(module, name) is not None for module in (archspec, spaces) for name in module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = archspec.nothing


SEARCH = [
    "Candidate",
    "Confirmation",
    "Engine",
    "Exhausted",
    "Failed",
    "Front",
    "FrontSampler",
    "Outcome",
    "Rate",
    "Result",
    "Scored",
    "Search",
    "Task",
    "Training",
    "Trial",
    "adding_problem",
    "at_most",
    "batches",
    "bumps_1d",
    "character_trajectories",
    "chiral_voxels",
    "cifar10",
    "copy_memory",
    "digits",
    "dilated_chirps",
    "drop",
    "evaluate",
    "half_turns",
    "maximize",
    "medmnist",
    "minimize",
    "mirrored",
    "nearby",
    "on_grid",
    "parameter_groups",
    "pcam",
    "recall",
    "rotated_mnist",
    "sequential_mnist",
    "shapes",
    "simulate",
    "speech_commands",
    "textures",
    "training_memory",
    "waves",
    "AnyTask",
    "Backend",
    "Budget",
    "Objective",
    "Proposal",
    "Strategy",
    "Predictor",
]


@pytest.mark.filterwarnings("ignore:search.Candidate is now search.trial.Trial:DeprecationWarning")
def test_every_name_that_the_search_ever_had_is_there() -> None:
    assert [name for name in SEARCH if not hasattr(search, name)] == []
    assert set(search.__all__) == {*SEARCH} - {"Candidate"}


def leaves(kind: type[Block]) -> set[type[Block]]:
    below = kind.__subclasses__()
    return {kind} if not below else {leaf for child in below for leaf in leaves(child)}


def test_every_kind_is_in_the_union_and_has_an_example() -> None:
    union = {*BLOCKS.values(), *HEADS.values()}
    assert {kind for kind in leaves(Block) if kind.__module__.startswith("archspec.")} == union - {
        Primitive,
        Convolution,
        Readout,
    }
    written = " ".join(architecture.to_json() for architecture in EXAMPLES.values())
    for kind in (*union, *KERNELS.values(), *WINDOWS.values()):
        assert f'"kind": "{kind.model_fields["kind"].default}"' in written or kind is archspec.Table
