"""The notebook is executed: functions of its cells travel to the workers, and it ends with a prediction."""

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "your_data.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_runs_from_data_to_a_prediction(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = ["".join(str(output) for output in cell.get("outputs", ())) for cell in notebook.cells]
    assert "accuracy" in shown[3]
    assert "unsure" in shown[4]
    assert "low" in shown[5]
