"""The real programs that tests run."""

import os
import shutil

import pytest


def tool(name: str) -> str:
    """Return a program's path; where it is missing the test is skipped, or fails on a CI machine."""
    path = shutil.which(name)
    if path is None:
        missing = (
            f"{name} is not installed: "
            "apt-get install prometheus prometheus-alertmanager systemd victoria-metrics postgresql"
        )
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path
