"""The files for clusters that people have: as far as they can be checked without one."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from search.cli.main import main

ROOT = Path(__file__).parents[1]
FILES = ROOT / "examples" / "cluster"


def commands(text: str) -> list[str]:
    """The commands of ours in a file, each on one line, with made-up values for variables."""
    joined = text.replace("\\\n", " ")
    found = re.findall(r"archsearch search (.*?)(?: ;;|\n|$)", joined)
    return [re.sub(r"\$\(\(.*?\)\)", "4", re.sub(r'"?\$\{?[^("\s]*[}\w]"?', "x", line)) for line in found]


def test_every_command_of_ours_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("search.cli.commands.search", lambda options: 0)
    files = [path for path in sorted(FILES.iterdir()) if path.suffix in (".sh", ".yaml")]
    found = {path.name: commands(path.read_text()) for path in files}
    assert {name for name, lines in found.items() if not lines} == {"gcp.yaml"}  # which refers to aws.yaml
    for lines in found.values():
        assert [main(["search", *line.split()]) for line in lines] == [0] * len(lines)
    with pytest.raises(SystemExit):
        main(["search", "mine.py", "--no-such-option"])
    assert "--no-such-option" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["aws", "gcp"])
def test_the_files_of_the_autoscaler_keep_its_schema(name: str) -> None:
    ray = pytest.importorskip("ray")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    data = yaml.safe_load((FILES / f"{name}.yaml").read_text())
    jsonschema.validate(data, schema)
    assert data["head_node_type"] in data["available_node_types"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data | {"max_worker": 3}, schema)


def test_the_file_of_kuberay_has_what_a_ray_job_needs() -> None:
    data = yaml.safe_load((FILES / "kuberay.yaml").read_text())
    assert (data["apiVersion"], data["kind"]) == ("ray.io/v1", "RayJob")
    cluster = data["spec"]["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        (container,) = group["template"]["spec"]["containers"]
        volumes = {volume["name"] for volume in group["template"]["spec"]["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    assert {"groupName", "minReplicas", "maxReplicas"} <= set(cluster["workerGroupSpecs"][0])


@pytest.mark.parametrize("name", ["by_hand.sh", "job.sh", "slurm.sh"])
def test_the_scripts_are_read_by_their_shell(name: str, tmp_path: Path) -> None:
    text = (FILES / name).read_text()
    shell = "bash" if text.startswith("#!/bin/bash") else "sh"
    assert subprocess.run([shell, "-n", str(FILES / name)], check=False).returncode == 0
    (tmp_path / name).write_text(text + "\nif\n")
    assert subprocess.run([shell, "-n", str(tmp_path / name)], capture_output=True, check=False).returncode != 0
