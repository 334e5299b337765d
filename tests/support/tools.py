"""The real programs that tests run."""

import os
import shutil
from typing import NoReturn

import pytest


def tool(name: str) -> str:
    """Return a program's path; where it is missing the test is skipped, or fails on a CI machine."""
    path = shutil.which(name)
    if path is None:
        unavailable(
            f"{name} is not installed: "
            "apt-get install prometheus prometheus-alertmanager systemd victoria-metrics postgresql"
        )
    return path


def unavailable(missing: str) -> NoReturn:
    """Skip the test, with what this machine lacks for it; fail on a CI machine, which is to lack nothing."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
