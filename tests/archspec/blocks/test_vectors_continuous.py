"""Same weights, same numbers: every file of tests/vectors/continuous, computed with the authors' own code."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from archspec import (
    Activation,
    Architecture,
    Branch,
    Classifier,
    Conv,
    Dense,
    Gaussian,
    Image,
    Magnet,
    Norm,
    Pointwise,
    Pool,
    Regressor,
    Series,
    Siren,
    alias_penalty,
    lower,
)
from archspec.geometry.cropping import gaussian_reach
from archspec.graph.block import Block
from archspec.layers.conv import GroupConv
from tests.laws import replaying
from tests.laws.numbers import close, double
from tests.laws.replaying import replayed

TOLERANCE = 1e-9
_NOT_IN_IT = ("out.weight", "out.bias")
SEPARABLE = "depthwise_separable"
# Where a weight of ours stands in a file, and how a gradient with respect to ours becomes one with respect to theirs.
Weights = dict[str, tuple[str, Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]]


class File(replaying.File):
    """One file of vectors, with what it says of itself."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.meta: dict[str, Any] = json.loads(str(self.arrays["meta"]))


def same(x: Tensor) -> Tensor:
    return x


def siren_weights(at: str, prefix: str) -> Weights:
    """Of a Siren with lengths and directions (CKConv), or without (CCNN)."""
    layers = [("hidden.0", "layer1"), ("hidden.1", "layer2"), ("out", "layer3")]
    fields = {"direction": "v", "length": "g", "bias": "b"}
    if at.startswith("ccnn"):
        layers, fields = [*layers[:2], ("out", "out")], {"weight": "W", "bias": "b"}
    return {
        f"kernel.{ours}.{field}": (f"{prefix}net.{theirs}.{key}", same, same)
        for ours, theirs in layers
        for field, key in fields.items()
    }


def magnet_weights(file: File, prefix: str, factor: float = 1.0) -> Weights:
    """Of a Magnet; `factor` multiplies what the network gives."""
    found: Weights = {}
    fields = {"mu": "mu", "gamma": "gamma", "linear.weight": "W", "linear.bias": "b", "theta": "theta"}
    for i in range(16):
        for ours, theirs in fields.items():
            if f"param.{prefix}net.filter{i}.{theirs}" in file:
                found[f"kernel.filters.{i}.{ours}"] = (f"{prefix}net.filter{i}.{theirs}", same, same)
        if f"param.{prefix}net.mix{i}.W" in file:
            found[f"kernel.mixes.{i}.weight"] = (f"{prefix}net.mix{i}.W", same, same)
            found[f"kernel.mixes.{i}.bias"] = (f"{prefix}net.mix{i}.b", same, same)
    for ours, theirs in (("weight", "W"), ("bias", "b")):
        scaled = (lambda x: factor * x,) * 2
        found[f"kernel.out.{ours}"] = (f"{prefix}net.out.{theirs}", *scaled)
    return found


def window_weights(file: File, prefix: str, epsilon: float) -> Weights:
    """Of a Gaussian: log √(σ² + ε) in place of σ."""
    sigma = file[f"param.{prefix}mask.sigma"]

    def to_ours(x: Tensor) -> Tensor:
        return (0.5 * torch.log(x**2 + epsilon))[None]

    def to_theirs(gradient: Tensor) -> Tensor:
        return gradient[0] * sigma / (sigma**2 + epsilon)

    found: Weights = {"window.log_width": (f"{prefix}mask.sigma", to_ours, to_theirs)}
    found["window.mean"] = (f"{prefix}mask.mu", lambda x: x[None], lambda g: g[0])
    return found


def at(module: str, weights: Weights) -> Weights:
    return {f"{module}.{name}": value for name, value in weights.items()}


def pointwise_weights(module: str, prefix: str) -> Weights:
    return {
        f"{module}.kernel.weight": (f"{prefix}weight", lambda x: x.reshape(-1, 1), same),
        f"{module}.bias": (f"{prefix}bias", same, same),
    }


def plain(module: str, prefix: str, *fields: str) -> Weights:
    return {f"{module}.{field}": (f"{prefix}{field}", same, same) for field in fields or ("weight", "bias")}


def filled(model: fx.GraphModule, file: File, weights: Weights) -> None:
    """Give the model the file's weights: all it has, none left over."""
    state = {}
    own = model.state_dict()
    for ours, (theirs, to_ours, _) in weights.items():
        if ours in own:
            state[ours] = to_ours(file[f"param.{theirs}"])
    missing = {n for n in own if n not in state and not n.endswith(("num_batches_tracked", ".size"))}
    assert not missing, missing
    used = {theirs for theirs, _, _ in weights.values()}
    given = {key.removeprefix("param.") for key in file.arrays.files if key.startswith("param.")}
    assert given <= used, given - used
    model.load_state_dict(state, strict=False)


def check(model: nn.Module, file: File, weights: Weights, prefix: str = "", margin: int = 0) -> None:
    """Output and all gradients, with so many zeros around the input."""
    x = file["x"].clone().requires_grad_()
    y = model(F.pad(x, (margin, margin)))
    wanted = file[f"{prefix}y"]
    close(y if y.shape == wanted.shape else y.movedim(1, -1), wanted, "y")
    if f"{prefix}grad.x" not in file:
        return
    (y if y.shape == wanted.shape else y.movedim(1, -1)).backward(file["cot"])
    assert x.grad is not None
    close(x.grad, file[f"{prefix}grad.x"], "grad.x")
    compared = 0
    for name, parameter in model.named_parameters():
        theirs, _, to_theirs = weights[name]
        if f"{prefix}grad.{theirs}" in file:
            assert parameter.grad is not None
            wanted = file[f"{prefix}grad.{theirs}"]
            close(to_theirs(parameter.grad).reshape(wanted.shape), wanted, theirs)
            compared += 1
    own = {name for name, _ in model.named_parameters()}
    assert compared == sum(f"{prefix}grad.{theirs}" in file for ours, (theirs, *_) in weights.items() if ours in own)
    assert compared > 0


def input_of(file: File, margin: int = 0) -> Series | Image:
    _, channels, *grid = file["x"].shape
    return (
        Series(channels=channels, length=grid[0] + 2 * margin)
        if len(grid) == 1
        else Image(channels=channels, size=tuple(grid))
    )


def alone(file: File, conv: Conv) -> Architecture:
    """A network of the layer alone, as far as there can be one: the head is left off afterwards."""
    return Architecture(input=input_of(file), body=[conv], head=Dense(outputs=1))


def layer_of(architecture: Architecture) -> fx.GraphModule:
    """The network without its head."""
    model = lower(architecture)
    (output,) = (node for node in model.graph.nodes if node.op == "output")
    head = output.args[0]
    output.args = (head.args[0],)
    model.graph.erase_node(head)
    model.delete_all_unused_submodules()
    model.recompile()
    return model


CKCONV = replayed("continuous/ckconv_conv_*", "continuous/ckconv_resample_*")


def siren(file: File, hidden: int | None = None, weight_norm: bool = True) -> Siren:
    return Siren(hidden=hidden or file.meta["hidden"], omega_0=file.number("omega0"), weight_norm=weight_norm)


@pytest.mark.parametrize("name", CKCONV)
def test_ckconv_at_its_own_length_and_at_others(name: str) -> None:
    file = File(name)
    before, now = file.meta["train_length"], file.meta["length"]
    _, channels, _ = file["x"].shape
    conv = Conv(
        channels=file["y"].shape[1], kernel_size=before, kernel=siren(file), causal=True, resampling="stretched"
    )
    native = Architecture(input=Series(channels=channels, length=before), body=[conv], head=Dense(outputs=1))
    with double():
        model = layer_of(native.at_resolution(now))
    weights = at("body_0_conv", siren_weights(name, "") | plain("", "", "bias"))
    weights = {key.replace("..", "."): value for key, value in weights.items()}
    filled(model, file, weights)
    bank = model.get_submodule("body_0_conv")
    assert isinstance(bank, GroupConv)
    close(bank.sample(), file["k"], "k")
    check(model, file, weights)
    if now % 2 == 0:
        close(model(file["x"]), file["y_forward"], "y as the authors' FFT path gives it")


def flexconv(file: File, sizes: tuple[int, ...], sigma: Tensor | None, mean: Tensor | None, **fields: Any) -> Conv:
    """A convolution with the window of a file, whose threshold keeps as many taps as the file does."""
    window = None
    if sigma is not None and mean is not None:
        causal = fields.get("causal", False)
        threshold = file.number("threshold")
        if causal and file.meta["repo"].startswith("david-knigge") and sizes:
            # CCNN's code keeps the first tap beyond the threshold too: reach half a tap further.
            off = 1 - float(mean[0])
            steps = math.ceil((off + gaussian_reach(threshold) * float(sigma[0])) * (sizes[0] - 1) / 2)
            wider = ((steps + 0.5) * 2 / (sizes[0] - 1) - off) / float(sigma[0])
            threshold = math.exp(-(wider**2) / 2)
        window = Gaussian(
            sigma=tuple(map(float, sigma)),
            mean="learned" if fields.pop("learned_mean", True) else "fixed",
            threshold=threshold,
            crop=fields.pop("crop", True),
            bucketed=False,
        )
    fields.pop("learned_mean", None)
    fields.pop("crop", None)
    return Conv(kernel_size=sizes, window=window, allow_even=True, **fields)


@pytest.mark.parametrize("name", replayed("continuous/flexconv_[12]d_*"))
def test_flexconv(name: str) -> None:
    file, dims = File(name), 2 if "_2d" in name else 1
    meta = file.meta
    masked = meta["mask_used"]
    conv = flexconv(
        file,
        (int(file.number("full_size")),) * dims,
        file["param.mask.sigma"] if masked else None,
        file["param.mask.mu"] if masked else None,
        channels=file["y"].shape[1],
        kernel=Magnet(hidden=meta["hidden"], layers=meta["no_layers"], steerable=meta["steerable"]),
        causal=meta["causal"],
        crop=meta["crop"],
    )
    with double():
        model = layer_of(alone(file, conv))
    weights = magnet_weights(file, "", file.number("sampling_rate_norm")) | {"bias": ("bias", same, same)}
    weights |= window_weights(file, "", 0.0)
    weights = at("body_0_conv", weights)
    filled(model, file, weights)
    bank = model.get_submodule("body_0_conv")
    assert isinstance(bank, GroupConv)
    close(bank.sample(), file["k"], "k")
    if masked:
        assert bank.window is not None
        close(bank.window().view(bank.taps), file["mask"], "mask")
    check(model, file, weights)


def ccnn_conv(file: File, size: int, dims: int, prefix: str, channels: int, causal: bool, separable: bool) -> Conv:
    """SeparableFlexConv, FlexConv or a CKConv of CCNN."""
    meta = file.meta
    fields: dict[str, Any] = {"channels": channels, "causal": causal}
    if separable:
        fields["factorisation"] = SEPARABLE
    if meta.get("kernel_net") == "SIREN":
        return Conv(kernel_size=size, kernel=siren(file, weight_norm=False), **fields)
    return flexconv(
        file,
        (size,) * dims,
        file[f"param.{prefix}mask.sigma"],
        file[f"param.{prefix}mask.mu"],
        kernel=Magnet(hidden=meta["hidden"], layers=meta["no_layers"]),
        learned_mean=f"grad.{prefix}mask.mu" in file,
        crop=meta.get("crop", True),
        **fields,
    )


def ccnn_conv_weights(file: File, module: str, prefix: str, separable: bool) -> Weights:
    siren_like = file.meta.get("kernel_net") == "SIREN"
    found = siren_weights("ccnn", prefix) if siren_like else magnet_weights(file, prefix)
    found |= {"bias": (f"{prefix}bias", same, same)}
    if not siren_like:
        found |= window_weights(file, prefix, 1e-8)
    if not separable:
        return at(module, found)
    mixing = pointwise_weights(f"{module}.mixing", f"{prefix}mixer.")
    short = {"weight": "W", "bias": "b"}
    for ours, (theirs, *maps) in mixing.items():
        *path, field = theirs.split(".")
        mixing[ours] = (".".join([*path, short[field]]), maps[0], maps[1])
    return at(f"{module}.spatial", found) | mixing


@pytest.mark.parametrize("name", replayed("continuous/ccnn_*conv_*"))
def test_ccnn_layers(name: str) -> None:
    file = File(name)
    separable = "Separable" in file.meta["layer"]
    dims = file.meta["data_dim"]
    size = int(file.number("full_size"))
    conv = ccnn_conv(file, size, dims, "", file["y"].shape[1], file.meta["causal"], separable)
    with double():
        model = layer_of(alone(file, conv))
    weights = ccnn_conv_weights(file, "body_0_conv", "", separable)
    filled(model, file, weights)
    bank = model.get_submodule("body_0_conv.spatial" if separable else "body_0_conv")
    assert isinstance(bank, GroupConv)
    close(bank.sample().reshape(file["k"].shape), file["k"], "k")
    check(model, file, weights)


PARTS = {"sines": "sines", "gausses": "gaussians", "gabor": "gabor", "gabor+mask": "gabor+window"}


@pytest.mark.parametrize("name", replayed("continuous/flexconv_aliasreg_*"))
def test_alias_regularisation(name: str) -> None:
    file = File(name)
    with double():
        magnet = Magnet(hidden=file["param.layer0.net.filter0.W"].shape[0], layers=file.meta["filters"] - 1)
        conv = Conv(
            channels=1,
            kernel_size=9,
            kernel=magnet,
            window=Gaussian(sigma=(0.5, 0.5), crop=False),
            band_limit="regularise",
        )
        layers = [conv] * file.meta["layers"]
        model = layer_of(Architecture(input=Image(size=(9, 9)), body=layers, head=Dense(outputs=1)))
    weights: Weights = {}
    for i in range(len(layers)):
        part = magnet_weights(file, f"layer{i}.") | window_weights(file, f"layer{i}.", 0.0)
        weights |= {k: v for k, v in at(f"body_{i}_conv", part).items() if not k.endswith(("mean", *_NOT_IN_IT))}
    state = {
        ours: to_ours(file[f"param.{theirs}"]) for ours, (theirs, to_ours, _) in weights.items() if "mix" not in ours
    }
    model.load_state_dict(state, strict=False)
    for number, (case, value) in enumerate(zip(file.meta["cases"], file["values"], strict=True)):
        model.zero_grad()
        found = case["factor"] * alias_penalty(
            model,
            part=PARTS[case["target"]],
            each_filter=case["method"] != "summed",
            deviations=case["gauss_stddevs"],
            smooth=case["fn"] == "offset_elu",
            horizon=case["horizon"],
        )
        close(found, value, str(case))
        if any(key.startswith(f"case{number}.grad.") for key in file.arrays.files):
            found.backward()
            for ours, (theirs, _, to_theirs) in weights.items():
                if f"case{number}.grad.{theirs}" in file:
                    gradient = model.get_parameter(ours).grad
                    wanted = file[f"case{number}.grad.{theirs}"]
                    gradient = torch.zeros_like(model.get_parameter(ours)) if gradient is None else gradient
                    close(to_theirs(gradient).reshape(wanted.shape), wanted, theirs)


def ckconv_block(file: File, prefix: str, inputs: int, outputs: int, length: int) -> list[Block]:
    """relu(body + shortcut); the norm sees channels and time together, its epsilon as published."""
    body: list[Block] = []
    for _ in range(2):
        conv = Conv(channels=outputs, kernel_size=length, kernel=siren(file), causal=True)
        body += [conv, Norm(type="group", groups=1, eps=1e-12), Activation()]
    shortcut: list[Block] = [] if inputs == outputs else [Pointwise(channels=outputs)]
    return [Branch(branches=[body, shortcut]), Activation()]


def ckconv_block_weights(name: str, module: str, prefix: str) -> Weights:
    found: Weights = {}
    for i, (conv, norm) in enumerate(((0, 1), (3, 4)), start=1):
        part = siren_weights(name, f"{prefix}conv{i}.") | {"bias": (f"{prefix}conv{i}.bias", same, same)}
        found |= at(f"{module}_branches_0_{conv}_conv", part)
        found |= plain(f"{module}_branches_0_{norm}_norm", f"{prefix}norm{i}.")
    return found | pointwise_weights(f"{module}_branches_1_0_pointwise", f"{prefix}shortcut.")


@pytest.mark.parametrize("name", replayed("continuous/ckconv_block_*"))
def test_ckconv_blocks(name: str) -> None:
    file = File(name)
    _, inputs, length = file["x"].shape
    body = ckconv_block(file, "", inputs, file["y"].shape[1], length)
    with double():
        model = layer_of(Architecture(input=input_of(file), body=body, head=Dense(outputs=1)))
    weights = ckconv_block_weights(name, "body_0", "")
    filled(model, file, weights)
    check(model, file, weights)


@pytest.mark.parametrize("name", replayed("continuous/ckconv_ckcnn_*"))
def test_ckcnn_networks(name: str) -> None:
    file = File(name)
    _, inputs, length = file["x"].shape
    hidden = file["param.head.weight"].shape[1]
    body, weights = [], {}
    for i in range(file.meta["blocks"]):
        body += ckconv_block(file, f"blocks.{i}.", inputs if i == 0 else hidden, hidden, length)
        weights |= ckconv_block_weights(name, f"body_{2 * i}", f"blocks.{i}.")
    everywhere = "copymemory" in name
    head = Dense(outputs=10) if everywhere else Regressor(outputs=1, pool="last")
    with double():
        model = lower(Architecture(input=input_of(file), body=body, head=head))
    if everywhere:
        weights |= pointwise_weights("head_dense", "head.")
    else:
        weights |= plain("head_regressor.linear", "head.")
    filled(model, file, weights)
    check(model, file, weights)


def ccnn_block(file: File, prefix: str, grid: tuple[int, ...], inputs: int, outputs: int) -> list[Block]:
    """The S4-like residual block of CCNN, norm first or last."""
    meta, size = file.meta, file.meta["size"]
    kernel = grid[-1] if size == "same" else int(size)
    conv = ccnn_conv(file, kernel, len(grid), f"{prefix}conv1.", outputs, meta["causal"], True)
    norm = Norm(type="layer" if meta["norm"] == "LayerNorm" else "batch")
    gelu = Activation(function="gelu")
    body: list[Block] = [conv, gelu, Pointwise(channels=outputs), gelu]
    shortcut: list[Block] = [] if inputs == outputs else [Pointwise(channels=outputs)]
    if meta.get("prenorm", True):
        return [Branch(branches=[[norm, *body], shortcut])]
    return [Branch(branches=[body, shortcut]), norm]


def ccnn_block_weights(file: File, at_: int, prefix: str) -> Weights:
    first, module = file.meta.get("prenorm", True), f"body_{at_}_branches"
    found = ccnn_conv_weights(file, f"{module}_0_{int(first)}_conv", f"{prefix}conv1.", True)
    found |= pointwise_weights(f"{module}_0_{2 + first}_pointwise", f"{prefix}linear1.")
    found |= pointwise_weights(f"{module}_1_0_pointwise", f"{prefix}shortcut.")
    return found | norm_weights(f"{module}_0_0_norm" if first else f"body_{at_ + 1}_norm", f"{prefix}norm1.")


def norm_weights(module: str, prefix: str) -> Weights:
    return plain(module, prefix, "weight", "bias", "running_mean", "running_var")


def check_training(model: fx.GraphModule, file: File, weights: Weights, margin: int = 0) -> None:
    """Batch statistics: output, gradients, and the running statistics after one pass."""
    if "train.y" not in file:
        return
    model.zero_grad()
    model.train()
    check(model, file, weights, "train.", margin)
    after = model.state_dict()
    compared = 0
    for ours, (theirs, _, _) in weights.items():
        if f"train.after.{theirs}" in file:
            close(after[ours], file[f"train.after.{theirs}"], theirs)
            compared += 1
    assert compared == sum(key.startswith("train.after.") for key in file.arrays.files)


@pytest.mark.parametrize("name", replayed("continuous/ccnn_block_*"))
def test_ccnn_blocks(name: str) -> None:
    file = File(name)
    _, inputs, *grid = file["x"].shape
    body = ccnn_block(file, "", tuple(grid), inputs, file["y"].shape[1])
    with double():
        model = layer_of(Architecture(input=input_of(file), body=body, head=Dense(outputs=1))).eval()
    weights = ccnn_block_weights(file, 0, "")
    filled(model, file, weights)
    check(model, file, weights)
    check_training(model, file, weights)


@pytest.mark.parametrize("name", replayed("continuous/ccnn_net_*"))
def test_ccnn_networks(name: str) -> None:
    file, meta = File(name), File(name).meta
    grid = file["x"].shape[2:]
    hidden, classes = file["param.head.weight"].T.shape
    size = grid[-1] if meta["size"] == "same" else int(meta["size"])
    stem = ccnn_conv(file, size, len(grid), "conv1.", hidden, meta["causal"], True)
    uncropped = file["k.conv1"].shape[-1] == size
    margin = size // 2 if uncropped and size % 2 == 0 and not meta["causal"] else 0
    if margin:
        # An even kernel that is not cropped makes the authors' sequence one step longer.
        assert isinstance(stem.window, Gaussian)
        stem = stem.model_copy(update={"padding": "valid", "window": stem.window.model_copy(update={"crop": False})})
        grid = [grid[0] + 1]
    body: list[Block] = [stem, Norm(), Activation(function="gelu")]
    weights = ccnn_conv_weights(file, "body_0_conv", "conv1.", True) | norm_weights("body_1_norm", "norm1.")
    index = 0
    for block in range(meta["blocks"]):
        weights |= ccnn_block_weights(file, len(body), f"blocks.{index}.")
        body += ccnn_block(file, f"blocks.{index}.", tuple(grid), hidden, hidden)
        index += 1
        if block in meta.get("downsample_after_block", []):
            body.append(Pool(size=2))
            index += 1
    weights |= norm_weights(f"body_{len(body)}_norm", "out_norm.") | plain("head_classifier.linear", "head.")
    body.append(Norm())
    with double():
        model = lower(Architecture(input=input_of(file, margin), body=body, head=Classifier(classes=classes))).eval()
    filled(model, file, weights)
    check(model, file, weights, margin=margin)
    check_training(model, file, weights, margin)
