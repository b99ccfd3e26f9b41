"""What holds for every network: over the table of examples, and over random ones from the ready-made spaces."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch

from archspec import Architecture, Canonicalise, Classifier, Image, SelfAttention, freeze, price
from archspec.blocks.around.averaging import Averaging
from archspec.geometry.fourier import TARGETS
from archspec.graph.graph import Graph
from tests.examples import EXAMPLES, RANDOM, fresh
from tests.examples.selection import the_rest_slow
from tests.laws.counting import counted, shared_out
from tests.laws.numbers import difference
from tests.laws.subject import Subject


def the_output_has_the_inferred_shape(of: Subject) -> None:
    assert of.answer.shape == (len(of.x), *of.architecture.graph.signal.shape)


def the_priced_parameters_are_those_of_the_network(of: Subject) -> None:
    assert price(of.architecture).params == sum(p.numel() for p in of.model.parameters())


def the_priced_flops_are_what_torch_counts_on_the_frozen_network(of: Subject) -> None:
    with torch.no_grad():
        assert price(of.architecture).flops == counted(of.frozen(), of.x[:1])


def the_flops_priced_for_a_gpu_are_what_torch_counts_of_what_runs_there(of: Subject) -> None:
    with torch.no_grad():
        assert price(of.architecture, "cuda").flops == counted(of.frozen("cuda"), of.x[:1])


def making_the_kernels_is_what_a_training_step_counts_more(of: Subject) -> None:
    cost = price(of.architecture)
    # With gradients kernels are made anew; in evaluation, so that the algorithm is that of the deployed form.
    assert counted(of.model, of.x) == len(of.x) * cost.flops + 2 * cost.kernel_macs


def activations_are_what_all_nodes_give_out_and_softmaxes_write(of: Subject) -> None:
    inside = 0
    if "self_attention" in of.architecture.to_json():
        with torch.no_grad():
            inside = shared_out(of.frozen(), of.x[:1])
        assert inside > 0
    assert price(of.architecture).activations == written(of.architecture.graph) + inside


def a_network_is_priced_as_its_architecture_on_every_target(of: Subject) -> None:
    for target in TARGETS:
        assert of.model.cost(target) == price(of.model, target)
        assert price(of.architecture.graph, target) == price(of.architecture, target)
        if "part" not in of.name and "sector" not in of.name:
            assert of.model.cost(target).flops == price(of.architecture, target).flops


def frozen_equals_unfrozen(of: Subject) -> None:
    with torch.no_grad():
        assert difference(of.frozen()(of.x), of.answer) < 1e-10


def frozen_equals_unfrozen_in_single_precision(of: Subject) -> None:
    model, x = copy.deepcopy(of.model).float(), of.x.float()
    with torch.no_grad():
        assert difference(freeze(model)(x), model(x)) < 1e-5


def a_frozen_network_is_made_of_torch_alone(of: Subject) -> None:
    assert {type(module).__module__.split(".")[0] for module in of.frozen().modules()} == {"torch"}
    assert "archspec" not in of.frozen().code


def weights_move_to_a_fresh_network_by_name(of: Subject) -> None:
    with torch.no_grad():
        assert torch.equal(fresh(of.model)(of.x), of.answer)


LAWS = (
    the_output_has_the_inferred_shape,
    the_priced_parameters_are_those_of_the_network,
    the_priced_flops_are_what_torch_counts_on_the_frozen_network,
    the_flops_priced_for_a_gpu_are_what_torch_counts_of_what_runs_there,
    making_the_kernels_is_what_a_training_step_counts_more,
    activations_are_what_all_nodes_give_out_and_softmaxes_write,
    a_network_is_priced_as_its_architecture_on_every_target,
    frozen_equals_unfrozen,
    a_frozen_network_is_made_of_torch_alone,
    weights_move_to_a_fresh_network_by_name,
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_keeps_every_law(name: str) -> None:
    of = Subject(name)
    for law in (*LAWS, frozen_equals_unfrozen_in_single_precision):
        law(of)


@pytest.mark.parametrize("name", the_rest_slow((), RANDOM, list(RANDOM)[::4]))
def test_a_random_network_keeps_every_law(name: str) -> None:
    of = Subject(name)
    for law in LAWS:
        law(of)


def test_there_are_three_hundred_random_architectures_and_none_twice() -> None:
    assert len(RANDOM) >= 300
    assert len({architecture.hash for architecture in RANDOM.values()}) >= 300


# --- networks that are not what their architecture says: each fails its law ---


def of_another_architecture(of: Subject) -> None:
    assert of.model
    of.architecture = EXAMPLES["magnet"]


def answering_for_fewer_classes(of: Subject) -> None:
    of.answer = of.answer[:, 1:]


def answering_otherwise(of: Subject) -> None:
    of.answer = 1.1 * of.answer


def frozen_with_a_layer_of_ours(of: Subject) -> None:
    of.frozen().add_module("left", of.model.get_submodule("body_0_conv"))


FAULTS: dict[Callable[[Subject], None], Callable[[Subject], None]] = {
    the_output_has_the_inferred_shape: answering_for_fewer_classes,
    the_priced_parameters_are_those_of_the_network: of_another_architecture,
    the_priced_flops_are_what_torch_counts_on_the_frozen_network: of_another_architecture,
    the_flops_priced_for_a_gpu_are_what_torch_counts_of_what_runs_there: of_another_architecture,
    making_the_kernels_is_what_a_training_step_counts_more: of_another_architecture,
    a_network_is_priced_as_its_architecture_on_every_target: of_another_architecture,
    frozen_equals_unfrozen: answering_otherwise,
    a_frozen_network_is_made_of_torch_alone: frozen_with_a_layer_of_ours,
    weights_move_to_a_fresh_network_by_name: answering_otherwise,
}


@pytest.mark.parametrize("law", FAULTS, ids=lambda law: law.__name__)
def test_a_network_that_is_not_what_its_architecture_says_fails(law: Callable[[Subject], None]) -> None:
    of = Subject("siren")
    law(of)
    FAULTS[law](of)
    with pytest.raises(AssertionError):
        law(of)


def test_attention_that_writes_more_shares_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    once = torch.softmax
    monkeypatch.setattr(torch, "softmax", lambda x, axis: once(once(x, axis), axis))
    with pytest.raises(AssertionError):
        activations_are_what_all_nodes_give_out_and_softmaxes_write(Subject("D4 attention"))


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
