"""One thread of torch for every test: small networks in float64 run many times faster, and the same everywhere."""

import torch

torch.set_num_threads(1)
