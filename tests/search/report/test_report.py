"""The report says what is on the front, how symmetric it was measured to be, and which symmetry paid."""

import base64
import html
from html.parser import HTMLParser
from pathlib import Path

import pytest

from archspec import Activation, Architecture, Classifier, GroupPool, Image, Lift
from archspec.exporting.torch_files import load
from search import Search, digits
from search.cli.main import main
from search.report.page import page
from search.report.report import budgets, report
from search.result import Result
from spaces import Space, choice


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    space = Space(
        Architecture(
            input=Image(size=(8, 8)),
            body=[Lift(group=choice("C1", "C4", "D4", name="group"), channels=choice(2, 4)), Activation(), GroupPool()],
            head=Classifier(classes=10),
        )
    )
    search = Search(space, digits(), ["maximize accuracy", "minimize flops"], trials=6, epochs=6, seed=0)
    return search.run(tmp_path_factory.mktemp("run") / "run", workers=1)


def test_every_network_with_a_group_has_its_certificate(run: Result) -> None:
    scored = [t for t in run.trials if t.state == "scored"]
    assert len({t.group for t in scored}) > 1
    for trial in scored:
        if trial.group == "C1":
            assert trial.symmetry is None
        else:
            assert trial.symmetry is not None
            assert str(trial.symmetry.group) == trial.group
            assert trial.symmetry.verdict == "exact"


def test_the_report_says_which_symmetry_paid_at_which_budget(run: Result) -> None:
    text = report(run)
    assert "## Which symmetry paid" in text
    assert all(f" {t.group} " in text for t in run.front)
    assert ("exact (features" in text) == any(t.symmetry for t in run.front)
    scored = [t for t in run.trials if t.state == "scored"]
    last = text.strip().splitlines()[-1]
    best = max(t.scores["accuracy"] for t in scored)
    assert f"**{best:.4f}**" in last
    assert budgets(scored)[-1] == max(t.cost.flops for t in scored if t.cost)


def test_the_command_writes_it_with_a_picture(run: Result, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(run.directory.path)]) == 0
    assert "# " in capsys.readouterr().out
    assert main(["report", str(run.directory.path), "--to", str(tmp_path / "told.md")]) == 0
    assert "![" in (tmp_path / "told.md").read_text()
    assert (tmp_path / "told.png").exists()


class Told(HTMLParser):
    """The texts of cells and headings of a page, and the pictures that it holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.pictures: list[bytes] = []
        self.links: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        source = dict(attrs).get("src") or ""
        self.links += [value for name, value in attrs if name == "href"]
        if tag == "img":
            assert source.startswith("data:image/png;base64,")
            self.pictures.append(base64.b64decode(source.partition(",")[2]))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_page_holds_what_the_report_says_and_its_pictures(run: Result, tmp_path: Path) -> None:
    assert main(["report", str(run.directory.path), "--to", str(tmp_path / "told.html")]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["told.html"]
    told = Told((tmp_path / "told.html").read_text())
    rows = [line for line in report(run).splitlines() if line.startswith("| ") and "---" not in line]
    assert told.tags.count("tr") == len(rows)
    cells = [cell.strip(" *") for row in rows for cell in html.unescape(row).strip("| ").split(" | ")]
    assert set(filter(None, cells)) <= {text.strip() for text in told.texts}
    assert len(told.pictures) >= 2
    assert all(picture.startswith(b"\x89PNG") for picture in told.pictures)


def test_text_from_outside_is_no_part_of_a_page() -> None:
    for text in ("<script>alert(1)</script>", "<img src=x onerror=y>", "[x](javascript:alert(1))", "&lt;script&gt;"):
        told = Told(page(f"# {text}\n\n| a |\n|---|\n| {text} |\n", {}))
        assert not {"script", "img"} & set(told.tags)
        assert not told.links


def test_the_export_carries_the_certificate(run: Result, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trial = next(t for t in run.trials if t.symmetry is not None)
    path = trial.export(tmp_path / "best")
    assert '"verdict": "exact"' in (path / "symmetry.json").read_text()
    assert "symmetry, as measured" in (path / "README.md").read_text()
    assert str(load(path).architecture.hash)
    assert main(["symmetry", str(path)]) == 0
    assert "exact" in capsys.readouterr().out


def test_the_command_measures_a_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "net.json"
    body = [Lift(group="C4", channels=2), Activation(), GroupPool()]
    spec.write_text(Architecture(input=Image(size=(8, 8)), body=body, head=Classifier(classes=2)).to_json())
    assert main(["symmetry", str(spec)]) == 0
    assert "C4 exact" in capsys.readouterr().out
    assert main(["symmetry", str(spec), "--group", "D4", "--json"]) == 1
    assert '"breaks": "body[0]"' in capsys.readouterr().out
    assert main(["symmetry", str(spec), "--group", "O"]) == 1
    assert "O does not act on 2 axes" in capsys.readouterr().err
