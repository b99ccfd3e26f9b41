"""A piece of a person's own that is not what it says is named before anything is trained, and so is one that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archspec import (
    Activation,
    Architecture,
    Block,
    Classifier,
    Cost,
    Disc,
    GroupPool,
    Image,
    Lift,
    Restrict,
    Signal,
    Siren,
    lower,
)
from archspec.blocks import Conv
from archspec.geometry.fourier import Target
from archspec.geometry.sampling import Sampling
from archspec.geometry.units import Units
from archspec.layers.layer import Layer
from archspec.symmetry.certificate import largest
from search import pieces, preflight
from search.errors import RunError
from search.objectives import Objective, maximize
from search.pieces import try_blocks, try_pieces
from spaces import Space
from tests.search.made_up import engine_in
from tests.search.tiny import bars

X = torch.zeros(2, 1, 6, 6)


class Fails(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        raise KeyError("inside")


class Widens(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.double()


class Constant(nn.Module):
    """With parameters that are not learned, of which one is of whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.times = nn.Parameter(torch.ones(1, dtype=torch.int64), requires_grad=False)
        self.slope = nn.Parameter(torch.full((), 0.5), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.times * self.slope


class Draws(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x)


class OfBatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0)


class Multiplies(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x @ torch.eye(6)


class Graded(nn.Module):
    """Larger to the right, which no turn keeps."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.arange(1.0, 7)


class Doubles(Layer):
    """A constant that is in its state."""

    def __init__(self) -> None:
        super().__init__()
        self.factor: Tensor
        self.register_buffer("factor", torch.full((), 2.0))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


class WrongFrozen(Doubles):
    def plain(self, target: Target = "torch") -> nn.Module:
        return nn.Identity()


class WrongHeir(Doubles):
    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        self.factor.fill_(7)
        return 0


class FailsAsHeir(Doubles):
    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        raise KeyError("inside")


def network(channels: int = 3, group: str = "C1") -> Architecture:
    body = [Lift(group=group, channels=channels, kernel_size=3), Activation(), GroupPool()]
    return Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2))


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (nn.Conv2d(3, 3, 1), r"^body\[1\] \(activation\): its cost says 0 parameters, its layer has 12; mend one"),
        (
            nn.MaxPool2d(2),
            r"^body\[1\] \(activation\): it infers the shape \(3, 6, 6\), its layer gives \(3, 3, 3\); ",
        ),
        (Fails(), r"^body\[1\] \(activation\) raised KeyError: inside \(test_pieces.py, line \d+\); mend it$"),
        (
            Widens(),
            r"^body\[1\] \(activation\): its layer gives torch.float64 of torch.float32; let it give what it is",
        ),
    ],
)
def test_a_layer_is_what_its_block_says(layer: nn.Module, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Activation, "__module__", "somebodys")
    model = lower(network())
    try_blocks(network(), model, X)
    model.body_1_activation = layer
    with pytest.raises(RunError, match=said):
        try_blocks(network(), model, X)


def tried(
    layer: nn.Module, monkeypatch: pytest.MonkeyPatch, architecture: Architecture | None = None, x: Tensor | None = None
) -> list[str]:
    """What is remarked on a network whose activation is this layer of somebody's own."""
    monkeypatch.setattr(Activation, "__module__", "somebodys")
    monkeypatch.setattr(Activation, "lower", lambda self, x: layer)
    torch.manual_seed(0)
    return try_pieces([architecture or network()], torch.randn(3, 1, 6, 6) if x is None else x)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (Draws(), "in evaluation the same input gives another output each time; draw in training only"),
        (OfBatch(), "in evaluation the output for an example depends on the others of its batch; mend it"),
        (WrongFrozen(), r"the frozen network, which is exported, differs from it by .* of its largest output; mend pl"),
        (WrongHeir(), r"with all of its weights inherited it computes something else; mend inherit\(\)"),
        (Multiplies(), r"torch counts 3,252 FLOPs, and its price is 1,956; mend cost\(\)"),
        (FailsAsHeir(), r"KeyError: inside \(test_pieces.py, line \d+\); mend it"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_piece_that_would_be_found_out_after_training_is_refused(
    layer: nn.Module, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RunError, match=f"^a network with activation(:| raised) {said}"):
        tried(layer, monkeypatch)


@pytest.mark.parametrize(
    ("layer", "group", "said"),
    [
        (nn.ReLU(), "C4", []),
        (Graded(), "C1", []),
        (Graded(), "C4", ["it is not as symmetric as infer() says: C4 broken ("]),
        (Doubles(), "C1", ["it cannot be frozen, and so not be exported (NotImplementedError: Doubles has no plain"]),
    ],
)
def test_what_may_be_meant_is_remarked_on(
    layer: nn.Module, group: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tried(layer, monkeypatch, network(group=group))
    assert len(found) == len(said)
    assert all(text.startswith(f"a network with activation: {begin}") for text, begin in zip(found, said, strict=True))


class Counts(nn.Module):
    """Knows the most examples that it was given."""

    most = 0

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(x.shape[0], int):  # else it is traced
            self.most = max(self.most, x.shape[0])
        return x


def test_a_few_examples_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole batch of the dearest candidates could take minutes."""
    layer = Counts()
    tried(layer, monkeypatch, network(41), torch.randn(300, 1, 6, 6))
    assert 1 < layer.most <= 16


def test_constants_are_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Activation, "cost", lambda self, x: Cost(params=2))
    layer = Constant()
    try:
        assert tried(layer, monkeypatch, network(37)) == []
    except RunError as error:
        pytest.fail(str(error))
    assert float(layer.slope) == 0.5


ROUND: dict[str, Any] = {"channels": 3, "kernel_size": 5, "window": Disc()}
# Bodies that lose symmetry by design: it is given up, or their grid does not turn so.
LOST: dict[str, list[Block]] = {
    "given up": [Lift(group="C4", **ROUND), Activation(), GroupPool(), Restrict(group="C1"), Conv(**ROUND)],
    "turned by an eighth": [Lift(group="C8", **ROUND), Activation(), Conv(**ROUND), Conv(**ROUND), GroupPool()],
}


@pytest.mark.parametrize("what", LOST)
def test_symmetry_that_the_others_lose_is_not_remarked_on(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = Architecture(input=Image(channels=1, size=(6, 6)), body=LOST[what], head=Classifier(classes=2))
    for block in (Lift, Conv, Restrict):
        monkeypatch.setattr(block, "__module__", "somebodys")
    assert tried(nn.ReLU(), monkeypatch, architecture) == []


def test_flops_that_torch_does_not_count_are_remarked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch may not know the operation."""
    monkeypatch.setattr(Activation, "cost", lambda self, x: Cost(macs=7))
    found = "; ".join(tried(nn.ReLU(), monkeypatch, network(31)))
    assert "its price is 20,226 FLOPs, and torch counts 20,212; see what cost() counts" in found


def test_the_parameters_of_a_kernel_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def params(self: Siren, where: Sampling) -> int:
        return 7

    monkeypatch.setattr(Siren, "__module__", "somebodys")
    monkeypatch.setattr(Siren, "params", params)
    body = [Conv(channels=29, kernel_size=3, kernel=Siren(hidden=3))]
    own = Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2))
    with pytest.raises(
        RunError, match=r"^body\[0\] \(siren\): its cost says 36 parameters, its layer has 166; mend one"
    ):
        try_pieces([own], X)


def test_every_kind_is_tried_once_without_a_group_and_once_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the three candidates are whose steps are timed."""
    tried_with = list[str]()
    monkeypatch.setattr(Activation, "__module__", "somebodys")
    monkeypatch.setattr(pieces, "_remarked", lambda model, x, what: tried_with.append(str(largest(model.typed))) or [])
    try_pieces([network(2), network(4), network(2, "C4"), network(2, "C2")], X)
    assert tried_with == ["C1", "C4"]


def test_the_preflight_tries_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Activation, "__module__", "somebodys")
    monkeypatch.setattr(Activation, "lower", lambda self, x: OfBatch())
    found = preflight.preflight(Space(network(23)), bars(), [maximize("accuracy")])
    assert [text.partition(": ")[0] for text in found.mistakes] == ["a network with activation"]


def test_what_a_block_raises_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def infer(self: Activation, x: Signal) -> Signal:
        return x._replace(channels=x.channels // 0)

    monkeypatch.setattr(Activation, "infer", infer)
    space, wanted = Space(network(29)), list[Objective]([maximize("accuracy")])
    said = r"^a block of the space raised ZeroDivisionError: .* \(test_pieces.py, line \d+\); mend it"
    try:
        with pytest.raises(RunError, match=said):
            preflight.preflight(space, bars(), wanted)
        with pytest.raises(RunError, match=said):
            engine_in(tmp_path, space).ask()
    except ZeroDivisionError as error:
        pytest.fail(f"only a traceback says it: {error}")
