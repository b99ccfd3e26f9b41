"""Tasks with generated data, for which it is known what a network can achieve."""
