"""Training of a candidate: settings, learning rates, the training loop, augmentation, evaluation, retraining."""

from typing import TYPE_CHECKING, Any

from archspec.moved import former

if TYPE_CHECKING:
    from search.training.settings import Training
    from search.training.trainer import train
else:

    def __getattr__(name: str) -> Any:
        """`Training` and `train`, imported where they are asked for: with them torch is."""
        if name == "Training":
            from search.training.settings import Training

            return Training
        if name == "train":
            from search.training.trainer import train

            return train
        return former(__name__, name)


__all__ = ["Training", "train"]
