"""The weights of a trial as a file, which says whose they are, and in which no damage goes unnoticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from archspec.architecture import Architecture
from archspec.lowering import Network, network_with
from search.errors import RunError
from search.files import write_whole

# Key of the file's metadata: the hash of the architecture, a digest of the weights, and the architecture, for networks
# that begin from them. One key: of several, the order in the file would be random.
WRITTEN = "architecture and digest"


def save_weights(state: Mapping[str, Tensor], architecture: Architecture, file: Path) -> None:
    """Write the weights of a network as safetensors, all of them or nothing."""
    # Copies, since a weight may stand in several places, and the file takes no memory twice.
    weights = {name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in state.items()}
    about = {WRITTEN: f"{architecture.hash} {digest_of(weights)} {json.dumps(architecture.to_data())}"}
    # As bytes: safetensors would not say of a full disk that it is one.
    write_whole(file, lambda path: path.write_bytes(save(weights, about)))


def load_network(architecture: Architecture, file: Path) -> Network:
    """The network with the weights in a file, in evaluation mode.

    Raises:
        RunError: the file was damaged, or holds the weights of another architecture.
    """
    remedy = "put the file back, or retrain the trial"
    try:
        weights = load_file(file)
        with safe_open(file, "pt") as opened:
            about = opened.metadata() or {}
    except (OSError, SafetensorError, ValueError) as error:
        raise RunError(f"{file} cannot be read: {' '.join(str(error).split())}; {remedy}") from None
    if WRITTEN in about:  # an earlier version did not say
        made_for, digest, *_ = about[WRITTEN].split(" ", 2)
        if made_for != architecture.hash:
            raise RunError(f"{file} holds the weights of another architecture; {remedy}")
        if digest != digest_of(weights):
            raise RunError(f"{file} is not what was written; {remedy}")
    try:
        return network_with(architecture, weights)
    except ValueError as error:
        raise RunError(f"{file} does not belong to its architecture: {error}; {remedy}") from None


def load_parent(file: Path) -> Network:
    """The network that was saved to a file, for another one to begin from.

    Raises:
        RunError: there is no such file, it was damaged, or an earlier version wrote it.
    """
    try:
        with safe_open(file, "pt") as opened:
            *_, text = (opened.metadata() or {})[WRITTEN].split(" ", 2)
        architecture = Architecture.from_data(json.loads(text))
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise RunError(
            f"{file}, from whose weights a candidate begins, cannot be read: {' '.join(str(error).split())}; put the "
            "file back"
        ) from None
    return load_network(architecture, file)


def digest_of(weights: Mapping[str, Tensor]) -> str:
    """What tells weights from any others."""
    digest = hashlib.blake2b(digest_size=16)
    for name, value in sorted(weights.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)} ".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
