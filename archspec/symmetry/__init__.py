"""How equivariant a network really is: group actions on signals, the measurement, and certificates of its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archspec.moved import former
from archspec.symmetry.certificate import Certificate, largest

if TYPE_CHECKING:
    from archspec.symmetry.certifying import certify, node_values, settle

_NEEDS_TORCH = ("certify", "node_values", "settle")


def __getattr__(name: str) -> Any:
    """Import torch only for names that need it, and find old names."""
    if name in _NEEDS_TORCH:
        from archspec.symmetry import certifying

        return getattr(certifying, name)
    return former(__name__, name)


__all__ = ["Certificate", "certify", "largest", "node_values", "settle"]
