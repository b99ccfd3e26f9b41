"""Whether a score is to be large or small, where its name tells."""

from __future__ import annotations

from collections.abc import Mapping

_SMALL = {"loss", "error", "mae", "mape", "mse", "rmse", "nll", "calibration_error", "hamming", "perplexity"}
_LARGE = {
    *("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "iou", "dice", "mcc", "cohen_kappa"),
    *("auroc", "average_precision", "r2", "pearson", "spearman"),
}


def direction_of(name: str) -> bool | None:
    """Whether a score of this name is maximised: True, False, or None where the name does not tell."""
    return True if name in _LARGE else False if name in _SMALL else None


def turned(wanted: Mapping[str, bool], known: Mapping[str, bool]) -> str | None:
    """A sentence about the first score that is wanted the other way round than it is good; None if there is none.

    Args:
        wanted: for each score of the objectives whether it is maximised.
        known: for each score of the task whose direction is known whether it is; of others their names tell.
    """
    for name, maximize in wanted.items():
        good = known.get(name, direction_of(name))
        if good is not None and good != maximize:
            way, other = ("maximize", "minimize") if maximize else ("minimize", "maximize")
            return f"'{way} {name}' looks for the worst networks; if that is not meant, write '{other} {name}'"
    return None
