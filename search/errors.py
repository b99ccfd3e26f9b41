"""The errors that end a run or keep it from starting."""


class RunError(RuntimeError):
    """A run cannot be started, resumed or read; the message is one sentence that says why and what to do."""


class NotBegun(RunError):
    """A directory was made for a run that was ended before it wrote what it was to do."""


class Exhausted(RuntimeError):
    """No further candidate can be found; the message says which conditions reject the architectures of the space."""
