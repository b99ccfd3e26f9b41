"""Whether a score is to be large or small, where its name tells."""

from __future__ import annotations

_SMALL = {"loss", "error", "mae", "mape", "mse", "rmse", "nll", "calibration_error", "hamming", "perplexity"}
_LARGE = {
    *("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "iou", "dice", "mcc", "cohen_kappa"),
    *("auroc", "average_precision", "r2", "pearson", "spearman"),
}


def direction_of(name: str) -> bool | None:
    """Whether a score of this name is maximised: True, False, or None where the name does not tell."""
    return True if name in _LARGE else False if name in _SMALL else None
