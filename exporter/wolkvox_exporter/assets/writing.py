"""The files that come with the package, fitted to an installation and written into a folder."""

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from wolkvox_exporter import assets
from wolkvox_exporter.assets import GRAFANA_URL, JOB, LANGUAGES, RUNBOOK_URL, settings_rules
from wolkvox_exporter.assets.settings import Settings
from wolkvox_exporter.assets.settings import load as load_settings

__all__ = ["ExistingFilesError", "Settings", "load_settings", "replacements", "write"]
_TRANSLATED = LANGUAGES[1:]
"""Folders that hold, in another language, what is in the folder above."""
_TOP = PurePosixPath()
_AS_IT_IS = PurePosixPath("docs", "command-line.md")
"""Documents the defaults, which are what is replaced elsewhere."""
_RUNBOOKS = "runbooks"
_SECTION = re.compile(r"^(?=## )", re.MULTILINE)
_SPANISH = "## En español\n"


class ExistingFilesError(Exception):
    """Somebody's own changes would be lost."""

    def __init__(self, files: list[Path]) -> None:
        names = "\n".join(f"  {file}" for file in files)
        super().__init__(f"these files exist and differ; write to another folder, or use --force:\n{names}")


def write(
    folder: Path, replaced: Mapping[str, str], language: str = "en", settings: Settings | None = None, *, force: bool
) -> list[Path]:
    """Write everything below `folder` in one language, with texts `replaced`; returns the files.

    Without `settings` the rules made from earlier ones stay as they are. Raises `ExistingFilesError` before anything is
    written if a file would lose what is in it, unless by `force`, and OSError.
    """
    contents = {
        folder / path: text if path == _AS_IT_IS else _with(replaced, text)
        for path, text in _in(language, dict(_files(resources.files(assets), _TOP))).items()
    }
    if settings:
        contents[folder / settings_rules.PATH] = settings_rules.rules(settings)
    differing = [file for file, text in contents.items() if _would_lose(file, text)]
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


def _would_lose(file: Path, text: str) -> bool:
    if not file.exists():
        return False
    there = file.read_bytes()
    made_anew = text.startswith(settings_rules.HEADER) and there.startswith(settings_rules.HEADER.encode())
    return there != text.encode() and not made_anew


def _in(language: str, files: Mapping[PurePosixPath, str]) -> dict[PurePosixPath, str]:
    """Return each file once: in the language if there is such a one, else the only one there is.

    Runbooks are there in both, each at its own place, as links of alerts lead to either.
    """
    chosen = {path: text for path, text in files.items() if path.parent.name not in _TRANSLATED}
    for path, text in files.items():
        if path.parent.name == language:
            kept = path.parent.parent.name == _RUNBOOKS
            chosen[path if kept else path.parent.parent / path.name] = text
        elif language == "es" and path.parent.name == _RUNBOOKS:
            chosen[path] = _spanish_first(text)
    return chosen


def _spanish_first(page: str) -> str:
    """Return a runbook with its Spanish section, if there is one, before the English ones."""
    title, *sections = _SECTION.split(page)
    in_order = sorted(sections, key=lambda section: not section.startswith(_SPANISH))
    return "\n\n".join(part.rstrip() for part in (title, *in_order)) + "\n"


def _files(node: Traversable, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in sorted(node.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__")) or entry.name.endswith(".py"):
            continue
        if entry.is_dir():
            yield from _files(entry, at / entry.name)
        else:
            yield at / entry.name, entry.read_text(encoding="utf-8")


def _with(replaced: Mapping[str, str], text: str) -> str:
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text
