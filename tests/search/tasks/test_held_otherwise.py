"""The same data are the same task, however they are held: in arrays of any kind, tensors, lists or frames."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import TensorDataset

from archspec import Architecture, Classifier, Conv, Dense, Image
from search import Task
from search.preflight import preflight
from search.reference import constant_scores
from search.tasks.metrics import NamedMetric
from spaces import Space

COUNT = 60
X = np.random.default_rng(0).integers(0, 100, (COUNT, 2, 6)).astype(np.float32)
Y = np.arange(COUNT) % 3
NUMBERS = np.random.default_rng(1).integers(0, 100, COUNT).astype(float)
NAMES = ("b", "a", "c")
TEXT = np.array(NAMES)[Y]


def backwards(x: Any) -> Any:
    """The same numbers, held from the last to the first in memory."""
    return x[::-1].copy()[::-1]


def read_only(x: Any) -> Any:
    x = x.copy()
    x.setflags(write=False)
    return x


HELD: dict[str, Any] = {
    "backwards": backwards,
    "by bytes in another order": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "read only": read_only,
    "in bfloat16": lambda x: torch.tensor(x).bfloat16(),
    "in tensors with a gradient": lambda x: [torch.tensor(one, dtype=torch.float32, requires_grad=True) for one in x],
    "in long doubles": lambda x: x.astype(np.longdouble),
    "in a tensor with a gradient": lambda x: torch.tensor(x, dtype=torch.float32, requires_grad=True),
}
BOXED: dict[str, Any] = {
    "decimals": lambda y: [Decimal(float(one)) for one in y],
    "fractions": lambda y: [Fraction(float(one)) for one in y],
    "objects": lambda y: y.astype(object),
    "numpy's objects": lambda y: np.array([*y, None], dtype=object)[:-1],
}


def made(make: Any, *given: Any, **options: Any) -> Any:
    """What is made, which must not be refused."""
    try:
        return make(*given, **options)
    except (AttributeError, TypeError, ValueError, RuntimeError, StopIteration, UserWarning) as error:
        pytest.fail(f"refused: {error}")


def alike(one: Task, other: Task) -> None:
    assert (one.preparation, one.classes) == (other.preparation, other.classes)
    for part in ("train", "validation", "test"):
        for mine, its in zip(getattr(one, part), getattr(other, part), strict=True):
            assert mine.dtype == its.dtype
            assert torch.equal(mine, its)


@pytest.mark.parametrize("how", HELD)
def test_inputs_are_the_same_however_they_are_held(how: str) -> None:
    alike(made(Task.from_arrays, HELD[how](X), Y), Task.from_arrays(X, Y))


@pytest.mark.parametrize("how", HELD | BOXED)
def test_targets_are_the_same_however_they_are_held(how: str) -> None:
    hold = (HELD | BOXED)[how]
    for kind, y in (("classification", Y), ("binary", Y > 0), ("regression", NUMBERS)):
        if y.dtype != bool or how in ("backwards", "read only", "objects", "numpy's objects"):
            alike(made(Task.from_arrays, X, hold(y), kind=kind), Task.from_arrays(X, y, kind=kind))


@pytest.mark.parametrize("dtype", ["S", "T", object, "category", "string"])
def test_labels_in_words_are_the_same_however_they_are_held(dtype: Any) -> None:
    own = {"S": "S", "T": np.dtypes.StringDType()}
    held = TEXT.astype(own[dtype]) if dtype in own else pd.Series(TEXT).astype(dtype)
    alike(made(Task.from_arrays, X, held, classes=NAMES), Task.from_arrays(X, Y, classes=NAMES))


FRAME = pd.DataFrame(X[:, 0], columns=list("abcdef")).assign(y=Y)
MANY, GAPS = np.arange(COUNT) % 12, np.array([1, 5, 10])[Y]


@pytest.mark.parametrize("labels", [MANY, GAPS, Y > 0], ids=["many", "gaps", "bool"])
@pytest.mark.parametrize("dtype", [object, float, "Int64", "Float64", "category", "int64[pyarrow]"])
def test_labels_of_a_table_that_are_numbers_are_so_in_any_column(dtype: Any, labels: Any) -> None:
    if dtype == "int64[pyarrow]":
        pytest.importorskip("pyarrow")
    if labels.dtype == bool and dtype not in (object, "category"):
        labels = labels.astype(int)
    held = made(Task.from_frame, FRAME.assign(y=pd.Series(labels).astype(dtype)), "y")
    alike(held, Task.from_frame(FRAME.assign(y=labels), "y"))


LONG = pd.DataFrame({"run": np.repeat(np.arange(20), 6), "at": np.tile(np.arange(6) / 2, 20)})
LONG = LONG.assign(u=np.random.default_rng(2).normal(size=120), y=LONG["run"] % 2)
DATES = pd.Timestamp("2024-02-28 23:59:58.5") + pd.to_timedelta(LONG["at"], unit="s")


def timed(times: Any) -> Any:
    return made(Task.from_frame, LONG.assign(at=times), "y", series="run", time="at", rate=2)


@pytest.mark.parametrize("how", ["category", "duration", "zone"])
def test_times_are_the_same_in_any_column(how: str) -> None:
    held = {
        "category": DATES.astype("category"),
        "duration": (DATES - DATES[0] + pd.Timedelta(days=200)).astype("category"),
        "zone": DATES.dt.tz_localize("Europe/Amsterdam").astype("category"),
    }
    alike(timed(held[how]), timed(LONG["at"]))


@pytest.mark.parametrize("unit", ["timestamp[ns]", "timestamp[ns, UTC]", "duration[ns]"])
def test_times_are_the_same_in_columns_of_arrow(unit: str) -> None:
    pytest.importorskip("pyarrow")
    held = DATES - pd.Timestamp(0) if unit == "duration[ns]" else DATES.dt.tz_localize("UTC" if "," in unit else None)
    alike(timed(held.astype(f"{unit}[pyarrow]")), timed(LONG["at"]))


@pytest.mark.parametrize("odd", [DATES, DATES - DATES[0], LONG["u"] * 1j], ids=["dates", "durations", "complex"])
def test_a_channel_of_what_is_no_number_is_refused_in_a_frame_as_in_a_file(odd: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numpy, that half of a number is left out
        with pytest.raises(ValueError, match="the column 'u' holds what is not a number"):
            Task.from_frame(LONG.assign(u=odd), "y", series="run", columns=["u"])


WIDE = ("uint16", "uint32", "uint64")
PLACES = np.broadcast_to(Y[:, None, None], (COUNT, 6, 6))


@pytest.mark.parametrize("dtype", ["uint8", *WIDE])
@pytest.mark.parametrize("kind", ["classification", "dense"])
def test_labels_of_any_whole_numbers_are_looked_at_and_scored_alike(kind: Any, dtype: str) -> None:
    x, y = torch.rand(COUNT, 1, 6, 6), torch.tensor((Y if kind == "classification" else PLACES).copy())
    head = Classifier(classes=3) if kind == "classification" else Dense(outputs=3)
    space = Space(Architecture(input=Image(channels=1, size=(6, 6)), body=[Conv(channels=2)], head=head))
    found = []
    for labels in (y, y.to(getattr(torch, dtype))):
        part = TensorDataset(x, labels)
        task = Task.from_datasets(part, part, kind=kind, ignored=2, classes=("a", "b", "z"), class_weights="balanced")
        assert not preflight(space, task, []).mistakes
        assert task.with_fields(classes=()).outputs == 2
        outputs = torch.rand(COUNT, 3, *labels.shape[1:], generator=torch.Generator().manual_seed(0))
        weights = torch.as_tensor(task.class_weights).tolist()
        found.append((task.scores(outputs, labels), float(task.loss(outputs, labels)), weights, constant_scores(task)))
    assert found[0] == found[1]


def test_the_best_constant_answer_to_numbers_far_off_is_their_mean() -> None:
    task = Task.from_arrays(X, 1e9 + NUMBERS / 1e3, kind="regression")
    assert constant_scores(task)["r2"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", ["pearson", "spearman", "mae", "rmse"])
def test_numbers_of_positions_are_scored_as_so_many_examples(name: str) -> None:
    outputs, targets = torch.rand(2, 8, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    metric, flat = NamedMetric(name, "regression"), [part.movedim(1, -1).reshape(-1, 3) for part in (outputs, targets)]
    assert made(metric, outputs, targets) == pytest.approx(metric(*flat), rel=1e-6)


def test_every_metric_that_is_offered_for_a_kind_can_be_worked_out() -> None:
    y = torch.tensor(Y)
    outputs = torch.rand(COUNT, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    shown = {
        "classification": (outputs, y),
        "binary": (outputs[:, :1], y > 0),
        "multilabel": (outputs, torch.nn.functional.one_hot(y)),
        "regression": (outputs, outputs.flip(0)),
        "dense": (outputs[..., None], y[:, None]),
    }
    for kind, (found, targets) in shown.items():
        with pytest.raises(ValueError, match="use ") as refused:
            NamedMetric("none such", kind)
        names = str(refused.value).partition("; use ")[2].partition(", or a function")[0].split(", ")
        for name in names:
            value = made(NamedMetric(name, kind), found, targets)
            assert np.isfinite(value), (kind, name)


def test_names_and_weights_may_be_numpys_and_torchs() -> None:
    numbered = pd.DataFrame(X[:, 0]).assign(y=Y).rename(columns={"y": 6})
    alike(made(Task.from_frame, numbered, numbered.columns[-1]), Task.from_frame(numbered, 6))
    weights = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    for given in (weights, weights.bfloat16(), pd.Series([1, 2, 4]), np.array([4.0, 2.0, 1.0])[::-1]):
        assert made(Task.from_arrays, X, Y, class_weights=given).class_weights.tolist() == [1, 2, 4]


@pytest.mark.parametrize("name", ["auroc", "average_precision", "balanced_accuracy", "f1", "iou", "mcc", "recall"])
def test_several_labels_may_be_one_which_is_a_binary_task(name: str) -> None:
    outputs, y = torch.rand(COUNT, 1, generator=torch.Generator().manual_seed(0)) - 0.5, torch.tensor(Y > 0)[:, None]
    found = made(NamedMetric(name, "multilabel"), outputs, y)
    assert found == pytest.approx(NamedMetric(name, "binary")(outputs, y))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 4.0]])
def test_the_loss_of_a_kind_is_torchs_as_it_is_smoothed(smoothing: float, weights: list[float] | None) -> None:
    outputs, y = torch.rand(COUNT, 3, generator=torch.Generator().manual_seed(0)), torch.tensor(Y)
    weigh = None if weights is None else torch.tensor(weights)
    own = torch.nn.CrossEntropyLoss(weight=weigh, label_smoothing=smoothing)
    task, mine = Task.from_arrays(X, Y, class_weights=weights), Task.from_arrays(X, Y, loss=own)
    assert torch.equal(task.loss(outputs, y, smoothing), mine.loss(outputs, y, 0.5))
