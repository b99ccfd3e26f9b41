"""Every parameter has one role."""

from __future__ import annotations

import pytest

from archspec import (
    Conv,
    Gaussian,
    Series,
    Siren,
    roles,
)
from tests.examples import built, network


def test_every_parameter_has_one_role() -> None:
    kernel = Siren(hidden=4, learn_omega=True)
    model = built(network(Series(length=17), Conv(channels=2, kernel_size=9, kernel=kernel, window=Gaussian())))
    found = roles(model)
    assert {name for part in found.values() for name in part} == {name for name, _ in model.named_parameters()}
    assert set(found["window"]) == {"body_0_conv.window.log_width"}
    assert set(found["omega"]) == {"body_0_conv.kernel.omega"}
    assert set(found["plain"]) == {"body_0_conv.bias", "head_classifier.linear.weight", "head_classifier.linear.bias"}
    assert set(roles(built(network(Series(length=17), Conv(channels=2))))) == {"plain"}


@pytest.mark.parametrize(("layers", "learned"), [(2, {"first_omega"}), (4, {"omega", "first_omega"})])
def test_a_first_omega_is_learned_where_the_other_is(layers: int, learned: set[str]) -> None:
    kernel = Siren(hidden=4, layers=layers, learn_omega=True, omega_0=3.0, first_omega_0=9.0)
    model = built(network(Series(length=17), Conv(channels=2, kernel_size=9, kernel=kernel)))
    assert {name.rsplit(".", 1)[-1] for name in roles(model)["omega"]} == learned
