"""Images in place of those that a registry would have: Debian's programs, where the published images have theirs.

They have the published images' entry points, users and folders.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from docs.generate import ROOT
from tests_release.engine import Engine
from tests_release.roots import debian
from tests_release.toolbox import passes, run

BASE = "localhost/wolkvox-standin:bookworm"
"""Debian 12 with its Python, instead of Python's own image."""
EXPORTER = "localhost/wolkvox-exporter:latest"
# whom pip trusts, where a machine has its own ideas of that
_OF_THE_MACHINE = ("/etc/pip.conf", "/etc/ssl/certs")
_SERVER = """\
FROM {base}
COPY program /bin/{name}
COPY share /usr/share/prometheus
RUN mkdir --mode=755 --parents /{name} /etc/{name} && chown nobody /{name}
USER nobody
WORKDIR /{name}
VOLUME /{name}
ENTRYPOINT ["/bin/{name}"]
"""
_MAILBOX = """\
FROM {base}
ENTRYPOINT ["python3", "-u", "-W", "ignore", "-m", "smtpd", "-n", "-c", "DebuggingServer", "0.0.0.0:1025"]
"""
_IDLE = """\
FROM {base}
ENTRYPOINT ["sleep", "infinity"]
"""
# Debian's server, with the user and the first start of the published image
_POSTGRESQL = """\
FROM {base}
RUN groupadd --non-unique --gid=999 postgres && useradd --non-unique --uid=999 --gid=999 postgres \\
 && apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends postgresql-15
COPY program /bin/first-start
ENTRYPOINT ["/bin/first-start"]
"""
_FIRST_START = """\
#!/bin/sh
set -eu
PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
export PATH PGDATA
if [ "$(id -u)" = 0 ]; then
  install -d -m 700 -o postgres "$PGDATA" && exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --locale=C.UTF-8 --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" \\
    --auth-local=trust --auth-host=scram-sha-256
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  pg_ctl --wait --options="-c listen_addresses= -c unix_socket_directories=/tmp" start
  createdb --host=/tmp --username="$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl --wait stop
fi
exec postgres -c "listen_addresses=*" -c unix_socket_directories=/tmp
"""


def of_both_stacks(engine: Engine, images: Mapping[str, str]) -> None:
    """Make the exporter's image, and those that both stacks have, by service; nothing runs in Grafana's."""
    exporter(engine)
    prometheus(engine, images["prometheus"])
    alertmanager(engine, images["alertmanager"])
    idle(engine, images["grafana"])


def exporter(engine: Engine) -> None:
    """Make the exporter's image of the Dockerfile, on the stand-in of its base; layers that are there are used."""
    _base(engine)
    volumes = [f"--volume={path}:{path}:ro" for path in _OF_THE_MACHINE if Path(path).exists()]
    _build(engine, ROOT, EXPORTER, f"--build-arg=BASE={BASE}", *volumes)


def prometheus(engine: Engine, tag: str) -> None:
    """Make an image of Debian's Prometheus."""
    _server(engine, "prometheus", "prometheus", tag)


def alertmanager(engine: Engine, tag: str) -> None:
    """Make an image of Debian's Alertmanager."""
    _server(engine, "alertmanager", "prometheus-alertmanager", tag)


def mailbox(engine: Engine, tag: str) -> None:
    """Make an image of a mail server that prints what it gets."""
    _written(engine, "mailbox", _MAILBOX, tag)


def postgresql(engine: Engine, tag: str) -> None:
    """Make an image of Debian's PostgreSQL."""
    program = engine.folder / "postgresql" / "program"
    program.parent.mkdir()
    program.write_text(_FIRST_START)
    program.chmod(0o755)
    _written(engine, "postgresql", _POSTGRESQL, tag)


def idle(engine: Engine, tag: str) -> None:
    """Make an image in which nothing runs, to look at what is mounted."""
    _written(engine, "idle", _IDLE, tag)


def _server(engine: Engine, name: str, program: str, tag: str) -> None:
    path = shutil.which(program)
    assert path, f"{program} is missing: apt-get install prometheus prometheus-alertmanager"
    context = engine.folder / name
    # Debian's Alertmanager has its own templates there
    shutil.copytree("/usr/share/prometheus", context / "share", ignore=shutil.ignore_patterns("web", "console*"))
    shutil.copy(path, context / "program")
    _written(engine, name, _SERVER, tag)


def _written(engine: Engine, name: str, dockerfile: str, tag: str) -> None:
    context = engine.folder / name
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text(dockerfile.format(base=BASE, name=name))
    _build(engine, context, tag)


def _build(engine: Engine, context: Path, tag: str, *flags: str) -> None:
    # by chroot, which needs nothing of the kernel; health checks are Docker's format alone
    how = ("--isolation=chroot", "--format=docker", f"--tag={tag}", *flags)
    engine.podman("build", *how, context, download=True)


def _base(engine: Engine) -> None:
    if engine.has(BASE):
        return
    archive = engine.folder / "base.tar"
    passes(run("tar", "--create", "--one-file-system", "--file", archive, "--directory", debian(), "."))
    engine.podman("import", archive, BASE)
    archive.unlink()
