"""What the documentation says is what the code does."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    GroupPool,
    Image,
    Kernel,
    Lift,
    Norm,
    Pool,
    Series,
    Siren,
    SpecError,
    Table,
    price,
)
from archspec.graph.block import BLOCKS, HEADS
from archspec.inputs import INPUTS
from archspec.kernels.kernel import KERNELS
from archspec.kernels.windows import WINDOWS
from archspec.reference import SCHEMA, TABLES, blocks_text, schema_text
from search.cli.main import main
from spaces import Space

ROOT = Path(__file__).parents[1]


def test_the_published_schema_and_the_list_of_blocks_are_current() -> None:
    """After a change: make schema."""
    assert (ROOT / "docs" / SCHEMA).read_text() == schema_text()
    assert (ROOT / "docs" / TABLES).read_text() == blocks_text()
    assert json.loads(schema_text())["title"] == "Architecture"


def words_left_out(page: str) -> list[str]:
    """Words that a field of some kind can be, and that the section of its kind does not say."""
    sections = {part.split(" ", 1)[0]: part for part in page.split("\n### ")[1:]}
    families = (INPUTS, BLOCKS, KERNELS, WINDOWS, HEADS)
    fields = [
        (model.__name__, word)
        for family in families
        for model in family.values()
        for name, info in model.model_fields.items()
        if name != "kind" and get_origin(info.annotation) is Literal
        for word in get_args(info.annotation)
    ]
    assert len(fields) > 50
    return [f"{kind}: {word}" for kind, word in fields if f"`{word!r}`" not in sections[kind]]


def test_the_list_of_blocks_says_every_word_that_a_field_can_be() -> None:
    page = (ROOT / "docs" / TABLES).read_text()
    assert words_left_out(page) == []
    assert words_left_out(page.replace("`'silu'`, ", "")) == ["Activation: silu"]


def unexplained(page: str) -> list[str]:
    """Rows of fields without a word on what they mean."""
    return [line for line in page.splitlines() if re.fullmatch(r"\| `\w+` \|.*\|\s*\|", line)]


def test_the_list_of_blocks_says_of_every_field_what_it_means() -> None:
    page = (ROOT / "docs" / TABLES).read_text()
    assert unexplained(page) == []
    assert unexplained(page.replace(" rows and columns |", "  |")) == ["| `size` |  |  |"]


def spec_of(page: str) -> str:
    """The example of a file on a page."""
    return page.split("```yaml\n")[1].split("```")[0]


def test_the_file_in_the_list_of_blocks_is_a_space() -> None:
    spec = spec_of((ROOT / "docs" / TABLES).read_text())
    assert [price(one).params for one in Space.from_yaml(spec).enumerate()]
    with pytest.raises(SpecError, match="kind"):
        Space.from_yaml(spec.replace("kind: norm", "kind: norms"))


def test_the_error_in_the_readme_is_what_check_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text()
    shown = " ".join(readme.split("archsearch: net.yaml: ")[1].split("```")[0].split())
    body = [Lift(group="C4", channels=4), Norm(), Activation(), Pool(), Conv(channels=4), GroupPool()]
    for size in (15, 16):
        net = Architecture(input=Image(size=(size, size)), body=body, head=Classifier(classes=10))
        (tmp_path / "net.yaml").write_text(net.to_yaml())
        main(["check", str(tmp_path / "net.yaml")])
        said = capsys.readouterr()
        assert (shown in said.err) == (size == 15)


@pytest.mark.thorough
def test_the_example_of_the_readme_is_the_file_that_runs(tmp_path: Path) -> None:
    code = (ROOT / "README.md").read_text().split("```python\n")[1].split("```")[0]
    example = (ROOT / "examples" / "readme.py").read_text()
    assert example.split('"""\n\n', 1)[1] == code
    # The same text, with less to train.
    short = example.replace("trials=40", "trials=2, epochs=1").replace("<= 20M", "<= 2M")
    assert short != example
    (tmp_path / "readme.py").write_text(short)
    done = subprocess.run(
        [sys.executable, "readme.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "accuracy" in done.stdout
    assert (tmp_path / "best" / "model.onnx").exists()


def test_every_file_the_readme_links_to_exists() -> None:
    for target in re.findall(r"\]\(([^)h][^)]*)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target


def test_every_file_of_the_tests_that_the_docs_name_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {target for page in pages for target in re.findall(r"\btests/[\w/.]*\w", page.read_text())}
    assert len(named) > 10
    assert not [target for target in sorted(named) if not (ROOT / target).exists()]


def rows_left_out(printed: str, page: str) -> list[str]:
    """Rows of tables in what a script prints that a page does not have."""
    return [line for line in printed.splitlines() if line.startswith("| ") and line not in page]


def test_the_table_of_published_networks_is_what_its_script_prints() -> None:
    script = ROOT / "tests" / "benchmarks" / "published_sizes.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=60)
    page = (ROOT / "docs" / "measured.md").read_text()
    assert done.stdout.count("\n") > 15
    assert rows_left_out(done.stdout, page) == []
    assert len(rows_left_out(done.stdout, page.replace("8,265.09", "7,040.12"))) == 1


def unknown_files(text: str, near: Path = ROOT) -> list[str]:
    """Files of ours that a text names and that are not there; named from the root, a package or where it stands."""
    rooms = ("", "archspec", "archspec/network", "archspec/graph", "archspec/exporting", "search")
    places = (near, *(ROOT / room for room in rooms))
    named = re.findall(r"(?<![\w./-])[\w/]+\.(?:py|md|json)\b", text)
    return [name for name in named if not any((place / name).exists() for place in places)]


ROOMS = sorted(path for package in ("archspec", "search", "spaces") for path in (ROOT / package).glob("*/README.md"))
TOLD = ["docs/architecture.md", *(path.relative_to(ROOT) for path in ROOMS)]
WRITTEN_LATER = {"record.jsonl", "export.json", "architecture.json", "numbers.txt"}  # by runs and exports


@pytest.mark.parametrize("file", TOLD, ids=str)
def test_every_file_that_the_docs_name_is_there(file: str) -> None:
    path = ROOT / file
    assert [name for name in unknown_files(path.read_text(), path.parent) if name not in WRITTEN_LATER] == []


def test_a_file_that_is_not_there_is_found() -> None:
    assert unknown_files("see graph/nowhere.py and graph/node.py") == ["graph/nowhere.py"]


def modules_named(readme: Path) -> set[str]:
    """Names in code in the list of a room's README that are words alone, as modules are."""
    lines = [line for line in readme.read_text().splitlines() if line.startswith("- `")]
    heads = [line.split("`: ")[0] for line in lines]
    return {name for head in heads for name in re.findall(r"`([a-z_]+)(?:\.py|/)?`?", head + "`")}


@pytest.mark.parametrize("room", ["geometry", "layers", "network", "schema"])
def test_a_room_says_what_lives_in_it(room: str) -> None:
    folder = ROOT / "archspec" / room
    here = {path.stem for path in folder.iterdir()}
    assert modules_named(folder / "README.md") - here == set()


def test_the_example_of_sequences_knows_which_networks_have_other_lengths() -> None:
    known = runpy.run_path(str(ROOT / "examples" / "continuous_sequences.py"))["has_other_lengths"]
    kernels: list[tuple[Kernel, bool]] = [(Siren(), True), (Table(), False)]
    for kernel, expected in kernels:
        body = [Conv(channels=2, kernel_size=5, kernel=kernel)]
        assert known(Architecture(input=Series(length=64), body=body, head=Classifier(classes=2))) == expected
