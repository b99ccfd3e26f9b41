"""How equivariant a network really is: group actions on signals, the measurement, and certificates of its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archspec.symmetry.certificate import Certificate, largest

if TYPE_CHECKING:
    from archspec.symmetry.certifying import certify, node_values, settle

_NEEDS_TORCH = ("certify", "node_values", "settle")


def __getattr__(name: str) -> Any:
    """Import torch only for names that need it."""
    if name in _NEEDS_TORCH:
        from archspec.symmetry import certifying

        return getattr(certifying, name)
    raise AttributeError(f"module 'archspec.symmetry' has no attribute {name!r}")


__all__ = ["Certificate", "certify", "largest", "node_values", "settle"]
