"""Where a training runs: its device, data that stay there, and batches that are brought there one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from search.tasks.task import Batch, Data

# Share of a GPU's free memory that the data of one training may take for good: several workers may share the GPU.
SHARE = 0.25


def device_of(wanted: str) -> torch.device:
    """The device of this name; `auto` is a GPU if there is one, else the CPU."""
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted)


def placed(data: Data, device: torch.device) -> Data:
    """Arrays on a GPU, where they stay for the whole training, if they fit; any other data as they are."""
    if device.type != "cuda" or not isinstance(data, tuple):
        return data
    fits = size_of(data) <= SHARE * torch.cuda.mem_get_info(device)[0]
    return (data[0].to(device), data[1].to(device)) if fits else data


def size_of(data: Data) -> int:
    """Bytes of examples that are arrays; 0 of any other data, which go to a device batch by batch."""
    return sum(part.numel() * part.element_size() for part in data) if isinstance(data, tuple) else 0


def brought(examples: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """The batches, each on the device."""
    for x, y in examples:
        yield sent(x, device), sent(y, device)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on a device; to a GPU it goes through pinned memory, so that the CPU does not wait for the copy."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def fetched(tensors: Iterable[tuple[Tensor, Tensor]], device: torch.device) -> list[tuple[Tensor, Tensor]]:
    """The pairs of tensors on the CPU; each is copied as soon as it is there, and a GPU is waited for once."""
    later = device.type == "cuda"
    found = [(a.to("cpu", non_blocking=later), b.to("cpu", non_blocking=later)) for a, b in tensors]
    if later:
        torch.cuda.synchronize(device)
    return found
