"""The torch modules that blocks are lowered to; their arguments are numbers, tuples and arrays, not schema models.

Shapes: B batch, C channels, N group elements, S grid. A signal on a group is (B, C, N, *S), a plain one (B, C, *S).
`plain()` returns the same function as ordinary torch.nn modules on the folded layout (B, C·N, *S).
"""

from typing import TYPE_CHECKING

from archspec.moved import former_names

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
