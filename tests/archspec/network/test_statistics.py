"""Running statistics of a batch norm that reads active elements only are those that torch would keep of these."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from archspec import Norm, Partial
from archspec.layers.norm import BatchNorm
from archspec.network.statistics import reestimate
from tests.examples import built, noise, on

IN_PART = on("C4", Partial(), Norm())


def estimated(momentum: float | None) -> tuple[BatchNorm, nn.BatchNorm1d]:
    """The norm of a network after three batches, and one of torch that has seen the active elements of the same."""
    model = built(IN_PART).eval()
    batches = [noise(IN_PART, 6, seed) for seed in range(3)]
    norm = model.get_submodule("body_2_norm")
    assert isinstance(norm, BatchNorm)
    reference = nn.BatchNorm1d(norm.num_features, momentum=momentum).double()
    with torch.no_grad():
        model.get_parameter("body_1_partial.logits").copy_(torch.tensor([1.0, -1.0, 1.0]))
        active = model.get_submodule("body_1_partial")().flatten() == 1
        for x in batches:
            reference(model.get_submodule("body_0_lift")(x)[:, :, active].flatten(2))
        if momentum is None:
            reestimate(model, batches)
        else:
            norm.reset_running_stats()
            norm.momentum = momentum
            norm.train()
            for x in batches:
                model(x)
    return norm, reference


def they_are_those_of_torch(momentum: float | None) -> None:
    norm, reference = estimated(momentum)
    for name, wanted in reference.named_buffers():
        assert torch.allclose(norm.get_buffer(name), wanted), name


MOMENTA = (None, 0.0, 0.1, 1.0)


@pytest.mark.parametrize("momentum", MOMENTA)
def test_statistics_of_active_elements_are_those_of_torch(momentum: float | None) -> None:
    they_are_those_of_torch(momentum)


@pytest.mark.parametrize("momentum", [None, 0.0])
def test_a_share_of_a_tenth_where_none_is_stated_fails_that_law(
    momentum: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = BatchNorm.track

    def with_a_tenth(self: BatchNorm, mean: Tensor, variance: Tensor) -> None:
        self.momentum = self.momentum or 0.1
        right(self, mean, variance)

    monkeypatch.setattr(BatchNorm, "track", with_a_tenth)
    with pytest.raises(AssertionError, match="running_mean"):
        they_are_those_of_torch(momentum)
