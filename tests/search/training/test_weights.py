"""The weights of a trial are those that were written, and for no other architecture; or it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from archspec import Architecture, lower
from search.errors import RunError
from search.training.weights import load_network, save_weights
from tests.search.tiny import small_space


def first_two() -> tuple[Architecture, Architecture]:
    first = small_space().default
    return first, next(a for a in small_space().enumerate() if a.hash != first.hash)


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    architecture, _ = first_two()
    state, file = lower(architecture).state_dict(), tmp_path / "weights" / "0.safetensors"
    save_weights(state, architecture, file)
    again = load_network(architecture, file)
    assert not again.training
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in state.items())
    before = file.read_bytes()
    save_weights(state, architecture, file)
    assert file.read_bytes() == before


def test_no_damage_of_a_byte_goes_unnoticed(tmp_path: Path) -> None:
    architecture, _ = first_two()
    file = tmp_path / "0.safetensors"
    save_weights(lower(architecture).state_dict(), architecture, file)
    whole, wanted = file.read_bytes(), load_network(architecture, file).state_dict()
    for at in range(len(whole) - 1, 0, -37):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            again = load_network(architecture, file)
        except RunError:
            continue
        # It was the name of the metadata: as if an earlier version had written the file.
        assert all(torch.equal(value, wanted[name]) for name, value in again.state_dict().items())


def test_the_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    architecture, other = first_two()
    save_weights(lower(other).state_dict(), other, tmp_path / "other.safetensors")
    with pytest.raises(RunError, match="holds the weights of another architecture"):
        load_network(architecture, tmp_path / "other.safetensors")
    for state, wanted in (({"x": torch.ones(3)}, "does not belong to its architecture"), ({}, "does not belong")):
        save_file(state, tmp_path / "none.safetensors")
        with pytest.raises(RunError, match=wanted):
            load_network(architecture, tmp_path / "none.safetensors")


def test_weights_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    architecture, _ = first_two()
    state = lower(architecture).state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "old.safetensors")
    again = load_network(architecture, tmp_path / "old.safetensors")
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in state.items())


def test_a_weight_that_stands_in_two_places_is_written_as_any_other(tmp_path: Path) -> None:
    """As a layer of a person's own may have it."""
    architecture, _ = first_two()
    state, file = lower(architecture).state_dict(), tmp_path / "0.safetensors"
    names = [name for name, value in state.items() if value.shape == (2,)]
    shared = state | dict.fromkeys(names[1:3], state[names[0]])
    assert shared[names[1]].data_ptr() == shared[names[2]].data_ptr()
    try:
        save_weights(shared, architecture, file)
    except RuntimeError as error:
        pytest.fail(f"its trainings are lost: {error}")
    again = load_network(architecture, file).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in shared.items())
