"""nginx, which sends a text that was compressed beforehand: as fast as a server can be."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import free_port, program

_CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; root {folder}/www; default_type text/plain;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; gzip_static on; gzip off; }}
}}
"""


@contextmanager
def serving(text: bytes) -> Iterator[tuple[int, str]]:
    """Serve a text, and yield the port and the path."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, port = Path(name), free_port()
        # its worker is another user where this one is root
        folder.chmod(0o755)
        (folder / "www").mkdir()
        (folder / "www" / "metrics").write_bytes(text)
        subprocess.run(["gzip", "-6", "-k", str(folder / "www" / "metrics")], check=True)
        (folder / "nginx.conf").write_text(_CONFIG.format(folder=folder, port=port), encoding="utf-8")
        command = ("nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log"))
        with program(*command, port=port, folder=folder):
            yield port, "/metrics"
