"""From a typed graph to torch, and what is done with a network: freezing, pruning, transfer, offsets, resolution."""
