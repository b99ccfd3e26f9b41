"""Pieces of a person's own, compared with what they say of themselves before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from archspec.architecture import Architecture
from archspec.graph.graph import module_names, path
from archspec.graph.signal import Signal
from archspec.lowering import Network, lower
from archspec.network.freezing import freeze
from archspec.schema.data import to_data
from archspec.schema.kinds import model_of
from archspec.symmetry.certificate import largest
from archspec.symmetry.certifying import certify
from archspec.testing.counting import counted_flops
from archspec.transfer import inherit
from search.errors import RunError, named, said
from search.sources import kinds_in

# Outputs that should be equal may differ by this share of the largest.
ROUNDING = 1e-3
FEW = 8  # examples that tell it


def own_kinds(data: Any) -> list[str]:
    """The kinds in plain data that are not ours."""
    found = {kind: model_of(kind) for kind in kinds_in(data)}
    return sorted(kind for kind, model in found.items() if model and not model.__module__.startswith("archspec."))


def try_pieces(architectures: Sequence[Architecture], x: Tensor) -> list[str]:
    """Try the first network with each kind that is not ours, and the first on a group; returns remarks on them.

    Args:
        architectures: the candidates, the cheapest first.
        x: some examples.

    Raises:
        RunError: a piece is not what it says, or raises an error.
    """
    seen, remarks = set[tuple[str, bool]](), dict[str, None]()
    for architecture in architectures:
        kinds = own_kinds(to_data(architecture))
        found = {(kind, largest(architecture.graph).trivial) for kind in kinds}
        if not found <= seen:
            seen |= found
            what = f"a network with {' and '.join(kinds)}"
            with named(what, "mend it"):
                model = _at_random(architecture, x[:FEW]).eval()
                remarks |= {f"{what}: {text}": None for text in _remarked(model, x[:2], what)}
    return list(remarks)


def _at_random(architecture: Architecture, x: Tensor) -> Network:
    """A network in which no weight is as it was initialised, as many are 0 or 1."""
    model = lower(architecture)
    with torch.no_grad():
        for parameter in (one for one in model.parameters() if one.requires_grad):
            noise = torch.randn_like(parameter) / 10
            parameter.mul_(1 + noise).add_(noise / 10)
    try_blocks(architecture, model, x)
    model.fit()
    return model


@torch.no_grad()
def _remarked(model: Network, x: Tensor, what: str) -> Iterator[str]:
    """Compare a network with itself, its heir, its frozen form, its price and its symmetry; yields remarks."""
    wanted = model(x)
    if not bool(wanted.isfinite().all()):
        return
    if _apart(model(x), wanted) > ROUNDING:
        raise RunError(f"{what}: in evaluation the same input gives another output each time; draw in training only")
    if _apart(torch.cat([model(x[:1]), wanted[1:]]), wanted) > ROUNDING:
        raise RunError(f"{what}: in evaluation the output for an example depends on the others of its batch; mend it")
    heir = lower(model.architecture).eval()
    if inherit(heir, model) == 1 and _apart(heir(x), wanted) > ROUNDING:
        raise RunError(f"{what}: with all of its weights inherited it computes something else; mend inherit()")
    try:
        frozen = freeze(model)
    except Exception as error:  # whatever a person's own code raises
        yield f"it cannot be frozen, and so not be exported ({said(error)})"
    else:
        if (apart := _apart(frozen(x), wanted)) > ROUNDING:
            raise RunError(
                f"{what}: the frozen network, which is exported, differs from it by {apart:.1e} of its largest output; "
                "mend plain()"
            )
        counted, priced = counted_flops(frozen, x[:1]), model.cost().flops
        if counted > priced:
            raise RunError(f"{what}: torch counts {counted:,} FLOPs, and its price is {priced:,}; mend cost()")
        if counted < priced:
            yield f"its price is {priced:,} FLOPs, and torch counts {counted:,}; see what cost() counts"
    if _exact(model) and (found := certify(model)).held and found.breaks in _own_places(model.architecture):
        yield f"it is not as symmetric as infer() says: {found}"


def _exact(model: Network) -> bool:
    """Whether the largest group of a network maps its grid onto itself, so that nothing is lost but by a fault."""
    group = largest(model.typed)
    return not group.trivial and not group.scaling and group.action(model.architecture.signal.dims).exact


def _own_places(architecture: Architecture) -> dict[str, list[str]]:
    """Of the blocks with kinds that are not ours: their paths, and these kinds."""
    blocks = {path(name): node.block for name, node in architecture.graph.nodes.items() if node.block is not None}
    found = {place: own_kinds(to_data(block)) for place, block in blocks.items()}
    return {place: kinds for place, kinds in found.items() if kinds}


def _apart(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, relative to the largest value."""
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-30))


def try_blocks(architecture: Architecture, model: nn.Module, x: Tensor) -> None:
    """Run a network once; its blocks with anything that is not ours have the parameters and the shapes that they say.

    Raises:
        RunError: one has not, or raises an error.
    """
    begun = ["a layer of the network"]
    hooks = list(_watched(architecture, model, begun))
    try:
        model(x)
    except Exception:
        with named(begun[-1], "mend it"):
            raise
    for hook in hooks:
        hook.remove()


def _watched(architecture: Architecture, model: nn.Module, begun: list[str]) -> Iterator[RemovableHandle]:
    """Let each block note that it begins, and those with anything that is not ours be compared."""
    graph, own = architecture.graph, _own_places(architecture)
    for name, target in module_names(graph).items():
        node, module = graph.nodes[name], model.get_submodule(target)
        if node.block is None:
            continue
        kinds = own.get(path(name))
        what = f"{path(name)} ({', '.join(kinds or [node.block.kind])})"
        yield module.register_forward_pre_hook(partial(_note, begun, what))
        if node.signal.partial or not kinds:
            continue
        found, wanted = sum(parameter.numel() for parameter in module.parameters()), node.facts.cost.params
        if found != wanted:
            raise RunError(f"{what}: its cost says {wanted:,} parameters, its layer has {found:,}; mend one of them")
        yield module.register_forward_hook(partial(_compare, what, node.signal))


def _note(begun: list[str], what: str, module: nn.Module, given: Any) -> None:
    begun.append(what)


def _compare(what: str, signal: Signal, module: nn.Module, given: Any, output: Any) -> None:
    found = tuple(getattr(output, "shape", ()))
    if found[1:] != signal.shape:
        raise RunError(f"{what}: it infers the shape {signal.shape}, its layer gives {found[1:]}; mend one of them")
    if output.dtype != (real := given[0].dtype):
        raise RunError(f"{what}: its layer gives {output.dtype} of {real}; let it give what it is given")
