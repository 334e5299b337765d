"""`make audit`: asks osv.dev, by way of pip-audit, which pinned packages have known vulnerabilities.

Exit codes: 0 none is known, 1 some are, 3 it could not be checked. pip-audit alone calls it a success when no package
was found at the service, behind a mirror say; so a package that is known to be vulnerable is asked about, too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CONTROL = ("django", "2.2")
"""Vulnerable for years (CVE-2019-19844), and none of ours."""
OSV = "https://api.osv.dev/v1/query"
VULNERABLE, UNCHECKED = 1, 3


class NotCheckedError(Exception):
    """Nothing is known; the message says why."""


def main() -> int:
    """Print what was found; returns the exit code."""
    parser = argparse.ArgumentParser(description="Tells known vulnerabilities of pinned packages.")
    parser.add_argument("requirements", type=Path, help="a file of exact pins")
    parser.add_argument("--osv-url", default=OSV, help=f"the service that knows ({OSV})")
    options = parser.parse_args()
    try:
        found = vulnerabilities(options.requirements, options.osv_url)
    except NotCheckedError as error:
        print(f"COULD NOT BE CHECKED, so nothing is known: {error}", file=sys.stderr)
        return UNCHECKED
    for line in found:
        print(line)
    print(f"known vulnerabilities in the packages of {options.requirements.name}: {len(found)}")
    return VULNERABLE if found else 0


def vulnerabilities(requirements: Path, osv_url: str) -> list[str]:
    """Return a line for each, or raise `NotCheckedError`."""
    packages = _audited(requirements, osv_url)
    if skipped := sorted(package["name"] for package in packages if "skip_reason" in package):
        raise NotCheckedError(f"the service knows nothing of {', '.join(skipped)}")
    if not any(package["vulns"] for package in packages if package["name"] == CONTROL[0]):
        raise NotCheckedError(f"the service does not even know {' '.join(CONTROL)}, which is vulnerable")
    return [
        f"{package['name']} {package['version']}: {vulnerability['id']}, {_remedy(vulnerability)}"
        for package in packages
        for vulnerability in package["vulns"]
        if package["name"] != CONTROL[0]
    ]


def _remedy(vulnerability: dict[str, Any]) -> str:
    versions = vulnerability["fix_versions"]
    return f"fixed in {', '.join(versions)}; make lock" if versions else "no version mends it yet"


def _audited(requirements: Path, osv_url: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        control, result = Path(folder) / "control.txt", Path(folder) / "result.json"
        # nothing is downloaded, but where one file has hashes every line must
        control.write_text(f"{'=='.join(CONTROL)} --hash=sha256:{'0' * 64}\n")
        files = [f"--requirement={file}" for file in (requirements, control)]
        service = ["--vulnerability-service=osv", f"--osv-url={osv_url}", f"--cache-dir={folder}"]
        # exact pins need no resolver; exit code 1 may be a finding or a failure, but only the former writes a result
        how = ["--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json", f"--output={result}"]
        command = [sys.executable, "-m", "pip_audit", *files, *service, *how]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if not result.exists():
            raise NotCheckedError((ended.stderr.strip() or "pip-audit gave no result").splitlines()[-1])
        packages: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))["dependencies"]
        return packages


if __name__ == "__main__":
    sys.exit(main())
