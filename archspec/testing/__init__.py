"""The laws that every block obeys, for the tests of blocks of one's own: `assert_block_laws(Mine(), signal)`."""

from archspec.testing.counting import counted_flops
from archspec.testing.equivariance import equivariance_error
from archspec.testing.laws import assert_block_laws

__all__ = ["assert_block_laws", "counted_flops", "equivariance_error"]
