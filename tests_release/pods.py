"""A pod of the chart without a cluster: volumes are folders, the container a process, probes those of a kubelet."""

import re
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from support.processes import EXPORTER, Program, program, run
from support.web import curl
from tests_release.charts import Object, Rendered

PYTHON = "/opt/wolkvox-exporter/bin/python"
_PLACES = re.compile(r"/(?:etc|run/secrets|var/lib)/wolkvox-exporter")
Contents = Mapping[str, str]


@dataclass(frozen=True)
class Pod:
    """A pod whose file system is below `root`; `existing` are ConfigMaps and Secrets that the chart does not make."""

    rendered: Rendered
    root: Path
    existing: Mapping[str, Contents] = field(default_factory=dict)

    def fill(self) -> None:
        """Write all volumes as they are now."""
        for mount in self.rendered.container["volumeMounts"]:
            named = [each for each in self.rendered.pod["volumes"] if each["name"] == mount["name"]]
            # what a claim has is none of the pod's volumes, and empty at first
            files = dict(self._files(named[0])) if named else {}
            _write(Path(self.moved(mount["mountPath"])), files)

    def moved(self, text: str) -> str:
        """Return a text with paths of the container as they are on this machine."""
        return _PLACES.sub(lambda found: f"{self.root}{found[0]}", text)

    def listed(self, folder: str) -> list[str]:
        """Return the names of what is in a folder of the container."""
        return [path.name for path in Path(self.moved(folder)).iterdir()]

    def read(self, path: str) -> str:
        """Return the content of a file of the container."""
        return Path(self.moved(path)).read_text(encoding="utf-8")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Program]:
        """Run the container meanwhile."""
        self.fill()
        async with program(*EXPORTER, *map(self.moved, self.rendered.container["args"])) as exporter:
            await exporter.line("listening")
            yield exporter

    async def passes(self, probe: str) -> bool:
        """Return whether a probe succeeds: a kubelet verifies no certificate, and has neither one nor a password."""
        asked = self.rendered.container[f"{probe}Probe"]
        if "exec" in asked:
            interpreter, *rest = asked["exec"]["command"]
            assert interpreter == PYTHON
            return (await run(sys.executable, *rest)).code == 0
        get = asked["httpGet"]
        (port,) = [each for each in self.rendered.container["ports"] if each["name"] == get["port"]]
        address = f"{get.get('scheme', 'HTTP').lower()}://127.0.0.1:{port['containerPort']}{get['path']}"
        return (await curl("--insecure", "--output", "/dev/null", address)).out.startswith(("2", "3"))

    async def tested(self) -> bool:
        """Return whether `helm test` succeeds; the Service's port is the container's here."""
        (container,) = self.rendered.find("Pod")["spec"]["containers"]
        interpreter, *rest, address = container["command"]
        assert interpreter == PYTHON
        name, ports = self.rendered.find("Service", "exporter"), self.rendered.container["ports"]
        there = f"{name['metadata']['name']}:{name['spec']['ports'][0]['port']}"
        assert there in address
        here = address.replace(there, f"localhost:{ports[0]['containerPort']}")
        return (await run(sys.executable, *rest, here)).code == 0

    def _files(self, volume: Object) -> Iterator[tuple[str, str]]:
        for source in [*volume.get("projected", {}).get("sources", []), volume]:
            for kind in source.keys() & {"secret", "configMap"}:
                content = self._content(source[kind].get("name") or source[kind]["secretName"])
                for item in source[kind].get("items") or [{"key": key, "path": key} for key in content]:
                    yield item["path"], content[item["key"]]

    def _content(self, name: str) -> Contents:
        if name in self.existing:
            return self.existing[name]
        found = [each for each in self.rendered.objects if each["metadata"]["name"] == name]
        (holder,) = [each for each in found if each["kind"] in ("ConfigMap", "Secret")]
        texts: Contents = holder.get("stringData") or holder["data"]
        return {key: self.moved(text) for key, text in texts.items()}


def _write(folder: Path, files: Contents) -> None:
    """Write a volume as a kubelet does: what is new stands in a folder of its own before a link leads to it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not files:
        return
    version = Path(mkdtemp(prefix="..", dir=folder))
    for name, text in files.items():
        (version / name).write_text(text, encoding="utf-8")
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data") / name)
    link = folder / "..data_tmp"
    link.symlink_to(version.name)
    link.replace(folder / "..data")
