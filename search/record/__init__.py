"""What a run has written down, and what is known from it."""
