"""The wheel and the source distribution: how they are built, and what is in them."""

import re
import zipfile
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from pathlib import Path

from docs.generate import ROOT
from tests_release.toolbox import passes, run, tool

EPOCH = "1735689600"
"""The date of every file in what is built here, in seconds since 1970."""
_VERSION = re.compile(r'(?m)^__version__ = "(.+)"$')


@dataclass(frozen=True)
class Distributions:
    """What is uploaded to a package index."""

    wheel: Path
    source: Path


def built(sources: Path, folder: Path) -> Distributions:
    """Build both from a folder, as the release does: with the pinned setuptools, and dates that are always the same."""
    arguments = ("--no-isolation", "--sdist", "--wheel", "--outdir", folder, sources)
    passes(run(tool("python"), "-m", "build", *arguments, env={"SOURCE_DATE_EPOCH": EPOCH}))
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Distributions(wheel, source)


def contents(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    """Return what a wheel says about itself."""
    (text,) = (content for name, content in contents(wheel).items() if name.endswith(".dist-info/METADATA"))
    return message_from_string(text.decode())


def version() -> str:
    """Return the exporter's version as its source has it."""
    (found,) = _VERSION.findall((ROOT / "exporter/wolkvox_exporter/__init__.py").read_text(encoding="utf-8"))
    return str(found)
