"""From a typed graph to a torch module that computes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, Self, TypeVar

from torch import Tensor, fx, nn

from archspec.geometry.fourier import Target
from archspec.graph.block import LearnedSizes
from archspec.graph.cost import Cost
from archspec.graph.graph import Graph, module_names
from archspec.layers.layer import Layer
from archspec.layers.precision import settle
from archspec.network.active_elements import active_elements
from archspec.network.code import written
from archspec.network.folding import folded

A = TypeVar("A", bound="Assembled")


class Assembled(fx.GraphModule, Layer):
    """A torch module that computes a typed graph; copies and unpickled objects have the same class.

    Attributes:
        bordered: whether the module first checks the shape of its input.
    """

    bordered: ClassVar[bool] = False

    @property
    def typed(self) -> Graph:
        """The typed graph that it computes (`graph` is torch.fx's graph of calls)."""
        graph: Graph = self.meta["graph"]
        return graph

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same calls with the plain forms of all modules, on the folded layout."""
        return folded(self, target)

    def fit(self) -> bool:
        """Crop every kernel to the present width of its learned window; returns whether any size changed.

        Sizes change only when this is called, so that a training step need not read widths from the device and a
        compiled network is not recompiled. `state_dict` contains the sizes.
        """
        changed = [layer.fit() for layer in self.layers()]
        return any(changed)

    def layers(self) -> Iterator[Layer]:
        """Every layer in it that is not itself a network."""
        return (part for part in self.modules() if isinstance(part, Layer) and not isinstance(part, fx.GraphModule))

    def cost(self, target: Target = "torch") -> Cost:
        """The cost of one example when `target` runs it, with the present sizes of windows and active elements."""
        graph = self.typed
        total, active = graph.cost(target), active_elements(self, graph)
        for name, module_name in module_names(graph).items():
            module = self.get_submodule(module_name)
            elements = (len(active[name].reads), len(active[name].gives)) if name in active else None
            learned = LearnedSizes(_taps_left(module), elements, _cost_inside(module, target))
            block = graph.nodes[name].block
            if block is None or learned == LearnedSizes():
                continue
            now, begun = block.cost_now(graph.source(name), learned, target), graph.cost_at(name, target)
            total = replace(
                total,
                macs=total.macs + now.macs - begun.macs,
                fft_flops=total.fft_flops + now.fft_flops - begun.fft_flops,
                kernel_macs=total.kernel_macs + now.kernel_macs - begun.kernel_macs,
            )
        return total

    def __reduce__(self) -> tuple[Any, ...]:
        kind = type(self).__mro__[1]  # torch.fx gives each GraphModule a class of its own
        own = dict(self.named_parameters(recurse=False)) | dict(self.named_buffers(recurse=False))
        return _put_together, (kind, dict(self.named_children()), self.meta, self.training, own)

    def __copy__(self) -> Self:
        put_together, arguments = self.__reduce__()
        copied: Self = put_together(*arguments)
        return copied


def assembled(graph: Graph, kind: type[A]) -> A:
    """A new module of class `kind` with random weights that computes the graph."""
    targets = module_names(graph)
    modules: dict[str, nn.Module] = {
        targets[name]: node.block.lower(graph.source(name)) for name, node in graph.nodes.items() if node.block
    }
    return _put_together(kind, modules, {"graph": graph}, True)


def _put_together(
    kind: type[A],
    modules: dict[str, nn.Module],
    meta: dict[str, Any],
    training: bool,
    own: dict[str, Tensor] | None = None,
) -> A:
    graph: Graph = meta["graph"]
    module = kind(modules, written(graph, kind.bordered), class_name=kind.__name__)
    module.meta.update(meta)
    module.training = training
    module.register_load_state_dict_post_hook(settle)  # type: ignore[no-untyped-call]
    for name, value in (own or {}).items():  # parameters and buffers that a user has added to the module
        if isinstance(value, nn.Parameter):
            module.register_parameter(name, value)
        else:
            module.register_buffer(name, value)
    return module


def _taps_left(module: nn.Module) -> tuple[int, ...] | None:
    return module.taps_left() if isinstance(module, Layer) else None


def _cost_inside(module: nn.Module, target: Target) -> Cost | None:
    inside = module.inside() if isinstance(module, Layer) else None
    return inside.cost(target) if isinstance(inside, Assembled) else None
