"""A drawing has a line for each block, with the signal that it gives; the costs of all are that of the whole."""

from __future__ import annotations

import pytest

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Graph,
    GraphNode,
    Image,
    Norm,
    Repeat,
    Residual,
    Siren,
    price,
)
from archspec.geometry.fourier import TARGETS
from archspec.graph import drawing
from archspec.graph.block import Block
from archspec.graph.cost import Cost
from archspec.schema.model import parts
from examples.readme import space
from spaces import Space, choice, integer, order
from tests.examples import EXAMPLES

NODES = {"copy1": GraphNode(block=Conv(channels=2)), "b": GraphNode(block=Norm(), inputs=("copy1",))}
SMALL = Architecture(
    input=Image(channels=1, size=(9, 9)),
    body=[
        Conv(channels=4),
        Repeat(times=3, body=[Residual(body=[Norm(), Activation(), Conv(channels=4, kernel_size=5)])]),
        Graph(
            nodes={"copy1": GraphNode(block=Conv(channels=2)), "b": GraphNode(block=Norm(), inputs=("copy1",))},
            output="b",
        ),
    ],
    head=Classifier(classes=3),
)


def whole(architecture: Architecture) -> None:
    """The law: costs are together those of the architecture on each target, every block has a line, and a signal."""
    for target in TARGETS:
        drawn = architecture.draw(target)
        total = sum((line.cost for line in drawn.lines), Cost())
        known = price(architecture, target)
        # The activations of a node's output are those of its signal, which no line counts.
        assert (total.macs, total.fft_flops, total.params) == (known.macs, known.fft_flops, known.params)
    blocks = [part for part in parts((architecture.body, architecture.head)) if isinstance(part, Block)]
    assert len(drawn.lines) >= len(blocks) + 1
    assert len({line.path for line in drawn.lines}) == len(drawn.lines)
    by_path = {line.path: line for line in drawn.lines}
    assert by_path["input"].signal == architecture.signal
    assert by_path["head"].signal == architecture.graph.signal
    assert f"{by_path['head'].signal}" in str(drawn).splitlines()[-1]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_lines_are_the_whole(name: str) -> None:
    whole(EXAMPLES[name])


def test_copies_are_one_line_and_nodes_called_like_copies_are_not() -> None:
    whole(SMALL)
    by_path = {line.path: line for line in SMALL.draw().lines}
    conv = by_path["body[1].body[0].body[2]"]
    assert conv.cost.params == 3 * (4 * 4 * 25 + 4)
    assert by_path["body[2].nodes.copy1"].cost.params == 4 * 2 * 9 + 2


@pytest.mark.parametrize("fault", ["copies are others", "what is around is forgotten"])
def test_a_drawing_that_loses_costs_fails_that_law(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = drawing._owner

    def faulty(name: str, known: set[str]) -> str:
        if fault == "copies are others":
            return name if "copy" in name else owner(name, known)
        return found if (found := owner(name, known)).count(".") else name

    monkeypatch.setattr(drawing, "_owner", faulty)
    with pytest.raises((AssertionError, KeyError)):
        whole(SMALL)


def test_it_reads_as_text_and_in_a_notebook() -> None:
    drawn = SMALL.draw()
    assert [line.split() for line in str(drawn).splitlines()[1:3]] == [
        ["image", "size=[9,", "9]", "1", "channels,", "9×9"],
        ["conv", "channels=4", "4", "channels,", "9×9", "5,832", "3%", "40"],
    ]
    assert repr(drawn) == str(drawn)
    assert "&lt;width: 8 … 32 by 8&gt;" in space.template.draw()._repr_html_()


def test_holes_are_drawn_with_their_values() -> None:
    width = integer("width", 8, 32, step=8)
    body = [
        Conv(channels=(width + 8) * 2, kernel_size=choice(3, 5), kernel=Siren(hidden=integer(8, 32), layers=3)),
        choice(Norm(), Activation(), name="then"),
        Repeat(times=integer(1, 4), body=[Conv(channels=width // order(choice("C1", "C2", name="group")))]),
    ]
    template = Space(Architecture(input=Image(size=(9, 9)), body=body, head=Classifier(classes=3))).template
    text = str(template.draw())
    assert "conv channels=<(width + 8) * 2> kernel_size=<3 | 5> kernel=siren(hidden=<8 … 32>" in text
    assert "<then: norm | activation>" in text
    assert "repeat times=<1 … 4>" in text
    assert "channels=<width // order(group)>" in text
    assert "FLOPs" not in text
