"""An objective: what accuracy is left once every thousand parameters cost a hundredth of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archspec import Cost


@dataclass(frozen=True)
class Thrift:
    """Large is good."""

    maximize: bool
    name: str = "thrift"
    priced: bool = False

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        return scores["accuracy"] - cost.params / 1e5

    told = value

    def __str__(self) -> str:
        return f"{'maximize' if self.maximize else 'minimize'} thrift"


def thrift(maximize: bool) -> Thrift:
    return Thrift(maximize)
