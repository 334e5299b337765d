"""The chart as it is handed on: what is in it, how large it is, and what its README says."""

import base64
import gzip
import json
import re
import tarfile
from pathlib import Path

import yaml

from chart.readme import readme
from chart.rendering import answers
from chart.schema import schema_text
from chart.values import CHART, values
from docs.generate import ROOT
from tests_release.charts import VALUES, Object
from tests_release.toolbox import BIN, passes, run

PACKAGE = "import sys, helm_python; print(helm_python.package(sys.argv[1], destination=sys.argv[2]))"
LARGEST = 2**20
"""Bytes that a Secret may have, in which Helm keeps a release."""


def archive(folder: Path) -> Path:
    """Return the chart as Helm packs it."""
    return Path(passes(run(BIN / "python", "-c", PACKAGE, CHART, folder)).strip())


def test_the_package_has_what_the_chart_needs(tmp_path: Path) -> None:
    """If the chart is packed, then everything is in it but the examples and what else is not for the cluster."""
    with tarfile.open(archive(tmp_path)) as packed:
        names = {name.removeprefix("wolkvox-exporter/") for name in packed.getnames()}
    there = {str(path.relative_to(CHART)) for path in CHART.rglob("*") if path.is_file()}
    assert names - {".helmignore"} == {name for name in there if not name.startswith(("ci/", ".helmignore"))}
    assert {"values.schema.json", "README.md", "files/dashboards/es/wolkvox-campaign.json"} <= names


def test_a_release_fits_into_a_secret(tmp_path: Path) -> None:
    """If everything is asked for, in both languages, then Helm can still keep the release: half the room is left."""
    with tarfile.open(archive(tmp_path)) as packed:
        files = {name: packed.extractfile(name) for name in packed.getnames()}
        chart = {name: base64.b64encode(file.read()).decode() for name, file in files.items() if file}
    (everything,) = answers([(CHART / "ci" / "spanish-values.yaml").read_text(encoding="utf-8")])
    release = json.dumps({"chart": chart, "manifest": "".join(everything["templates"].values())})
    assert len(base64.b64encode(gzip.compress(release.encode()))) < LARGEST / 2
    for text in everything["templates"].values():
        for each in text.split("\n---\n"):
            assert len(each) < LARGEST / 4


def test_what_is_made_of_the_values_is_up_to_date() -> None:
    """If values have changed, then so have their schema and the README."""
    assert (CHART / "values.schema.json").read_text(encoding="utf-8") == schema_text()
    assert (CHART / "README.md").read_text(encoding="utf-8") == readme()


def test_every_value_is_explained() -> None:
    """If there is a value, then its comment says what it is for, or that of the value around it does."""
    rows = values()
    explained = {each.path for each in rows if each.about}
    assert len(explained) > 90
    for each in rows:
        inner = [other for other in rows if other.path[: len(each.path)] == each.path and other is not each]
        assert each.about or inner, each.name


def test_every_value_has_a_type() -> None:
    """If there is a value, then the schema knows it, and nothing else beside it."""
    schema: Object = json.loads(schema_text())
    for each in values():
        place = schema
        for key in each.path:
            assert place.get("additionalProperties") is False, each.name
            place = place["properties"][key]
        assert "type" in place, each.name


def test_the_readme_leads_to_what_there_is() -> None:
    """If the README names an example or a document, then it is there."""
    text = readme()
    named = re.findall(r"\]\(([^)#]+)", text)
    assert len(named) > 5
    for target in named:
        assert "://" in target or (CHART / target).exists(), target
    for path in VALUES:
        assert f"ci/{path.name}" in text
    for value in re.findall(r"`((?:[a-z][A-Za-z0-9]*\.)+[a-zA-Z0-9]+)`", text):
        assert value in {each.name for each in values()} or value.endswith((".md", ".yaml", ".json")), value


def test_a_released_chart_runs_the_released_image(tmp_path: Path) -> None:
    """If a release is made, then its chart names the image that is pushed with it, and nothing else is changed."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    (script,) = [step["run"] for step in workflow["jobs"]["chart"]["steps"] if "helm package" in step.get("run", "")]
    (command,) = [line for line in script.splitlines() if line.startswith("sed ")]
    copy = tmp_path / CHART.relative_to(ROOT) / "values.yaml"
    copy.parent.mkdir(parents=True)
    before = (CHART / "values.yaml").read_text(encoding="utf-8")
    copy.write_text(before, encoding="utf-8")
    passes(run("bash", "-euc", command, cwd=tmp_path, env={"GITHUB_REPOSITORY": "Somebody/Wolkvox-Exporter"}))
    wanted = yaml.safe_load(before)
    wanted["image"]["repository"] = "ghcr.io/somebody/wolkvox-exporter"
    assert yaml.safe_load(copy.read_text(encoding="utf-8")) == wanted
