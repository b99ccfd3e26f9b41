"""A trained network answers for raw examples as its task asks: from the run, and from the export alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import search
from search import Predictor, Result, Search, Task
from spaces import images, sequences


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pets")
    rng = np.random.default_rng(0)
    for number, name in enumerate(("dark", "light")):
        (home / name).mkdir()
        for i in range(24):
            pixels = rng.integers(0, 60, (8, 8, 3)) + 180 * number
            Image.fromarray(pixels.astype(np.uint8)).save(home / name / f"{i}.png")
    return home


@pytest.mark.thorough
def test_a_folder_of_images_becomes_a_predictor_of_files(pets: Path, tmp_path: Path) -> None:
    task = Task.from_folder(pets, size=8)
    space = images.for_task(task, groups=("C1",))
    result = Search(space, task, constraints=["flops <= 2M"], trials=2, epochs=6).run(tmp_path / "run", workers=1)
    Image.fromarray(np.full((20, 20), 230, dtype=np.uint8)).save(tmp_path / "new.png")
    answer = result.predictor("accuracy").predict(tmp_path / "new.png")
    assert next(iter(answer)) == "light"
    assert sum(answer.values()) == pytest.approx(1)
    # Without the task, as the command line exports it, and from the export alone.
    again = Result.open(tmp_path / "run").best("accuracy")
    again.export(tmp_path / "best")
    exported = Predictor.open(tmp_path / "best").predict_all([tmp_path / "new.png", pets / "dark" / "3.png"])
    assert exported[0] == pytest.approx(answer)
    assert next(iter(exported[1])) == "dark"
    with pytest.raises(ValueError, match="cannot be read as an image"):
        Predictor.open(tmp_path / "best").predict(tmp_path / "run" / "record.jsonl")


@pytest.mark.thorough
def test_numbers_are_predicted_in_their_units(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    level = rng.uniform(100, 200, 80)
    table = pd.DataFrame(level[:, None] + rng.normal(size=(80, 12)), columns=[f"t{i}" for i in range(12)])
    table.assign(level=level).to_csv(tmp_path / "levels.csv", index=False)
    task = Task.from_csv(tmp_path / "levels.csv", "level", kind="regression", metrics=["mae"])
    space = sequences.for_task(task, groups=("C1",))
    training = search.Training(epochs=40, batch_size=16)
    found = Search(space, task, constraints=["flops <= 300k"], trials=2, training=training).run(
        tmp_path / "run", workers=1
    )
    best = found.best("mae")
    assert best.scores["mae"] == min(trial.scores["mae"] for trial in found.trials if trial.state == "scored") < 25
    for value in (110.0, 190.0):
        assert abs(best.predictor().predict(np.full((1, 12), value)) - value) < 30


def test_every_public_name_is_listed_for_completion() -> None:
    assert set(dir(search)) == set(search.__all__)
    assert {"Search", "Task", "digits", "Predictor"} <= set(dir(search))
