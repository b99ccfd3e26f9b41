"""What holds for every architecture: over the table of examples, and over random ones from the ready-made spaces."""

from __future__ import annotations

import pytest
import torch

from archspec import Architecture, Canonicalise, Classifier, Image, SelfAttention, freeze, price
from archspec.blocks.around.averaging import Averaging
from archspec.graph.graph import Graph, verify
from tests.counting import counted, shared_out
from tests.examples import ALL, EXAMPLES, RANDOM, built, evaluated, noise

everywhere = pytest.mark.parametrize("name", ALL)
examples = pytest.mark.parametrize("name", EXAMPLES)


def difference(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Largest difference, relative to the largest value."""
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-30))


def test_there_are_three_hundred_random_architectures_and_none_twice() -> None:
    assert len(RANDOM) >= 300
    assert len({architecture.hash for architecture in RANDOM.values()}) >= 300


@everywhere
def test_the_output_has_the_inferred_shape(name: str) -> None:
    architecture, model, x = evaluated(name)
    assert model(x).shape == (len(x), *architecture.graph.signal.shape)


@everywhere
def test_the_priced_parameters_are_those_of_the_network(name: str) -> None:
    architecture, model, _ = evaluated(name)
    assert price(architecture).params == sum(p.numel() for p in model.parameters())


@everywhere
def test_the_priced_flops_are_what_torch_counts_on_the_frozen_network(name: str) -> None:
    architecture, model, x = evaluated(name)
    with torch.no_grad():
        assert price(architecture).flops == counted(freeze(model), x[:1])


@everywhere
def test_making_the_kernels_is_what_a_training_step_counts_more(name: str) -> None:
    architecture, model, x = evaluated(name)
    cost = price(architecture)
    # With gradients kernels are made anew; in evaluation, so that the algorithm is that of the deployed form.
    assert counted(model, x) == len(x) * cost.flops + 2 * cost.kernel_macs


@everywhere
def test_frozen_equals_unfrozen(name: str) -> None:
    _, model, x = evaluated(name)
    with torch.no_grad():
        assert difference(freeze(model)(x), model(x)) < 1e-10


@examples
def test_frozen_equals_unfrozen_in_single_precision(name: str) -> None:
    architecture = ALL[name]
    model, x = built(architecture).float().eval(), noise(architecture).float()
    with torch.no_grad():
        assert difference(freeze(model)(x), model(x)) < 1e-5


@everywhere
def test_a_frozen_network_is_made_of_torch_alone(name: str) -> None:
    _, model, _ = evaluated(name)
    frozen = freeze(model)
    assert {type(module).__module__.split(".")[0] for module in frozen.modules()} == {"torch"}
    assert "archspec" not in frozen.code


@everywhere
def test_json_and_yaml_round_trip_exactly(name: str) -> None:
    architecture = ALL[name]
    text = architecture.to_json()
    again = Architecture.from_json(text)
    assert again.to_json() == text
    assert again.hash == architecture.hash
    from_yaml = Architecture.from_yaml(architecture.to_yaml())
    assert from_yaml.to_json() == text
    assert from_yaml.to_yaml() == architecture.to_yaml()


@examples
def test_an_architecture_read_back_is_equal(name: str) -> None:
    architecture = EXAMPLES[name]
    assert Architecture.from_json(architecture.to_json()) == architecture
    assert Architecture.from_yaml(architecture.to_yaml()) == architecture


@everywhere
def test_the_graph_verifies(name: str) -> None:
    verify(ALL[name].elaborate())
    verify(ALL[name].graph)


@everywhere
def test_weights_move_to_a_fresh_network_by_name(name: str) -> None:
    architecture, model, x = evaluated(name)
    fresh = built(architecture, seed=9).eval()
    fresh.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(fresh(x), model(x))


@everywhere
def test_activations_are_what_all_nodes_give_out_and_softmaxes_write(name: str) -> None:
    architecture = ALL[name]
    inside = 0
    if "self_attention" in architecture.to_json():
        _, model, x = evaluated(name)
        with torch.no_grad():
            inside = shared_out(freeze(model), x[:1])
        assert inside > 0
    assert price(architecture).activations == written(architecture.graph) + inside


def test_attention_that_writes_more_shares_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    once = torch.softmax
    monkeypatch.setattr(torch, "softmax", lambda x, axis: once(once(x, axis), axis))
    with pytest.raises(AssertionError):
        test_activations_are_what_all_nodes_give_out_and_softmaxes_write("D4 attention")


def test_scores_of_all_points_with_all_points_are_priced() -> None:
    """Of 64×64 points with one another, in two heads: 128 MiB in single precision for one example."""
    attention = Architecture(input=Image(size=(64, 64)), body=[SelfAttention(channels=8)], head=Classifier(classes=2))
    assert price(attention).activations == 2 * 4096**2 + 8 * 4096 + 2


def written(graph: Graph) -> int:
    """Numbers that all nodes give out, those of a network inside a node as often as it runs."""
    total = 0
    for name, node in graph.nodes.items():
        total += torch.Size(node.signal.shape).numel() if node.inputs else 0
        if isinstance(node.block, Averaging):
            total += node.block.group.order * written(node.block.inner(graph.source(name)))
        elif isinstance(node.block, Canonicalise):
            x = graph.source(name)
            total += written(node.block.scorer(x)) + written(node.block.inner(x))
    return total
