"""The page about your own data: its blocks of code are run on data of the kind that it is about."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PAGE = (Path(__file__).parents[1] / "docs" / "your_data.md").read_text()
# Those whose searches are most like others'.
SLOW = ("labels", "holes", "series", "datasets", "arrays")
BLOCKS = dict(re.findall(r"<!-- run: (\w+) -->\n```python\n(.*?)```", PAGE, re.DOTALL))


def write_data(home: Path) -> None:
    rng = np.random.default_rng(0)
    for number, name in enumerate(("bright", "dark")):
        (home / "photos" / name).mkdir(parents=True)
        for i in range(20):
            pixels = rng.integers(0, 80, (20, 20, 3)) + 160 * (1 - number)
            Image.fromarray(pixels.astype(np.uint8)).save(home / "photos" / name / f"{i}.png")
    Image.fromarray(np.full((30, 20, 3), 220, dtype=np.uint8)).save(home / "new.png")
    lines = [f"{r},{r % 10},{t / 10},{np.sin(r + t / 10)},{r / 10}" for r in range(40) for t in range(20)]
    (home / "machines.csv").write_text("\n".join(["run,machine,seconds,force,wear", *lines]) + "\n")
    (home / "new.csv").write_text("\n".join(["seconds,force", *(f"{t / 10},{np.sin(t / 10)}" for t in range(20))]))
    (home / "cells").mkdir()
    counts = [(f"cells/{i}.png", i % 4) for i in range(24)]
    for file, count in counts:
        Image.fromarray(rng.integers(0, 9000, (12, 12)).astype(np.uint16) + 9000 * count).save(home / file)
    (home / "counts.csv").write_text("\n".join(["file,count", *(f"{file},{count}" for file, count in counts)]) + "\n")
    np.save(home / "x.npy", rng.normal(size=(90, 1, 32)).astype(np.float32))
    np.save(home / "y.npy", (rng.random((90, 3)) < 0.3).astype(int))


def test_every_block_is_run() -> None:
    assert len(BLOCKS) == PAGE.count("```python") == 6


@pytest.mark.thorough
@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in BLOCKS])
def test_a_block_runs_as_it_stands(name: str, tmp_path: Path) -> None:
    write_data(tmp_path)
    # The same text, with less to train.
    short = re.sub(r"epochs=\d+", "epochs=1", re.sub(r"trials=\d+", "trials=2", BLOCKS[name]))
    short = re.sub(r"flops <= \w+", "flops <= 300k", short)
    (tmp_path / "story.py").write_text(short)
    done = subprocess.run(
        [sys.executable, "story.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    wanted = {"images": "'bright'", "series": "r2", "labels": "'hum'", "datasets": "far_off", "holes": "learning_rate"}
    wanted["arrays"] = "file  count    answer"
    assert wanted[name] in done.stdout
