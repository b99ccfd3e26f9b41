"""The exporter to a program of `torch.export`."""

from __future__ import annotations

import io
import warnings
from functools import partial
from pathlib import Path
from typing import ClassVar

import torch

from archspec.architecture import price
from archspec.exporting.agreement import Form, in_torch
from archspec.exporting.exporter import Check
from archspec.lowering import Network
from archspec.network.freezing import freeze

PROGRAM = "model.pt2"


class ProgramFile:
    """Writes `model.pt2`: the frozen network as a program of `torch.export`, for any batch size."""

    name: ClassVar[str] = "pt2"
    files: ClassVar[frozenset[str]] = frozenset((PROGRAM,))

    def write(self, network: Network, directory: Path) -> Check:
        """Write the file; it is checked by loading it."""
        example = torch.zeros(2, *network.architecture.signal.shape)
        batch = ({0: torch.export.Dim("batch")},)
        with warnings.catch_warnings(), torch.autocast("cpu", enabled=False):
            warnings.simplefilter("ignore")
            program = torch.export.export(freeze(network), (example,), dynamic_shapes=batch)
            for node in program.graph.nodes:
                node.meta.pop("stack_trace", None)  # lines of source, with their paths on this machine
            written = io.BytesIO()  # torch's own writer of files ends the process where the disk is full
            torch.export.save(program, written)
            (directory / PROGRAM).write_bytes(written.getvalue())
        numbers = sum(tensor.numel() for tensor in program.state_dict.values() if tensor.is_floating_point())
        size = (directory / PROGRAM).stat().st_size
        runs = {PROGRAM: {"flops": price(network).flops, "params": numbers, "bytes": size}}
        about = {PROGRAM: "the network as a program of torch.export, its kernels sampled"}
        return Check({"the program": partial(_loaded, directory / PROGRAM)}, runs, _USAGE, about, frozenset((PROGRAM,)))


def _loaded(file: Path) -> Form:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return in_torch(torch.export.load(file).module())


_USAGE = f"""## With torch.export

```python
import torch

model = torch.export.load("{PROGRAM}").module()
```
"""
