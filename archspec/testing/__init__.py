"""Laws that every block must obey, for tests of your own blocks: `assert_block_laws(Mine(), signal)`."""

from archspec.testing.counting import counted_flops
from archspec.testing.equivariance import equivariance_error
from archspec.testing.laws import assert_block_laws

__all__ = ["assert_block_laws", "counted_flops", "equivariance_error"]
