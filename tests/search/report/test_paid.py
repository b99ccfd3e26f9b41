"""Which symmetry paid at which budget, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.report.report import report
from tests.search.made_up import told

# On C1, C4, C1, C4, C1: budgets are 2, 4, 8, 16, 32 and 64 thousand FLOPs.
TRIALS = [
    ({"accuracy": 0.5, "loss": 0.9}, 1_000),
    ({"accuracy": 0.7, "loss": 0.8}, 3_000),
    ({"accuracy": 0.8, "loss": 0.7}, 10_000),
    ({"accuracy": 0.75, "loss": 0.2}, 64_000),
    ({"accuracy": 0.4, "loss": 0.95}, 2_000),
]
ACCURACIES = """
| 2k | **0.5000** |  | C1 |
| 4k | 0.5000 | **0.7000** | C4 |
| 8k | 0.5000 | **0.7000** | C4 |
| 16k | **0.8000** | 0.7000 | C1 |
| 32k | **0.8000** | 0.7000 | C1 |
| 64k | **0.8000** | 0.7500 | C1 |
"""
LOSSES = """
| 2k | **0.9000** |  | C1 |
| 4k | 0.9000 | **0.8000** | C4 |
| 8k | 0.9000 | **0.8000** | C4 |
| 16k | **0.7000** | 0.8000 | C1 |
| 32k | **0.7000** | 0.8000 | C1 |
| 64k | 0.7000 | **0.2000** | C4 |
"""


@pytest.mark.parametrize(("objective", "rows"), [("maximize accuracy", ACCURACIES), ("minimize loss", LOSSES)])
def test_the_best_within_each_budget_pays(objective: str, rows: str, tmp_path: Path) -> None:
    text = report(told(tmp_path, TRIALS, [objective, "minimize flops"], groups=("C1", "C4")))
    assert rows in text
