"""The files for Docker Compose, against Compose's own schema."""

from pathlib import Path

import pytest

from docs.generate import ROOT
from tests_release.toolbox import passes, run, tool

FILES = [ROOT / "compose.yaml", ROOT / "deploy" / "compose" / "production" / "compose.yaml"]
SCHEMA = ("--builtin-schema", "vendor.compose-spec")


@pytest.mark.parametrize("path", FILES, ids=["demo", "production"])
def test_a_compose_file_is_good(path: Path) -> None:
    """If a compose file has a key that Compose does not know, or a value of another type, then its schema says so."""
    passes(run(tool("check-jsonschema"), *SCHEMA, path))


@pytest.mark.parametrize(
    ("good", "bad"), [("read_only: true", "readonly: true"), ("cap_drop: [ALL]", "cap_drop: ALL")], ids=["key", "value"]
)
@pytest.mark.parametrize("path", FILES, ids=["demo", "production"])
def test_a_bad_compose_file_is_refused(path: Path, tmp_path: Path, good: str, bad: str) -> None:
    """If a key is misspelt or a value has another type, then the check refuses the file."""
    text = path.read_text(encoding="utf-8")
    assert good in text
    (tmp_path / "bad.yaml").write_text(text.replace(good, bad))
    refused = run(tool("check-jsonschema"), *SCHEMA, tmp_path / "bad.yaml")
    assert refused.returncode == 1
    assert "bad.yaml" in refused.stdout
