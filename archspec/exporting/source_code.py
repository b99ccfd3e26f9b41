"""A frozen network as Python source that needs torch alone, and the tensors that belong to it."""

from __future__ import annotations

import inspect
import operator
import re
from typing import Any

import torch
from torch import Tensor, fx, nn

from archspec.layers.border import REAL, REMEDIES

# Constants that the code of a graph may name.
_IMPORTS = {"inf": "from math import inf", "nan": "from math import nan", "device": "from torch import device"}
# Names that torch.fx writes for functions that have public ones.
_PUBLIC = {
    **{f"torch._C._{part}.{part}_": f"torch.{part}." for part in ("fft", "linalg", "special")},
    "torch._C._nn.": "torch.nn.functional.",
}


def source_of(frozen: fx.GraphModule, shape: tuple[int, ...], about: str) -> tuple[str, dict[str, Tensor]]:
    """Source that defines `Model` and `load`, and the `state_dict` of a `Model`.

    Args:
        frozen: what `freeze` returned.
        shape: the shape (channels, *grid) of one example.
        about: what the network is, a sentence for the docstring.

    Raises:
        ValueError: a module or an operation in it is not torch's.
    """
    graph = fx.Graph()
    state: dict[str, Tensor] = {}
    made: dict[str, str] = {}
    graph.output(graph.graph_copy(frozen.graph, {}))
    _without_what_is_not_read(graph)
    names = _Names()
    for node in graph.nodes:
        if node.op in ("call_module", "get_attr"):
            target = str(node.target)
            node.target = name = names.of(target)
            if name not in made:
                made[name], tensors = _attribute(frozen, node.op, target, name)
                state |= tensors
    code = graph.python_code("self")
    forward = _statements(code.src)
    needed = sorted(line for name, line in _IMPORTS.items() if re.search(rf"\b{name}\b", forward))
    foreign = set(code.globals) - {*_IMPORTS, "torch", "NoneType", "fx_pytree", "pytree", "getattr"}
    if foreign or "torch._C" in forward:
        raise ValueError(f"the operation {min(foreign, default='torch._C')} is not torch's own")
    source = _TEMPLATE.format(
        about=about,
        shape=", ".join(map(str, shape)),
        imports="".join(f"{line}\n" for line in needed),
        attributes="\n".join(f"        {line}" for line in made.values()) or "        pass",
        given=shape,
        forward=forward,
    )
    return source, state


class _Names:
    """Names of attributes for the paths of modules and tensors, each of its own."""

    def __init__(self) -> None:
        self._by_path: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The name for a path: `body_0_conv` for `body.0.conv`."""
        if path not in self._by_path:
            name = re.sub(r"\W", "_", path, flags=re.ASCII)
            while name in self._by_path.values() or hasattr(nn.Module, name):
                name += "_"
            self._by_path[path] = name
        return self._by_path[path]


def _without_what_is_not_read(graph: fx.Graph) -> None:
    """Leave out the border that `freeze` draws, as the source checks its input, and tensors that nobody reads."""
    for node in list(graph.nodes):
        border = any(isinstance(arg, str) and arg.endswith((REAL, REMEDIES)) for arg in node.args)
        if border or (node.op == "get_attr" and not node.users):
            _erase(node)


def _erase(node: fx.Node) -> None:
    """Leave out a node, and what was computed for it alone."""
    read = node.all_input_nodes
    node.graph.erase_node(node)
    for other in read:
        if other.op != "placeholder" and not other.users:
            _erase(other)


def _attribute(frozen: fx.GraphModule, kind: str, path: str, name: str) -> tuple[str, dict[str, Tensor]]:
    """The statement that makes a module or a tensor an attribute, and the tensors of it by their names in the state."""
    if kind == "call_module":
        construction, tensors = _constructed(frozen.get_submodule(path), path)
        return f"self.{name} = {construction}", {f"{name}.{key}": tensor for key, tensor in tensors.items()}
    parent, _, last = path.rpartition(".")
    tensor = getattr(frozen.get_submodule(parent), last)
    like = f"torch.zeros({tuple(tensor.shape)}, dtype={tensor.dtype})"
    if isinstance(tensor, nn.Parameter):
        return f"self.{name} = nn.Parameter({like})", {name: tensor}
    return f'self.register_buffer("{name}", {like})', {name: tensor}


def _constructed(module: nn.Module, path: str) -> tuple[str, dict[str, Tensor]]:
    """The call that makes a module of torch.nn with these settings, and the tensors of it."""
    kind = type(module)
    if getattr(nn, kind.__name__, None) is not kind:
        raise ValueError(f"{path} is {kind.__module__}.{kind.__qualname__}, which is not of torch.nn")
    given, named = _arguments(module)
    try:
        with torch.device("meta"):
            made = kind(*given, **named)
        # Its weights may be computed from others, which `torch.nn.utils.prune` keeps beside them.
        tensors = {name: operator.attrgetter(name)(module).data for name in made.state_dict()}
    except (TypeError, ValueError, AttributeError):
        raise ValueError(f"{path} is torch.nn.{kind.__name__}, which cannot be made anew from its attributes") from None
    text = ", ".join([*map(repr, given), *(f"{name}={value!r}" for name, value in named.items())])
    return f"nn.{kind.__name__}({text})", tensors


def _arguments(module: nn.Module) -> tuple[list[Any], dict[str, Any]]:
    """Arguments without a default, and those that differ from it; torch.nn keeps each as the attribute of its name."""
    given, named = list[Any](), dict[str, Any]()
    for name, parameter in inspect.signature(type(module)).parameters.items():
        if name in ("device", "dtype") or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        value: Any = getattr(module, name, parameter.default)
        if name == "bias":  # the attribute is the tensor, the argument whether there is one
            value = value is not None
        if parameter.default is inspect.Parameter.empty:
            given.append(value)
        elif value != parameter.default:
            named[name] = value
    return given, named


def _statements(source: str) -> str:
    """The statements of `forward` in the source of a function; a value is dropped where it is last read."""
    for private, public in _PUBLIC.items():
        source = source.replace(private, public)
    lines = source[source.index("def forward") :].splitlines()[1:]
    return "\n".join(f"    {line}" for line in lines if line.strip())


_TEMPLATE = '''"""{about}

    from model import load

    model = load()                          # reads model.pt beside this file
    y = model(torch.zeros(1, {shape}))

It needs torch, and nothing else. Its weights are constants of a trained network whose kernels are sampled.
"""

from pathlib import Path

import torch
from torch import nn
{imports}

class Model(nn.Module):
    """Takes real numbers of shape (batch, {shape})."""

    def __init__(self):
        super().__init__()
{attributes}

    def forward(self, x):
        if x.shape[1:] != {given} or not x.is_floating_point():
            given = f"{{x.dtype}} of the shape {{tuple(x.shape)}}"
            raise ValueError(f"this network takes real numbers of the shape (batch, {shape}), not {{given}}")
{forward}


WEIGHTS = Path(__file__).with_name("model.pt")


def load(weights=WEIGHTS):
    """The model with its weights, in evaluation mode; loading them runs no code."""
    model = Model()
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return model.eval()
'''
