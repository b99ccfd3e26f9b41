"""FLOPs of an ONNX file, counted from its own nodes and shapes: it knows nothing of architectures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import onnx
from onnx import helper, numpy_helper, shape_inference

ADDS = ("Add", "Sub")


def counted_in_file(path: Path) -> int:
    """Of one example: products of convolutions and matrices, transforms, and products of spectra."""
    model = shape_inference.infer_shapes(_of_one_example(onnx.load(path)), data_prop=True)
    graph = model.graph
    known = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    shapes: dict[str, tuple[int, ...]] = {name: value.shape for name, value in known.items()}
    for value in (*graph.value_info, *graph.input, *graph.output):
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    made_by = {output: node for node in graph.node for output in node.output}
    return sum(_flops(node, shapes, known, made_by) for node in graph.node)


def _of_one_example(model: onnx.ModelProto) -> onnx.ModelProto:
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    for value in list(model.graph.value_info):
        model.graph.value_info.remove(value)
    return model


def _flops(node: Any, shapes: dict[str, tuple[int, ...]], known: dict[str, Any], made_by: dict[str, Any]) -> int:
    out = shapes[node.output[0]]
    match node.op_type:
        case "Conv":
            return 2 * math.prod(out) * math.prod(shapes[node.input[1]][1:])
        case "MatMul":
            return 2 * math.prod(out) * shapes[node.input[0]][-1]
        case "Gemm":
            turned = {a.name: helper.get_attribute_value(a) for a in node.attribute}.get("transA", 0)
            return 2 * math.prod(out) * shapes[node.input[0]][0 if turned else 1]
        case "DFT":
            return _transform(node, shapes, known)
        case "Mul":
            return 2 * math.prod(out) if _of_spectra(node, made_by) else 0
        case "Einsum" | "ConvTranspose" | "LSTM" | "GRU" | "RNN":
            raise AssertionError(f"no rule for {node.op_type}")
    return 0


def _transform(node: Any, shapes: dict[str, tuple[int, ...]], known: dict[str, Any]) -> int:
    """2.5·n·log2(n) for a real signal, on either side, 5·n·log2(n) for a complex one."""
    given, out = shapes[node.input[0]], shapes[node.output[0]]
    axis = int(known[node.input[2]]) if len(node.input) > 2 else 1
    real = given[-1] == 1 or out[-1] == 1
    n = max(given[axis], out[axis])
    times = math.prod(given[:-1]) // given[axis]
    return 2 * round(times * (2.5 if real else 5) * n * math.log2(n) / 2)


def _of_spectra(node: Any, made_by: dict[str, Any]) -> bool:
    """Whether a product is one of the four that multiply complex numbers: what it reads was transformed."""
    seen, open_ = set(), list(node.input)
    while open_:
        name = open_.pop()
        source = made_by.get(name)
        if source is None or name in seen:
            continue
        seen.add(name)
        if source.op_type == "DFT":
            return not {a.name: helper.get_attribute_value(a) for a in source.attribute}.get("inverse", 0)
        if source.op_type in ("Gather", "Squeeze", "Unsqueeze", "Reshape", "Transpose", "Slice", "Split", "Identity"):
            open_.extend(source.input[:1])
    return False
