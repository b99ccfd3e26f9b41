"""What a network answers follows from its parameters, buffers, mode and input, and from nothing else."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import parameters_to_vector, parametrize, prune, vector_to_parameters
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Gaussian,
    GroupPool,
    Image,
    Lift,
    Network,
    Norm,
    Series,
    Siren,
    freeze,
    kept_kernels,
    lower,
)
from archspec.layers.bank import Bank
from archspec.layers.precision import Fixed
from archspec.network.offsets import turn
from archspec.network.statistics import reestimate
from archspec.symmetry.certifying import certify
from tests.examples import EXAMPLES, LINE, SELECTED_BY_DEFAULT, built, fresh, grown, network, noise, on
from tests.examples.selection import the_rest_slow
from tests.laws.numbers import difference

SEVERAL = (
    "C4 table",
    "C8 siren",
    "gaussian",
    "fft of shared functions",
    "D4 by fft",
    "C4xS2",
    "C4 in part",
)
ROUNDING = 1e-12  # memory that begins elsewhere is summed in another order
several = pytest.mark.parametrize("name", SEVERAL)


def _optimised(optimiser: Callable[..., torch.optim.Optimizer], **options: object) -> Callable[[Network, Tensor], None]:
    def write(model: Network, x: Tensor) -> None:
        steps = optimiser(model.parameters(), **options)
        model(x).square().sum().backward()
        steps.step()
        model.zero_grad()

    return write


def _by_data(model: Network, x: Tensor) -> None:
    for parameter in model.parameters():
        parameter.data.mul_(1.5)


def _by_data_exchanged(model: Network, x: Tensor) -> None:
    for parameter in model.parameters():
        parameter.data = parameter.data * 1.5


def _by_vector(model: Network, x: Tensor) -> None:
    vector_to_parameters(parameters_to_vector(model.parameters()) * 1.5, model.parameters())


def _by_copy(model: Network, x: Tensor) -> None:
    with torch.no_grad():
        for mine, other in zip(model.parameters(), _other(model).parameters(), strict=True):
            mine.copy_(other)


def _by_loading(model: Network, x: Tensor) -> None:
    model.load_state_dict(_other(model).state_dict())


def _by_assigning(model: Network, x: Tensor) -> None:
    model.load_state_dict(_other(model).state_dict(), assign=True)


def _by_averaging(model: Network, x: Tensor) -> None:
    average = AveragedModel(model, avg_fn=lambda mine, other, n: 0.5 * mine + 0.5 * other)
    average.update_parameters(_other(model))
    average.update_parameters(model)
    for mine, other in zip(model.parameters(), average.module.parameters(), strict=True):
        mine.data = other.data


def _by_pointer(model: Network, x: Tensor) -> None:
    """What no counter of torch can see: numbers written through numpy."""
    for parameter in model.parameters():
        parameter.detach().numpy()[...] *= 1.5


def _other(model: Network) -> Network:
    return built(model.architecture, seed=5).train(model.training)


WAYS: dict[str, Callable[[Network, Tensor], None]] = {
    "fused": _optimised(torch.optim.AdamW, lr=0.1, fused=True),
    "foreach": _optimised(torch.optim.Adam, lr=0.1, foreach=True),
    "one by one": _optimised(torch.optim.SGD, lr=0.1, foreach=False),
    ".data": _by_data,
    ".data exchanged": _by_data_exchanged,
    "vector_to_parameters": _by_vector,
    "copy_": _by_copy,
    "load_state_dict": _by_loading,
    "load_state_dict(assign=True)": _by_assigning,
    "averaging": _by_averaging,
    "numpy": _by_pointer,
}


def what_is_written_is_seen(architecture: Architecture, ways: Iterable[str] = ("numpy",)) -> None:
    model, x = built(architecture).eval(), noise(architecture)
    for way in ways:
        with torch.no_grad():
            model(x)
        WAYS[way](model, x)
        with torch.no_grad():
            assert difference(model(x), fresh(model)(x)) < ROUNDING, way


@pytest.mark.parametrize("name", the_rest_slow(SEVERAL, EXAMPLES))
def test_every_way_of_writing_weights_is_seen(name: str) -> None:
    what_is_written_is_seen(EXAMPLES[name], WAYS)


@several
def test_a_network_whose_kernels_are_kept_for_good_fails_that_law(name: str) -> None:
    architecture = EXAMPLES[name]
    model, x = built(architecture).eval(), noise(architecture)
    with kept_kernels(model), torch.no_grad():
        before = model(x)
        _by_pointer(model, x)
        stale = model(x)
        kept = any(part.cache for part in model.modules() if isinstance(part, Bank))
    with torch.no_grad():
        assert kept
        assert not torch.equal(stale, fresh(model)(x))
        assert not torch.equal(before, model(x))


@several
def test_kept_kernels_are_those_of_the_parameters_that_are_called_with(name: str) -> None:
    architecture = EXAMPLES[name]
    model, other, x = built(architecture).eval(), built(architecture, seed=5).eval(), noise(architecture)
    with torch.no_grad():
        wanted = other(x)
        with kept_kernels(model):
            model(x)
            found = functional_call(model, dict(other.named_parameters()) | dict(other.named_buffers()), x)
            again = model(x)
    assert torch.equal(found, wanted)
    assert torch.equal(again, model(x))


@contextmanager
def _pruned(model: nn.Module) -> Iterator[None]:
    """Half of every parameter of two axes and more is zero; undone without a trace. Directions of length 0 are none."""
    parts = [
        (m, n)
        for m in model.modules()
        for n, p in m.named_parameters(recurse=False)
        if p.dim() > 1 and n != "direction"
    ]
    for module, parameter in parts:
        prune.l1_unstructured(module, parameter, 0.5)
    yield
    for module, parameter in parts:
        prune.remove(module, parameter)


def pruning_is_seen_in_the_network_and_frozen(architecture: Architecture) -> None:
    model, x = built(architecture).eval(), noise(architecture)
    with torch.no_grad(), _pruned(model):
        for parameter in model.parameters():
            parameter.mul_(1.5)  # after the hooks have made weights of them
        frozen, pruned = freeze(model), model(x)
    with torch.no_grad():
        assert difference(fresh(model)(x), pruned) < ROUNDING
        assert difference(frozen(x), pruned) < 1e-10


@several
def test_parametrised_weights_are_seen(name: str) -> None:
    class Doubled(nn.Module):
        def forward(self, weight: Tensor) -> Tensor:
            return 2 * weight

    architecture = EXAMPLES[name]
    model, x = built(architecture).eval(), noise(architecture)
    parts = [(m, n) for m in model.modules() for n, p in list(m.named_parameters(recurse=False)) if p.dim() > 1]
    for module, parameter in parts:
        parametrize.register_parametrization(module, parameter, Doubled(), unsafe=True)
    with torch.no_grad():
        found = model(x)
    for module, parameter in parts:
        parametrize.remove_parametrizations(module, parameter)
    with torch.no_grad():
        assert torch.equal(found, fresh(model)(x))


def _through_a_file(model: Network) -> Network:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    loaded: Network = torch.load(file, weights_only=False)
    return loaded


COPIES: dict[str, Callable[[Network], Network]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "torch.save": _through_a_file,
    "state_dict": fresh,
}


def a_copy_is_the_whole_network(architecture: Architecture) -> None:
    model, x = grown(architecture), noise(architecture)
    with torch.no_grad():
        wanted = model(x)
        for way, copied in COPIES.items():
            other = copied(model)
            assert other.architecture == architecture, way
            assert other.cost() == model.cost(), way
            assert not other.training
            assert torch.equal(other(x), wanted), way
            assert difference(freeze(other)(x), wanted) < 1e-10, way
            assert other.at_resolution(*architecture.input.grid).grid == architecture.input.grid
            for parameter in other.parameters():
                parameter.mul_(2)
            assert torch.equal(model(x), wanted), f"{way} shares memory"


def there_and_back_in_half_precision_is_a_network_of_these_weights(architecture: Architecture) -> None:
    model, x = built(architecture).float().eval(), noise(architecture).float()
    model.half().float()
    other = lower(architecture).eval()
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(model(x), other(x)) or not torch.isfinite(model(x)).all()


def estimated(model: Network) -> None:
    reestimate(model, [])


@pytest.mark.parametrize("used", [freeze, certify, estimated])
def test_parts_stay_in_the_mode_that_they_were_in(used: Callable[[Network], object]) -> None:
    model = built(on("C4", Norm(), Conv(channels=2, kernel=Siren(hidden=4)), Norm(), kernel=Siren(hidden=4))).train()
    model.get_submodule("body_1_norm").eval()
    before = {name: part.training for name, part in model.named_modules()}
    assert {name: part.training for name, part in model.on_grid(9, 9).named_modules()} == before
    assert {name: part.training for name, part in model.at_resolution(18, 18).named_modules()} == before
    used(model)
    assert {name: part.training for name, part in model.named_modules()} == before


def test_a_network_of_several_precisions_on_another_grid() -> None:
    model = built(network(LINE, Conv(channels=2), Norm())).bfloat16().eval()
    model.get_submodule("body_1_norm").float()
    x, longer = noise(model.architecture).bfloat16(), model.on_grid(34)
    assert {k: v.dtype for k, v in longer.state_dict().items()} == {k: v.dtype for k, v in model.state_dict().items()}
    with torch.no_grad():
        longer(torch.cat([x, x], -1))


def test_what_a_person_has_added_is_copied_too() -> None:
    model = built(EXAMPLES["table"])
    model.extra = nn.Parameter(torch.ones(2))
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        assert copied.state_dict().keys() == model.state_dict().keys()
        assert copied.architecture == model.architecture


def loading_its_own_state_changes_nothing(architecture: Architecture) -> None:
    model, x = grown(architecture), noise(architecture)
    with torch.no_grad():
        before, cost = model(x), model.cost()
        model.load_state_dict(model.state_dict())
        assert torch.equal(model(x), before)
    assert model.cost() == cost


def test_a_state_of_an_earlier_version_which_says_no_size_is_fitted_to_its_width() -> None:
    architecture = EXAMPLES["gaussian"]
    model = built(architecture)
    state = {key: value for key, value in model.state_dict().items() if not key.endswith(".size")}
    state["body_0_conv.window.log_width"] = state["body_0_conv.window.log_width"] + 0.8
    before = model.cost()
    model.load_state_dict(state)
    assert model.cost().flops > before.flops


@pytest.mark.parametrize("size", [(0, 0), (11, 11), (3,), (-1, 5)])
def test_a_size_that_no_kernel_has_is_refused(size: tuple[int, ...]) -> None:
    model = built(EXAMPLES["gaussian"])
    state = model.state_dict() | {"body_0_conv.size": torch.tensor(size)}
    with pytest.raises(RuntimeError, match="no size of a kernel"):
        model.load_state_dict(state)


def averaged_buffers_are_those_of_the_network(architecture: Architecture) -> None:
    """As `AveragedModel(use_buffers=True)` averages them, for statistics of norms, by products that are rounded."""
    model, x = built(architecture).eval(), noise(architecture)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True).eval()
    for _ in range(3):
        average.update_parameters(model)
    with torch.no_grad():
        found, wanted = average(x), model(x)
    assert difference(found, wanted) <= ROUNDING


def networks_share_no_memory(architecture: Architecture) -> None:
    x = noise(architecture)
    with torch.no_grad():
        wanted = built(architecture).eval()(x)
        spoilt = built(architecture)
        for buffer in spoilt.buffers():
            buffer.zero_()
        for parameter in spoilt.parameters():
            parameter.zero_()
        assert torch.equal(built(architecture).eval()(x), wanted)


LAWS = (
    what_is_written_is_seen,
    pruning_is_seen_in_the_network_and_frozen,
    a_copy_is_the_whole_network,
    there_and_back_in_half_precision_is_a_network_of_these_weights,
    loading_its_own_state_changes_nothing,
    averaged_buffers_are_those_of_the_network,
    networks_share_no_memory,
)


@pytest.mark.parametrize("name", ["C4 table", "D4 attention"])
def test_whole_numbers_and_infinite_ones_as_buffers_fail_that_law(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def hold(self: Fixed, name: str, values: Tensor | None) -> None:
        self.register_buffer(name, values, persistent=False)

    monkeypatch.setattr(Fixed, "hold", hold)
    with pytest.raises(AssertionError):
        averaged_buffers_are_those_of_the_network(EXAMPLES[name])


@pytest.mark.parametrize("name", ["C4 table", "D4 attention"])
def test_a_pickle_of_an_earlier_version_moves_to_another_precision(name: str) -> None:
    """In those all constants were buffers, and nothing else was held."""
    model, x = built(EXAMPLES[name]).eval(), noise(EXAMPLES[name])
    for part in (part for part in model.modules() if isinstance(part, Fixed)):
        for held in part.held:
            value = getattr(part, held)
            delattr(part, held)
            part.register_buffer(held, value, persistent=False)
        del part.held
    again = pickle.loads(pickle.dumps(model)).float().double()
    with torch.no_grad():
        assert difference(again(x.double()), model(x)) <= 1e-5


@pytest.mark.parametrize("name", SELECTED_BY_DEFAULT)
def test_an_example_keeps_every_law_of_state(name: str) -> None:
    for law in LAWS:
        law(EXAMPLES[name])


def test_writing_zeros_leaves_the_bias_of_the_head() -> None:
    architecture = Architecture(
        input=Image(channels=1, size=(8, 8)),
        body=[Lift(group="C4", channels=2), GroupPool()],
        head=Classifier(classes=2),
    )
    model, x = built(architecture).eval(), noise(architecture)
    with torch.no_grad():
        model(x)
        for key, parameter in model.named_parameters():
            if not key.startswith("head"):
                parameter.data.zero_()
        assert torch.equal(model(x)[0], model.get_parameter("head_classifier.linear.bias"))


def test_a_spectrum_is_of_the_length_that_is_asked_for() -> None:
    architecture = Architecture(
        input=Series(channels=1, length=64),
        body=[Conv(channels=2, kernel_size=64, kernel=Siren(hidden=4), causal=True)],
        head=Classifier(classes=2),
    )
    layer = built(architecture).eval().get_submodule("body_0_conv")
    with torch.no_grad(), kept_kernels(layer):
        for steps in (29, 30, 31, 32):
            x = torch.randn(2, 1, steps, dtype=torch.float64, generator=torch.Generator().manual_seed(steps))
            kept = layer(x)
            layer.train()
            assert difference(kept, layer(x)) < 1e-10
            layer.eval()


@several
def test_autocast_leaves_no_trace(name: str) -> None:
    architecture = EXAMPLES[name]
    model, x = built(architecture).float().eval(), noise(architecture).float()
    with torch.no_grad():
        before = model(x)
        with kept_kernels(model):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                model(x)
            assert torch.equal(model(x), before)
        assert torch.equal(model(x), before)


def test_what_other_resolutions_share() -> None:
    architecture = EXAMPLES["finer by three halves"]
    model = built(architecture).eval()
    x, finer = noise(architecture), model.at_resolution(16, 16)
    mine = dict(model.named_parameters())
    assert all(parameter is mine[name] for name, parameter in finer.named_parameters())
    with torch.no_grad():
        before = model(x)
        finer.train()(torch.randn(4, 2, 16, 16, dtype=torch.float64))
        assert torch.equal(model(x), before), "running statistics are its own"
        finer.get_parameter("body_0_conv.bias").add_(1)
        assert not torch.equal(model(x), before), "parameters are shared"


@pytest.mark.parametrize("name", ["C4 siren", "C8 siren", "C4 group first, continuous", "C4xS3 group first"])
def test_offsets_between_the_elements_are_part_of_the_state(name: str) -> None:
    architecture = EXAMPLES[name]
    model, x = built(architecture).eval(), noise(architecture)
    with torch.no_grad():
        turn(model, np.random.default_rng(0))
        between = model(x)
        other = fresh(model)
        assert torch.equal(other(x), between)
        turn(model, None)
        other.load_state_dict(model.state_dict())
        assert torch.equal(other(x), model(x))
        assert difference(other(x), between) > 1e-6


def test_a_network_built_under_a_seed_is_the_same_whatever_was_built_before(tmp_path: Path) -> None:
    architecture = Architecture(
        input=Series(channels=1, length=32),
        body=[Conv(channels=2, kernel_size=31, kernel=Siren(hidden=4), window=Gaussian(sigma=0.1))],
        head=Classifier(classes=2),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        first = lower(architecture).state_dict()
        torch.manual_seed(3)
        second = lower(architecture).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
