"""The error that ends a run or keeps it from starting."""


class RunError(RuntimeError):
    """A run cannot be started, resumed or read; the message is one sentence that says why and what to do."""


class NotBegun(RunError):
    """A directory was made for a run that was ended before it wrote what it was to do."""
