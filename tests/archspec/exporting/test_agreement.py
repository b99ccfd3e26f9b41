"""What checks, lowers and runs; what does not is refused in one sentence: of thousands that look valid."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from archspec import Architecture, SignalError, SpecError, freeze, price
from archspec.blocks.conv import checks as conv_checks
from archspec.graph import node
from tests.examples import built, noise
from tests.examples.variations import varied

pytestmark = pytest.mark.thorough
MUTATIONS, MANY, APART = 1_000, 30_000, 5
LARGEST = 2_000_000  # FLOPs or numbers of what is run


def verdict(architecture: Architecture) -> str:
    """`refused`, `too large` to run here, or `ran`; AssertionError where checks and lowering disagree."""
    try:
        cost = price(architecture)
        assert architecture.warnings is not None
    except (SpecError, SignalError) as error:
        return _refused(str(error))
    if max(cost.flops, cost.kernel_macs, 10 * cost.params, 10 * cost.activations) > LARGEST:
        return "too large"
    model, x = built(architecture).eval(), noise(architecture)
    with torch.no_grad():
        found, frozen = model(x), freeze(model)(x)
    assert found.shape == (len(x), *architecture.graph.signal.shape)
    assert cost.params == sum(p.numel() for p in model.parameters())
    assert (frozen - found).abs().max() <= 1e-8 * found.abs().max().clamp(min=1e-30)  # not where one is not a number
    return "ran"


def _refused(sentence: str) -> str:
    assert sentence.isprintable()
    assert 10 < len(sentence) < 480, sentence
    return "refused"


def verdict_of(seed: int) -> str:
    """Of a varied one, which may be none."""
    try:
        architecture = Architecture.from_data(varied(seed))
    except SpecError:
        return "no architecture"
    try:
        return verdict(architecture)
    except Exception as error:
        raise AssertionError(f"varied({seed}): {error!r}") from error


@pytest.mark.parametrize("block", range(0, MUTATIONS, MUTATIONS // APART))
def test_what_checks_lowers_and_runs_and_what_lowers_was_checked(block: int) -> None:
    verdicts = Counter(verdict_of(seed) for seed in range(block, block + MUTATIONS // APART))
    assert verdicts["ran"] > 50
    assert verdicts["refused"] > 50
    assert verdicts["no architecture"] < 30


@pytest.mark.slow
def test_it_does_for_many_more() -> None:
    assert Counter(verdict_of(seed) for seed in range(MUTATIONS, MANY))["ran"] > MANY // 4


@pytest.mark.parametrize("check", ["parts", "symmetry", pytest.param("require_turnable", marks=pytest.mark.slow)])
def test_a_check_that_is_left_out_fails_the_law(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_checks, check, lambda *_: None)
    monkeypatch.setattr(node, "_FACTS", {})
    with pytest.raises(AssertionError, match="varied"):
        Counter(verdict_of(seed) for seed in range(2 * MUTATIONS))
