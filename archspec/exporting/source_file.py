"""The exporter to Python source that needs torch alone."""

from __future__ import annotations

import io
import runpy
from functools import partial
from pathlib import Path
from typing import ClassVar

import torch

from archspec.architecture import price
from archspec.exporting.agreement import Form, in_torch
from archspec.exporting.exporter import Check
from archspec.exporting.source_code import source_of
from archspec.lowering import Network
from archspec.network.freezing import freeze

SOURCE, TENSORS = "model.py", "model.pt"


class SourceFile:
    """Writes `model.py`, the frozen network as Python source, and `model.pt`, its weights."""

    name: ClassVar[str] = "source"
    files: ClassVar[frozenset[str]] = frozenset((SOURCE, TENSORS))

    def write(self, network: Network, directory: Path) -> Check:
        """Write both files; they are checked by running the source.

        Raises:
            ValueError: a layer is frozen to a module that is not of torch.nn.
        """
        cost, architecture = price(network), network.architecture
        about = (
            f"A network of {cost.flops:,} FLOPs for each example, exported from the architecture {architecture.hash}."
        )
        try:
            source, state = source_of(freeze(network), architecture.signal.shape, about)
        except ValueError as error:
            raise ValueError(
                f"the network cannot be written as Python source: {error}; leave out {self.name!r}"
            ) from None
        (directory / SOURCE).write_text(source, encoding="utf-8")
        written = io.BytesIO()  # torch's own writer of files ends the process where the disk is full
        torch.save({name: tensor.detach().clone() for name, tensor in state.items()}, written)
        (directory / TENSORS).write_bytes(written.getvalue())
        numbers = sum(tensor.numel() for tensor in state.values() if tensor.is_floating_point())
        size = sum((directory / name).stat().st_size for name in self.files)
        runs = {SOURCE: {"flops": cost.flops, "params": numbers, "bytes": size}}
        about_files = {SOURCE: "the network as code for torch alone, its kernels sampled", TENSORS: "its weights"}
        return Check({"the Python source": partial(_run, directory)}, runs, _USAGE, about_files, frozenset((SOURCE,)))


def _run(directory: Path) -> Form:
    """What the source in a directory defines, as a function of arrays."""
    return in_torch(runpy.run_path(str(directory / SOURCE))["load"]())


_USAGE = f"""## With torch alone

`{SOURCE}` is the network written out in torch.nn, with its weights in `{TENSORS}`; copy both anywhere.

```python
from model import load

model = load()
```
"""
