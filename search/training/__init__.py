"""Training of a candidate: settings, learning rates, the training loop, augmentation, evaluation, retraining."""

from typing import TYPE_CHECKING, Any

from archspec.moved import former
from search.training.settings import Training

if TYPE_CHECKING:
    from search.training.trainer import train
else:

    def __getattr__(name: str) -> Any:
        """`train`, imported where it is asked for: with it torch is."""
        if name == "train":
            from search.training.trainer import train

            return train
        return former(__name__, name)


__all__ = ["Training", "train"]
