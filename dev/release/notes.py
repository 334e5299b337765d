"""The notes of a release: its section of the changelog."""

import re

HEADING = re.compile(r"(?m)^## (.+)$")


class NotReadyError(Exception):
    """What is tagged is not what the repository says it is; the text says what to do."""


def notes(tag: str, changelog: str, version: str) -> str:
    """Return the section of the version that a tag names; `NotReadyError` unless there is one that says anything."""
    if tag != f"v{version}":
        raise NotReadyError(f"the tag is {tag}, but __version__ is {version}: tag v{version}, or change __version__")
    _, *parts = HEADING.split(changelog)
    sections = {heading.split(" ")[0]: text.strip() for heading, text in zip(parts[::2], parts[1::2], strict=True)}
    if not sections.get(version):
        raise NotReadyError(f'CHANGELOG.md says nothing under "## {version}": name so what is under "## Unreleased"')
    if sections.get("Unreleased"):
        raise NotReadyError(f'CHANGELOG.md still has lines under "## Unreleased": move them below "## {version}"')
    return sections[version] + "\n"
