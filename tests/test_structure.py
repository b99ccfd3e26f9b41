"""The shape of the project: its layers, its size, its public names, and what it takes to add a block."""

from __future__ import annotations

import pytest

import archspec
import spaces
from archspec.blocks.conv.conv import Convolution
from archspec.blocks.heads import Readout
from archspec.graph.block import BLOCKS, HEADS, Block, Primitive
from archspec.kernels import KERNELS
from archspec.kernels.windows import WINDOWS
from tests.examples import EXAMPLES
from tests.laws.process import ROOT, run

PACKAGES = ("archspec", "spaces", "search")


def test_the_layers_hold() -> None:
    report = run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")
    assert "0 broken" in report


@pytest.mark.parametrize(
    "use",
    [
        "import archspec, spaces",
        "import spaces; spaces.Space.from_json(spaces.images(1, (28, 28), 10).to_json()).size()",
        "import spaces, random, archspec; s = spaces.images(1, (28, 28), 10); a = s.sample(random.Random(0)); "
        "a.hash, archspec.price(a), a.warnings, archspec.Architecture.from_yaml(a.to_yaml()), s.values_of(a)",
    ],
)
def test_reading_typing_hashing_and_pricing_load_no_torch(use: str) -> None:
    heavy = "{'torch', 'optuna', 'ray', 'scipy', 'sklearn', 'matplotlib'}"
    assert run("-c", f"{use}\nimport sys; print(sorted({heavy} & set(sys.modules)))").strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_is_short_and_says_what_it_is(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        text = file.read_text()
        assert len(text.splitlines()) <= 250, file
        assert text.startswith('"""'), file


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
