"""Every kind of task has the loss, the scores and the answers that its definition says, whatever the shapes."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics as reference
from torch import nn

from search import Task
from search.tasks.labels import as_targets
from search.tasks.undefined import undefined_scores

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 1, 6))
OUTPUTS = torch.from_numpy(RNG.normal(size=(60, 4)))
CLASSES = torch.from_numpy(RNG.integers(0, 4, 60))
LABELS = (torch.from_numpy(RNG.random((60, 4))) < 0.3).long()

DATA = OUTPUTS, LABELS[:, 0]


def task(kind: Any, y: Any, **options: Any) -> Task:
    return Task.from_arrays(X, y, kind=kind, **options)


def test_classification_is_cross_entropy_with_its_weights() -> None:
    weighed = task("classification", CLASSES, class_weights=[1.0, 2.0, 3.0, 4.0])
    expected = F.cross_entropy(OUTPUTS, CLASSES, torch.tensor([1.0, 2, 3, 4]).double(), label_smoothing=0.1)
    assert torch.allclose(weighed.loss(OUTPUTS, CLASSES, 0.1), expected)


def test_balanced_weights_are_inversely_proportional_to_the_count() -> None:
    y = np.repeat([0, 1, 2], [30, 20, 10])
    found = task("classification", y, class_weights="balanced", split=(1.0, 0.0, 0.0)).class_weights
    assert torch.allclose(torch.as_tensor(found).double(), torch.tensor([60 / 90, 60 / 60, 60 / 30]).double())
    rare = task("multilabel", np.eye(4, dtype=int).repeat(15, 0), class_weights="balanced", split=(1.0, 0.0, 0.0))
    assert torch.allclose(torch.as_tensor(rare.class_weights).double(), torch.full((4,), 3.0).double())


@pytest.mark.parametrize("shape", [(60,), (60, 1)])
def test_binary_is_one_output_whatever_the_shape_of_the_targets(shape: tuple[int, ...]) -> None:
    y, outputs = (CLASSES > 1).long().reshape(shape), OUTPUTS[:, :1]
    found = task("binary", y).scores(outputs, y)
    assert found["loss"] == pytest.approx(
        float(F.binary_cross_entropy_with_logits(outputs[:, 0], y.flatten().double()))
    )
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(y.flatten(), outputs[:, 0] > 0))
    assert found["f1"] == pytest.approx(reference.f1_score(y.flatten(), outputs[:, 0] > 0))


def test_multilabel_scores_each_label() -> None:
    found = task("multilabel", LABELS).scores(OUTPUTS, LABELS)
    assert found["loss"] == pytest.approx(float(F.binary_cross_entropy_with_logits(OUTPUTS, LABELS.double())))
    assert found["accuracy"] == pytest.approx(float(((OUTPUTS > 0) == LABELS.bool()).double().mean()))
    assert found["f1"] == pytest.approx(reference.f1_score(LABELS, OUTPUTS > 0, average="macro"))


def test_dense_scores_each_position() -> None:
    outputs, y = torch.from_numpy(RNG.normal(size=(60, 3, 6))), torch.from_numpy(RNG.integers(0, 3, (60, 6)))
    found = task("dense", y).scores(outputs, y)
    assert found["loss"] == pytest.approx(float(F.cross_entropy(outputs, y)))
    assert found["accuracy"] == pytest.approx(float((outputs.argmax(1) == y).double().mean()))
    assert found["iou"] == pytest.approx(
        reference.jaccard_score(y.flatten(), outputs.argmax(1).flatten(), average="macro")
    )


# Targets of each kind, in whole numbers, with outputs that fit.
OF_KINDS = {
    "classification": (RNG.integers(0, 20, 300), (300, 20)),
    "dense": (RNG.integers(0, 20, (60, 5)), (60, 20, 5)),
    "binary": (RNG.integers(0, 2, 300), (300, 1)),
    "multilabel": (RNG.integers(0, 2, (300, 3)), (300, 3)),
    "regression": (RNG.integers(0, 100, (300, 2)), (300, 2)),
}


@pytest.mark.parametrize("kind", OF_KINDS)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.float16, torch.float32])
def test_scores_do_not_depend_on_how_precise_targets_are_written(kind: Any, dtype: torch.dtype) -> None:
    """Masks are bytes in most datasets: products of them overflow, and torch reads bytes as masks of an index."""
    numbers, shape = OF_KINDS[kind]
    y, outputs = torch.from_numpy(numbers), torch.from_numpy(RNG.normal(size=shape))
    names = ["mae", "rmse", "pearson"] if kind == "regression" else ["auroc", "balanced_accuracy", "f1", "iou"]
    names = [name for name in names if (kind, name) != ("dense", "iou")]
    own = nn.CrossEntropyLoss() if kind in ("classification", "dense") else nn.HuberLoss()
    x = torch.zeros(len(y), 1, 5)
    for options in ({}, {"criterion": own}):
        given = Task("mine", kind, (x, y), (x, y), metrics=names, **options)
        exact = given.scores(outputs, y if kind != "regression" else y.double())
        if kind in ("classification", "dense") and dtype.is_floating_point:
            continue  # which the preflight refuses
        written = given.with_fields(train=(x, y.to(dtype)), validation=(x, y.to(dtype)))
        assert written.scores(outputs, y.to(dtype)) == pytest.approx(exact, rel=1e-6)
        assert not list(undefined_scores(written, y.to(dtype), shape[1:]))


@pytest.mark.parametrize("shape", [(60,), (60, 1), (60, 3), (60, 3, 4), (60, 2, 3, 4)])
def test_numbers_are_learned_standardised_and_scored_in_their_units(shape: tuple[int, ...]) -> None:
    y = 100 + 20 * torch.from_numpy(RNG.normal(size=shape))
    regression = task(
        "regression", y, metrics={"mae": lambda outputs, targets: float((outputs - targets).abs().mean())}
    )
    _, train = regression.train
    train = train.double()
    each = (0, *range(2, train.dim()))  # of numbers at each position, all positions alike
    standard = (train - train.mean(each, keepdim=True)) / train.std(each, correction=0, keepdim=True)
    learned = standard.reshape(len(train), -1) if train.dim() < 3 else standard
    assert float(regression.loss(learned, train)) == pytest.approx(0, abs=1e-9)
    found = regression.scores(regression.restored(learned), train)
    assert found["r2"] == pytest.approx(1)
    assert found["mae"] == pytest.approx(0, abs=1e-6)
    assert regression.scores(train.reshape(learned.shape), train)["mae"] == 0


def test_numbers_at_each_position_count_alike_in_r2_whatever_their_scale() -> None:
    y = torch.from_numpy(RNG.normal(size=(60, 2, 5)))
    found = task("regression", y, standardise=False).scores(torch.stack([y[:, 0], 0 * y[:, 1] + y[:, 1].mean(0)], 1), y)
    large = y * torch.tensor([1e3, 1.0])[:, None]
    outputs = torch.stack([large[:, 0], 0 * large[:, 1] + large[:, 1].mean(0)], 1)
    assert found["r2"] == pytest.approx(0.5)
    assert task("regression", large, standardise=False).scores(outputs, large)["r2"] == pytest.approx(0.5)


def test_a_loss_of_ones_own_is_trained_on() -> None:
    y = torch.from_numpy(RNG.normal(size=60))
    own = task("regression", y, loss=nn.HuberLoss(), standardise=False)
    assert float(own.loss(OUTPUTS[:, :1], y)) == pytest.approx(float(F.huber_loss(OUTPUTS[:, 0], y)))
    function = task("classification", CLASSES, loss=lambda outputs, targets: outputs.sum() * 0 + targets.sum())
    assert float(function.loss(OUTPUTS, CLASSES)) == int(CLASSES.sum())


def test_a_metric_that_changes_what_it_is_given_changes_nothing_else() -> None:
    def spoiling(outputs: torch.Tensor, targets: torch.Tensor) -> float:
        return float(outputs.zero_().sum() + targets.zero_().sum())

    def kept(outputs: torch.Tensor, targets: torch.Tensor) -> float:
        return float(outputs.abs().sum() + targets.sum())

    outputs, classes = OUTPUTS.clone(), CLASSES.clone()
    scores = task("classification", CLASSES, metrics={"spoiling": spoiling, "kept": kept}).scores(outputs, classes)
    assert scores["kept"] == kept(OUTPUTS, CLASSES)
    assert torch.equal(outputs, OUTPUTS)
    assert torch.equal(classes, CLASSES)


REFERENCES: dict[str, dict[str, Any]] = {
    "classification": {
        "f1": lambda o, t: reference.f1_score(t, o.argmax(1), average="macro"),
        "balanced_accuracy": lambda o, t: reference.balanced_accuracy_score(t, o.argmax(1)),
        "mcc": lambda o, t: reference.matthews_corrcoef(t, o.argmax(1)),
        "cohen_kappa": lambda o, t: reference.cohen_kappa_score(t, o.argmax(1)),
        "auroc": lambda o, t: reference.roc_auc_score(t, o.softmax(1), multi_class="ovr"),
    },
    "binary": {
        "balanced_accuracy": lambda o, t: reference.balanced_accuracy_score(t, o[:, 0] > 0),
        "precision": lambda o, t: reference.precision_score(t, o[:, 0] > 0),
        "recall": lambda o, t: reference.recall_score(t, o[:, 0] > 0),
        "auroc": lambda o, t: reference.roc_auc_score(t, o[:, 0]),
        "average_precision": lambda o, t: reference.average_precision_score(t, o[:, 0]),
    },
    "multilabel": {
        "balanced_accuracy": lambda o, t: np.mean(
            [reference.balanced_accuracy_score(t[:, i], o[:, i] > 0) for i in range(4)]
        ),
        "f1": lambda o, t: reference.f1_score(t, o > 0, average="macro"),
        "auroc": lambda o, t: reference.roc_auc_score(t, o.sigmoid(), average="macro"),
    },
    "regression": {
        "mae": lambda o, t: reference.mean_absolute_error(t, o),
        "rmse": lambda o, t: reference.root_mean_squared_error(t.flatten(), o.flatten()),
    },
}


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in REFERENCES.items() for name in names])
def test_metrics_by_name_are_those_of_scikit_learn(kind: str, name: str) -> None:
    y = {"classification": CLASSES, "binary": LABELS[:, 0], "multilabel": LABELS, "regression": OUTPUTS.flip(0)}[kind]
    outputs = OUTPUTS[:, :1] if kind == "binary" else OUTPUTS
    found = task(kind, y, metrics=[name]).scores(outputs, y)[name]
    assert found == pytest.approx(REFERENCES[kind][name](outputs, y), rel=1e-5)


@pytest.mark.parametrize("name", ["auroc", "average_precision"])
def test_a_ranking_is_scored_over_the_classes_that_can_be_ranked(name: str) -> None:
    one = torch.zeros(60, dtype=torch.long)
    assert np.isnan(task("binary", LABELS[:, 0], metrics=[name]).scores(OUTPUTS[:, :1], one)[name])
    assert np.isnan(task("classification", CLASSES, metrics=[name]).scores(OUTPUTS, one)[name])
    labelled = task("multilabel", LABELS, metrics=[name])
    three = task("multilabel", LABELS[:, :3], metrics=[name])
    without = LABELS.clone()
    without[:, 3] = 0  # a label of which there is no example
    assert labelled.scores(OUTPUTS, without)[name] == pytest.approx(three.scores(OUTPUTS[:, :3], LABELS[:, :3])[name])


def test_rare_labels_have_their_share_of_each_part() -> None:
    y = np.zeros((300, 3), dtype=int)
    y[:, 0] = np.arange(300) % 2
    y[:6, 2] = 1
    for seed in range(5):
        labelled = Task.from_arrays(np.zeros((300, 1, 4)), y, kind="multilabel", seed=seed)
        counts = [part[1].sum(0) for part in (labelled.train, labelled.validation, labelled.test) if part is not None]
        assert all(1 <= int(count[2]) <= 4 for count in counts)
        assert all(abs(int(count[0]) - wanted) <= 3 for count, wanted in zip(counts, (90, 30, 30), strict=True))


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 1e-9), (1e-6, 1e-8), (1e6, 0.5), (1.6e9, 1.0)])
def test_targets_of_every_size_and_spread_are_learned(mean: float, spread: float) -> None:
    y = np.stack([mean + spread * RNG.normal(size=60), RNG.normal(size=60)], 1)
    made = Task.from_arrays(X, y, kind="regression", metrics=["mae"], split=(1.0, 0.0, 0.0))
    wanted = made.train[1]
    assert made.preparation is not None
    learned = made.preparation.scaled(wanted).float()
    assert torch.allclose(learned.std(0, correction=0), torch.ones(2), atol=1e-3)
    found = made.scores(made.restored(learned), wanted)
    assert found["r2"] > 1 - 1e-6
    assert float(made.loss(learned, wanted)) < 1e-6


def test_a_task_shows_itself_in_a_line() -> None:
    assert repr(task("binary", LABELS[:, 0], classes=["no", "yes"])) == (
        "Task('task', binary, examples of train: 36, validation: 12, test: 12, classes no, yes)"
    )


def test_the_direction_is_part_of_a_metric() -> None:
    own = task("regression", RNG.normal(size=60), metrics={"mae": len, "mine": ("minimize", len), "other": len})
    assert own.directions == {"mae": False, "mine": False}
    assert own.without_test().directions == own.directions


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (
            lambda: Task(
                "a", "binary", (OUTPUTS, CLASSES), (OUTPUTS, CLASSES), criterion=len, class_weights="balanced"
            ),
            "a criterion has its own; give either",
        ),
        (lambda: task("classify", CLASSES), "there is no kind of task 'classify'; use classification, binary"),
        (
            lambda: as_targets(["a", "b"], "classification"),
            "by the names of the classes: classes=('a', 'b')",
        ),
        (lambda: as_targets(["a", "c"], "classification", ("a", "b")), "'c' is not among the classes a, b"),
        (lambda: as_targets([0, 0.5, 1], "classification"), "0.5 is not; for numbers use kind='regression'"),
        (lambda: as_targets([0, np.nan], "binary"), "nan is not"),
        (lambda: task("classification", CLASSES, metrics=["f2"]), "there is no metric 'f2' for a task of the kind"),
        (lambda: task("regression", CLASSES, metrics=["f1"]), "use mae, mape"),
        (lambda: task("classification", CLASSES, metrics={"a": 3}), "the metric a must be a function"),
        (lambda: task("classification", CLASSES, metrics=[len]), "needs a name: metrics={'name': function}"),
        (lambda: task("classification", CLASSES, metrics={"a": ("up", len)}), "write the metric a as ('maximize'"),
        (lambda: task("regression", CLASSES, class_weights="balanced"), "has no classes to weigh"),
        (lambda: task("classification", CLASSES, class_weights="even"), "or 'balanced'; not 'even'"),
        (lambda: task("classification", CLASSES, class_weights=[1, -1]), "one number above 0 for each class"),
        (lambda: task("classification", CLASSES, class_weights=[1, np.inf]), "one number above 0 for each class"),
        (lambda: task("classification", CLASSES, class_weights=["a"]), "one number above 0 for each class"),
        (lambda: task("classification", CLASSES, class_weights=[1.0]), "there are 1 class_weights for"),
        (lambda: task("classification", CLASSES - 1, class_weights="balanced"), "one label is -1; number them anew"),
        (lambda: task("binary", CLASSES > 0, class_weights=[1, 2, 3]), "two, of 0 and of 1, not 3"),
        (lambda: task("multilabel", LABELS, class_weights=[1.0] * 9), "there are 9 class_weights for"),
        (
            lambda: task("classification", CLASSES, class_weights="balanced", loss=nn.CrossEntropyLoss()),
            "a loss= has its own; give either",
        ),
    ],
)
def test_what_is_no_task_is_one_sentence(make: Any, wanted: str) -> None:
    with pytest.raises(ValueError) as told:
        make()
    assert wanted in str(told.value)
    assert "\n" not in str(told.value)


def test_r2_counts_each_target_alike_whatever_its_scale() -> None:
    y = torch.stack([1e-3 * OUTPUTS[:, 0], 1e6 * OUTPUTS[:, 1]], 1)
    guess = torch.stack([torch.zeros(60).double(), y[:, 1]], 1)
    found = task("regression", y).scores(guess, y)["r2"]
    assert found == pytest.approx(reference.r2_score(y.numpy(), guess.numpy()))
    assert found < 0.6


@pytest.mark.parametrize(
    ("metrics", "wanted"),
    [("f1", r"metrics=\['f1'\]"), ({"accuracy": lambda o, t: 0.0}, "has a score accuracy already")],
)
def test_metrics_that_would_be_misread_are_one_sentence(metrics: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        task("classification", CLASSES, metrics=metrics)
