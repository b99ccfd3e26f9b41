"""Zero-cost proxies: numbers of an untrained network that may tell how well it will train (Abdelfattah et al. 2021).

Whether they do on a task is measured, not assumed: see `search.correlations`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn

from archspec.architecture import Architecture
from archspec.graph.graph import module_names
from archspec.lowering import Network, lower
from archspec.network.assembling import Assembled
from search.tasks.named import AnyTask
from search.tasks.task import batches

Loss = Callable[[Tensor, Tensor], Tensor]
Proxy = Callable[[Network, Tensor, Tensor, Loss], float]
# All candidates of a run are shown the same examples.
EXAMPLES, SHUFFLE = 64, 0
# The step of the zen score, and what keeps the score of the Jacobians' correlations finite: as published.
STEP, FLOOR = 0.01, 1e-5


def gradient_norm(network: Network, x: Tensor, y: Tensor, loss: Loss) -> float:
    """The norm of the gradient of the loss on one batch, over all parameters (Abdelfattah et al. 2021).

    See arXiv 2101.08134. The network is left as it is, here and in the other proxies: they work on a copy, in which
    dropout is off and norms take the statistics of the batch.
    """
    model = _apart(network)
    found = torch.autograd.grad(loss(model(x), y), list(model.parameters()), allow_unused=True)
    return math.sqrt(sum(float(part.double().square().sum()) for part in found if part is not None))


def synflow(network: Network, x: Tensor, y: Tensor, loss: Loss) -> float:
    """The sum of |θ·∂R/∂θ|, R the summed outputs for an input of ones, all weights absolute (Tanaka et al. 2020).

    See arXiv 2006.05467. In float64, as it is a product over the layers. A kernel counts by its samples, whatever makes
    them. Norms would undo the scale of the weights before them, so that each is only its own scale here: x·|γ|.
    Activations and attention stay as they are. Neither examples nor loss count.
    """
    model = _apart(network).eval().double()
    for norm in _norms(model):
        norm.register_forward_hook(_scaled)
    kernels, samples = [part for name, part in model.named_modules() if name.endswith(".kernel")], list[Tensor]()

    def absolute(kernel: nn.Module, inputs: object, output: Tensor) -> Tensor:
        samples.append(output.detach().abs().requires_grad_())
        return samples[-1]

    for kernel in kernels:
        kernel.register_forward_hook(absolute)
    made = {id(weight) for kernel in kernels for weight in kernel.parameters()}
    weights = [weight for weight in model.parameters() if id(weight) not in made]
    with torch.no_grad():
        for weight in weights:
            weight.abs_()
    outputs = model(torch.ones(1, model.channels, *model.grid, dtype=torch.float64))
    leaves = [*weights, *samples]
    found = torch.autograd.grad(outputs.sum(), leaves, allow_unused=True)
    pairs = zip(leaves, found, strict=True)
    return sum(float((leaf.detach() * part).abs().sum()) for leaf, part in pairs if part is not None)


def jacobian_covariance(network: Network, x: Tensor, y: Tensor, loss: Loss) -> float:
    """How little the Jacobians of different examples are correlated (Mellor et al. 2020).

    See arXiv 2006.04647, version 1. Of the eigenvalues v of the correlations (B, B) between the gradients of the summed
    outputs by each example, it is -Σ(log(v + ε) + 1 / (v + ε)), ε = 1e-5: the higher, the less alike. No more examples
    are taken than half of the numbers of one, as correlations of more are singular. Targets and loss do not count.
    """
    given = x[: max(2, x[0].numel() // 2)].clone().requires_grad_()
    (jacobians,) = torch.autograd.grad(_apart(network)(given).sum(), given)
    values = torch.linalg.eigvalsh(torch.corrcoef(jacobians.flatten(1).double())).clamp(min=0) + FLOOR
    return -float((values.log() + 1 / values).sum())


@torch.no_grad()
def zen(network: Network, x: Tensor, y: Tensor, loss: Loss) -> float:
    """How much outputs change with a small change of a Gaussian input, scale by scale (Lin et al. 2021).

    See arXiv 2102.01063. It is log E|f(x) - f(x + 0.01·ε)|, to which each norm adds the log of the scale that it takes
    away: the root of the mean variance over the channels of its input. Published for batch norms and for the features
    before pooling, without residual connections; here norms of every type count alike, a network without norms has
    nothing to add, and f is the output of the network as it is. Examples lend their shape alone.
    """
    model, scales = _apart(network), list[float]()
    generator = torch.Generator().manual_seed(SHUFFLE)
    given, noise = (torch.randn(x.shape, generator=generator) for _ in range(2))
    moved = model(given + STEP * noise)
    for norm in _norms(model):
        norm.register_forward_pre_hook(lambda _, inputs: scales.append(_scale(inputs[0])))
    change = float((model(given) - moved).abs().mean())
    return math.log(change) + sum(map(math.log, scales))


PROXIES: Mapping[str, Proxy] = {
    "gradient_norm": gradient_norm,
    "synflow": synflow,
    "jacobian_covariance": jacobian_covariance,
    "zen": zen,
}


def proxies_of(architecture: Architecture, task: AnyTask, seed: int) -> dict[str, float]:
    """The proxies by name of the network that a training from this seed begins with, if it inherits no weights.

    They are computed on the CPU, from 64 training examples that are the same for all networks, and torch's random state
    is left as it was. NaN stands for a proxy that a network does not have: of infinite value, or of no derivative.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = lower(architecture)
        x, y = next(iter(batches(task.train, EXAMPLES, shuffle_seed=SHUFFLE)))
        return {name: _value(proxy, network, x[:EXAMPLES], y[:EXAMPLES], task.loss) for name, proxy in PROXIES.items()}


def _value(proxy: Proxy, network: Network, x: Tensor, y: Tensor, loss: Loss) -> float:
    try:
        found = proxy(network, x, y, loss)
    except Exception:  # no proxy is worth a candidate
        return math.nan
    return found if math.isfinite(found) else math.nan


def _apart(network: Network) -> Network:
    """A copy in evaluation mode, but with norms that take the statistics of the batch, as in training."""
    model = copy.deepcopy(network).eval()
    for norm in _norms(model):
        norm.train()
    return model


def _norms(network: Network) -> Iterator[nn.Module]:
    """The layers of all norms, those within wrapped networks too."""
    for part in network.modules():
        if isinstance(part, Assembled):
            for name, module in module_names(part.typed).items():
                block = part.typed.nodes[name].block
                if block is not None and block.kind == "norm":
                    yield part.get_submodule(module)


def _scaled(norm: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """In place of a norm's output, its input times its scale per channel."""
    scale = norm.get_parameter("weight")
    return inputs[0] * scale.view(-1, *(1,) * (inputs[0].dim() - 2))


def _scale(x: Tensor) -> float:
    """The root of the mean, over the channels, of the variance over batch, group and grid."""
    return math.sqrt(float(x.transpose(0, 1).flatten(1).double().var(1, correction=0).mean()))
