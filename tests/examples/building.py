"""What examples are made of, and how a network is made of one: nothing in it is zero or one."""

from __future__ import annotations

import torch

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Disc,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Network,
    Norm,
    SelfAttentionLift,
    Series,
    Siren,
    Volume,
    lower,
)
from archspec.graph.block import Block
from archspec.inputs import Input
from archspec.layers.bank import Bank

SQUARE = Image(channels=2, size=(9, 9))
WIDE = Image(channels=2, size=(8, 10))
LINE = Series(channels=2, length=17)
CUBE = Volume(channels=1, size=(5, 5, 5))
SIREN = Siren(hidden=8)
MAGNET = Magnet(hidden=6, layers=2)
SEPARABLE = "depthwise_separable"
EIGHTH = Image(channels=2, size=(17, 17))


def network(input: Input, *body: Block, head: Block | None = None) -> Architecture:
    """An architecture that ends in a classifier unless told otherwise."""
    return Architecture(input=input, body=body, head=head or Classifier(classes=3))


def on(group: str, *body: Block, input: Input = SQUARE, **lift: object) -> Architecture:
    """A network lifted to a group, with the blocks on it, and the group pooled."""
    return network(input, Lift(**{"group": group, "channels": 2, "kernel_size": 3, **lift}), *body, GroupPool())


def conv(**fields: object) -> Conv:
    """A convolution of three channels and three taps unless told otherwise."""
    return Conv(**{"channels": 3, "kernel_size": 3, **fields})


def attending(group: str, *body: Block, input: Input = SQUARE, **lift: object) -> Architecture:
    """A network lifted to a group by self-attention, with the blocks on it, and the group pooled."""
    fields = {"group": group, "channels": 2, "hidden": 3, "heads": 1, "window": 3, **lift}
    return network(input, SelfAttentionLift(**fields), *body, GroupPool())


PLAIN = (conv(), Norm(), Activation(function="silu"))
ANYWHERE = {"kernel": SIREN, "kernel_size": 5, "window": Disc()}


def seeded(seed: int) -> torch.Generator:
    """A generator of its own, so that no test depends on another."""
    return torch.Generator().manual_seed(seed)


def noise(architecture: Architecture, batch: int = 2, seed: int = 1) -> torch.Tensor:
    """Random examples, float64."""
    shape = (batch, architecture.input.channels, *architecture.input.grid)
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


def built(architecture: Architecture, seed: int = 0) -> Network:
    """A network in float64 whose biases, scales and running statistics are all random: nothing is zero or one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = lower(architecture).double()
        with torch.no_grad():
            for name, value in model.named_parameters():
                if name.endswith("bias"):
                    value.add_(0.3 * torch.randn_like(value))
                elif value.dim() == 1 and not name.endswith("reach"):  # a sector is priced as it begins, whole
                    value.copy_(0.5 + torch.rand_like(value))
            for name, value in model.named_buffers():
                if name.endswith("running_mean"):
                    value.copy_(0.3 * torch.randn_like(value))
                elif name.endswith("running_var"):
                    value.copy_(0.5 + torch.rand_like(value))
    return model


def fresh(model: Network) -> Network:
    """Another network with the state of this one."""
    other = built(model.architecture, seed=9).train(model.training)
    other.load_state_dict(model.state_dict())
    return other


def grown(architecture: Architecture) -> Network:
    """A network whose windows have grown to other sizes than it was built with."""
    model = built(architecture)
    for part in model.modules():
        if isinstance(part, Bank) and part.window is not None and part.window.learned:
            part.window.log_width.data += 0.4
    model.fit()
    for part in model.modules():
        if isinstance(part, Bank) and part.window is not None and part.window.learned:
            part.window.log_width.data -= 0.9  # between two fits: the size is no longer that of the width
    return model.eval()
