"""A limit that nothing of a space keeps is a mistake; one that only few keep is noted."""

from __future__ import annotations

from archspec import Architecture, Classifier, Conv, Image, price
from search import Search
from spaces import Space, integer
from tests.search.test_preflight import arrays, space


def test_a_limit_that_nothing_keeps_is_a_mistake() -> None:
    cheapest = price(space().cheapest("flops"), "onnx").flops
    for limit in (10, cheapest - 1, cheapest):
        found = Search(space(), arrays(), constraints=[f"flops <= {limit}"], target="onnx").preflight()
        told = (
            f"nothing keeps flops <= {limit:,}: the cheapest one found has {cheapest:,} flops; loosen that "
            "limit, or let the space hold smaller architectures"
        )
        assert found.mistakes == ((told,) if limit < cheapest else ())


def test_limits_that_few_keep_are_told() -> None:
    """None of the architectures that are looked at keeps it, but one of the space does."""
    body = [Conv(channels=integer(2, 4_000), kernel_size=3)]
    large = Space(Architecture(input=Image(channels=1, size=(8, 8)), body=body, head=Classifier(classes=3)))
    least = price(large.cheapest("params")).params
    few = Search(large, arrays(), constraints=[f"params <= {least}", "latency <= 9s"]).preflight()
    assert few.mistakes == ()
    assert few.tight == (
        f"none of 256 architectures keeps params <= {least}, latency <= 9000 ms (the cheapest of the space: {least:,} "
        "params); loosen the limits, or make the inputs smaller"
    )
    assert Search(space(), arrays(), constraints=["flops <= 1M"]).preflight().tight is None
