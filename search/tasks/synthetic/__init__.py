"""Tasks whose data are generated, so that the right answer is known."""
