"""A Ray cluster of several nodes on this machine, for tests: in a network of its own, where the system allows it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "5e" * 32}
PORT = 6399
ADDRESS = f"127.0.0.1:{PORT}"
# Runs the module of Ray's command, whatever the virtual environment; and that of ours.
RAY = [sys.executable, "-c", "import sys; from ray.scripts.scripts import main; sys.exit(main())"]
OURS = [sys.executable, "-c", "import sys; from search.cli import main; sys.exit(main())"]


class Nodes:
    """A cluster that is started and ended by this process: `head`, and any number of nodes, one CPU each."""

    def __init__(self, cpus: int = 1, dashboard: bool = False) -> None:
        self.enter: list[str] = []
        self._ours: list[subprocess.Popen[str]] = []
        self.temporary = tempfile.mkdtemp(prefix="ray")
        if shutil.which("unshare") and shutil.which("ip") and shutil.which("nsenter"):
            command = ["unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec sleep 3600"]
            holder = subprocess.Popen(
                command, text=True, process_group=0, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert holder.stdout is not None
            if holder.stdout.readline() == "up\n":
                self.enter = ["nsenter", "-t", str(holder.pid), "-n"]
            self._ours.append(holder)
        self.head = self.start("--head", f"--port={PORT}", f"--include-dashboard={dashboard}", cpus=cpus)

    def start(self, *options: str, cpus: int = 1, environment: Mapping[str, str] | None = None) -> int:
        """Start a node; returns the id of its process, which is the head of a process group, once it is up."""
        where = options or (f"--address={ADDRESS}",)
        temporary = ["--temp-dir", self.temporary] if options else []
        process = self.popen(
            [*RAY, "start", *where, *temporary, f"--num-cpus={cpus}", "--block"],
            cwd="/",
            environment=environment,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "--block" in line:
                break
        else:
            raise AssertionError(said)
        threading.Thread(target=process.stdout.read, daemon=True).start()  # so that it is never kept waiting
        return process.pid

    def popen(
        self,
        command: list[str],
        cwd: Path | str = ROOT,
        environment: Mapping[str, str] | None = None,
        stdout: int | None = None,
        stderr: int | None = subprocess.STDOUT,
    ) -> subprocess.Popen[str]:
        """Begin a command beside the cluster, in a process group of its own."""
        given = {"PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0", **TOKEN, **(environment or {})}
        process = subprocess.Popen(
            [*self.enter, *command],
            cwd=cwd,
            env={**os.environ, **given},
            text=True,
            process_group=0,
            stdout=stdout,
            stderr=stderr,
        )
        self._ours.append(process)
        return process

    def run(
        self, command: list[str], cwd: Path | str, environment: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Run a command beside the cluster: its exit code, output and errors."""
        process = self.popen(command, cwd, environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, errors = process.communicate(timeout=300)
        return process.returncode, out, errors

    def kill(self, group: int, signal_: int = signal.SIGKILL) -> None:
        """End a process group at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal_)

    def close(self) -> None:
        """End all that was started here."""
        for process in reversed(self._ours):
            self.kill(process.pid, signal.SIGTERM)
        for process in reversed(self._ours):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=2)
            self.kill(process.pid)
            process.wait()
            if process.stdout:
                process.stdout.close()
        shutil.rmtree(self.temporary, ignore_errors=True)


@contextlib.contextmanager
def cluster(nodes: int = 1, cpus: int = 1, dashboard: bool = False) -> Iterator[Nodes]:
    """A cluster of a head and so many other nodes, with so many CPUs on the head and one on each other."""
    started = Nodes(cpus, dashboard)
    try:
        for _ in range(nodes):
            started.start()
        yield started
    finally:
        started.close()
