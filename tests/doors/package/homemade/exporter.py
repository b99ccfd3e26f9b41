"""An exporter: the numbers of a network as a text file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from archspec import Check, Network, price


class Numbers:
    """`numbers.txt`: how many parameters each module has."""

    name: ClassVar[str] = "numbers"
    files: ClassVar[frozenset[str]] = frozenset(("numbers.txt",))

    def write(self, network: Network, directory: Path) -> Check:
        text = "".join(f"{name} {p.numel()}\n" for name, p in network.named_parameters())
        (directory / "numbers.txt").write_text(text)
        runs = {"flops": price(network).flops, "params": price(network).params, "bytes": len(text)}
        return Check({}, {"numbers.txt": runs}, "## Numbers\n\nCount them.\n", {"numbers.txt": "sizes by name"})
