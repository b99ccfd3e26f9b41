"""The cost of one forward pass on one example."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one forward pass on one example, in the deployed form (kernels already sampled).

    Convolutions, linear maps and attention products count; bias, norm, activation and pooling do not, as in torch's
    own counter. A real FFT of n points is 2.5·n·log2(n) FLOPs, a complex one twice that.

    Attributes:
        macs: multiply-accumulates.
        fft_flops: floating-point operations of Fourier transforms.
        params: trainable numbers.
        activations: total size of the outputs of all nodes and of the attention weights that the softmaxes of
            self-attention write (heads × queries × keys, which outgrow all else). Other values inside layers are not
            counted.
        kernel_macs: multiply-accumulates that sample the kernels, once per training step whatever the batch.
    """

    macs: int = 0
    fft_flops: int = 0
    params: int = 0
    activations: int = 0
    kernel_macs: int = 0

    @property
    def flops(self) -> int:
        """Floating-point operations: two for each multiply-accumulate, and those of Fourier transforms."""
        return 2 * self.macs + self.fft_flops

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.macs + other.macs,
            self.fft_flops + other.fft_flops,
            self.params + other.params,
            self.activations + other.activations,
            self.kernel_macs + other.kernel_macs,
        )

    def quantities(self) -> dict[str, int]:
        """Every quantity by its name, `flops` included; objectives and constraints use these names."""
        return {
            "flops": self.flops,
            "macs": self.macs,
            "fft_flops": self.fft_flops,
            "params": self.params,
            "activations": self.activations,
            "kernel_macs": self.kernel_macs,
        }
