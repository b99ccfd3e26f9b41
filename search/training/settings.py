"""How candidates are trained, as settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from archspec.layers.layer import Role
from archspec.network.roles import ROLES
from search.training.rates import Rate


@dataclass(frozen=True)
class Training:
    """How a candidate is trained.

    Attributes:
        warmup: share of the steps in which the learning rate rises; after it a cosine to zero.
        patience: stop after this many epochs in which the validation score was below the best; None never does.
        clip: largest norm of the gradient.
        label_smoothing: of the cross-entropy in training; scores are without it.
        alias_penalty: factor of the penalty on kernels under `band_limit="regularise"`.
        admissibility: factor of the penalty on wavelets with a mean (1 in the paper); see `admissibility_penalty`.
        offsets: share of the training, at its end, in which the elements of C_n lie anywhere on the circle, so that a
            network can be carried to another order (see `archspec.network.offsets`); for continuous kernels.
        augment: a group, such as `"C4"`, by a random element of which each training example is moved, anew each epoch.
        rates: of the roles that parameters play (`kernel`, `window`, `omega`, `plain`), where not the default; those a
            network does not have are passed over, those that none of a space has are refused.
        device: `auto` is a GPU where there is one.
        precision: of the network's products in training: `float32`, or half as wide by autocast, `bf16` or (with scaled
            gradients) `fp16`. Weights, kernels, transforms and scores are in float32 all the same.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 2e-2
    weight_decay: float = 1e-2
    warmup: float = 0.1
    patience: int | None = 10
    clip: float = 5.0
    label_smoothing: float = 0.1
    alias_penalty: float = 0.1
    admissibility: float = 0.0
    offsets: float = 0.0
    augment: str | None = None
    rates: Mapping[Role, Rate] = field(default_factory=dict)
    device: str = "auto"
    precision: Literal["float32", "bf16", "fp16"] = "float32"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        if self.precision not in ("float32", "bf16", "fp16"):
            raise ValueError(f"there is no precision {self.precision!r}; use 'float32', 'bf16' or 'fp16'")
        if unknown := self.rates.keys() - set(ROLES):
            raise ValueError(f"there is no role {min(unknown)!r}; the roles are {', '.join(ROLES)}")
        if not (0 <= self.offsets <= 1 and self.admissibility >= 0):
            raise ValueError("offsets are a share from 0 to 1, admissibility a factor of 0 or more")

    def record(self) -> dict[str, Any]:
        """What is not as by default, but for the device: a run begun before a setting existed can go on."""
        default = asdict(type(self)())
        return {key: value for key, value in asdict(self).items() if key != "device" and value != default[key]}
