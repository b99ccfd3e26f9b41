"""Training of a candidate: settings, learning rates, the training loop, augmentation, evaluation, retraining."""

from typing import TYPE_CHECKING

from archspec.moved import former_names
from search.training.settings import Training
from search.training.trainer import train

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)

__all__ = ["Training", "train"]
