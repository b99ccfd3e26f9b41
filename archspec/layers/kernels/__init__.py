"""Modules that compute the samples of convolution kernels: `place(samples)` sets the points, `forward()` is (R, P).

Letters: R kernels, M elements on a kernel's own group axis, K taps, N group elements, P samples, H features,
d coordinates.

`scale_to(energy, target)` initialises the last weights so that Σ_p energy_p · k_p² has the expectation `target` for
each kernel; energy is (P,), or (R, P) with one row for each kernel.
"""
