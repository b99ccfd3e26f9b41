"""Groups and their action, where kernels are sampled, Fourier lengths: arrays and arithmetic, numpy alone."""
