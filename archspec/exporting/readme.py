"""The README of an exported network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.architecture import Architecture
from archspec.exporting.exporter import Check
from archspec.graph.receptive_field import looking_ahead, receptive_field
from archspec.symmetry.certificate import Certificate


def readme(
    architecture: Architecture,
    checks: Sequence[Check],
    scores: Mapping[str, float],
    error: float,
    symmetry: Certificate | None,
    prepared: bool = False,
    explained: str = "",
) -> str:
    """The README as Markdown: what the files are, what was measured, and how to use them.

    Args:
        architecture: the exported architecture.
        checks: the results of all exporters.
        scores: scores of the network by name.
        error: the largest difference between the forms, see `archspec.exporting.agreement.agreed`.
        symmetry: the certificate; None without one.
        prepared: whether `preparation.json` is among the files.
        explained: in words, how raw examples become inputs, and outputs answers.
    """
    grid = ", ".join(map(str, architecture.input.grid))
    lines = "".join(f"| {name} | {value:.6g} |\n" for name, value in scores.items())
    if symmetry is not None:
        lines += f"| symmetry, as measured | {symmetry} |\n"
    runs = {name: run for check in checks for name, run in check.runs.items()}
    table = "".join(f"| `{name}` | {r['flops']:,} | {r['params']:,} | {r['bytes']:,} |\n" for name, r in runs.items())
    about = {name: text for check in checks for name, text in check.about.items()}
    about |= {"scores.json": "what was measured", "export.json": "each file's digest, which `archspec.load` checks"}
    if symmetry is not None:
        about["symmetry.json"] = "its certificate of symmetry"
    if prepared:
        about["preparation.json"] = (
            "how raw examples become inputs, and outputs answers, with the names of classes; `search.Predictor.open` "
            "does it: `.predict(example)`"
        )
    files = "\n".join(f"- `{name}`: {text}" for name, text in about.items())
    usage = "\n".join(check.usage for check in checks)
    code = " and ".join(f"`{name}`" for check in checks for name in check.code)
    trust = f"Loading {code} runs code: do so only if you trust whoever wrote it. " if code else ""
    steps = f"## From a raw example to an answer\n\n{explained}\n" if explained else ""
    return f"""# An exported network

| file | FLOPs per example | parameters | bytes |
|---|---|---|---|
{table}
FLOPs are 2 × the multiply-accumulates of one forward pass plus those of Fourier transforms, for the runtime of each
file. torch samples the kernels (`freeze` does so once); in onnxruntime, where Fourier transforms are slow, convolutions
mostly use sums over taps.

| | |
|---|---|
{lines}| largest difference between the forms | {error:.1e} |

Input: float32 of shape (batch, {architecture.input.channels}, {grid}). The hash of the architecture is
`{architecture.hash}`.{_reach(architecture)}

{usage}
{steps}## The files

{files}

{trust}None of the {"others" if code else "files"} can run code when loaded.
"""


def _reach(architecture: Architecture) -> str:
    """How far it looks, in words: for whoever runs it on a stream, or on a part of a signal."""
    graph, grid = architecture.graph, architecture.input.grid
    if not grid:
        return ""
    reached = min(max(grid), round(receptive_field(graph) * min(grid)) + 1)  # the share is of the shortest axis
    later = "; nothing in it reads a later point than its own" if len(grid) == 1 and not looking_ahead(graph) else ""
    return (
        "\n\nBefore the head, its kernels (windows as they began) and pools together reach over about\n"
        f"{reached:,} points along each axis of the input ({' × '.join(f'{points:,}' for points in grid)}){later}."
    )
