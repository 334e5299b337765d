"""The deb, through the whole of its life, and the rpm as far as a Debian can tell."""

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.generate import ROOT
from tests_release.roots import Root, new_root
from tests_release.toolbox import passes, run, tool
from wolkvox_exporter import __version__

# the first test waits for what all need
pytestmark = pytest.mark.timeout(1800)

PACKAGES = ROOT / "deploy" / "packages"
DELIVERED = (PACKAGES / "installed-config.yaml").read_text(encoding="utf-8")
OLDER = "0.0.1"
CONFIG = "/etc/wolkvox-exporter/config.yaml"
CREDENTIAL = "/etc/wolkvox-exporter/tokens/ventas-co"
STATE = "/var/lib/wolkvox-exporter/ventas-co.json"
UNIT = "wolkvox-exporter.service"
MINE = """\
state: /var/lib/wolkvox-exporter
operations:
  - name: ventas-co
    server: "0042"
    token_file: /etc/wolkvox-exporter/tokens/ventas-co
"""
MOST_EXPOSED = 2.0
"""Of 10, as `systemd-analyze security` counts, and as the unit by itself may be."""


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with packages of this version, and in `older/` of one with another configuration."""
    folder = tmp_path_factory.mktemp("packages")
    passes(run("make", "packages", f"PACKAGES={folder}", f"NFPM={tool('nfpm')}", patience=900))
    older = folder / "older"
    older.mkdir()
    (older / "config.yaml").write_text(f"# of {OLDER}\n{DELIVERED}")
    for packager in ("deb", "rpm"):
        passes(pack(packager, older, ("deploy/packages/installed-config.yaml", str(older / "config.yaml"))))
    return folder


def pack(packager: str, target: Path, changed: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """Make an older package of what was put together last, by nfpm.yaml with something changed in it."""
    config = target / "nfpm.yaml"
    config.write_text((PACKAGES / "nfpm.yaml").read_text(encoding="utf-8").replace(*changed))
    python = (ROOT / "build" / "packages" / "opt" / "bin" / "python").resolve()
    variables = {
        "ARCH": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
        "MAINTAINER": "nobody <nobody@localhost>",
        "PYTHON_VERSION": python.name.removeprefix("python"),
        "ROOT": "build/packages",
        "VERSION": OLDER,
    }
    words = ("package", "--config", config, "--packager", packager, "--target", target)
    return run(tool("nfpm"), *words, env=variables)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """Give a Debian 12 with systemd, which does not run."""
    with new_root(tmp_path) as made:
        yield made


def install(root: Root, package: Path, *command: str) -> str:
    """Let a package manager install a file."""
    inside = root / "srv" / package.name
    shutil.copy(package, inside)
    return root.passes(*command, f"/srv/{package.name}")


def use(root: Root) -> None:
    """Do what a user does: write a configuration and a token, and let the exporter keep a state."""
    (root / CONFIG).write_text(MINE)
    (root / CREDENTIAL).write_text("a-token-of-the-test\n")
    (root / STATE).parent.mkdir(mode=0o700)
    (root / STATE).write_text("{}")


def kept(root: Root) -> list[bool]:
    """Return whether configuration, token and state are as the user has left them."""
    expected = {CONFIG: MINE, CREDENTIAL: "a-token-of-the-test\n", STATE: "{}"}
    return [(root / path).is_file() and (root / path).read_text() == text for path, text in expected.items()]


def only(folder: Path, pattern: str) -> Path:
    """Return the one file of a folder that fits."""
    (path,) = folder.glob(pattern)
    return path


def test_a_deb_is_installed(root: Root, packages: Path) -> None:
    """If the deb is installed, then there are a program, a user, a configuration, and a folder that hides tokens."""
    said = install(root, only(packages, "*.deb"), "dpkg", "--install")
    assert "fill in /etc/wolkvox-exporter/config.yaml, then: systemctl enable --now wolkvox-exporter" in said
    assert root.passes("wolkvox-exporter", "--version") == f"wolkvox-exporter {__version__}\n"
    name, _, uid, _, _, home, shell = root.passes("getent", "passwd", "wolkvox-exporter").strip().split(":")
    assert (name, home, shell) == ("wolkvox-exporter", "/var/lib/wolkvox-exporter", "/usr/sbin/nologin")
    assert 0 < int(uid) < 1000
    assert (root / CONFIG).read_text(encoding="utf-8") == DELIVERED
    assert stat.S_IMODE((root / CREDENTIAL).parent.stat().st_mode) == 0o700
    assert not list((root / "/etc/systemd/system").rglob(UNIT))


def test_the_installed_unit_is_good(root: Root, packages: Path) -> None:
    """If systemd reads the unit where the deb puts it, then nothing is wrong, and it is as tight as by itself."""
    install(root, only(packages, "*.deb"), "dpkg", "--install")
    verified = run("systemd-analyze", f"--root={root.folder}", "verify", UNIT)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    judged = passes(run("systemd-analyze", f"--root={root.folder}", "security", "--offline=true", "--no-pager", UNIT))
    (exposure,) = re.findall(rf"exposure level for {UNIT}: ([0-9.]+)", judged)
    assert float(exposure) <= MOST_EXPOSED


def test_nothing_is_compiled_when_the_service_starts(root: Root, packages: Path) -> None:
    """If the exporter starts as its user, who may not write to /opt, then all that it reads was compiled before."""
    install(root, only(packages, "*.deb"), "dpkg", "--install")
    sources = list((root / "/opt/wolkvox-exporter/lib").rglob("*.py"))
    assert len(sources) > 500
    compiled = {path.name.partition(".")[0]: path for path in (root / "/opt/wolkvox-exporter/lib").rglob("*.pyc")}
    assert [path for path in sources if path.stem not in compiled] == []


def test_the_delivered_configuration_can_be_filled_in(root: Root, packages: Path) -> None:
    """If one takes away the # of the operation that is delivered, then the service has all that it needs."""
    install(root, only(packages, "*.deb"), "dpkg", "--install")
    (root / CONFIG).write_text(re.sub(r"(?m)^#( .*: .*)$", r" \1", DELIVERED))
    user = ("setpriv", "--reuid=wolkvox-exporter", "--regid=wolkvox-exporter", "--clear-groups")
    check = (*user, "wolkvox-exporter", "check", f"--config.file={CONFIG}")
    assert "there is no such file; it must exist and hold the token" in root.run(*check).stderr
    # what systemd does by the unit
    own = ("install", "-d", "-o", "wolkvox-exporter", "-m", "700")
    credentials = f"/run/credentials/{UNIT}"
    root.passes(*own, "/var/lib/wolkvox-exporter", credentials)
    (root / f"{credentials}/tokens_ventas-co").write_text("a-token-of-the-test\n")
    checked = root.run(*check)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert f"{CONFIG} is good: 1 operation" in checked.stdout


def test_an_upgrade_keeps_what_is_the_users(root: Root, packages: Path) -> None:
    """If a deb is upgraded, then configuration, tokens and state are as they were, and the program is the new one."""
    install(root, only(packages / "older", "*.deb"), "dpkg", "--install")
    use(root)
    said = install(root, only(packages, "*.deb"), "dpkg", "--force-confold", "--install")
    assert "fill in" not in said
    assert kept(root) == [True, True, True]
    assert (root / f"{CONFIG}.dpkg-dist").read_text(encoding="utf-8") == DELIVERED
    assert __version__ in root.passes("dpkg-query", "--show", "wolkvox-exporter")


def test_a_removed_deb_leaves_what_is_the_users(root: Root, packages: Path) -> None:
    """If the deb is removed, then the program is gone and the user's files are there, until it is purged."""
    install(root, only(packages, "*.deb"), "dpkg", "--install")
    use(root)
    root.passes("dpkg", "--remove", "wolkvox-exporter")
    assert kept(root) == [True, True, True]
    gone = ("/opt/wolkvox-exporter", "/usr/bin/wolkvox-exporter", f"/usr/lib/systemd/system/{UNIT}")
    assert [path for path in gone if os.path.lexists(root / path)] == []
    root.passes("dpkg", "--purge", "wolkvox-exporter")
    assert [path for path in ("/etc/wolkvox-exporter", "/var/lib/wolkvox-exporter") if (root / path).exists()] == []
    assert root.run("getent", "passwd", "wolkvox-exporter").returncode == 0


def test_an_rpm_is_installed_upgraded_and_erased(root: Root, packages: Path) -> None:
    """If an rpm comes and goes, then its user is there, and what the user has written is left."""
    rpm = ("rpm", f"--root={root.folder}", "--nodeps")
    passes(run(*rpm, "--install", only(packages / "older", "*.rpm")))
    assert root.passes("wolkvox-exporter", "--version") == f"wolkvox-exporter {__version__}\n"
    assert root.run("getent", "passwd", "wolkvox-exporter").returncode == 0
    use(root)
    passes(run(*rpm, "--upgrade", only(packages, "*.rpm")))
    assert kept(root) == [True, True, True]
    assert (root / f"{CONFIG}.rpmnew").read_text(encoding="utf-8") == DELIVERED
    passes(run(*rpm, "--erase", "wolkvox-exporter"))
    assert not (root / "/opt/wolkvox-exporter").exists()
    assert (root / f"{CONFIG}.rpmsave").read_text(encoding="utf-8") == MINE
    assert kept(root)[1:] == [True, True]


def test_an_rpm_wants_the_python_that_it_was_made_for(packages: Path) -> None:
    """If a distribution has another Python, then neither package lets itself be installed there."""
    python = (ROOT / "build" / "packages" / "opt" / "bin" / "python").resolve().name
    wanted = passes(run("rpm", "--query", "--package", "--requires", only(packages, "*.rpm"))).splitlines()
    assert f"python(abi) = {python.removeprefix('python')}" in wanted
    depends = passes(run("dpkg-deb", "--field", only(packages, "*.deb"), "Depends"))
    assert python in depends.strip().split(", ")


def test_a_package_of_what_is_not_there_is_refused(tmp_path: Path, packages: Path) -> None:
    """If nfpm.yaml names a file that does not exist, then no package is made."""
    assert packages
    ended = pack("deb", tmp_path, ("deploy/packages/sysusers.conf", "deploy/packages/no-such.conf"))
    assert ended.returncode != 0
    assert list(tmp_path.glob("*.deb")) == []
