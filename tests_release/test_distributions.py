"""The wheel and the source distribution."""

import re
import shutil
import tarfile
import time
import tomllib
import zipfile
from pathlib import Path

import pytest

from docs.generate import ROOT
from tests_release.distributions import EPOCH, Distributions, built, contents, metadata, version
from tests_release.toolbox import passes, run, tool


def top_level(wheel: Path) -> set[str]:
    """Return what a wheel puts into an interpreter's folder of packages."""
    return {name.partition("/")[0] for name in contents(wheel)}


def test_a_wheel_brings_one_package(distributions: Distributions) -> None:
    """If the wheel is installed, then no name but the exporter's own comes into the interpreter's packages."""
    assert top_level(distributions.wheel) == {"wolkvox_exporter", f"wolkvox_exporter-{version()}.dist-info"}


def test_a_wheel_that_brings_more_is_found(sources: Path, tmp_path: Path) -> None:
    """If the sources of tests and documents were packages, then the wheel would bring them, and that is seen."""
    changed = shutil.copytree(sources, tmp_path / "changed", symlinks=True)
    project = (changed / "pyproject.toml").read_text(encoding="utf-8")
    (changed / "pyproject.toml").write_text(project.replace('where = ["exporter"]', 'where = ["exporter", "dev"]'))
    assert "fuzz" in top_level(built(changed, tmp_path / "dist").wheel)


def test_the_source_distribution_is_what_the_wheel_is_built_from(distributions: Distributions) -> None:
    """If somebody makes a package for a system, then all that a build needs is there, and no half of the tests."""
    with tarfile.open(distributions.source) as archive:
        members = archive.getmembers()
    assert {member.type for member in members} <= {tarfile.REGTYPE, tarfile.DIRTYPE}
    names = {member.name.partition("/")[2] for member in members}
    assert {name.partition("/")[0] for name in names if name} == {
        *("CHANGELOG.md", "LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "exporter", "pyproject.toml", "setup.cfg"),
    }


def test_the_source_distribution_builds_the_same_wheel(distributions: Distributions, tmp_path: Path) -> None:
    """If a wheel is built from the source distribution, then it is the wheel of the repository, to the byte."""
    # the filter without which the library warns is missing in Python 3.11.2
    passes(run("tar", "--extract", "--no-same-owner", f"--file={distributions.source}", f"--directory={tmp_path}"))
    (unpacked,) = tmp_path.iterdir()
    again = built(unpacked, tmp_path / "dist")
    assert contents(again.wheel) == contents(distributions.wheel)
    assert again.wheel.read_bytes() == distributions.wheel.read_bytes()


def test_the_wheel_has_the_dates_of_the_release(distributions: Distributions) -> None:
    """If two people build the wheel, then the time at which they do so is not in it."""
    with zipfile.ZipFile(distributions.wheel) as archive:
        assert {entry.date_time[:3] for entry in archive.infolist()} == {time.gmtime(int(EPOCH))[:3]}


def test_metadata_say_what_it_is(distributions: Distributions) -> None:
    """If an index shows the package, then name, version, licence, Python and what it needs are those of the project."""
    about = metadata(distributions.wheel)
    assert (about["Name"], about["Version"]) == ("wolkvox-exporter", version())
    assert (about["License-Expression"], about["License-File"]) == ("Apache-2.0", "LICENSE")
    assert about["Requires-Python"] == ">=3.11"
    assert about["Description-Content-Type"] == "text/markdown"
    wanted = (ROOT / "requirements" / "runtime.in").read_text(encoding="utf-8").split("\n", 1)[1].split()
    needed = [need.replace(" ", "") for need in about.get_all("Requires-Dist", []) if "extra ==" not in need]
    assert sorted(map(bounds, needed)) == sorted(map(bounds, wanted))


def bounds(requirement: str) -> tuple[str, ...]:
    """Return a requirement's name and bounds, in an order that does not depend on who wrote it."""
    name = re.split("[<>=]", requirement)[0]
    return name, *sorted(requirement.removeprefix(name).split(","))


def test_versions_of_python_are_those_that_were_tried(distributions: Distributions) -> None:
    """If an index shows versions of Python, then those that the tests have run on, the floor first."""
    found = [
        name.rpartition(" ")[2] for name in metadata(distributions.wheel).get_all("Classifier", []) if "3." in name
    ]
    assert found == ["3.11", "3.12", "3.13"]
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["requires-python"] == f">={found[0]}"


def unknown(classifiers: list[str]) -> list[str]:
    """Return those that an index would refuse."""
    listed = passes(
        run(tool("python"), "-c", "import trove_classifiers as all_of; print(*all_of.classifiers, sep='\\n')")
    )
    return [name for name in classifiers if name not in listed.splitlines()]


def test_classifiers_are_those_of_the_index(distributions: Distributions) -> None:
    """If the index has no such classifier, then it refuses the package, and that is found before."""
    classifiers = metadata(distributions.wheel).get_all("Classifier", [])
    assert len(classifiers) > 5
    assert unknown(classifiers) == []
    assert unknown(["Typing :: Typed", "Topic :: Contact Centres"]) == ["Topic :: Contact Centres"]


def test_the_index_would_take_it(distributions: Distributions) -> None:
    """If it is uploaded, then its metadata are valid and its description can be shown."""
    passes(run(tool("twine"), "check", "--strict", distributions.wheel, distributions.source))


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("Description-Content-Type: text/markdown", "Description-Content-Type: text/x-rst", "syntax"),
        ("Metadata-Version: 2.4", "Metadata-Version: 9.9", "InvalidDistribution"),
        ("Name: wolkvox-exporter\n", "", "InvalidDistribution"),
    ],
)
def test_the_index_would_refuse_a_broken_one(
    distributions: Distributions, tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    """If its metadata are broken, then the check says so, and what is wrong."""
    broken = tmp_path / distributions.wheel.name
    with zipfile.ZipFile(broken, "w") as archive:
        for name, content in contents(distributions.wheel).items():
            text = content.decode() if name.endswith("METADATA") else content
            archive.writestr(name, text.replace(before, after, 1) if isinstance(text, str) else text)
    ended = run(tool("twine"), "check", "--strict", broken, env={"NO_COLOR": "1"})
    assert ended.returncode != 0
    assert complaint in ended.stdout + ended.stderr
