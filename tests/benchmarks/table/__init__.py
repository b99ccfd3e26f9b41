"""A table of trained architectures: what searches are compared on without training."""
