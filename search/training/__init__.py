"""How a candidate is trained: settings, rates, the trainer, augmentation, evaluation."""

from search.training.settings import Training
from search.training.trainer import train

__all__ = ["Training", "train"]
