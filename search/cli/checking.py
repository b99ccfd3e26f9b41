"""`archsearch check`: an architecture, a space, or a whole search, before anything is trained."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from archspec.architecture import Architecture, price
from search.cli.loading import load_search, read_spec
from search.words import duration, printable
from spaces import Space
from spaces.fitting import fitting

OK, MISTAKE = 0, 1


def check(options: argparse.Namespace) -> int:
    """Say whether an architecture, a space or a search fits together; 1 if it does not."""
    if options.spec.suffix == ".py":
        return _check_search(options.spec)
    what = read_spec(options.spec)
    return _check_space(what, options) if isinstance(what, Space) else _check_architecture(what, options)


def _check_architecture(architecture: Architecture, options: argparse.Namespace) -> int:
    cost = price(architecture)
    print(
        f"{options.spec}: fits together ({len(architecture.graph.nodes) - 1} nodes, {cost.flops:,} FLOPs, "
        f"{cost.params:,} parameters, hash {architecture.hash})"
    )
    for warning in architecture.warnings:
        print(f"warning: {printable(warning)}")
    return MISTAKE if options.strict and architecture.warnings else OK


def _check_space(space: Space, options: argparse.Namespace) -> int:
    """Count the space, list its parameters, and say why architectures of it do not fit."""
    found = fitting(space)
    print(f"{options.spec}: a space of {space.size():,} architectures")
    for parameter in space.parameters():
        print(f"  {printable(parameter)}")
    if found.counts:
        print(f"{len(found.fit):,} of {found.examined:,}{'' if found.whole else ' random ones'} fit together")
    for reason in found.told():
        print(f"does not fit: {printable(reason)}")
    return OK if found.fit and not (options.strict and found.counts) else MISTAKE


def _check_search(path: Path) -> int:
    """Run the preflight of the search that a Python file defines, and say what the search will take."""
    search = load_search(path)
    found = search.preflight()
    if found.mistakes:
        for mistake in found.mistakes:
            print(printable(f"{path}: {mistake}", 2000))
        return MISTAKE
    for note in filter(None, (found.note, found.tight)):
        print(f"note: {printable(note, 2000)}")
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    size = search.space.size()
    print(f"{path}: ready to search {size:,} architectures for {', '.join(map(str, search.objectives))}")
    print(
        f"an epoch of the dearest candidate ({found.flops:,} FLOPs) takes about {duration(found.epoch)}, "
        f"{search.trials} trials of up to {search.training.epochs} epochs altogether about "
        f"{duration(found.trial * search.trials / workers)} of training with {workers} workers"
    )
    return OK
