"""Laws that hold for every block on every signal that it can read."""

from __future__ import annotations

import copy

import torch
from torch import Tensor
from torch.func import functional_call

from archspec.blocks import GroupPool, Partial
from archspec.graph.block import Primitive
from archspec.graph.graph import INPUT, Builder, Graph, verify
from archspec.graph.passes import optimise
from archspec.graph.signal import Signal, SignalError
from archspec.layers.layer import Layer, over_rows
from archspec.network.assembling import Assembled, assembled
from archspec.schema.data import from_data, to_data
from archspec.schema.kinds import model_of
from archspec.testing.counting import counted_flops
from archspec.testing.equivariance import equivariance_error

EXACT = 1e-9  # in float64


def assert_block_laws(block: Primitive, signal: Signal, seed: int = 0) -> None:
    """Check in float64 that a block with this input signal obeys the laws of all blocks.

    The output has the inferred shape. `cost` counts as many parameters as the layer has, and as many FLOPs as torch
    counts on its plain form. The block is equal to the one read back from its data. The plain form computes the same,
    also after `Partial` if the block can read such signals. The layer commutes with the group of its output signal, if
    that maps the grid onto itself. Gradients agree with finite differences. The same seed draws the same weights.

    Args:
        block: the block.
        signal: its input signal.
        seed: seed of weights and examples.

    Raises:
        AssertionError: a law is broken; the message says which, and what was found.
    """
    graph = _graph_of(signal, block)
    model = _built(graph, seed)
    x = _noise(signal, seed)
    _shape(block, graph, model, x)
    _parameters(block, graph, model)
    _read_back(block)
    if block.states:
        return  # its layer does not change the signal
    _plain(block, graph, model, x)
    _flops(block, graph, model, x)
    _symmetry(block, graph, model, seed)
    _outgoing(block, model, x)
    _gradients(block, model, x)
    same = _built(graph, seed)
    _hold(_difference(same(x), model(x)) == 0 or block.draws, block, "the same seed draws different weights")
    if _reads_part(block, signal):
        _after_partial(block, signal, seed)


def _shape(block: Primitive, graph: Graph, model: Assembled, x: Tensor) -> None:
    for batch in (1, 3):
        found, wanted = tuple(model(x[:batch]).shape), (batch, *graph.signal.shape)
        _hold(found == wanted, block, f"its output has shape {found}, and infer states {wanted}")


def _parameters(block: Primitive, graph: Graph, model: Assembled) -> None:
    found, wanted = sum(p.numel() for p in model.parameters()), graph.cost().params
    _hold(found == wanted, block, f"its layer has {found} parameters, and cost counts {wanted}")


def _read_back(block: Primitive) -> None:
    known = model_of(block.kind) is type(block)
    _hold(known, block, f"no such kind is registered; put @archspec.register above {type(block).__name__}")
    again = from_data(to_data(block))
    _hold(again == block, block, f"written as data and read back it is {again!r}")


def _plain(block: Primitive, graph: Graph, model: Assembled, x: Tensor) -> None:
    plain, wanted = copy.deepcopy(model).plain(), model(x)
    error = _difference(plain(_folded(x, graph.nodes[INPUT].signal)), _folded(wanted, graph.signal))
    _hold(error < EXACT, block, f"the output of its plain form differs by {error:.1e} of the largest value")


def _flops(block: Primitive, graph: Graph, model: Assembled, x: Tensor) -> None:
    plain = copy.deepcopy(model).plain()
    with torch.no_grad():
        found = counted_flops(plain, _folded(x[:1], graph.nodes[INPUT].signal))
    wanted = graph.cost().flops
    _hold(found == wanted, block, f"torch counts {found} FLOPs on its plain form, and cost {wanted}")


def _symmetry(block: Primitive, graph: Graph, model: Assembled, seed: int) -> None:
    group, given = graph.signal.symmetry, graph.nodes[INPUT].signal
    if group.trivial or group.scaling or given.partial or not given.grid or not group.action(given.dims).exact:
        return
    error = equivariance_error(model, group, given, graph.signal, seed)
    _hold(error < EXACT, block, f"infer states {group}, and the layer breaks it by {error:.1e} of the largest value")


def _outgoing(block: Primitive, model: Assembled, x: Tensor) -> None:
    """Scaling the outgoing rows of each channel scales that channel of the output."""
    wanted, (layer,) = model(x), list(model.children())
    rows = layer.outgoing() if isinstance(layer, Layer) else {}
    if not rows:
        return
    factors = torch.linspace(0.5, 1.5, wanted.shape[1], dtype=x.dtype)
    scaled = {name: value * over_rows(factors, value) for name, value in rows.items()}
    error = _difference(functional_call(layer, scaled, x), wanted * factors.view(-1, *(1,) * (wanted.dim() - 2)))
    _hold(
        error < EXACT,
        block,
        f"its output is not proportional to {', '.join(rows)}: by {error:.1e} of the largest value",
    )


def _gradients(block: Primitive, model: Assembled, x: Tensor) -> None:
    """The directional derivative along one random direction of all parameters and of the input."""
    step, parameters = 1e-6, list(model.parameters())
    generator = torch.Generator().manual_seed(0)
    along = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in [*parameters, x]]
    weights = torch.randn(model(x).shape, generator=generator, dtype=x.dtype)

    def value(distance: float) -> Tensor:
        moved = copy.deepcopy(model)
        with torch.no_grad():
            for p, direction in zip(moved.parameters(), along, strict=False):
                p.add_(distance * direction)
        total: Tensor = (moved(x + distance * along[-1]) * weights).sum()
        return total.detach()

    read = x.clone().requires_grad_()
    model.zero_grad()
    (model(read) * weights).sum().backward()
    gradients = [*(p.grad for p in parameters), read.grad]
    _hold(all(g is not None for g in gradients), block, "some of its parameters have no gradient")
    found = sum(float((g * a).sum().detach()) for g, a in zip(gradients, along, strict=True) if g is not None)
    with torch.no_grad():
        wanted = float((value(step) - value(-step)) / (2 * step))
    error = abs(found - wanted) / max(1.0, abs(wanted))
    _hold(error < 1e-3, block, f"its gradient is {found:.6g}, and by finite differences {wanted:.6g}")


def _after_partial(block: Primitive, signal: Signal, seed: int) -> None:
    """After a Partial with some inactive elements, the pruned plain form computes the same."""
    pooled = () if block.infer(signal._replace(partial=True)).group.trivial else (GroupPool(),)
    graph = _graph_of(signal, Partial(), block, *pooled)
    model = _built(graph, seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("logits"):
                parameter.copy_(torch.where(torch.arange(len(parameter)) % 2 == 0, 1.0, -1.0))
    x = _noise(signal, seed)
    error = _difference(copy.deepcopy(model).plain()(_folded(x, signal)), _folded(model(x), graph.signal))
    _hold(error < EXACT, block, f"after Partial() the output of its pruned plain form differs by {error:.1e}")


def _reads_part(block: Primitive, signal: Signal) -> bool:
    """Whether it can read the signal if only some elements of its group are active."""
    if signal.group.trivial or signal.group.scaling or signal.partial:
        return False
    try:
        part = signal._replace(partial=True)
        block.check_reads(part)
        block.infer(part)
    except SignalError:
        return False
    return True


def _graph_of(signal: Signal, *blocks: Primitive) -> Graph:
    build = Builder(signal)
    graph = optimise(Graph(build.nodes, build.body("block", blocks, INPUT)))
    verify(graph)
    return graph


def _built(graph: Graph, seed: int) -> Assembled:
    """A module in float64 and evaluation mode, with biases that are not zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = assembled(graph, Assembled).double()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.endswith("bias"):
                    parameter.add_(0.3 * torch.randn_like(parameter))
    return model.eval()


def _noise(signal: Signal, seed: int) -> Tensor:
    return torch.randn((3, *signal.shape), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _folded(x: Tensor, signal: Signal) -> Tensor:
    return x if signal.group.trivial else x.flatten(1, 2)


def _difference(found: Tensor, wanted: Tensor) -> float:
    found, wanted = found.detach(), wanted.detach()
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-30))


def _hold(true: bool, block: Primitive, broken: str) -> None:
    if not true:
        raise AssertionError(f"{type(block).__name__} ({block.kind}): {broken}")
