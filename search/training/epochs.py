"""What a training is shown in an epoch: all of its data, in an order and with changes that follow from its seed."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from search.seeds import derived_seed
from search.tasks.batches import Data, batches
from search.training.augmentation import augmented
from search.training.devices import brought
from search.training.randomness import seed_epoch
from search.training.rates import planned
from search.training.settings import Training


def shown(
    data: Data, training: Training, seed: int, epoch: int, steps: int, device: torch.device
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """The batches (x, y) of an epoch, on a device, each with the step of the schedule that it is.

    All randomness follows from the seed and the epoch, so that a resumed training equals an uninterrupted one.

    Args:
        data: the training data.
        training: the settings: size of the batches, augmentation.
        seed: seed of the training.
        epoch: number of epochs before this one.
        steps: number of batches that an epoch is planned to have.
        device: where the batches are brought.

    Raises:
        ValueError: there is no batch, so that nothing would be learned.
    """
    seed_epoch(seed, epoch, data)
    examples = brought(batches(data, training.batch_size, shuffle_seed=seed % 2**31 + epoch), device)
    batch = 0
    for batch, (x, y) in enumerate(augmented(examples, training.augment, derived_seed(seed, f"augment {epoch}")), 1):
        yield planned(epoch, batch, steps), x, y
    if not batch:
        raise ValueError(
            f"the training data gave no batch in epoch {epoch + 1}; they must give some each time they are iterated "
            "over"
        )
