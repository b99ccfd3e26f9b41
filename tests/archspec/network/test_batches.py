"""A network answers for any number of examples: none, one, and as many as a program exported for two is given."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from archspec.layers.pointwise import SharedPointwise
from tests.examples import SELECTED_BY_DEFAULT
from tests.laws.numbers import difference
from tests.laws.subject import Subject

POINTWISE = ("D4 with shared maps", "C4 by irreducible parts")


def an_empty_batch_has_an_empty_answer(of: Subject) -> None:
    if any(getattr(part, "by_fft", [False])[0] for part in of.model.modules()):
        return  # torch has no Fourier transform of nothing, as docs/continuous.md says
    with torch.no_grad():
        for network in (of.model, of.frozen()):
            assert network(of.x[:0]).shape == (0, *of.answer.shape[1:])


def an_exported_network_takes_any_number(of: Subject) -> None:
    batch = ({0: torch.export.Dim("batch", min=1, max=64)},)
    with torch.no_grad():
        exported = torch.export.export(of.model, (of.x,), dynamic_shapes=batch).module()
        assert difference(exported(of.x[:1]), of.model(of.x[:1])) < 1e-10


@pytest.mark.parametrize("name", [*SELECTED_BY_DEFAULT, *POINTWISE])
def test_an_empty_batch_has_an_empty_answer(name: str) -> None:
    an_empty_batch_has_an_empty_answer(Subject(name))


@pytest.mark.parametrize("name", POINTWISE)
def test_an_exported_network_takes_any_number(name: str) -> None:
    an_exported_network_takes_any_number(Subject(name))


def _mapped_by_number(self: SharedPointwise, x: Tensor) -> Tensor:
    return self.mapped(x.flatten(2, 3)).view(len(x), -1, self.order, *x.shape[3:])


@pytest.mark.parametrize("law", [an_empty_batch_has_an_empty_answer, an_exported_network_takes_any_number])
def test_a_layer_that_reads_the_number_of_examples_fails_both_laws(
    law: Callable[[Subject], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SharedPointwise, "forward", _mapped_by_number)
    with pytest.raises(Exception, match=r"0 elements|batch"):
        law(Subject(POINTWISE[0]))
