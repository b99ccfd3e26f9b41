"""Where `Tpe` was before Optuna's other samplers were strategies too."""

from search.strategies.optuna_samplers import Tpe

__all__ = ["Tpe"]
