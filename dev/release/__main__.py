"""What the release does before it builds: `python -m release notes TAG`, `links REPOSITORY TAG`, `interface`."""

import argparse
import sys
from pathlib import Path

from release.interface import interface
from release.links import absolute, urls
from release.notes import NotReadyError, notes
from wolkvox_exporter import __version__

ROOT = Path(__file__).parent.parent.parent


def main() -> int:
    """Run what is asked for; 1, and why on standard error, if the repository is not what the tag says."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("notes", help="print the tag's section of CHANGELOG.md").add_argument("tag")
    links = commands.add_parser("links", help="let README.md and pyproject.toml link to the repository: before a build")
    links.add_argument("repository", help="its address, such as https://github.example/owner/name")
    links.add_argument("tag")
    commands.add_parser("interface", help="print what docs/upgrading.md promises to keep")
    asked = parser.parse_args()
    try:
        if asked.command == "notes":
            sys.stdout.write(notes(asked.tag, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), __version__))
        elif asked.command == "links":
            link(asked.repository, asked.tag)
        else:
            sys.stdout.writelines(f"{line}\n" for line in interface(ROOT / "prometheus" / "rules"))
    except NotReadyError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def link(repository: str, tag: str) -> None:
    """Change README.md and pyproject.toml."""
    readme, project = ROOT / "README.md", ROOT / "pyproject.toml"
    readme.write_text(absolute(readme.read_text(encoding="utf-8"), repository, tag), encoding="utf-8")
    text = project.read_text(encoding="utf-8")
    text = text.replace("\n[project.scripts]", f"{urls(repository, tag)}\n[project.scripts]", 1)
    project.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
