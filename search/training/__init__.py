"""Training of a candidate: settings, learning rates, the training loop, augmentation, evaluation, retraining."""

from search.training.settings import Training
from search.training.trainer import train

__all__ = ["Training", "train"]
