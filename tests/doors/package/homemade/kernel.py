"""A kernel: a sum of learned bumps."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from archspec import Kernel


class Bump(Kernel):
    """exp(-(s·p)²) of each coordinate and of all, mixed linearly."""

    kind: Literal["bump"] = "bump"
    bumps: int = Field(default=8, ge=1, le=64, description="functions that kernels are mixed of")

    def params(self, wanted: Any) -> int:
        return (wanted.inputs + 1) * self.bumps + (self.bumps + 1) * wanted.rows

    def macs(self, wanted: Any, samples: int) -> int:
        return samples * self.bumps * (wanted.inputs + wanted.rows)

    def shared(self) -> int:
        return self.bumps + 1

    def lower(self, wanted: Any) -> Any:
        from homemade.kernel_layer import Bump as Layer

        return Layer(wanted.rows, wanted.inputs, self.bumps)
