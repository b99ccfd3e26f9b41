"""Results: the front is what no other trial beats, and the exported network is the one that was measured."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import archspec
from search.errors import RunError
from search.report.plot import draw_front
from search.result import Result, accuracy_per_flop
from search.training.evaluation import evaluate
from tests.search.tiny import bars, small_search


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return small_search(trials=8).run(tmp_path_factory.mktemp("result") / "run", workers=2)


def test_the_front_is_what_no_other_trial_beats(result: Result) -> None:
    def beats(a, b) -> bool:
        values = [(t.scores["accuracy"], -t.cost.flops) for t in (a, b)]
        return values[0] != values[1] and all(x >= y for x, y in zip(*values, strict=True))

    scored = [t for t in result.trials if t.state == "scored"]
    front = set(result.front)
    assert len(front) >= 1
    for trial in scored:
        beaten = any(beats(other, trial) for other in scored)
        assert not (beaten and trial in front)
        values = {(t.scores["accuracy"], t.cost.flops) for t in front if t.cost}
        assert beaten or (trial.scores["accuracy"], trial.cost.flops if trial.cost else 0) in values
    costs = [t.cost.flops for t in result.front if t.cost]
    assert costs == sorted(costs)


def test_the_hypervolume_grows_with_the_front(result: Result) -> None:
    volume = result.front.hypervolume()
    assert 0 < volume < 1
    assert type(result.front)(result.front.trials[:1], result.front.objectives).hypervolume() <= volume


def test_best_is_best_by_what_is_asked(result: Result) -> None:
    scored = [t for t in result.trials if t.state == "scored"]
    assert result.best("accuracy").scores["accuracy"] == max(t.scores["accuracy"] for t in scored)
    assert result.best("flops").cost == min((t.cost for t in scored if t.cost), key=lambda cost: cost.flops)
    assert result.best().number == max(scored, key=accuracy_per_flop).number
    with pytest.raises(RunError, match="there is no score 'beauty'"):
        result.best("beauty")


def test_a_run_opened_later_tells_the_same(result: Result) -> None:
    again = Result.open(result.directory.path, bars())
    assert str(again.front) == str(result.front)
    assert again.best().test() == result.best().test()
    with pytest.raises(RunError, match="no test data"):
        Result.open(result.directory.path).best().test()


def test_what_is_exported_gives_the_same_test_score_in_a_new_process(result: Result, tmp_path: Path) -> None:
    best = result.best()
    directory = best.export(tmp_path / "best")
    code = (
        "import sys, archspec; from search.training.evaluation import evaluate; from tests.search.tiny import bars; "
        "task = bars(); "
        "print(repr(evaluate(archspec.load(sys.argv[1]), task, task.test)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(directory)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == repr(best.test())
    scores = json.loads((directory / "scores.json").read_text())
    assert scores["test accuracy"] == best.test()["accuracy"]


def test_a_result_exports_the_best_trial_by_what_is_asked(result: Result, tmp_path: Path) -> None:
    hashes = {by: result.best(by).hash for by in ("accuracy", "flops")}
    assert len(set(hashes.values())) == 2, "or any trial would do"
    for by, hash in hashes.items():
        directory = result.export(tmp_path / by, by, formats=["source"])
        assert archspec.load(directory).architecture.hash == hash
    directory = result.export(tmp_path / "flops", overwrite=True, formats=["source"])
    assert archspec.load(directory).architecture.hash == result.best().hash


def test_the_exported_onnx_model_answers_like_the_network(result: Result, tmp_path: Path) -> None:
    best = result.best("accuracy")
    directory = best.export(tmp_path / "best")
    assert {p.name for p in directory.iterdir()} == {
        "README.md",
        "architecture.json",
        "export.json",
        "model.onnx",
        "preparation.json",
        "scores.json",
        "weights.safetensors",
    }
    session = onnxruntime.InferenceSession(directory / "model.onnx", providers=["CPUExecutionProvider"])
    for batch in (1, 7):
        x = torch.randn(batch, 1, 6, 6)
        with torch.no_grad():
            wanted = archspec.load(directory)(x).numpy()
        np.testing.assert_allclose(session.run(None, {"x": x.numpy()})[0], wanted, rtol=1e-4, atol=1e-5)


def test_a_spoiled_export_says_what_is_wrong(result: Result, tmp_path: Path) -> None:
    with pytest.raises(archspec.SpecError, match="not an exported network"):
        archspec.load(tmp_path)
    trial = result.best("accuracy")
    archspec.export(trial.model(), tmp_path)
    spec = json.loads((tmp_path / "architecture.json").read_text())
    spec["head"]["classes"] = 5
    (tmp_path / "architecture.json").write_text(json.dumps(spec))
    with pytest.raises(archspec.SpecError, match="not what was exported"):
        archspec.load(tmp_path)


def test_the_front_is_drawn(result: Result, tmp_path: Path) -> None:
    assert draw_front(result, tmp_path / "pictures" / "front.png").read_bytes()[:4] == b"\x89PNG"


def test_no_run_no_result(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not the directory of a run"):
        Result.open(tmp_path)


@pytest.mark.thorough
def test_a_trial_is_trained_again_from_new_seeds_as_the_search_trained_it(result: Result) -> None:
    again = result.best("accuracy").retrain(seeds=(3, 4, 5), epochs=1)
    assert again.seeds == (3, 4, 5)
    values = [scores["accuracy"] for scores in again.scores]
    low, high = again.interval("accuracy")
    assert again.mean("accuracy") == pytest.approx(sum(values) / 3)
    assert low <= again.mean("accuracy") <= high
    # Student's t of two degrees of freedom: 4.303 standard errors either way.
    assert (high - low) / 2 == pytest.approx(4.302653 * np.std(values, ddof=1) / 3**0.5)
    assert "accuracy: " in str(again)
    assert result.task is not None
    assert evaluate(again.models[1], result.task, result.task.test or ()) == again.scores[1]
    with pytest.raises(RunError, match="open the run with its task"):
        Result.open(result.directory.path).best("accuracy").retrain()
