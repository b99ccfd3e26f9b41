"""Comparison of several forms of one network (lowered, frozen, ONNX) on the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float32]
Form = Callable[[Array], Array]

BATCHES, SCALES = (1, 2, 17), (0.1, 1.0, 10.0)
TOLERANCE = 1e-4  # relative to the largest output


class Disagreement(RuntimeError):
    """The outputs of a form differ from the network's; the message says which form, for what input, and by how much."""


def agreed(network: Form, others: Mapping[str, Form], shape: tuple[int, ...], seed: int = 0) -> float:
    """The largest difference of any form from the network, relative to the network's largest output.

    Inputs are noise of standard deviation 0.1, 1 and 10, in batches of 1, 2 and 17 examples.

    Args:
        network: the form that the others are compared with.
        others: the other forms by name, as errors name them.
        shape: shape of one example.
        seed: seed of the noise.

    Raises:
        Disagreement: a form differs by more than 1e-4, or outputs of the network are not finite.
    """
    rng, worst = np.random.default_rng(seed), 0.0
    for batch in BATCHES:
        for scale in SCALES:
            x = (scale * rng.standard_normal((batch, *shape))).astype(np.float32)
            wanted = network(x)
            if not np.isfinite(wanted).all():
                raise Disagreement(
                    f"outputs of the network are not finite for inputs of size {scale:g}; train it again, or look for "
                    "weights that are too large"
                )
            for name, form in others.items():
                found = form(x)
                error = _difference(found, wanted)
                if not error <= TOLERANCE:  # also if it is NaN
                    raise Disagreement(
                        f"{name} differs from the network by {error:.1e} of its largest output, for {batch} examples "
                        f"of size {scale:g}"
                    )
                worst = max(worst, error)
    return worst


def in_torch(model: nn.Module) -> Form:
    """A torch module, on a CPU in float32, as a function of arrays."""

    def form(x: Array) -> Array:
        with torch.no_grad():
            y: Array = model(torch.from_numpy(x)).numpy()
        return y

    return form


def in_onnxruntime(file: Path) -> Form:
    """An ONNX file, run by onnxruntime, as a function of arrays."""
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

    def form(x: Array) -> Array:
        y: Array = session.run(None, {"x": x})[0]
        return y

    return form


def _difference(found: Array, wanted: Array) -> float:
    if found.shape != wanted.shape:
        return float("nan")
    largest = float(np.abs(wanted).max(initial=0.0))
    return float(np.abs(found - wanted).max(initial=0.0)) / max(largest, 1e-12)
