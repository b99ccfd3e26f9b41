"""A Python process of its own, for what must not be seen by this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command: str, at: Path = ROOT) -> str:
    """What it prints, run in a checkout of the project; AssertionError with all of its output where it fails."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=at,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(at)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
