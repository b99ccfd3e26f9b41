"""What makes the samples of a convolution kernel: `place(sampling)` says where, `forward()` gives samples (R, P).

Letters: R kernels, M elements on a kernel's own group axis, K taps, N group elements, P samples, H features,
d coordinates.

`scale_to(energy, target)` draws the last weights so that Σ_p energy_p · k_p² is `target` in expectation, for each
kernel; energy is (P,), or (R, P) with one for each kernel.
"""
