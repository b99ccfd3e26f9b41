"""What a preparation does, in words: for whoever runs an exported network without this package."""

from __future__ import annotations

from search.tasks.kinds import kind_of
from search.tasks.preparation import Preparation

_COLOURS = {1: "grey", 3: "red, green and blue", 4: "red, green, blue and transparency"}
_ANSWERS = {
    "classification": "softmax of the outputs: the probability of each of `classes`, in their order",
    "binary": "sigmoid of the output: the probability of 1, the last of `classes` if they have names; 1 if output > 0",
    "multilabel": "sigmoid of each output: the probability of its label; it is there if its output is > 0",
    "dense": "the class at each position is that of the largest output",
    "regression": "the outputs are the numbers",
}


def explained(prepared: Preparation) -> str:
    """Lines of Markdown: from a raw example to the input of the network, and from its outputs to an answer."""
    steps = [_read(prepared)]
    if prepared.mean:
        steps.append("(number - `mean`) / `spread` of its channel, in `preparation.json`")
    answer = _ANSWERS[kind_of(prepared.kind).name]
    if prepared.target_mean:
        answer = "output · `target_spread` + `target_mean` is the number, in its own units"
    return "".join(f"{number}. {step}.\n" for number, step in enumerate([*steps, "The network", answer], 1))


def _read(prepared: Preparation) -> str:
    grid = " × ".join(f"{side:,}" for side in prepared.size)
    if prepared.source == "image":
        scale = "left as they are" if prepared.real else "divided by 255, of 16 bits by 65,535"
        return (
            f"The image as {_COLOURS.get(prepared.channels, 'it is')}"
            + (f", resized to {grid} pixels (rows × columns; bilinear, over all pixels as Pillow does)" if grid else "")
            + f", its numbers {scale}; channels first"
        )
    if prepared.source == "audio":
        return (
            f"The mean of the channels of the recording, as numbers from -1 to 1, resampled to {prepared.rate:,} "
            f"samples per second (`scipy.signal.resample_poly`), cut or filled with zeros at its end to {grid} samples"
        )
    if prepared.source == "series" and prepared.rows:
        return "The row's numbers in the order of `columns`"
    if prepared.source == "series" and prepared.timed:
        return (
            f"The series of each of `columns` but the first, which is the time, interpolated linearly at {grid} times, "
            f"{prepared.rate or 1:g} per unit of time from its first on; beyond its end its last value"
        )
    if prepared.source == "series":
        return f"The series of each of `columns`, cut to {grid} points, or continued to them with its last value"
    return "The example as it was given to the task" + (f": {prepared.channels} × {grid}" if grid else "")
