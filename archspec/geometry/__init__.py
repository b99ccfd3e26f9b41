"""Groups and their actions, sampling points of kernels, lengths and costs of Fourier transforms; numpy only."""
