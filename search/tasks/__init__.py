"""Data and how a prediction is scored: the task itself, bundled and published data, and generated ones."""
