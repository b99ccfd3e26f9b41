"""The settings of a training."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from numbers import Integral, Real
from typing import Any, Literal

from archspec.layers.role import ROLES, Role
from archspec.schema.data import from_data, to_data
from archspec.schema.hole import Decision, Scalar
from search.pickled import Pickled
from search.training.holes import check_holes, is_hole, open_settings
from search.training.rates import Rate

# Training diverges well below this learning rate.
LARGE_RATE = 10.0
NUMBERS = (
    *("learning_rate", "weight_decay", "warmup", "cooldown", "clip", "label_smoothing"),
    *("alias_penalty", "admissibility", "offsets", "seconds"),
)
RANGES = (
    *(("clip", 1e-12, math.inf), ("warmup", 0, 1), ("label_smoothing", 0, 1), ("weight_decay", 0, math.inf)),
    *(("alias_penalty", 0, math.inf), ("admissibility", 0, math.inf), ("offsets", 0, 1)),
)


@dataclass(frozen=True)
class Training(Pickled):
    """How a candidate is trained: with AdamW, by epochs.

    Settings may be holes, which a search decides with the architecture: `Training(learning_rate=real(1e-3, 1e-1,
    log=True), weight_decay=choice(0.0, 1e-2))`. All but epochs, rates, device, inherit and proxies can be.

    Attributes:
        epochs: largest number of epochs.
        batch_size: number of examples of a step.
        learning_rate: largest learning rate, at the end of the warm-up.
        weight_decay: weight decay of AdamW.
        warmup: share of the steps in which the learning rate rises linearly.
        cooldown: share of the epochs, at the end, in which the learning rate falls to zero; until then it is constant,
            so that a training of few epochs has the same beginning as a longer one, which can go on from there. None is
            a cosine from the end of the warm-up.
        patience: number of epochs with a validation score worse than the best after which training ends early; None for
            no early end. With a cooldown, only its epochs count.
        clip: norm that gradients are clipped to; infinity for no clipping.
        label_smoothing: label smoothing of the cross-entropy in training; scores are computed without it. A loss of the
            task's own (`loss=`) is as it is given: `CrossEntropyLoss(label_smoothing=0.1)` trains as by default.
        alias_penalty: factor of the penalty on kernels with `band_limit="regularise"`.
        admissibility: factor of the penalty on wavelets with a mean (1 in the paper); see `admissibility_penalty`.
        offsets: share of the steps, at the end of the training, in which continuous kernels are sampled at random
            offsets between the elements of C_n, so that a network can be carried to another order (see
            `archspec.network.offsets`).
        coarse: shares of the epochs, at the start, in which signals are sampled more coarsely, by the factor:
            `{2: 0.5}` is half of the epochs at half the sampling rate, `{4: 0.25, 2: 0.25}` a quarter of them at a
            quarter of it, then a quarter at half. The network is `at_resolution` there, with the same parameters; the
            best weights are those of an epoch at the full rate. A network that cannot be on those grids (tables, say)
            is trained at the full rate throughout.
        augment: name of a group, such as `"C4"`: each training example is transformed by a random element of it, drawn
            again each epoch. None for no augmentation.
        rates: rates that replace the defaults, by role (`kernel`, `window`, `omega`, `elements`, `plain`). A role that
            a network does not have is ignored; a search refuses a role that no network of its space has.
        device: torch device; `auto` is a GPU if there is one, else the CPU.
        inherit: whether a candidate that a strategy has derived from a trained one begins from its weights, as far as
            they fit (see `archspec.inherit`), instead of from random ones.
        proxies: whether zero-cost proxies of each candidate are recorded (see `search.training.proxies`), so that
            `result.correlations` can say what they tell of its score. They change nothing else.
        precision: precision of the network in training: `float32`, or by autocast `bf16` or (with scaled gradients)
            `fp16`. Weights, kernels, Fourier transforms and scores are float32 in any case.
        seconds: seconds after which training a candidate ends, as a failure; by default, in a search, ten minutes and
            a hundred times what the preflight has worked out for the dearest candidate.

    Raises:
        ValueError: a value is out of its range.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 2e-2
    weight_decay: float = 1e-2
    warmup: float = 0.1
    cooldown: float | None = None
    patience: int | None = 10
    clip: float = 5.0
    label_smoothing: float = 0.1
    alias_penalty: float = 0.1
    admissibility: float = 0.0
    offsets: float = 0.0
    coarse: Mapping[int, float] = field(default_factory=dict)
    augment: str | None = None
    inherit: bool = False
    proxies: bool = False
    rates: Mapping[Role, Rate] = field(default_factory=dict)
    device: str = "auto"
    precision: Literal["float32", "bf16", "fp16"] = "float32"
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).copy().items():  # numbers of numpy become Python's, which the record can hold
            if isinstance(value, Real) and not isinstance(value, bool):
                object.__setattr__(self, name, int(value) if isinstance(value, Integral) else float(value))
        if holes := open_settings(self):
            check_holes(self, holes)
            return
        if (torch := sys.modules.get("torch")) and isinstance(self.device, torch.device):
            object.__setattr__(self, "device", str(self.device))
        _check_types(self)
        object.__setattr__(self, "coarse", _read(self.coarse))
        if self.clip == math.inf:  # which a record cannot hold
            object.__setattr__(self, "clip", sys.float_info.max)
        for name, value in vars(self).items():
            if name != "seconds" and isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} is a finite number, not {value!r}")
        for name in ("epochs", "batch_size", "patience"):
            if not isinstance(value := getattr(self, name), int) and (value is not None or name != "patience"):
                raise ValueError(f"{name} is a whole number, not {value!r}")
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(f"seconds must be above 0, not {self.seconds}; None is no limit")
        for name in ("inherit", "proxies"):
            if not isinstance(value := getattr(self, name), bool):
                raise ValueError(f"{name} is True or False, not {value!r}")
        for name in ("epochs", "batch_size", "learning_rate", "patience"):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, not {value}")
        if self.cooldown is not None and not 0 < self.cooldown <= 1:
            raise ValueError(f"cooldown is a share above 0 and up to 1, or None, not {self.cooldown!r}")
        for name, low, high in RANGES:
            if not low <= (value := getattr(self, name)) <= high:
                raise ValueError(f"{name} is a number from {low:g} to {high:g}, not {value!r}")
        if self.learning_rate > LARGE_RATE:
            warnings.warn(f"a learning rate of {self.learning_rate:g} is far beyond what trains", stacklevel=3)
        if self.precision not in ("float32", "bf16", "fp16"):
            raise ValueError(f"there is no precision {self.precision!r}; use 'float32', 'bf16' or 'fp16'")
        if unknown := self.rates.keys() - set(ROLES):
            raise ValueError(f"there is no role {min(unknown)!r}; the roles are {', '.join(ROLES)}")

    def factor(self, epoch: int) -> int:
        """How many times more coarsely signals are sampled in an epoch, which counts from 0; 1 at the full rate.

        It follows from the epoch and the length of a whole training, so that one that pauses is the same until there.
        """
        share = 0.0
        for factor, more in self.coarse.items():
            share += more
            if epoch < math.floor(share * self.epochs + 1e-9):
                return factor
        return 1

    def trunk(self, epochs: int) -> int:
        """Number of epochs that a training which ends after `epochs` has in common with a whole one.

        Without a cooldown these are all: it is a whole training that pauses.
        """
        if self.cooldown is None:
            return epochs
        return math.floor(epochs * (1 - max(self.cooldown, self.offsets)) + 1e-9)

    @property
    def parameters(self) -> dict[str, Decision]:
        """The holes, by the names of their decisions: `training.learning_rate`, or the name that a hole has."""
        return {hole.called(f"training.{name}"): hole for name, hole in open_settings(self).items()}

    def filled(self, values: Mapping[str, Scalar]) -> Training:
        """The settings with the values of their holes by name; other values are ignored.

        Raises:
            ValueError: the value of a hole is missing, or not a value of it.
        """
        found: dict[str, Any] = {}
        for name, hole in open_settings(self).items():
            if (called := hole.called(f"training.{name}")) not in values:
                raise ValueError(f"{called} is open; give its value, {hole.text}")
            hole.check(values[called], called)
            found[name] = values[called]
        return replace(self, **found) if found else self

    def values_like(self, other: Training) -> dict[str, Scalar] | None:
        """The values of the holes with which these settings are the other's, which has none; None if there are none."""
        values: dict[str, Scalar] = {}
        for name, hole in open_settings(self).items():
            values[hole.called(f"training.{name}")] = getattr(other, name)
        try:
            return values if self.filled(values).record() == other.record() else None
        except ValueError:
            return None

    @property
    def default(self) -> Training:
        """The settings with the first option of every choice and the lowest value of every number."""
        return self.filled({name: hole.first for name, hole in self.parameters.items()})

    def possible(self, name: str) -> list[Any]:
        """The values that a setting can have; of many numbers, the lowest and the highest."""
        value = getattr(self, name)
        hole = open_settings(self).get(name)
        return [value] if hole is None else [option for _, option in hole.values_to_check()]

    def record(self) -> dict[str, Any]:
        """The settings that differ from their defaults, without device and limit of time; holes as data.

        So a run can be resumed on another device, with another limit, and after this class has gained a setting.
        """
        default, holes, free = asdict(type(self)()), open_settings(self), ("device", "seconds")
        known = {key: to_data(holes[key]) if key in holes else value for key, value in asdict(self.default).items()}
        return {key: value for key, value in known.items() if key not in free and value != default[key]}

    @classmethod
    def from_record(cls, data: Mapping[str, Any]) -> Training:
        """The settings that `record` wrote, on the device `auto`."""
        known = {name: from_data(value) if is_hole(value) else value for name, value in data.items()}
        rates = {role: Rate(**rate) for role, rate in data.get("rates", {}).items()}
        return cls(**{**known, **({"rates": rates} if rates else {})})


def _check_types(training: Training) -> None:
    """Raise ValueError for what is not of the type of its setting; whole numbers and truth values are checked above."""
    optional = ("seconds", "cooldown", "augment")
    kinds: dict[str, tuple[type, str]] = dict.fromkeys(NUMBERS, (Real, "a number"))
    kinds |= {"device": (str, "a name, such as 'cuda'"), "augment": (str, "the name of a group, such as 'D4'")}
    for name, (kind, what) in kinds.items():
        value = getattr(training, name)
        if not (isinstance(value, kind) or (value is None and name in optional)) or isinstance(value, bool):
            raise ValueError(f"{name} is {what}, not {value!r}")
    rates = training.rates
    if not isinstance(rates, Mapping) or not all(isinstance(rate, Rate) for rate in rates.values()):
        raise ValueError(f"rates are a Rate for each role, as in {{'window': Rate(factor=10)}}, not {rates!r}")


def _read(coarse: Mapping[int, float]) -> dict[int, float]:
    """Shares by their factors, the coarsest first; JSON has texts for numbers that are keys."""
    try:
        shares = {float(factor): float(share) for factor, share in coarse.items() if float(share) != 0}
    except (AttributeError, TypeError, ValueError):
        shares = {0.0: math.nan}
    whole = all(factor >= 2 and factor.is_integer() and share > 0 for factor, share in shares.items())
    if not (whole and sum(shares.values()) < 1):
        raise ValueError(
            "coarse has whole factors of 2 or more and shares that leave epochs at the full rate, as in {2: 0.5}, not "
            f"{coarse!r}"
        )
    return {int(factor): share for factor, share in sorted(shares.items(), reverse=True)}
