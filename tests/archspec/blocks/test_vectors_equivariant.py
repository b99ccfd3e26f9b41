"""Same weights, same numbers: the convolutions and norms of tests/vectors/equivariant, computed with the authors' code.

Where a file turns clockwise (`sep`, `partial`), images are presented with their two axes swapped; that is all it takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

from archspec import Attention, Conv, Disc, Group, GroupPool, Image, Lift, Norm, Partial, Scales, Series, Siren, lower
from archspec.graph.block import Block
from archspec.layers.conv import GroupConv
from archspec.layers.scales import ScaleConv
from archspec.layers.turns import Turns
from tests.examples import network
from tests.laws.numbers import close, double
from tests.laws.replaying import File, replayed

HARD = Disc(softness=0.1)
(NORMS,) = replayed("equivariant/batchnorm")


def named(*prefixes: str) -> list[str]:
    return replayed(*(f"equivariant/{prefix}_*" for prefix in prefixes))


def layer_of(file: File, group: str, **fields: object) -> nn.Module:
    """The layer of a file: a lifting convolution, or one after such a one."""
    x, y = file["x"], file["y"]
    fields = {"channels": y.shape[1], **fields}
    lifting = x.dim() == 4 or x.shape[2] == 1
    first = fields if lifting else {"channels": x.shape[1], "kernel_size": 5, "window": Disc()}
    blocks: list[Block] = [Lift(**{"group": group, **first}), *([] if lifting else [Conv(**fields)])]
    with double():
        model = lower(
            network(Image(channels=x.shape[1] if lifting else 1, size=tuple(x.shape[-2:])), *blocks, GroupPool())
        )
    return list(model.children())[len(blocks) - 1]


def gradient(
    module: Callable[[Tensor], Tensor], x: Tensor, wanted: Tensor, cotangent: Tensor, order: list[int] | None = None
) -> Tensor:
    """The gradient of the input, once the output is the wanted one; `order` are the elements in the file's order."""
    x = x.clone().requires_grad_()
    y = module(x)
    y = y if order is None else y[:, :, order]
    close(y, wanted, "y")
    (y * cotangent).sum().backward()
    assert x.grad is not None
    return x.grad


@pytest.mark.parametrize("name", named("p4", "p4m", "groupy"))
def test_a_table_on_quarter_turns_and_flips(name: str) -> None:
    """Theirs is ours, but for the factor of 2π/4 or π of one of the two codes: a scale of the weights."""
    file = File(name)
    group = "D4" if "p4m" in name else "C4"
    assert np.array_equal(file.arrays["h_matrix_rowcol"], Group(group).action(2).matrices)
    factor = float(file["factor"]) if "factor" in file else 1.0
    conv = layer_of(file, group, kernel_size=file["weight"].shape[-1], bias="bias" in file)
    assert isinstance(conv, GroupConv)
    padding, size = int(file["padding"]), file["weight"].shape[-1]
    assert padding == size // 2
    weight = file["weight"].flatten(2)
    rows = weight.flatten(0, 1).flatten(1)
    with torch.no_grad():
        conv.kernel.weight.copy_(factor * rows)
        if conv.bias is not None:
            conv.bias.copy_(file["bias"])
    close(conv.sample(), factor * file["bank"].reshape(conv.sample().shape), "bank")
    x = file["x"].squeeze(2) if file["x"].shape[2] == 1 else file["x"]
    found = gradient(conv, x, file["y"], file["cotangent"])
    close(found.reshape(file["grad_x"].shape), file["grad_x"], "grad x")
    close(factor * conv.kernel.weight.grad, file["grad_weight"].reshape(rows.shape), "grad weight")
    if conv.bias is not None:
        close(conv.bias.grad, file["grad_bias"], "grad bias")


@pytest.mark.parametrize("name", named("escnn"))
def test_a_table_in_the_order_of_escnn(name: str) -> None:
    """Its elements act on (right, up): the stated matrices, seen on (row, column), give the order of ours."""
    file = File(name)
    group = "D4" if "d4" in name else "C4"
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])  # (right, up) to (row, column)
    order = Group(group).action(2).index_of(turn @ file.arrays["h_matrix_xy"] @ turn.T)
    back = np.argsort(order)
    lifting = file["x"].shape[2] == 1
    conv = layer_of(file, group, kernel_size=3)
    table = file["filter"][:, 0]  # the identity's: (O, I, M, K, K)
    x = file["x"]
    if not lifting:
        table, x = table[:, :, back], x[:, :, back]
    with torch.no_grad():
        conv.kernel.weight.copy_(table.flatten(2).flatten(0, 1))
        conv.bias.copy_(file["bias"][:, 0])
        y = conv(x.squeeze(2) if lifting else x)[:, :, list(order)]
        assert (y - file["y"]).abs().max() < 1e-6 * file["y"].abs().max()
        for g, moved in enumerate(file["x_transformed"]):
            seen = moved.squeeze(2) if lifting else moved[:, :, back]
            wanted = file["y_of_transformed"][g]
            assert (conv(seen)[:, :, list(order)] - wanted).abs().max() < 1e-6 * wanted.abs().max()


class Weight(NamedTuple):
    """Where an array of a file stands in a layer of ours: times `scale`, and its columns at `columns` of ours."""

    key: str
    parameter: nn.Parameter
    scale: float = 1.0
    columns: tuple[int, ...] = ()

    def fill(self, file: File) -> None:
        value = file[self.key] * self.scale
        with torch.no_grad():
            if self.columns:
                self.parameter.zero_()
                self.parameter[:, list(self.columns)] = value
            else:
                self.parameter.copy_(value.view(self.parameter.shape))

    def compare(self, file: File) -> None:
        assert self.parameter.grad is not None
        found, wanted = self.parameter.grad * self.scale, file[f"grad_{self.key}"]
        found = found[:, list(self.columns)] if self.columns else found.view(wanted.shape)
        close(found, wanted, self.key)


def siren(file: File, prefix: str = "net_", first: float = 1.0) -> Siren:
    """The kernel of a file, as its author has it; its first factor `first` times as large."""
    omega = float(file["omega" if "omega" in file else "omega_first"])
    assert "omega" in file or omega == float(file["omega_hidden"])
    layers = sum(f"{prefix}w{i}" in file for i in range(9))
    return Siren(
        hidden=len(file[f"{prefix}w0"]),
        layers=layers,
        omega_0=omega,
        omega_group=first * omega,
        angle="interval",
        first_omega_0=first * omega if "omega_first" in file else None,
    )


def weights(
    kernel: nn.Module, prefix: str, columns: tuple[int, ...], scale: float = 1.0, first: float = 1.0
) -> list[Weight]:
    """Of a sine network; `columns` are the places of their coordinates among ours. The last layer takes the 1/N.

    A first factor `first` times as large stands before weights and biases that much smaller.
    """
    hidden = list(kernel.hidden)
    found = [Weight(f"{prefix}w0", hidden[0].weight, 1 / first, columns)]
    found += [Weight(f"{prefix}w{i}", part.weight) for i, part in enumerate(hidden) if i]
    found += [Weight(f"{prefix}b{i}", part.bias, 1.0 if i else 1 / first) for i, part in enumerate(hidden)]
    last = len(hidden)
    return [
        *found,
        Weight(f"{prefix}w{last}", kernel.out.weight, scale),
        Weight(f"{prefix}b{last}", kernel.out.bias, scale),
    ]


def stages(file: File, name: str, module: nn.Module, first: float) -> list[Weight]:
    """The weights of a separable file in the layer of ours."""
    order = float(len(file["angles"]))
    if "lift" in name:
        return weights(module.kernel, "net_", (0, 1), first=first)
    if "nonseparable" in name:
        return weights(module.kernel, "net_", (0, 1, 2), order, first)
    if "gseparable" in name:
        return [
            *weights(module.kernel.space, "net_R2_", (0, 1), order, first),
            *weights(module.kernel.group, "net_H_", (0,), first=first),
        ]
    if "dseparable" in name:
        return weights(module.spatial.kernel, "net_", (0, 1, 2), order, first)
    return [
        *weights(module.mixing.kernel, "net_H_", (0,), order, first),
        *weights(module.spatial.kernel, "net_R2_", (0, 1), first=first),
    ]


FACTORISATIONS = {
    "nonseparable": "full",
    "gseparable": "kernel_separable",
    "dseparable": "group_depthwise",
    "separable": "group_separable",
}


@pytest.mark.parametrize("name", named("sep"))
@pytest.mark.parametrize("first", [1.0, 2.5])
def test_the_factorisations_of_separable_group_convolutions(name: str, first: float) -> None:
    """Also with another factor in the first layer than in the others, which the files have not."""
    file = File(name)
    group = f"C{len(file['angles'])}"
    prefix = "net_" if "net_w0" in file else "net_R2_"
    factorisation = next((ours for theirs, ours in FACTORISATIONS.items() if f"_{theirs}_" in name), "full")
    conv = layer_of(
        file,
        group,
        kernel_size=5,
        window=HARD,
        bias=False,
        factorisation=factorisation,
        kernel=siren(file, prefix, first),
    )
    found = stages(file, name, conv, first)
    for weight in found:
        weight.fill(file)
    if "dseparable" in name:
        conv.mixing.weight.data.copy_(file["projection_weight"].T)
    grad = gradient(conv, file.swapped("x"), file.swapped("y"), file.swapped("cotangent"))
    close(grad, file.swapped("grad_x"), "grad x")
    for weight in found:
        weight.compare(file)
    if "dseparable" in name:
        close(conv.mixing.weight.grad.T, file["grad_projection_weight"], "grad projection")


def test_one_omega_for_all_layers_would_not_do() -> None:
    file = File("equivariant/sep_lift_c4")
    conv = layer_of(file, "C4", kernel_size=5, window=HARD, bias=False, kernel=siren(file, first=2.5))
    conv.kernel.first_omega = conv.kernel.omega
    for weight in stages(file, "lift", conv, 2.5):
        weight.fill(file)
    with torch.no_grad():
        assert (conv(file.swapped("x")) - file.swapped("y")).abs().max() > 0.01


@pytest.mark.parametrize("name", named("partial"))
def test_partial_group_convolutions_at_any_turns(name: str) -> None:
    """Sampled at the turns that were drawn, of the output and of what is read; the file's own mean is a sum."""
    file = File(name)
    size = file["kernel"].shape[-1]
    group, spatial = f"C{file['x'].shape[2] if file['x'].dim() == 5 else 8}", size > 1
    window = HARD if spatial else None
    conv = layer_of(file, group, kernel_size=size, window=window, bias="bias" in file, kernel=siren(file))
    assert isinstance(conv, GroupConv)
    read = tuple(file["angles_in"].tolist()) if "angles_in" in file else ()
    conv.where = conv.where._replace(out=tuple(file["angles_out"].tolist()), read=read, factor=1.0)
    conv.place(())
    columns = (*((1, 0) if spatial else ()), *((2,) if read else ()))
    found = weights(conv.kernel, "net_", columns)
    for weight in found:
        weight.fill(file)
    if conv.bias is not None:
        conv.bias.data.copy_(file["bias"])
    # (O, N, I, M, K, K) of ours, theirs with the group first.
    theirs = file.swapped("kernel").movedim(0, 1)
    close(conv.sample().view(theirs.shape), theirs, "kernel")
    grad = gradient(conv, file.swapped("x"), file.swapped("y"), file.swapped("cotangent"))
    close(grad, file.swapped("grad_x"), "grad x")
    for weight in found:
        weight.compare(file)
    if conv.bias is not None:
        close(conv.bias.grad, file["grad_bias"], "grad bias")


def partial(file: File) -> fx.GraphModule:
    """A network whose last convolution is the layer of a file, between the turns that were drawn there.

    What is read stands at turns of the whole circle, those of the group or with an offset of its own.
    """
    x, y, size = file["x"], file["y"], file["kernel"].shape[-1]
    anywhere = {"kernel_size": size, "kernel": siren(file), "window": HARD if size > 1 else None}
    conv = Conv(channels=y.shape[1], bias="bias" in file, **anywhere)
    sector = {"learn": "sector", "sampling": "continuous"}
    body: list[Block] = [Lift(group=f"C{x.shape[2]}", channels=x.shape[1], kernel_size=5, window=Disc())]
    if file["angles_in"][0] > 0:
        body += [Partial(reach=1.0, **sector), Conv(channels=x.shape[1], **anywhere)]
    reach = float(file["theta"]) if "theta" in file else 1.0
    with double():
        turned = Partial(turns=y.shape[2], reach=reach, **sector)
        return lower(network(Image(size=tuple(x.shape[-2:])), *body, turned, conv, GroupPool()))


def at_turns(module: nn.Module, wanted: Tensor) -> list[int]:
    """Give a sector the offset at which it has these turns; their places in its own order."""
    assert isinstance(module, Turns)
    reach = float(module.reach.detach())
    share = 2 * math.pi * reach / module.count
    offset = (wanted + math.pi * reach).remainder(share)[:1] / share
    module.offset = lambda: offset
    apart = (module().detach()[None] - wanted[:, None] + math.pi).remainder(2 * math.pi) - math.pi
    assert float(apart.abs().amin(1).max()) < 1e-9
    return apart.abs().argmin(1).tolist()


@pytest.mark.parametrize(
    "name", ["equivariant/partial_" + n for n in ("group_partial", "group_resampled", "pointwise")]
)
def test_partial_group_convolutions_over_a_sector(name: str) -> None:
    """As anybody would write them; the offsets alone are those that were drawn."""
    file = File(name)
    model = partial(file)
    *_, sector, layer, _, _ = model.children()
    order = at_turns(sector, file["angles_out"])
    before = [part for part in model.children() if isinstance(part, Turns)][:-1]
    came = at_turns(before[0], file["angles_in"]) if before else list(range(len(file["angles_in"])))
    spatial = file["kernel"].shape[-1] > 1
    found = weights(layer.kernel, "net_", (*((1, 0) if spatial else ()), 2), float(len(came)))
    for weight in found:
        weight.fill(file)
    if layer.bias is not None:
        layer.bias.data.copy_(file["bias"])
    inverse = torch.argsort(torch.tensor(came))

    def between(x: Tensor) -> Tensor:
        y: Tensor = layer(x[:, :, inverse], sector(), before[0]() if before else None)
        return y[:, :, order]

    grad = gradient(between, file.swapped("x"), file.swapped("y"), file.swapped("cotangent"))
    close(grad, file.swapped("grad_x"), "grad x")
    for weight in found:
        weight.compare(file)
    with torch.no_grad():
        sector.offset = lambda: torch.tensor([0.5])
        assert (between(file.swapped("x")) - file.swapped("y")).abs().max() > 0.01


def wavelet(file: File) -> tuple[ScaleConv, Tensor]:
    """The layer of a file, and its weights as a table of ours: taps further apart are a longer kernel with zeros.

    Their 1/s stands before a spline of sum s, ours is of sum 1.
    """
    weight, x = file["weight"], file["x"]
    apart = int(file["dilation"]) if "dilation" in file else 1
    table = weight.new_zeros((*weight.shape[:-1], (weight.shape[-1] - 1) * apart + 1))
    table[..., ::apart] = weight
    fields = {"channels": len(weight), "kernel_size": table.shape[-1], "bias": False}
    series = Series(channels=x.shape[1], length=x.shape[-1])
    with double():
        if x.dim() == 3:
            model = lower(network(series, Lift(group=f"S{len(file['scales'])}", **fields), GroupPool()))
        else:
            scales = Scales(span=weight.shape[2], crop=bool(file["h_crop"]))
            lift = Lift(group=f"S{x.shape[2]}", channels=x.shape[1])
            model = lower(network(series, lift, Conv(**fields, scales=scales), GroupPool()))
    layer = list(model.children())[x.dim() - 3]
    assert isinstance(layer, ScaleConv)
    return layer, table


@pytest.mark.parametrize("name", named("wavelet"))
def test_wavelet_networks_over_dyadic_scales(name: str) -> None:
    file = File(name)
    layer, table = wavelet(file)
    layer.kernel.weight.data.copy_(table.flatten(2).flatten(0, 1))
    for j, scale in enumerate(file["scales" if "scales" in file else "scales_out"]):
        close(scale * layer.get_buffer(f"spline_{j}"), file[f"spline_scale_{j}"], "spline")
    close(gradient(layer, file["x"], file["y"], file["cotangent"]), file["grad_x"], "grad x")
    assert layer.kernel.weight.grad is not None
    apart = int(file["dilation"]) if "dilation" in file else 1
    close(layer.kernel.weight.grad.view(table.shape)[..., ::apart], file["grad_weight"], "grad weight")


@pytest.mark.parametrize("name", ["equivariant/wavelet_lift", "equivariant/wavelet_group_dilated"])
def test_wavelets_that_run_backwards_would_not_do(name: str) -> None:
    file = File(name)
    layer, table = wavelet(file)
    layer.kernel.weight.data.copy_(table.flip(-1).flatten(2).flatten(0, 1))
    with torch.no_grad():
        assert (layer(file["x"]) - file["y"]).abs().max() > 0.01


@pytest.mark.parametrize("name", named("attentive"))
def test_attention_before_a_convolution_is_the_attentive_convolution(name: str) -> None:
    file = File(name)
    group, lifting = "D4" if "p4m" in name else "C4", file["x"].dim() == 4
    channels, size, spatial = file["x"].shape[1], file["weight"].shape[-1], file["spatial"].shape[-1]
    fields = {"channels": len(file["weight"]), "kernel_size": size, "bias": False}
    attention = Attention(ratio=2, kernel_size=spatial, group=group if lifting else "C1")
    blocks = [attention, Lift(group=group, **fields)] if lifting else [attention, Conv(**fields)]
    first = [] if lifting else [Lift(group=group, channels=channels)]
    image = Image(channels=channels if lifting else 1, size=tuple(file["x"].shape[-2:]))
    with double():
        model = lower(network(image, *first, *blocks, GroupPool()))
    attend, conv = list(model.children())[len(first) : len(first) + 2]
    factor = float(file["factor"])
    found = [
        Weight("fc1", attend.narrow.kernel.weight),
        Weight("fc2", attend.wide.kernel.weight),
        Weight("spatial", attend.spatial.kernel.weight, float(file["factor_spatial"])),
        Weight("weight", conv.kernel.weight, factor),
    ]
    for weight in found:
        weight.fill(file)
    close(attend.channel_attention(file["x"]), file["alpha_channel"], "channel attention")
    attended = file["alpha_channel"] * file["x"]
    close(attend.spatial_attention(attended), file["alpha_spatial"], "spatial attention")
    close(gradient(nn.Sequential(attend, conv), file["x"], file["y"], file["cotangent"]), file["grad_x"], "grad x")
    for weight in found:
        weight.compare(file)


def test_the_norms_have_one_statistic_for_all_elements() -> None:
    file = File(NORMS)
    norm = list(_normed("batch").children())[1]
    with torch.no_grad():
        norm.weight.copy_(file["weight"])
        norm.bias.copy_(file["bias"])
    norm.momentum, norm.eps = float(file["momentum"]), float(file["eps"])
    close(norm.train()(file["x1"]), file["y1_train"], "y1")
    close(norm.running_mean, file["running_mean_after_1"], "mean")
    close(norm.running_var, file["running_var_after_1"], "variance")
    norm.zero_grad()
    close(gradient(norm, file["x2"], file["y2_train"], file["cotangent"]), file["grad_x2"], "grad x")
    close(norm.weight.grad, file["grad_weight"], "grad weight")
    close(norm.bias.grad, file["grad_bias"], "grad bias")
    close(norm.running_mean, file["running_mean_after_2"], "mean")
    close(norm.running_var, file["running_var_after_2"], "variance")
    close(norm.eval()(file["x3"]), file["y3_eval"], "y3")


@pytest.mark.parametrize(("kind", "groups"), [("instance_norm_x1", 3), ("layer_norm_x1", 1)])
def test_instance_and_layer_norms_are_group_norms(kind: str, groups: int) -> None:
    file = File(NORMS)
    norm = list(_normed("group", groups).children())[1]
    close(norm(file["x1"]), file[kind], kind)


def _normed(type: str, groups: int = 1) -> nn.Module:
    body = (Lift(group="C4", channels=3), Norm(type=type, groups=groups), GroupPool())
    with double():
        return lower(network(Image(size=(5, 5)), *body))
