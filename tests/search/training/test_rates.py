"""Each role of parameters is trained at its rate, and a rate for nothing is refused."""

from __future__ import annotations

import pytest

import spaces
from archspec import (
    Conv,
    Gaussian,
    Hyena,
    Magnet,
    Series,
    Siren,
    Table,
)
from search import Search, Training, nearby
from search.training.rates import Rate, parameter_groups
from tests.examples import built, network


def test_each_role_is_trained_at_its_rate() -> None:
    model = built(
        network(Series(length=17), Conv(channels=2, kernel_size=9, kernel=Magnet(hidden=4), window=Gaussian()))
    )
    groups = parameter_groups(model, 1e-2, 0.5, {"kernel": Rate(factor=0.1, decay=0.0), "window": Rate(factor=3.0)})
    rate = {id(p): (g["lr"], g["weight_decay"]) for g in groups for p in g["params"]}
    assert len(rate) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        lr, decay = rate[id(parameter)]
        wanted = 1e-3 if ".kernel." in name else 3e-2 if ".window." in name else 1e-2
        assert lr == pytest.approx(wanted), name
        assert decay == (0.0 if ".kernel." in name or parameter.dim() < 2 else 0.5), name


@pytest.mark.parametrize(("role", "message"), [("omega", "it has kernel, plain"), ("mask", "the roles are kernel")])
def test_asking_for_a_role_that_matches_nothing_is_an_error(role: str, message: str) -> None:
    model = built(network(Series(length=17), Conv(channels=2, kernel=Siren(hidden=4))))
    with pytest.raises(ValueError, match=message):
        parameter_groups(model, 1e-2, 0.0, {role: Rate()})


@pytest.mark.parametrize("role", ["window", "omega", "kernel"])
def test_a_search_refuses_a_rate_that_nothing_in_its_space_has(role: str) -> None:
    conv = Conv(channels=2, kernel=Table() if role == "kernel" else Siren(hidden=4), window=None)
    space = spaces.Space(network(Series(length=17), conv))
    with pytest.raises(ValueError, match=f"no parameter of this space has the role '{role}'"):
        Search(space, nearby(length=40, delay=30), training=Training(rates={role: Rate()}))
    fitting = spaces.Space(
        network(Series(length=17), Conv(channels=2, kernel=spaces.choice(Table(), Hyena()), window=Gaussian()))
    )
    Search(fitting, nearby(length=40, delay=30), training=Training(rates={role: Rate()}))
