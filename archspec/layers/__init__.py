"""Torch modules with primitive arguments; they know nothing of the schema.

Shapes: B batch, C channels, N group elements, S grid. A signal on a group is (B, C, N, *S), a plain one (B, C, *S).
`plain()` gives the same function as ordinary torch.nn modules on the folded layout (B, C·N, *S).
"""
