"""What holds for all tests."""

import gc
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

from support.certificates import Authority
from wolkvox_exporter.polling import token_reader
from wolkvox_exporter.replicas import polled

# how long an example takes says more of the machine than of what is tested
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
SLOW = (
    *("backtest", "alerting", "dashboard_queries", "truth", "backends", "soak", "rule_cases", "simulation", "output"),
    *("liveness_reports", "truth_skills", "discipline", "discipline_reports", "auto_reload_process", "state_files"),
    *("activity_day", "restart", "stderr", "parts", "signals", "process", "goes_on_asking", "missing_tokens"),
    *("replicas_process", "replicas_troubles", "replicas_model", "replicas_day", "replicas", "postgresql"),
    *("shortages", "simulator_agents", "today_days", "hostile_texts", "bodies", "canary", "systemd", "promql_guide"),
)
"""Files that take longest, in the order in which they begin: at the end, all workers are to be busy."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let each worker import a part of the files first, so that what they compile is there for the others.

    Rewriting all assertions takes longer than everything else before the first test.
    """
    _log_plainly()
    worker = getattr(session.config, "workerinput", None)
    if worker is not None:
        files = sorted(Path(__file__).parent.glob("test_*.py"))
        for file in files[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
            # what cannot be imported is told of where it is collected
            with suppress(Exception):
                import_module(file.stem)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let slow files come first."""
    places = {f"test_{name}": place for place, name in enumerate(SLOW)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(autouse=True)
def _every_level() -> None:
    """Let no level that another test has configured leave lines out of the log."""
    _log_plainly()


def _log_plainly() -> None:
    # simulated days log a great deal, and columns and colours are a twelfth of their time
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.processors.format_exc_info, _as_it_is])


def _as_it_is(_: object, level: str, event: MutableMapping[str, Any]) -> str:
    return f"{level}: {event}"


@pytest.fixture(scope="session", autouse=True)
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let an authority of the tests' own be all that the system trusts: reading a system's hundred takes 30 ms."""
    folder = tmp_path_factory.mktemp("authorities")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(Authority(folder).file))
        patch.setenv("SSL_CERT_DIR", str(folder))
        yield


@pytest.fixture(scope="session", autouse=True)
def _patient_workers() -> Iterator[None]:
    """Let workers wait longer for a token, which a thread reads: the tests' clock does not wait for one that is late.

    On a busy machine a simulated day would go on without a poll meanwhile.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_reader, "PATIENCE", 2.0)
        patch.setattr(polled, "PATIENCE", 2.0)
        yield


def pytest_collection_finish() -> None:
    """Let the garbage collector leave out what collecting the tests has made, and what they import.

    It lives as long as the process. Each exporter looks through everything once an hour, of which the tests' clock has
    thousands.
    """
    gc.collect()
    gc.freeze()
