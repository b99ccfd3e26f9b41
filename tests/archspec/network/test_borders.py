"""A network takes the signals it was made for: other shapes are refused, and told what to do."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
import torch
from torch import fx, nn
from torch.nn.utils import prune

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Fourier,
    Gaussian,
    Image,
    Magnet,
    Pool,
    Regressor,
    Residual,
    SelfAttention,
    Series,
    SignalError,
    Siren,
    freeze,
)
from archspec.exporting.onnx_file import export_onnx
from tests.examples import EXAMPLES, RESAMPLED, SELECTED_BY_DEFAULT, built, network, noise, on
from tests.examples.selection import the_rest_slow
from tests.laws.equivariance import without_border
from tests.laws.numbers import difference

# What no network of the table may take: another grid, other channels, no batch, one axis more.
WRONG = {
    "a point more": lambda x: torch.cat([x, x[..., -1:]], -1),
    "twice as long": lambda x: torch.cat([x, x], 2),
    "a point less": lambda x: x[..., :-1],
    "a channel more": lambda x: torch.cat([x, x[:, :1]], 1),
    "no batch": lambda x: x[0],
    "an axis more": lambda x: x[None],
}


@pytest.mark.parametrize("name", SELECTED_BY_DEFAULT)
def test_other_shapes_are_refused_with_the_remedies(name: str) -> None:
    architecture = EXAMPLES[name]
    model, x = built(architecture).eval(), noise(architecture)
    frozen = freeze(model)
    assert (model.channels, model.grid) == (frozen.channels, frozen.grid) == (x.shape[1], tuple(x.shape[2:]))
    with torch.no_grad():
        for wrong in WRONG.values():
            for what, refusal in ((model, ValueError), (frozen, AssertionError)):
                with pytest.raises(refusal, match=r"channels on .*at_resolution\(grid\).*on_grid\(grid\)"):
                    what(wrong(x))


COMPILED = ("C4 table", "fft", "gaussian", "C4 in part", "C4 attention", "C4 frames")


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own, while it traces
@pytest.mark.parametrize("name", the_rest_slow(["fft", "C4 in part", "C4 frames"], COMPILED))
def test_the_border_survives_copies_and_every_way_of_compiling(name: str) -> None:
    architecture = EXAMPLES[name]
    model, x = built(architecture).eval(), noise(architecture)
    longer = WRONG["a point more"](x)
    frozen = freeze(model)
    batch = ({0: torch.export.Dim("batch")},)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), torch.compile(model, backend="eager")):
        with pytest.raises(ValueError, match="at_resolution"):
            other(longer)
    for other in (copy.deepcopy(frozen), torch.compile(frozen, backend="eager")):
        with pytest.raises((AssertionError, RuntimeError), match="at_resolution"):
            other(longer)
    for each in (model, frozen):
        with torch.no_grad():
            exported = torch.export.export(each, (x,), dynamic_shapes=batch).module()
        assert difference(exported(x), model(x)) < 1e-10
        with pytest.raises((AssertionError, RuntimeError)):
            exported(longer)


@pytest.mark.thorough
def test_the_onnx_file_refuses_other_shapes(tmp_path: Path) -> None:
    import onnxruntime

    architecture = EXAMPLES["fft"]
    export_onnx(freeze(built(architecture).float().eval(), target="onnx"), architecture, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    x = noise(architecture).float().numpy()
    assert session.run(None, {"x": x})[0].shape == (len(x), 3)
    with pytest.raises(Exception, match="invalid dimensions"):
        session.run(None, {"x": x[..., 1:]})


def test_a_network_without_its_border_fails_that_law() -> None:
    model = built(EXAMPLES["C4 table"]).eval()
    without_border(model)
    with torch.no_grad():
        model(WRONG["a point more"](noise(EXAMPLES["C4 table"])))


def test_the_cases_that_were_trusted() -> None:
    fourier = Conv(channels=2, kernel_size=63, kernel=Fourier(), algorithm="fft")
    long = built(network(Series(channels=1, length=64), fourier)).eval()
    turned = built(on("C4", Pool(size=2), input=Image(channels=1, size=(12, 12)))).eval()
    attending = built(network(Image(channels=1, size=(6, 6)), SelfAttention(channels=4))).eval()
    for model, grid in ((freeze(long), (256,)), (turned, (13, 13)), (attending, (4, 9))):
        with pytest.raises((ValueError, AssertionError), match="at_resolution"):
            model(torch.zeros(1, 1, *grid, dtype=torch.float64))


# --- on_grid: more or less of the signal ---

LONGER = {
    "series": network(
        Series(channels=2, length=24),
        Conv(channels=3, kernel_size=9, kernel=Siren(hidden=4), stride=2),
        Conv(channels=3, kernel_size=5, causal=True),
        head=Regressor(outputs=2, pool="last"),
    ),
    "image": network(
        Image(channels=1, size=(12, 12)),
        Conv(channels=3, kernel_size=5, kernel=Magnet(hidden=4, layers=1), window=Gaussian(sigma=0.4)),
        Pool(size=2),
    ),
    "on C4": on("C4", Conv(channels=2, kernel_size=5, kernel=Siren(hidden=4)), input=Image(channels=1, size=(9, 9))),
    "resampled": RESAMPLED["finer by three halves"],
}


@pytest.mark.parametrize("name", LONGER)
def test_a_longer_grid_has_these_parameters_and_the_same_kernels(name: str) -> None:
    architecture = LONGER[name]
    model = built(architecture).eval()
    grid = tuple(2 * n for n in architecture.input.grid)
    larger = model.on_grid(*grid)
    mine = dict(model.named_parameters())
    assert larger.grid == grid
    assert all(parameter is mine[key] for key, parameter in larger.named_parameters())
    first, second = (
        model.get_submodule(next(iter(dict(model.named_children())))),
        larger.get_submodule(next(iter(dict(larger.named_children())))),
    )
    with torch.no_grad():
        assert torch.equal(first.sample(), second.sample())
        assert larger(noise(larger.architecture)).shape == (2, *larger.architecture.graph.signal.shape)
    assert model.on_grid(*architecture.input.grid).architecture == architecture
    assert architecture.on_grid(*grid).on_grid(*architecture.input.grid).hash == architecture.hash


def test_far_from_its_ends_a_longer_signal_gives_the_same_answers() -> None:
    body = [Conv(channels=2, kernel_size=9, kernel=Siren(hidden=4)), Conv(channels=2, kernel_size=5)]
    architecture = Architecture(input=Series(channels=1, length=40), body=body, head=Classifier(classes=2))
    model = built(architecture).eval()
    longer, x = model.on_grid(80), noise(architecture.on_grid(80))
    maps: list[torch.Tensor] = []

    def keep(module: nn.Module, given: object, value: torch.Tensor) -> None:
        maps.append(value)

    for each in (model, longer):
        each.get_submodule("body_1_conv").register_forward_hook(keep)
    with torch.no_grad():
        model(x[..., 20:60])
        longer(x)
    assert difference(maps[0][..., 6:-6], maps[1][..., 26:54]) < 1e-12


def test_what_is_bound_to_its_grid_says_so() -> None:
    everywhere = network(Image(channels=1, size=(6, 6)), SelfAttention(channels=4))
    with pytest.raises(SignalError, match=r"body\[0\].*attention over the whole grid"):
        everywhere.on_grid(8, 8)
    near = network(Image(channels=1, size=(6, 6)), SelfAttention(channels=4, window=3))
    assert near.on_grid(8, 8).input.grid == (8, 8)
    with pytest.raises(ValueError, match="multiples of 3 and 3"):
        RESAMPLED["finer by three halves"].on_grid(16, 16)
    with pytest.raises(ValueError, match="one for each axis"):
        near.on_grid(8)
    short = network(Series(channels=1, length=64), Conv(channels=2, kernel_size=64, causal=True)).on_grid(32)
    with pytest.raises(SignalError, match="64 taps on an axis of 32"):
        _ = short.graph


def test_frozen_networks_of_torch_alone_have_a_border_too() -> None:
    frozen = freeze(built(EXAMPLES["table"]).eval())
    assert isinstance(frozen, fx.GraphModule)
    assert "_assert" in frozen.code


def test_a_layer_in_several_places_is_shared_in_all_of_them() -> None:
    model = built(network(Series(channels=3, length=17), Conv(channels=3), Conv(channels=3)))
    model.body_1_conv = model.body_0_conv
    longer = model.on_grid(20)
    for part in (longer.body_0_conv, longer.body_1_conv):
        assert part.kernel.weight is model.body_0_conv.kernel.weight


def test_weights_that_the_architecture_has_not_are_named() -> None:
    model = built(EXAMPLES["table"])
    prune.l1_unstructured(model.body_0_conv.kernel, "weight", 0.5)
    with pytest.raises(ValueError, match=r"others \(body_0_conv.kernel.weight_orig\); end pruning"):
        model.on_grid(*model.grid)
    prune.remove(model.body_0_conv.kernel, "weight")
    assert model.on_grid(*model.grid).grid == model.grid


def test_a_shortcut_that_is_pooled_on_one_of_two_grids_only() -> None:
    """On 9 points the body's pool and the shortcut's are one."""
    body = Residual(body=[Pool(size=1, stride=2, reduce="average")])
    model = built(network(Series(channels=3, length=6), Conv(channels=3), body)).eval()
    longer = model.on_grid(9)
    assert {name for name, _ in model.named_modules()} != {name for name, _ in longer.named_modules()}
    assert all(parameter is model.get_parameter(name) for name, parameter in longer.named_parameters())
    assert not any(part.training for part in longer.modules())
    with torch.no_grad():
        assert difference(longer.on_grid(6)(noise(model.architecture)), model(noise(model.architecture))) == 0


@pytest.mark.parametrize("name", ["fft", "C4 table"])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool, torch.complex128])
def test_what_is_not_of_real_numbers_is_refused(name: str, dtype: torch.dtype) -> None:
    """By transforms, what is put out in the input's precision would be rounded to whole numbers."""
    architecture = EXAMPLES[name]
    model, x = built(architecture).eval(), noise(architecture).to(dtype)
    with pytest.raises(ValueError, match=r"real numbers.*x\.float\(\).*what was given is"):
        model(x)
    with pytest.raises(AssertionError, match=r"real numbers.*x\.float\(\)"):
        freeze(model)(x)


def test_without_that_check_an_image_of_whole_numbers_is_answered_wrongly() -> None:
    architecture = EXAMPLES["fft"]
    frozen, x = freeze(built(architecture).eval()), (50 * noise(architecture)).round()
    for node in [node for node in frozen.graph.nodes if node.target is torch._assert]:
        frozen.graph.erase_node(node)
    frozen.recompile()
    with torch.no_grad():
        assert difference(frozen(x.long()), frozen(x)) > 1e-4


def test_a_frozen_network_takes_the_memory_format_channels_last() -> None:
    architecture = EXAMPLES["fft of an image"]
    model, x = built(architecture).eval(), noise(architecture)
    with torch.no_grad():
        wanted = model(x)
        moved = freeze(model).to(memory_format=torch.channels_last)
        assert difference(moved(x.to(memory_format=torch.channels_last)), wanted) < 1e-10
