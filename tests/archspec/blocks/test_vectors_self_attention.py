"""Same weights, same numbers: group self-attention as the authors' own code computes it (tests/vectors/equivariant).

How theirs becomes ours:
- Their element n turns clockwise, ours counter-clockwise: group axes are reversed, n to -n mod N, the table's too.
- Their channel c of head a is number c·A + a, ours a·M + c.
- Their scores are divided by √(input channels), ours by √M: the queries take the ratio. They sum over the elements of
  the queries, ours is the mean: the last map takes N.
- A bias of the keys, and the last one of the networks of positions, shift all scores of a query alike. Ours has none;
  the gradients of theirs are zero, and scores are compared as the logarithms of shares of a query.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from archspec import Architecture, GroupPool, Image, Regressor, SelfAttention, SelfAttentionLift, lower
from archspec.layers.self_attention import SelfAttention as Layer
from tests.laws import replaying
from tests.laws.numbers import close, double
from tests.laws.replaying import replayed

NAMES = replayed("equivariant/gsa_*")
# Of each weight of ours: theirs, how theirs becomes ours, how a gradient of ours becomes one of theirs.
Weights = dict[str, tuple[str, Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]]


class File(replaying.File):
    """One file of vectors, and how the layer in it is made."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.heads = int(self["heads"])
        self.lifts = self["x"].dim() == 4
        self.inputs, self.width = self["query_w"].shape[1], len(self["query_w"])
        self.window = int(self["patch_size"]) if "patch_size" in self.arrays.files else None
        self.relative = "exact" if name.endswith("exact") or self.lifts else "published"


def reversed_elements(x: Tensor, *axes: int) -> Tensor:
    for axis in axes:
        x = x.index_select(axis, -torch.arange(x.shape[axis]) % x.shape[axis])
    return x


def layer_of(file: File) -> Layer:
    lift = SelfAttentionLift(
        group="C4", channels=file.inputs, heads=file.heads, hidden=4 * file.heads, window=file.window
    )
    fields = {"channels": len(file["wout_w"]), "heads": file.heads, "hidden": file.width, "window": file.window}
    block = (
        SelfAttentionLift(group="C4", **fields)
        if file.lifts
        else SelfAttention(relative=file.relative, position_hidden=16, **fields)
    )
    body = [block, GroupPool()] if file.lifts else [lift, block, GroupPool()]
    image = Image(channels=file.inputs, size=tuple(file["x"].shape[-2:]))
    model = lower(Architecture(input=image, body=body, head=Regressor()))
    layer = model.get_submodule("body_0_self_attention_lift" if file.lifts else "body_1_self_attention")
    assert isinstance(layer, Layer)
    return layer


def weights_of(file: File) -> Weights:
    heads, size = file.heads, file.width // file.heads
    scale, order = math.sqrt(size / file.inputs), 1 if file.lifts else 4

    def by_head(x: Tensor, factor: float = 1.0) -> Tensor:
        return factor * x.unflatten(0, (size, heads)).transpose(0, 1).flatten(0, 1)

    def by_channel(x: Tensor, factor: float = 1.0) -> Tensor:
        return factor * x.unflatten(0, (heads, size)).transpose(0, 1).flatten(0, 1)

    def same(x: Tensor) -> Tensor:
        return x

    found: Weights = {
        "key.weight": ("key_w", by_head, by_channel),
        "out.weight": ("wout_w", lambda x: by_head(x.T, order).T, lambda x: by_channel(x.T, order).T),
        "out.bias": ("wout_b", same, same),
    }
    for field, theirs in (("weight", "w"), ("bias", "b")):
        scaled = (lambda x: by_head(x, scale)), (lambda x: by_channel(x, scale))
        found[f"query.{field}"] = (f"query_{theirs}", *scaled)
        found[f"value.{field}"] = (f"value_{theirs}", by_head, by_channel)
        for axis, name in enumerate(("row", "col")):
            found[f"places.{axis}.first.{field}"] = (f"{name}_mlp_0_{theirs}", same, same)
            found[f"places.{axis}.norm.{field}"] = (f"{name}_mlp_1_{theirs}", same, same)
            if field == "weight":
                found[f"places.{axis}.last.{field}"] = (f"{name}_mlp_3_{theirs}", same, same)
    if not file.lifts:
        turned = (lambda x: reversed_elements(x, 0),) * 2
        found["table"] = ("group_table", *turned)
    return found


def with_weights(file: File) -> tuple[Layer, Weights]:
    with double():
        layer = layer_of(file)
    weights = weights_of(file)
    layer.load_state_dict({ours: to_ours(file[theirs]) for ours, (theirs, to_ours, _) in weights.items()})
    return layer, weights


def input_of(file: File) -> Tensor:
    return file["x"] if file.lifts else reversed_elements(file["x"], 2)


def test_there_are_six_files() -> None:
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_all_gradients(name: str) -> None:
    file = File(name)
    layer, weights = with_weights(file)
    x = input_of(file).clone().requires_grad_()
    y = layer(x)
    close(reversed_elements(y, 2), file["y"], "y")
    y.backward(reversed_elements(file["cotangent"], 2))
    assert x.grad is not None
    close(x.grad if file.lifts else reversed_elements(x.grad, 2), file["grad_x"], "x")
    for ours, parameter in layer.named_parameters():
        theirs, _, to_theirs = weights[ours]
        assert parameter.grad is not None
        close(to_theirs(parameter.grad), file[f"grad_{theirs}"], theirs)
    given = {key.removeprefix("grad_") for key in file.arrays.files if key.startswith("grad_")}
    unseen = given - {theirs for theirs, *_ in weights.values()} - {"x"}
    assert unseen == {"key_b", "row_mlp_3_b", "col_mlp_3_b"}
    assert all(file[f"grad_{theirs}"].abs().max() < 1e-12 < file[theirs].abs().max() for theirs in unseen)


@pytest.mark.parametrize("name", NAMES)
def test_the_share_of_every_key_of_a_query(name: str) -> None:
    """Of the first example and head, at row 0 and column 1."""
    file = File(name)
    layer, _ = with_weights(file)
    with torch.no_grad():
        x = input_of(file)[:1].flatten(-2).reshape(1, file.inputs, -1, layer.points).permute(0, 3, 2, 1)
        query = (layer.query(x) * layer.scale).unflatten(3, (layer.heads, layer.size)).permute(0, 3, 1, 2, 4)
        content = layer.content(query, layer.looked_up(layer.key(x)))[0, 0, 1]
        place = layer.position(query)[0, 0, 1]
    if layer.weight is not None:
        place = place + layer.weight[1]
    scores = (place[..., None] + content).transpose(2, 3)  # element out, of the query, of the key; key
    wanted = file["scores_at"].flatten(-2).reshape(scores.shape)
    axes = (0,) if file.lifts else (0, 1, 2)
    found, wanted = (x.flatten(2).log_softmax(2) for x in (reversed_elements(scores, *axes), wanted))
    assert torch.equal(found.isinf(), wanted.isinf())
    close(found[found.isfinite()], wanted[wanted.isfinite()], "scores")
    assert found.isinf().any() == (file.window is not None)


@pytest.mark.parametrize("name", [name for name in NAMES if "global_exact" in name or "lift_local" in name])
def test_elements_that_turn_the_other_way_would_not_do(name: str) -> None:
    file = File(name)
    layer, _ = with_weights(file)
    with torch.no_grad():
        assert (layer(file["x"]) - file["y"]).abs().max() > 0.01
