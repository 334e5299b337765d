"""Workflows, dependency updates and issue forms: valid, safe, and about what is there."""

import os
import re
import shutil
from pathlib import Path

import pytest

from docs.generate import ROOT
from tests_release.toolbox import passes, run
from tests_release.workflows import FORMS, GITHUB, SCHEMAS, WORKFLOWS, audited, fits, jobs, linted, loaded, steps
from wolkvox_exporter.api.reports import FIELDS

CI, RELEASE, WEEKLY = (GITHUB / "workflows" / f"{name}.yml" for name in ("ci", "release", "weekly"))
PINNED = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")


def test_every_file_is_looked_at() -> None:
    """If a file is added that GitHub reads, then it has a schema here."""
    assert set(SCHEMAS) == {path for path in GITHUB.rglob("*") if path.is_file()}


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_file_fits_its_schema(path: Path) -> None:
    """If GitHub reads a file, then it is of the form that GitHub publishes."""
    for schema in SCHEMAS[path]:
        passes(fits(path, schema))


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (CI, "runs-on:", "run-on:"),
        (CI, "    timeout-minutes: 90\n", ""),
        (RELEASE, "contents: write", "contents: always"),
        (FORMS[0], "type: textarea", "type: textbox"),
        (FORMS[1], "options: [campaigns, amd, skills, agents, quota]", "options: []"),
        (GITHUB / "ISSUE_TEMPLATE" / "config.yml", "false", "sometimes"),
        (GITHUB / "dependabot.yml", "interval: weekly", "interval: fortnightly"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(path: Path, before: str, after: str, tmp_path: Path) -> None:
    """If a key or a value is none that GitHub takes, then that is found."""
    broken = changed(path, before, after, tmp_path)
    assert any(fits(broken, schema).returncode for schema in SCHEMAS[path])


def changed(path: Path, before: str, after: str, folder: Path) -> Path:
    """Return a copy of a file in which something else stands, once."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    copy = folder / path.name
    copy.write_text(text.replace(before, after, 1), encoding="utf-8")
    return copy


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_means_something(path: Path) -> None:
    """If a workflow names jobs, steps, outputs and contexts, then they are there."""
    passes(linted(path))


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("needs: [registry]", "needs: [nobody]", "nobody"),
        ("steps.build.outputs.digest", "steps.bild.outputs.digest", "bild"),
        ("github.repository }}", "github.repositry }}", "repositry"),
        ("runs-on: ubuntu-24.04", "runs-on: ubuntu-24.40", "ubuntu-24.40"),
        ("attestations: write", "attestation: write", "attestation"),
    ],
)
def test_a_workflow_that_means_nothing_is_refused(before: str, after: str, complaint: str, tmp_path: Path) -> None:
    """If a job, an output, a context, a runner or a permission does not exist, then that is found."""
    ended = linted(changed(RELEASE, before, after, tmp_path))
    assert ended.returncode != 0
    assert complaint in ended.stdout + ended.stderr


def test_nothing_lends_itself_to_an_attack() -> None:
    """If a workflow could be made to run what a stranger wrote, or to tell a secret, then that is found."""
    passes(audited(GITHUB))


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ('"$GITHUB_REF_NAME" --verify-tag', "${{ github.ref_name }} --verify-tag", "template-injection"),
        ("        with:\n          persist-credentials: false\n", "", "artipacked"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"),
        ('tags: ["v[0-9]+.[0-9]+.[0-9]+"]', 'tags: ["v*"]\n  pull_request_target:', "dangerous-triggers"),
    ],
)
def test_what_lends_itself_to_an_attack_is_refused(before: str, after: str, rule: str, tmp_path: Path) -> None:
    """If a workflow mixes a stranger's words into a script, or may do more than it needs, then that is found."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    ended = audited(changed(RELEASE, before, after, folder))
    assert ended.returncode != 0
    assert rule in ended.stdout


def test_actions_are_pinned_by_digest_the_same_everywhere() -> None:
    """If an action is used, then by the digest of a version that is named, and the same in all workflows."""
    lines = [line.strip("- ") for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    others = [line for line in lines if not line.startswith("uses: ./")]
    pins = [PINNED.search(line) for line in others]
    assert None not in pins
    used = {pin.groups() for pin in pins if pin}
    assert len(used) > 5
    assert len({name for name, _, _ in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_scripts_are_scripts(path: Path) -> None:
    """If a step runs a script, then a shell can read it, and the targets of make in it exist."""
    scripts = [step["run"] for step in steps(path) if "run" in step]
    assert scripts
    for script in scripts:
        passes(run("bash", "-n", stdin=script))
    targets = {name for script in scripts for name in re.findall(r"(?m)^\s*make (?:\S+=\S+ )*([\w./-]+)", script)}
    targets |= {row["target"] for job in jobs(path).values() for row in matrix(job)}
    for target in targets - later():
        passes(run("make", "--dry-run", target))


def matrix(job: dict[str, dict[str, dict[str, list[dict[str, str]]]]]) -> list[dict[str, str]]:
    """Return the rows of a job that is done for several targets."""
    return job.get("strategy", {}).get("matrix", {}).get("include", [])


def later() -> set[str]:
    """Return the targets that are no part of a checkout which has no deb and rpm yet."""
    return set() if (ROOT / "deploy" / "packages").exists() else {"packages"}


def test_it_is_tried_on_every_python_that_the_package_names() -> None:
    """If the package says that a Python was tried, then CI tries it; the newest may fail, as it is untried."""
    check = jobs(CI)["check"]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r"Programming Language :: Python :: (3\.\d+)", project)
    assert check["strategy"]["matrix"]["python"] == [*named, "3.14"]
    assert check["continue-on-error"] == "${{ matrix.python == '3.14' }}"
    assert [step["run"] for step in check["steps"] if "run" in step][-1] == ".ci/run"


def test_what_is_long_is_done_every_week() -> None:
    """If a week has passed, then faults for an hour, any answer, other libraries and known weaknesses were tried."""
    assert {row["target"] for job in jobs(WEEKLY).values() for row in matrix(job)} == {
        *("audit", "chaos", "compatibility", "fuzz", "soak"),
    }
    assert len(loaded(WEEKLY)["on"]["schedule"][0]["cron"].split()) == 5


def test_nothing_is_published_before_all_is_built_and_checked() -> None:
    """If one part of a release fails, then nothing of it is published."""
    found = jobs(RELEASE)
    publishing = [name for name, job in found.items() if "write" in job["permissions"].values()]
    assert publishing == ["registry", "release", "index"]
    assert set(found["registry"]["needs"]) == set(found) - set(publishing)
    assert (found["release"]["needs"], found["index"]["needs"]) == (["registry"], ["release"])
    assert loaded(RELEASE)["on"] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}


def test_forms_ask_for_what_can_be_answered() -> None:
    """If the API answers something else, then the form asks for the replies that `once` keeps of any report."""
    (api,) = (loaded(path) for path in FORMS if "api" in path.name)
    assert "once --config.file=config.yaml --save-replies=replies\n" in api["body"][0]["attributes"]["value"]
    fields = {part.get("id"): part for part in api["body"]}
    assert set(fields["report"]["attributes"]["options"]) == set(FIELDS) | {"quota"}
    assert fields["replies"]["validations"]["required"] == "true"
    for form in map(loaded, FORMS[:2]):
        (secrets,) = (part["attributes"]["options"] for part in form["body"] if part["type"] == "checkboxes")
        assert [option["required"] for option in secrets] == ["true"]


def test_updates_look_at_everything_that_is_pinned() -> None:
    """If a folder has pins, then updates of them are looked for there."""
    updates = loaded(GITHUB / "dependabot.yml")["updates"]
    found = {
        (row["package-ecosystem"], place) for row in updates for place in row.get("directories", [row.get("directory")])
    }
    assert found == {
        ("github-actions", "/"),
        ("pip", "/requirements"),
        ("npm", "/tests_release"),
        ("npm", "/docs/pictures"),
        ("docker", "/"),
    }
    for _, place in found:
        assert (ROOT / place.removeprefix("/")).is_dir()


def test_the_release_builds_what_it_would_upload(sources: Path, tmp_path: Path) -> None:
    """If the steps of a release that build are run as they stand, then all files are there that its last steps name."""
    copy = shutil.copytree(sources, tmp_path / "sources", symlinks=True)
    for name in (".venv", ".venv-release", ".venv-audit"):
        (copy / name).symlink_to(ROOT / name)
    for pins in (copy / "requirements").iterdir():
        # what is installed is that already
        os.utime(pins, (0, 0))
    changelog = (copy / "CHANGELOG.md").read_text(encoding="utf-8")
    (copy / "CHANGELOG.md").write_text(changelog.replace("## Unreleased", "## 0.1.0"), encoding="utf-8")
    for command in ("init --quiet", "add --all", "-c user.name=a -c user.email=a@b commit --quiet --message=all"):
        passes(run("git", *command.split(), cwd=copy))
    environment = {
        "GITHUB_REF_NAME": "v0.1.0",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "somebody/wolkvox-exporter",
    }
    for step in jobs(RELEASE)["distributions"]["steps"]:
        if "run" in step:
            passes(run("bash", "-e", "-o", "pipefail", "-c", step["run"], cwd=copy, env=environment))
    assert {path.name for path in (copy / "dist").iterdir()} == {
        "NOTES.md",
        "wolkvox-exporter.cdx.json",
        "wolkvox_exporter-0.1.0-py3-none-any.whl",
        "wolkvox_exporter-0.1.0.tar.gz",
    }
    assert (copy / "dist" / "NOTES.md").read_text(encoding="utf-8").startswith("The first version.")
