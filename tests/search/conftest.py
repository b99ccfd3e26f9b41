"""Whatever trains, starts processes or takes seconds is thorough; what is of the search is begun first."""

from pathlib import Path

import pytest

from search import machine

HERE = Path(__file__).parent
THOROUGH = (
    "backends",
    "cli",
    "report",
    "training",
    "test_result.py",
    "test_search_target.py",
    "test_planted_faults.py",
)
THOROUGH += ("record/test_old_run.py", "tasks/synthetic/test_oscillations.py")


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine made fail is tried again at once."""
    monkeypatch.setattr(machine, "WAITS", (0.0, 0.0, 0.0))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder: a new file in one of them need not think of it. Files that take minutes must not come last."""
    for item in items:
        if any(item.path.is_relative_to(HERE / name) for name in THOROUGH):
            item.add_marker(pytest.mark.thorough)
    items.sort(key=lambda item: not item.path.is_relative_to(HERE))
