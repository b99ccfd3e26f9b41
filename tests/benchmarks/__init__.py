"""Measured comparisons; no pass or fail."""
