"""What stops a run, in one sentence."""


class RunError(RuntimeError):
    """A run cannot be started, continued or read; one sentence that says why and what to do."""
