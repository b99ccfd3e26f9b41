"""A Python process of its own, for what must not be seen by this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command: str, at: Path = ROOT, within: Path | None = None, given: str | None = None) -> str:
    """What it prints, of a checkout of the project; AssertionError with all of its output where it fails.

    Args:
        command: the arguments of Python.
        at: the checkout.
        within: the folder that it runs in, by default the checkout.
        given: what it reads from its standard input.
    """
    done = subprocess.run(
        [sys.executable, *command],
        cwd=within or at,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(at)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
