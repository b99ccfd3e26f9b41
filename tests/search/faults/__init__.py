"""Tables of faults, each with the law that notices it."""

from importlib import import_module

NAMES = (
    "answering",
    "beginning",
    "coarse",
    "confirming",
    "constraints",
    "doors",
    "earlier",
    "exports",
    "held",
    "keeping",
    "loaders",
    "machine",
    "masks",
    "meaning",
    "memory",
    "modelling",
    "pieces",
    "prepared",
    "proxies",
    "reading",
    "recording",
    "results",
    "running",
    "sampling",
    "spending",
    "stated",
    "stopping",
    "strategies",
    "tasks",
    "telling",
    "training",
    "unwritable",
)
TABLES = tuple(import_module(f"{__name__}.{name}") for name in NAMES)
