"""`make bench`: what a scrape costs against nginx sending the same bytes, and what polling costs meanwhile.

A table comes out. Needs nginx and wrk. Machines are noisy: compare figures of one run only.
"""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPERATIONS, CAMPAIGNS, INTERVAL = 20, 250, 80
UPSTREAM, SUBJECT, NGINX = 18421, 18422, 18423
SECONDS, RUNS = 15, 3
HEADER = ("-H", "Accept-Encoding: gzip")
NGINX_CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; root {folder}/www; default_type text/plain;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  gzip_types text/plain; gzip_comp_level 6;
  server {{
    listen 127.0.0.1:{port};
    location /compressed-before/ {{ gzip_static on; gzip off; }}
    location /compressed-each-time/ {{ gzip on; }}
  }}
}}
"""


def main() -> None:
    """Measure, and print the table."""
    rows = [run() for _ in range(RUNS)]
    names = list(rows[0])
    pace = f"one poll each {INTERVAL / OPERATIONS:g} s"
    print(f"{OPERATIONS} operations of {CAMPAIGNS} campaigns, {pace}, {os.cpu_count()} cores")
    print(f"| {'figure':48} |" + "".join(f" run {number + 1} |" for number in range(RUNS)))
    print(f"| {'-' * 48} |" + " ----: |" * RUNS)
    for name in names:
        print(f"| {name:48} |" + "".join(f" {row[name]:5.5g} |" for row in rows))


def run() -> dict[str, float]:
    """Return the figures of one run."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        stack.enter_context(process("dev/bench/upstream.py", str(UPSTREAM), str(CAMPAIGNS)))
        config(folder / "config.yaml")
        lags = folder / "lags.json"
        with process("dev/bench/subject.py", str(folder / "config.yaml"), str(lags), str(SUBJECT)) as subject:
            series = wait_for_series()
            serve_by_nginx(folder, stack)
            cpu, polls = cpu_seconds(subject), poll_count()
            time.sleep(SECONDS)
            idle_cpu, idle_polls = cpu_seconds(subject) - cpu, poll_count() - polls
            scrapes = {
                "exporter": latency(f"http://127.0.0.1:{SUBJECT}/metrics"),
                "nginx, gzip 6 each time": latency(f"http://127.0.0.1:{NGINX}/compressed-each-time/m.txt"),
                "nginx, compressed before": latency(f"http://127.0.0.1:{NGINX}/compressed-before/m.txt"),
            }
            memory = resident(subject)
        return figures(scrapes, json.loads(lags.read_text())) | {
            "series": series,
            "CPU a poll of an operation, ms": 1000 * idle_cpu / max(idle_polls, 1),
            "resident memory at the end, MiB": memory,
        }


def figures(scrapes: dict[str, tuple[float, float]], lags: list[float]) -> dict[str, float]:
    """Return the figures of the scrapes and of the event loop."""
    median, last = scrapes["exporter"]
    found = {"scrape, median, ms": median, "scrape, 99th percentile, ms": last}
    for name, (other, _) in list(scrapes.items())[1:]:
        found |= {f"{name}, median, ms": other, f"ratio to {name}": median / other}
    return found | {"loop lag, 99th percentile, ms": lags[int(len(lags) * 0.99)], "loop lag, worst, ms": lags[-1]}


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a script of this repository meanwhile."""
    started = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT / "exporter")}
    )
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(10)


def config(path: Path) -> None:
    """Write the exporter's configuration."""
    url = f"http://127.0.0.1:{UPSTREAM}/api/v2"
    rows = [
        f"  - {{name: operacion-{place}, base_url: '{url}', token: bench-token-{place:04}}}"
        for place in range(OPERATIONS)
    ]
    path.write_text(f"interval: {INTERVAL}s\namd_interval: {INTERVAL}s\noperations:\n" + "\n".join(rows))


def fetch(url: str) -> bytes:
    """Return a page, asked for as Prometheus does."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})  # noqa: S310 - always this machine
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - the same
        return gzip.decompress(response.read())


def wait_for_series() -> int:
    """Wait until every operation was polled, and return the number of series."""
    for _ in range(3 * INTERVAL):
        time.sleep(1)
        try:
            text = fetch(f"http://127.0.0.1:{SUBJECT}/metrics").decode()
        except OSError:
            continue
        if len(re.findall(r"^wolkvox_campaigns\{", text, re.MULTILINE)) == OPERATIONS:
            return sum(not line.startswith("#") for line in text.splitlines())
    raise SystemExit("the exporter did not poll every operation")


def poll_count() -> float:
    """Return how many campaigns reports were polled so far."""
    text = fetch(f"http://127.0.0.1:{SUBJECT}/metrics").decode()
    return sum(map(float, re.findall(r"^wolkvox_polls_total\{.*report=\"campaigns\".*\} (\S+)$", text, re.MULTILINE)))


def serve_by_nginx(folder: Path, stack: ExitStack) -> None:
    """Let nginx send what the exporter sends, compressed each time and compressed before."""
    text = fetch(f"http://127.0.0.1:{SUBJECT}/metrics")
    for name in ("compressed-before", "compressed-each-time"):
        (folder / "www" / name).mkdir(parents=True)
        (folder / "www" / name / "m.txt").write_bytes(text)
    subprocess.run(["gzip", "-6", "-k", str(folder / "www/compressed-before/m.txt")], check=True)
    (folder / "nginx.conf").write_text(NGINX_CONFIG.format(folder=folder, port=NGINX))
    nginx = subprocess.Popen([shutil.which("nginx") or "nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    stack.callback(nginx.wait, 10)
    stack.callback(nginx.terminate)
    time.sleep(1)


def latency(url: str) -> tuple[float, float]:
    """Return median and 99th percentile, in milliseconds, of one client that asks again and again."""
    command = ["wrk", "-t1", "-c1", f"-d{SECONDS}s", "--latency", *HEADER, url]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    lines = re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", told)
    found = {percent: float(value) * units[unit] for percent, value, unit in lines}
    return found["50"], found["99"]


def cpu_seconds(subject: subprocess.Popen[bytes]) -> float:
    """Return the processor time used so far."""
    fields = Path(f"/proc/{subject.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(subject: subprocess.Popen[bytes]) -> float:
    """Return the resident memory in MiB."""
    status = Path(f"/proc/{subject.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


if __name__ == "__main__":
    main()
