"""A network whose sizes are learned with its weights, by masks over its channels, residual copies and kernels.

A mask multiplies parameters, not signals: the rows of a norm, or of another last map, that a channel depends on, and
the samples of a kernel, by a Gaussian window. So the masked network is at every moment an ordinary one with other
parameters: it is equivariant where that is, is frozen and exported like it, and is extracted by multiplying. Sizes are
in units of the space's own decisions; the masks of Romero and Zeghidour 2023 (arXiv 2302.05400) are in shares of an
axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from archspec.architecture import Architecture
from archspec.graph.graph import module_names
from archspec.layers.fading import fading
from archspec.layers.layer import over_rows
from archspec.lowering import Network, lower
from archspec.transfer import inherit
from search.masks.places import placed, plain_path, varying
from search.masks.shown import Shown, width_of
from search.masks.sizes import Fillings, corners

# Room that a network has for its sizes to grow before it is built anew.
ROOM = 1.1
# So many times as long as the rest may be what changes the price, for each factor of e between price and budget.
STIFF = 10.0
# A gradient of which less than this share trades one size for another says nothing but of the price.
SILENT = 1e-6


class MaskedNetwork(nn.Module):
    """A network with masks; its sizes are parameters.

    Args:
        fillings: the fillings of the space that its sizes lie between.
        shown: where sizes show in them.
        sizes: the sizes to begin with, one for each of `fillings.sizes`.
    """

    network: Network

    def __init__(self, fillings: Fillings, shown: Shown, sizes: Sequence[float]) -> None:
        super().__init__()
        self.fillings, self.shown = fillings, shown
        self.log_sizes = nn.Parameter(torch.tensor([math.log(size) for size in sizes]))
        at = self.room(ROOM)
        self.build(at, lower(fillings.at(at).architecture))

    @property
    def sizes(self) -> Tensor:
        """The present sizes, between the lowest and the highest values that the space has."""
        return self._within(self.log_sizes)

    def _within(self, log_sizes: Tensor) -> Tensor:
        low, high = ([size.values[end] for size in self.fillings.sizes] for end in (0, -1))
        bounds = (torch.tensor(x).to(log_sizes) for x in (low, high))
        return torch.clamp(log_sizes.exp(), *bounds)

    def cost(self) -> Tensor:
        """What the network costs at its present sizes; differentiable, and exact where they are whole."""
        return self.fillings.cost(self.sizes)

    def levelled(self, gradient: Tensor, budget: float) -> Tensor:
        """A gradient in the logarithms of sizes, in which at the budget the price counts for no more than all else.

        A penalty on the price is stiff: its gradient goes to and fro across the sizes of the budget, is far longer than
        what the task says of the sizes, and would leave little of that in the moments of Adam. Far from the budget more
        of it is kept. Where the task says nothing, or one size alone can change, it stays as it is.
        """
        with torch.enable_grad():
            at = self.log_sizes.detach().clone().requires_grad_()
            cost = self.fillings.cost(self._within(at))
            (across,) = torch.autograd.grad(cost, at)
        across = across / across.norm().clamp(min=1e-12)
        share = gradient @ across
        along = gradient - share * across
        if along.norm() <= SILENT * gradient.norm():
            return gradient
        most: Tensor = along.norm() * (1 + STIFF * (cost.detach() / budget).log().abs())
        result: Tensor = along + share.clamp(-most, most) * across
        return result

    def room(self, factor: float) -> tuple[int, ...]:
        """The values of the space that have room for the present sizes times a factor."""
        now = self.log_sizes.detach().exp().tolist()
        return tuple(size.at_least(factor * value) for size, value in zip(self.fillings.sizes, now, strict=True))

    @torch.no_grad()
    def set_sizes(self, sizes: Sequence[float]) -> None:
        """Set the sizes, which are brought into the range of their values."""
        self.log_sizes.copy_(torch.tensor(sizes, dtype=torch.float64).log())
        self.log_sizes.copy_(self.sizes.log())

    def fit(self, factor: float = ROOM) -> bool:
        """Build the network anew, from its own weights, if the sizes have left the room that it has, or need less.

        Args:
            factor: by how much more room there is than the sizes need.

        Returns:
            Whether it was built anew; its parameters are other ones then.
        """
        self.set_sizes(self.log_sizes.detach().exp().tolist())
        at = self.room(factor)
        if factor > 1:  # a size that goes to and fro is no reason to cut it
            kept = zip(at, self.room(factor * ROOM), self.at, strict=True)
            at = tuple(now if wanted < now <= wide else wanted for wanted, wide, now in kept)
        if at == self.at:
            return False
        like, old = next(self.network.parameters()), self.network
        network = lower(self.fillings.at(at).architecture).to(like)
        inherit(network, old)
        self.build(at, network.train(old.training))
        return True

    def build(self, at: tuple[int, ...], network: Network) -> None:
        """Use this network, whose whole sizes are `at`, and find where masks act in it."""
        self.at, self.network = at, network
        graph, modules = network.typed, module_names(network.typed)
        others = [self._beside(at, i) for i, deep in enumerate(self.shown.deep) if not deep]
        changing = frozenset[str]().union(*(varying(network.architecture, other) for other in others))
        self.places = placed(network, changing, frozenset(self.shown.repeats))
        self.nodes = tuple(dict.fromkeys(n for place in self.places for n in (place.width, place.reads) if n))
        self.counts = [graph.nodes[node].signal.channels for node in self.nodes]
        self.copies = self.shown.copies(network.architecture)
        self.windows: dict[str, tuple[int, int, bool]] = {}
        self.spectra: dict[str, tuple[int, float]] = {}
        for node, module in modules.items():
            block: Any = graph.nodes[node].block
            layer, path = network.get_submodule(module), plain_path(node)
            widths = [name for name, _ in layer.named_parameters(prefix=module) if name.endswith("window.log_width")]
            if path in self.shown.extents and widths:  # a kernel of one tap has none
                entry = self.shown.extents.index(path), int(block.kernel_size), bool(block.causal)
                self.windows |= dict.fromkeys(widths, entry)
            if path in self.shown.grids:
                buffers = ((name, len(value)) for name, value in layer.named_buffers(prefix=module) if "passed" in name)
                at_path = self.shown.grids.index(path)
                self.spectra |= {name: (at_path, count / block.points) for name, count in buffers}
        self._facts: dict[tuple[int, ...], Tensor] = {}

    def effective(self) -> dict[str, Tensor]:
        """The parameters that masks act on, by name, multiplied by them."""
        taps, points, times, channels = self._now().split([*map(len, self.shown.paths), len(self.nodes)])
        deep = {path: fading(*pair) for path, *pair in zip(self.shown.repeats, times, self.copies, strict=True)}
        wide = {node: fading(*pair) for node, *pair in zip(self.nodes, channels, self.counts, strict=True)}
        result: dict[str, Tensor] = {}
        for place in self.places:
            factors = wide[place.width] if place.width else taps.new_ones(1)
            for path, copy in place.depth:
                factors = factors * deep[path][copy]
            layer: Any = self.network.get_submodule(place.module)
            read = layer.between_stages() if place.reads else {}
            for rows, mask in ((layer.outgoing(), factors), (read, wide.get(str(place.reads), factors))):
                for name, value in rows.items():
                    result[f"{place.module}.{name}"] = value * over_rows(mask.to(value), value)
        for name, (index, count, causal) in self.windows.items():
            value = self.network.get_parameter(name)
            result[name] = width_of(taps[index], count, causal).log().to(value).expand_as(value)
        for name, (index, scale) in self.spectra.items():
            value = self.network.get_buffer(name)
            result[name] = fading(points[index] * scale, len(value)).to(value)
        return result

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = functional_call(self.network, self.effective(), (x,))
        return result

    def extracted(self) -> Network:
        """An ordinary network of the same outputs, in evaluation mode; call `fit(1)` first to leave nothing out of use.

        Its architecture has windows of fixed width where a kernel's size was learned, and soft low-passes where a grid
        was.
        """
        mine = dict(self.network.state_dict()) | {name: value.detach() for name, value in self.effective().items()}
        weights = {name: value for name, value in mine.items() if name not in self.windows | self.spectra}
        paths = (path for paths in self.shown.paths for path in paths)
        named = dict(zip(paths, self._now().detach().tolist(), strict=False))
        architecture = self.shown.limited(self.network.architecture, named, learned=False)
        with torch.random.fork_rng(devices=[]):
            network = lower(architecture).to(self.log_sizes)
        network.load_state_dict(weights)
        return network.eval()

    def _now(self) -> Tensor:
        """What `_at` says of fillings, at the present sizes."""
        return torch.stack([c.weight * self._at(c.values) for c in corners(self.fillings.sizes, self.sizes)]).sum(0)

    def _at(self, values: tuple[int, ...]) -> Tensor:
        """Taps, points, copies, and channels of the nodes with masks, in the filling with these sizes."""
        known = self._facts.get(values)
        if known is None:
            deep = zip(values, self.at, self.shown.deep, strict=True)
            same = tuple(mine if is_deep else value for value, mine, is_deep in deep)
            nodes = self.fillings.at(same).architecture.graph.nodes
            facts = self.shown.facts(self.fillings.at(values).architecture)
            facts += [float(nodes[node].signal.channels) for node in self.nodes]
            known = self._facts[values] = torch.tensor(facts).to(self.log_sizes)
        return known

    def _beside(self, at: tuple[int, ...], index: int) -> Architecture:
        """The filling with another value of one size."""
        values = self.fillings.sizes[index].values
        other = values[0] if at[index] != values[0] else values[1]
        return self.fillings.at((*at[:index], other, *at[index + 1 :])).architecture
