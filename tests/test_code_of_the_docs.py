"""The code on the pages of the documentation runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

import archspec
import search
from archspec import Architecture, Classifier, Conv, Gaussian, Image, Siren, lower
from spaces import Space, integer
from tests.search.masks.spaces import tiny_space
from tests.search.tiny import bars

ROOT = Path(__file__).parents[1]
PAGES = ["continuous", "devices", "inheritance", "learned_sizes", "spaces", "symmetry"]


def blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / f"{page}.md").read_text(), re.DOTALL | re.MULTILINE)


def spoken_of(page: str) -> dict[str, Any]:
    """What the pages speak of without making it."""
    conv = Conv(channels=integer("width", 2, 4), kernel_size=5, kernel=Siren(bandwidth=0.5), window=Gaussian())
    digits = Space(Architecture(input=Image(channels=1, size=(8, 8)), body=[conv], head=Classifier(classes=10)))
    of_digits = digits.default
    space, task = (digits, search.digits()) if page == "devices" else (tiny_space(), bars())
    names = {name: getattr(package, name) for package in (archspec, search) for name in package.__all__}
    known = {"archspec": archspec, "torch": torch, "space": space, "task": task, "architecture": of_digits}
    return names | known | {"model": lower(of_digits).eval(), "batches": [torch.zeros(2, 1, 8, 8)]}


def run(code: str, names: dict[str, Any]) -> None:
    exec(compile(code, "a page", "exec"), names)


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page: str) -> None:
    names = spoken_of(page)
    found = blocks(page)
    assert found
    for code in found:
        run(code, names)


def test_code_that_does_not_run_is_noticed() -> None:
    with pytest.raises(NameError):
        run("networks", spoken_of("symmetry"))


def test_every_page_with_code_is_run() -> None:
    with_code = {path.stem for path in (ROOT / "docs").glob("*.md") if blocks(path.stem)}
    assert with_code == {*PAGES, "runs", "your_data"}
