"""Where candidates train: processes of this machine, or a Ray cluster."""
