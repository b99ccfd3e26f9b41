"""What transforms cost, how long they are, and when they are chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.geometry.fourier import fft_flops, fft_sizes, prefers_fft, smallest_size, spectral_macs


@pytest.mark.parametrize(
    ("sizes", "flops"),
    [
        ((8,), 60),  # 2.5·8·3
        ((4, 8), 440),  # 4 real ones of 8: 240; 5 complex ones of 4: 5·40
        ((2, 4, 8), 1080),  # 8 real ones of 8: 480; 10 of 4: 400; 20 of 2: 20·10
    ],
)
def test_the_flops_of_transforms(sizes: tuple[int, ...], flops: int) -> None:
    assert fft_flops(sizes, 1) == flops
    assert fft_flops(sizes, 7) == 7 * flops


def test_a_complex_product_is_four_real_ones() -> None:
    assert spectral_macs((8,), 3, 3, depthwise=True) == 4 * 5 * 3
    assert spectral_macs((4, 8), 2, 3, depthwise=False) == 4 * (4 * 5) * 2 * 3


@given(st.integers(1, 5000), st.integers(1, 300), st.integers(0, 300))
def test_sizes_are_fast_and_not_much_larger(grid: int, taps: int, before: int) -> None:
    after = max(0, taps - 1 - before)
    least = smallest_size(grid, taps, before, after)
    (fast,), (of_two,) = (fft_sizes((grid,), (taps,), ((before, after),), flag) for flag in (False, True))
    assert least <= fast <= max(2, 4 * least // 3 + 1)
    assert fast % 2 == 0
    assert fast // (fast & -fast) in (1, 3, 5, 9)
    assert of_two & (of_two - 1) == 0
    assert least <= of_two <= max(2, 2 * least)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("depthwise", [True, False])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_longer_kernel_does_not_go_back_to_the_direct_way(dims: int, depthwise: bool, training: bool) -> None:
    grid = (64,) * dims
    chosen = [prefers_fft(dims, depthwise, (size,) * dims, grid, training) for size in range(1, 128)]
    assert chosen == sorted(chosen)
    assert not chosen[0]
    assert chosen[-1]
