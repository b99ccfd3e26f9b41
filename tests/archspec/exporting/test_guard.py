"""An ONNX file that answers otherwise than the network is not handed out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from torch import fx

from archspec import Architecture, Classifier, Conv, Image, Magnet, export, lower, price
from archspec.exporting import onnx_file
from archspec.exporting.agreement import Disagreement

CONTINUOUS = Architecture(
    input=Image(channels=1, size=(9, 9)),
    body=[Conv(channels=2, kernel_size=9, kernel=Magnet(hidden=4, layers=1))],
    head=Classifier(classes=2),
)


def constant(frozen: fx.GraphModule, architecture: Architecture, file: Path) -> None:
    """In place of the network, one that always answers zero."""
    zeros = numpy_helper.from_array(np.zeros((81, 2), np.float32), "zeros")
    nodes = [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "zeros"], ["y"])]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, 9, 9])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])
    graph = helper.make_graph(nodes, "zero", [x], [y], [zeros])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), file)


def test_a_file_that_answers_otherwise_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "write_onnx", constant)
    with pytest.raises(Disagreement, match=r"the ONNX file differs from the network by 1\.0e\+00"):
        export(lower(CONTINUOUS), tmp_path / "best")
    assert not list(tmp_path.iterdir())


def test_what_is_said_to_run_is_what_onnxruntime_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "write_onnx", constant)
    check = onnx_file.OnnxFile().write(lower(CONTINUOUS), tmp_path)
    runs = check.runs[onnx_file.ONNX]
    assert runs["flops"] == price(CONTINUOUS, "onnx").flops != price(CONTINUOUS, "torch").flops
    assert (runs["params"], runs["bytes"]) == (162, (tmp_path / onnx_file.ONNX).stat().st_size)
