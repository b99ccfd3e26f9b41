"""How equivariant a network really is: signals that move, what was measured, and the measuring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archspec.symmetry.certificate import Certificate, largest

if TYPE_CHECKING:
    from archspec.symmetry.certifying import certify, node_values, settle

_NEEDS_TORCH = ("certify", "node_values", "settle")


def __getattr__(name: str) -> Any:
    """Load torch only for what measures."""
    if name in _NEEDS_TORCH:
        from archspec.symmetry import certifying

        return getattr(certifying, name)
    raise AttributeError(f"module 'archspec.symmetry' has no attribute {name!r}")


__all__ = ["Certificate", "certify", "largest", "node_values", "settle"]
