"""Several forms of one network, compared on the same inputs."""

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
TOLERANCE = 1e-4  # of the largest output


class Disagreement(RuntimeError):
    """A form of a network does not give what the network gives; the message says which, where and by how much."""


def agreed(network: Form, others: Mapping[str, Form], shape: tuple[int, ...], seed: int = 0) -> float:
    """The largest difference of any other form, relative to the largest output of the network.

    On noise of several scales in batches of 1, 2 and 17 examples of this shape.

    Raises:
        Disagreement: a form differs by more than 1e-4, or what the network gives is not finite.
    """
    rng, worst = np.random.default_rng(seed), 0.0
    for batch in BATCHES:
        for scale in SCALES:
            x = (scale * rng.standard_normal((batch, *shape))).astype(np.float32)
            wanted = network(x)
            if not np.isfinite(wanted).all():
                raise Disagreement(
                    f"the network gives numbers that are not finite for inputs of size {scale:g}; train it again, or "
                    "look for weights that are not finite"
                )
            for name, form in others.items():
                found = form(x)
                error = _difference(found, wanted)
                if not error <= TOLERANCE:  # also where it is no number
                    raise Disagreement(
                        f"{name} differs from the network by {error:.1e} of its largest output, for {batch} examples "
                        f"of size {scale:g}"
                    )
                worst = max(worst, error)
    return worst


def in_torch(model: nn.Module) -> Form:
    """A module of torch, on a CPU in float32, as a form."""

    def form(x: Array) -> Array:
        with torch.no_grad():
            y: Array = model(torch.from_numpy(x)).numpy()
        return y

    return form


def in_onnxruntime(file: Path) -> Form:
    """An ONNX file as a form."""
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
