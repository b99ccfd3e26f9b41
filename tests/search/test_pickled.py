"""Pickles of earlier versions, which lack what was added since."""

from __future__ import annotations

import copy
import pickle
from dataclasses import MISSING, fields
from typing import Any

import pytest

from search import Failed, Training
from search.front import Front
from search.outcome import Scored, Stopped
from search.pickled import Pickled
from search.tasks.preparation import Preparation
from search.training.joint import joint
from search.trial import Trial
from spaces import Space, real
from tests.search.tiny import small_space

KEPT: list[Pickled] = [
    Trial(3, 2, {"width": 4}, sizes={"width": [1.0]}),
    Front((), ()),
    Training(epochs=3, coarse={2: 0.5}),
    Scored({"loss": 1.0}, excess={"latency": 0.5}),
    Stopped({"loss": 1.0}),
    Failed("diverged"),
    Preparation(real=True),
]


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: type(kept).__name__)
def test_what_a_pickle_lacks_has_its_default(kept: Pickled) -> None:
    again = pickle.loads(pickle.dumps(kept))
    assert vars(again) == vars(kept)
    for own in fields(kept):
        older = object.__new__(type(kept))
        older_state = {name: value for name, value in vars(kept).items() if name != own.name}
        if own.default is MISSING and own.default_factory is MISSING:
            with pytest.raises(ValueError, match=f"of an earlier version, without its {own.name}; make it again"):
                older.__setstate__(older_state)
            continue
        older.__setstate__(older_state)
        default: Any = own.default if own.default_factory is MISSING else own.default_factory()
        assert vars(older).get(own.name, "missing") == default
        assert vars(older) == vars(kept) | {own.name: default}


def test_a_space_with_settings_of_a_training_is_pickled_with_them() -> None:
    def made(high: float) -> Space:
        return joint(small_space(), Training(learning_rate=real(0.1, high)))

    again = pickle.loads(pickle.dumps(made(0.5)))
    assert vars(again).keys() == vars(made(0.5)).keys()
    assert [str(one) for one in again.parameters()] == [str(one) for one in made(0.5).parameters()]
    assert again == made(0.5) != made(0.6)
    assert again != small_space()


def test_all_of_a_space_that_is_pickled_is_its_template() -> None:
    space = small_space()
    _ = space.costs(3), space.size()
    older = object.__new__(type(space))
    older.__setstate__({"template": space.template, "_parameters": {}})
    for again in (pickle.loads(pickle.dumps(space)), copy.deepcopy(space), older):
        assert vars(again).keys() == vars(small_space()).keys()
        assert again == space
        assert again.costs(3)["flops"].tolist() == space.costs(3)["flops"].tolist()
