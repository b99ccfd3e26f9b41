"""A candidate, and how the study records it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import optuna

from archspec.architecture import Architecture
from archspec.graph.cost import Cost

# What a trial's record in the study is called.
SLOT, ARCHITECTURE, HASH, COST, SEED = "slot", "architecture", "hash", "cost", "seed"
OUTCOME, REJECTED = "outcome", "rejected"


@dataclass(frozen=True)
class Candidate:
    """A filled architecture with its cost. `slot` counts candidates, `number` all draws, rejected ones too."""

    number: int
    slot: int
    architecture: Architecture
    cost: Cost
    seed: int


def candidate_of(trial: optuna.trial.FrozenTrial) -> Candidate:
    """The candidate a trial of the study records."""
    attrs: dict[str, Any] = trial.user_attrs
    cost = Cost(**{key: value for key, value in attrs[COST].items() if key != "flops"})
    architecture = Architecture.from_data(json.loads(attrs[ARCHITECTURE]))
    return Candidate(trial.number, attrs[SLOT], architecture, cost, attrs[SEED])


def derived_seed(seed: int, what: str) -> int:
    """A seed of 63 bits that depends on nothing but these."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {what}".encode(), digest_size=8).digest()) >> 1
