"""The JSON Schema that editors check the file with."""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from config.files import FIXTURES, operation
from support.processes import environment
from wolkvox_exporter.config import schema
from wolkvox_exporter.config.models import WrittenFile, WrittenOperation

_EXAMPLE = Path(__file__).parent.parent / "config.example.yaml"


def _errors(text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(schema()).iter_errors(yaml.safe_load(text))]


def test_the_committed_schema_is_that_of_the_models() -> None:
    """If the models change, the schema changes with them: `make generate`."""
    command = [sys.executable, "-m", "wolkvox_exporter.config"]
    printed = subprocess.run(command, capture_output=True, check=True, env=environment())

    committed = (resources.files("wolkvox_exporter") / "config" / "schema.json").read_bytes()
    assert committed == printed.stdout
    assert json.loads(committed) == schema()
    assert printed.stderr == b""


def test_the_schema_is_one() -> None:
    """If an editor loads the schema, it can rely on its dialect."""
    Draft202012Validator.check_schema(schema())


def test_every_key_is_explained() -> None:
    """If someone completes keys in an editor, each comes with a description and an example."""
    properties: dict[str, dict[str, Any]] = schema()["$defs"]["WrittenOperation"]["properties"]

    assert properties.keys() == WrittenOperation.model_fields.keys()
    assert schema()["properties"].keys() == WrittenFile.model_fields.keys()
    assert [key for key, value in properties.items() if not value.get("description")] == []
    assert [key for key, value in properties.items() if not value.get("examples")] == ["campaigns", "token"]


@pytest.mark.parametrize("path", [_EXAMPLE, FIXTURES / "traps.good.yaml"], ids=["example", "traps"])
def test_good_files_are_valid(path: Path) -> None:
    """If a file can be loaded, the editor has no objection, whatever YAML makes of its values."""
    text = path.read_text().replace("name: 1:30", 'name: "1:30"')

    assert _errors(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "interval: 300\n" + operation(),
        "interval: 5 minutes\n" + operation(),
        "operations: []\n",
        "interval: 5m\n",
        operation("unknown: x"),
        operation("base_url: https://host.example"),
        operation("token_env: NAME"),
        operation("amd: sometimes"),
        operation("ca_file: null"),
        operation("stale_after: 0"),
        operation("campaigns: {include: []}"),
        "operations:\n  - {name: a, token_file: b}\n",
        'operations:\n  - {name: a, server: "0042"}\n',
        'operations:\n  - {server: "0042", token_file: b}\n',
    ],
)
def test_bad_files_are_marked(text: str) -> None:
    """If a file would be refused for its form, the editor already marks it."""
    assert _errors(text) != []
