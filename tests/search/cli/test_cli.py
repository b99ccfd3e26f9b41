"""The command line: one sentence for a mistake, exit codes for scripts, the whole path from a new file to an export."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from search import Result
from search.cli.main import main
from search.cli.starter import FILE, TEXT
from spaces import images

GOOD = """
input: {kind: image, size: [12, 12]}
body:
  - {kind: lift, group: C4, channels: 4, kernel_size: 3}
  - {kind: pool}
  - {kind: group_pool}
head: {kind: classifier, classes: 3}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(GOOD)
    return path


def test_check_says_that_it_fits(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(spec)]) == 0
    assert "fits together (4 nodes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[12, 12]",
            "[11, 11]",
            "body[1].stride (pool): stride 2 over 2 taps samples an axis of 11 off its centre, which breaks C4",
        ),
        ("kernel_size: 3", "kernel_size: 4", "body[0].kernel_size (lift): 4×4 taps have no centre"),
        ("channels: 4", "chanels: 4", "body[0]"),
        ("C4", "C4x", "body[0].group: unknown group 'C4x'"),
        ("kind: pool", "kind: pooling", "body[1]: unknown kind 'pooling'"),
        ("  - {kind: group_pool}\n", "", "head (classifier): the head needs a plain signal, and this one is on C4"),
        ("head:", "heads:", "heads: there is no such field; did you mean head?"),
        ("kind: image", "kind: !!python/object/apply:os.getcwd []", "the tag"),
        ("body:", "body: [", "not YAML: line"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(
    spec: Path, old: str, new: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(GOOD.replace(old, new))
    assert main(["check", str(spec)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"archsearch: {spec}: ")
    assert message in error
    assert error.count("\n") == 1


def test_warnings_fail_only_when_strict(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(GOOD.replace("C4", "C8").replace("kernel_size: 3", "kernel_size: 5, window: {kind: disc}"))
    assert main(["check", str(spec)]) == 0
    assert "warning: body[0] (lift): turns of C8" in capsys.readouterr().out
    assert main(["check", str(spec), "--strict"]) == 1


def test_check_counts_a_space(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "space.json"
    path.write_text(images(1, (12, 12), 4).to_json())
    assert main(["check", str(path)]) == 0
    assert "a space of" in capsys.readouterr().out
    path.write_text(path.read_text().replace('"low": 1', '"low": -1', 1))
    assert main(["check", str(path)]) == 1
    assert "does not fit" in capsys.readouterr().err


def test_architectures_and_spaces_are_drawn(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", str(spec)]) == 0
    assert "FLOPs" in (drawn := capsys.readouterr().out)
    assert main(["draw", str(spec), "--target", "onnx"]) == 0
    assert capsys.readouterr().out == drawn  # a small kernel, which is summed there too
    path = tmp_path / "space.json"
    path.write_text(images(1, (12, 12), 4).to_json())
    assert main(["draw", str(path)]) == 0
    assert "repeat times=<stage1_depth: 1 … 3>" in capsys.readouterr().out


def test_cost_for_people_and_for_scripts(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", str(spec)]) == 0
    assert "body[0]" in capsys.readouterr().out
    assert main(["cost", str(spec), "--json"]) == 0
    cost = json.loads(capsys.readouterr().out)
    assert cost["macs"] == 144 * 16 * 9 + 4 * 3
    assert cost["flops"] == 2 * cost["macs"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "missing.yaml"], "No such file"),
        (["status", "missing"], "missing is not the directory of a run"),
        (["front", "missing"], "missing is not the directory of a run"),
        (["export", "missing"], "missing is not the directory of a run"),
        (["search", "missing.py"], "there is no such file"),
    ],
)
def test_what_is_not_there_is_said(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nsearch = undefined\n", "line 2: NameError"),
        (
            "from archspec import Conv\nConv(channels=0)\n",
            "line 2: FieldError: Conv, channels: expected a number",
        ),
        ("import nothing_of_this_name\n", "line 1: ModuleNotFoundError"),
        ("x = (\n", "line 1: SyntaxError"),
        ("x = 1\n", "there is no variable called search"),
    ],
)
def test_a_mistake_in_a_search_file_is_one_line(
    tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"broken_{abs(hash(text))}.py"
    path.write_text(text)
    assert main(["search", str(path)]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_file_named_like_a_module_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "search.py"
    path.write_text("")
    assert main(["search", str(path)]) == 1
    assert "rename the file" in capsys.readouterr().err


def archsearch(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "search.cli.main", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        timeout=300,
    )


def test_from_a_new_file_to_an_exported_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "."]) == 0
    assert (tmp_path / FILE).read_text() == TEXT
    assert main(["new", "."]) == 1
    # Less to train; the rest as written.
    (tmp_path / FILE).write_text(TEXT.replace("epochs=10", "epochs=1").replace("params <= 20k", "flops <= 600k"))
    first = archsearch("search", FILE, "--trials", "2", "--workers", "2", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "2/2" in first.stdout
    assert "\x1b" not in first.stdout
    again = archsearch("search", FILE, "--trials", "3", "--workers", "2", cwd=tmp_path)
    assert "resuming a run: 2 of 3" in again.stdout
    assert "3 scored" in archsearch("status", "runs/my_search", cwd=tmp_path).stdout
    capsys.readouterr()
    assert main(["front", "runs/my_search", "--json", "--plot", "front.png"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["flops"] <= 600_000
    assert (tmp_path / "front.png").exists()
    assert main(["export", "runs/my_search", "--trial", str(rows[0]["trial"]), "--to", "out"]) == 0
    assert (tmp_path / "out" / "model.onnx").exists()
    assert main(["export", "runs/my_search", "--trial", "999"]) == 1
    assert "there is no trial 999" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "said"), [("stopped", "it has paused after 2 of its epochs"), ("scored", "")])
def test_an_export_of_a_paused_trial_says_so(
    state: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = SimpleNamespace(number=7, state=state, fidelity=2, export=lambda *asked: Path("out"))
    monkeypatch.setattr(Result, "open", lambda directory: SimpleNamespace(trial=lambda number: trial))
    assert main(["export", "run", "--trial", "7"]) == 0
    told = capsys.readouterr().out
    assert "trial 7 written to out" in told
    assert ("paused" in told) == bool(said)
    assert said in told


def test_on_a_terminal_there_is_a_bar(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(TEXT.replace("epochs=10", "epochs=1").replace("params <= 20k", "flops <= 600k"))
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "search.cli.main", "search", FILE, "--trials", "1", "--workers", "1"],
        cwd=tmp_path,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "TERM": "xterm-256color", "COLUMNS": "120"},
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(master)
    assert process.wait() == 0
    assert "training" in seen.decode(errors="replace")
    assert "━" in seen.decode(errors="replace")


SEARCH = """
import numpy as np
from search import Search, Task
from spaces import images

task = Task.from_arrays(np.random.default_rng(0).normal(size=(40, 1, 8, 8)), np.arange(40) % 4)
search = Search(images(1, SIZE, 4, groups=("C1",)), task, epochs=1, trials=3)
"""


def test_check_runs_the_preflight_of_a_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "fits.py").write_text(SEARCH.replace("SIZE", "(8, 8)"))
    assert main(["check", str(tmp_path / "fits.py")]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "ready to search" in first
    assert "an epoch of the dearest candidate" in second
    (tmp_path / "small.py").write_text(SEARCH.replace("SIZE", "(6, 6)"))
    assert main(["check", str(tmp_path / "small.py")]) == 1
    assert "inputs are 1×8×8 (channels × grid), and the space is for 1×6×6" in capsys.readouterr().out


def test_a_space_in_which_nothing_fits_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(GOOD.replace("[12, 12]", "[11, 11]").replace("C4", "{hole: choice, options: [C4, D4]}"))
    assert main(["check", str(path)]) == 1
    told = capsys.readouterr().out
    assert "0 of 2 fit together" in told
    assert "does not fit: body[1].stride (pool): stride 2 over 2 taps samples" in told
    assert "(1 of 2)" in told


@pytest.mark.parametrize("kind", ["classification", "binary", "multilabel", "regression", "dense"])
def test_a_new_search_of_each_kind_passes_its_check(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_search", raising=False)
    assert main(["new", str(tmp_path), "--kind", kind]) == 0
    text = (tmp_path / FILE).read_text()
    assert ("Images are seen" in text, "Series are seen" in text) == ("images.for" in text, "sequences.for" in text)
    assert main(["check", str(tmp_path / FILE)]) == 0
    assert "ready to search" in capsys.readouterr().out
    monkeypatch.delitem(sys.modules, "my_search")


@pytest.mark.parametrize("what", ["large photographs", "recordings"])
def test_a_new_search_of_files_can_be_met_by_architectures(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_search", raising=False)
    rng = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / "files" / name).mkdir(parents=True)
        for i in range(6):
            if what == "recordings":
                sound = rng.integers(-9000, 9000, 16_000).astype(np.int16)
                wavfile.write(tmp_path / "files" / name / f"{i}.wav", 16_000, sound)
            else:
                pixels = rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "files" / name / f"{i}.png")
    assert main(["new", str(tmp_path), "--data", str(tmp_path / "files")]) == 0
    assert ("rate=8000, seconds=1" if what == "recordings" else "size=64") in (tmp_path / FILE).read_text()
    assert main(["check", str(tmp_path / FILE)]) == 0
    told = capsys.readouterr().out
    assert "ready to search" in told
    assert "note:" not in told
    monkeypatch.delitem(sys.modules, "my_search")
    assert main(["new", str(tmp_path / "b"), "--data", str(tmp_path / "files"), "--kind", "regression"]) == 1
    assert "is a classification; leave --kind out" in capsys.readouterr().err


NO_NUMBERS = [
    ("--workers", "0"),
    ("--trials", "1.5"),
    ("--trials", "x"),
    ("--hours", "x"),
    ("--hours", "0"),
    ("--hours", "nan"),
]


@pytest.mark.parametrize(("option", "text"), NO_NUMBERS)
def test_what_is_no_number_is_refused_in_words(option: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["search", "my_search.py", option, text])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert f"argument {option}: must be a " in error
    assert f"not {text}" in error
    assert "invalid" not in error  # argparse's own words, with the name of a function of ours


def test_a_directory_without_a_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["search", "my_search.py", "--directory", ""])
    assert ended.value.code == 2
    assert "must be named" in capsys.readouterr().err


def test_a_new_search_of_ones_own_data_passes_its_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_search", raising=False)
    rows = "\n".join(f"{i % 7},{i % 5},{i % 3},{'ab'[i % 2]}" for i in range(40))
    (tmp_path / "table.csv").write_text(f"t0,t1,t2,what\n{rows}\n")
    assert main(["new", str(tmp_path / "own"), "--data", str(tmp_path / "table.csv")]) == 0
    assert main(["check", str(tmp_path / "own" / FILE)]) == 0
    assert "ready to search" in capsys.readouterr().out
    monkeypatch.delitem(sys.modules, "my_search")
    assert main(["new", str(tmp_path / "none"), "--data", str(tmp_path / "nothing.txt")]) == 1
    assert "is neither a folder of files by class nor a CSV file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("archsearch 0.")
