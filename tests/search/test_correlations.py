"""What a run tells of its proxies: τ with its score, intervals, and which are worth more than costs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kendalltau

from archspec import Cost
from search import Result, Scored, Training
from search.correlations import correlations, kendall
from search.outcome import Outcome, Stopped, from_record
from search.report.report import report
from search.training.proxies import proxies_of
from search.warm import _outcome
from tests.search.made_up import told
from tests.search.tiny import bars, small_search

COUNT = 40
RANKS = list(range(COUNT))
NOISE = np.random.default_rng(0).permutation(COUNT).tolist()
# What tells nothing of the first ten, and all of the others.
WEAK = [4, 8, 0, 7, 1, 3, 6, 2, 5, 4, *range(10, COUNT)]
NINE, TEN = ([*map(float, range(n)), *[math.nan] * (COUNT - n)] for n in (9, 10))


def test_tau_is_that_of_scipy_ties_and_all() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, (2, 30)).astype(float)
    counts = rng.integers(0, 3, (4, 30)).astype(float)
    wanted = [kendalltau(np.repeat(x, n), np.repeat(y, n)).statistic for n in counts.astype(int)]
    assert kendall(x, y, counts) == pytest.approx(wanted, abs=1e-6)
    assert np.isnan(kendall(x, np.ones(30), counts)).all()


def test_the_interval_holds_tau_and_is_the_same_again() -> None:
    rng = np.random.default_rng(1)
    mixed = [rank + 15 * rng.normal() for rank in RANKS]
    found = [correlations({"params": NOISE, "flops": NOISE, "zen": mixed}, RANKS, "accuracy") for _ in range(2)]
    assert found[0] == found[1]
    row = found[0].rows[-1]
    assert row.tau == pytest.approx(kendalltau(mixed, RANKS).statistic)
    # A standard error by theory, without ties: √(2(2n + 5) / 9n(n - 1)) = 0.11 where τ is 0, and less here.
    assert -1 < row.low < row.tau < row.high < 1
    assert 0.1 < row.high - row.low < 0.45


@pytest.mark.parametrize(
    ("params", "flops", "proxy", "better"),
    [
        (NOISE, NOISE, RANKS, True),
        (NOISE, NOISE, RANKS[::-1], True),  # the opposite tells as much
        (NOISE, RANKS, RANKS, False),
        (RANKS, NOISE, RANKS, False),
        (RANKS[::-1], NOISE, RANKS, False),
        (NOISE, NOISE, NOISE[::-1], False),
        (NOISE, NOISE, [1] * COUNT, False),
        (WEAK, WEAK, NINE, False),  # too few
        (WEAK, WEAK, TEN, True),
    ],
)
def test_a_proxy_is_better_that_beats_both_parameters_and_flops(
    params: list[int], flops: list[int], proxy: list[float], better: bool
) -> None:
    found = correlations({"params": params, "flops": flops, "zen": proxy}, RANKS, "accuracy")
    assert [row.better for row in found.rows] == [False, False, better]
    assert found.told.endswith("FLOPs: zen." if better else "FLOPs: no proxy, as far as this shows.")


def test_of_very_many_trials_some_are_taken_and_of_none_nothing_is_known() -> None:
    many = list(range(1_500))
    costs = {"params": many, "flops": many}
    assert {row.count for row in correlations(costs | {"zen": many}, many, "accuracy").rows} == {1_000}
    assert math.isnan(correlations({"params": [], "flops": []}, [], "accuracy").rows[0].tau)


def run(directory: Path, objective: str = "maximize accuracy", proxies: bool = True) -> Result:
    """Costs that tell nothing, a proxy that tells all of the score, one that there is not, and a trial that paused."""
    outcomes: list[tuple[Outcome, int]] = []
    for rank, flops in zip(RANKS, NOISE, strict=True):
        known = {"zen": float(rank), "synflow": math.nan} if proxies else {}
        outcomes.append((Scored({"accuracy": rank / COUNT}, proxies=known), 2 * flops + 2))
    outcomes.append((Stopped({"accuracy": 0.99}, proxies={"zen": -1.0}), 4))
    return told(directory, outcomes, [objective, "minimize flops"])


@pytest.mark.parametrize(("objective", "tau"), [("maximize accuracy", 1), ("minimize accuracy", -1)])
def test_a_run_has_the_correlations_of_its_scored_trials(objective: str, tau: float, tmp_path: Path) -> None:
    found = run(tmp_path, objective).correlations
    assert found is not None
    rows = {row.name: row for row in found.rows}
    assert list(rows) == ["params", "flops", "zen", "synflow"]
    assert (rows["zen"].tau, rows["zen"].count) == (tau, COUNT)
    assert rows["flops"].tau == pytest.approx(tau * kendalltau(NOISE, RANKS).statistic, abs=1e-6)
    assert rows["synflow"].count == 0
    assert [name for name in rows if rows[name].better] == ["zen"]


def test_proxies_are_columns_of_the_frame_and_a_part_of_the_report(tmp_path: Path) -> None:
    result = run(tmp_path)
    frame = result.to_frame()
    assert {"zen", "synflow"} <= {*frame.columns}
    assert frame["zen"].tolist() == [*map(float, RANKS), -1]
    assert frame["synflow"].isna().all()
    text = report(result)
    assert "## Zero-cost proxies" in text
    assert "| zen | 1.00 | 1.00 to 1.00 | 40 |" in text
    assert "Better than both parameters and FLOPs: zen." in text
    assert str(result.correlations).endswith("Better than both parameters and FLOPs: zen.")


def test_a_run_without_proxies_says_nothing_of_them(tmp_path: Path) -> None:
    result = run(tmp_path, proxies=False)
    assert result.correlations is None
    assert "proxies" not in report(result)


def test_a_record_without_proxies_is_read_and_a_warm_start_keeps_them(tmp_path: Path) -> None:
    run(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text().splitlines()]
    (first, *_) = (line["outcome"] for line in lines if line.get("event") == "finished")
    assert first["proxies"] == {"zen": 0.0, "synflow": None}
    del first["proxies"]
    assert from_record(first) == Scored({"accuracy": 0.0})
    trial = Result.open(tmp_path).trial(3)
    assert str(trial.proxies["synflow"]) == "nan"
    assert _outcome(trial).proxies.get("zen") == 3
    (by_zen, *_) = run(tmp_path / "by zen", "maximize zen").objectives
    with pytest.raises(KeyError, match="there is no score 'zen'; the scores of the task are accuracy"):
        by_zen.value(Cost(), trial.scores)


@pytest.mark.slow
def test_a_search_records_them_in_its_workers_and_goes_on_as_one_that_was_not_interrupted(tmp_path: Path) -> None:
    training = Training(epochs=1, batch_size=32, proxies=True)
    whole = small_search(trials=4, training=training).run(tmp_path / "whole", workers=1)
    small_search(trials=2, training=training).run(tmp_path / "half", workers=1)
    found = small_search(trials=4, training=training).run(tmp_path / "half", workers=1)
    for trial, again in zip(whole.trials, found.trials, strict=True):
        assert trial.proxies == again.proxies
        if trial.state == "scored":
            assert trial.architecture is not None
            assert trial.proxies == proxies_of(trial.architecture, bars(), trial.seed)
    assert found.correlations is not None
