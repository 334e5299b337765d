"""Dashboards, rules, examples and runbooks: they come with the package, and `wolkvox-exporter assets` writes them out.

In the repository this folder holds links to where they are made; a wheel holds the files themselves.
"""

from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

JOB = "wolkvox"
GRAFANA_URL = "https://grafana.example.com"
RUNBOOK_URL = "https://runbooks.example.com/wolkvox"
"""What stands in the files until somebody says otherwise."""
_TOP = PurePosixPath()


class ExistingFilesError(Exception):
    """Somebody's own changes would be lost."""

    def __init__(self, files: list[Path]) -> None:
        names = "\n".join(f"  {file}" for file in files)
        super().__init__(f"these files exist and differ; write to another folder, or use --force:\n{names}")


def write(folder: Path, replaced: Mapping[str, str], *, force: bool) -> list[Path]:
    """Write everything below `folder`, with texts `replaced`; returns the files.

    Raises `ExistingFilesError` before anything is written if a file would lose what is in it, unless by `force`, and
    OSError.
    """
    contents = {folder / path: _with(replaced, text) for path, text in _files(resources.files(__name__), _TOP)}
    differing = [file for file, text in contents.items() if file.exists() and file.read_bytes() != text.encode()]
    if differing and not force:
        raise ExistingFilesError(differing)
    for file, text in contents.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return list(contents)


def replacements(job: str = JOB, grafana_url: str = GRAFANA_URL, runbook_url: str = RUNBOOK_URL) -> dict[str, str]:
    """Return what is to be replaced by what, so that the files fit an installation."""
    return {
        f'job="{JOB}"': f'job="{job}"',
        f"job_name: {JOB}\n": f"job_name: {job}\n",
        f"#   job: {JOB}\n": f"#   job: {job}\n",
        f"var-job={JOB}": f"var-job={job}",
        GRAFANA_URL: grafana_url,
        RUNBOOK_URL: runbook_url,
    }


def _files(node: Traversable, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in sorted(node.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir():
            yield from _files(entry, at / entry.name)
        else:
            yield at / entry.name, entry.read_text(encoding="utf-8")


def _with(replaced: Mapping[str, str], text: str) -> str:
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text
