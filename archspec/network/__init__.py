"""From a typed graph to a torch module, and operations on networks: freezing, pruning, offsets, statistics, roles."""
