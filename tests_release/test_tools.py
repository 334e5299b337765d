"""The tools themselves."""

import json
import re

from docs.generate import ROOT
from tests_release.toolbox import BIN, NODE_MODULES, passes, run


def test_tools_are_those_that_are_pinned() -> None:
    """If a pin has changed since the tools were installed, then what looks at the release is not what is named."""
    text = (ROOT / "requirements" / "release.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", text))
    listed = json.loads(passes(run(BIN / "python", "-m", "pip", "list", "--format=json", "--exclude=pip")))
    assert pinned == {re.sub(r"[._]", "-", row["name"].lower()): row["version"] for row in listed}


def test_npm_packages_are_those_that_are_named() -> None:
    """If package.json names a version, then it is exact, and it is the one that is installed."""
    named = json.loads((ROOT / "tests_release" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in named.values())
    installed = {
        name: json.loads((NODE_MODULES / name / "package.json").read_text(encoding="utf-8"))["version"]
        for name in named
    }
    assert installed == named
