"""The chart's pod as a process: with its flags, the content of its volumes, and the probes of a kubelet."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.certificates import Authority
from support.web import ALICE, PASSWORD, curl
from tests_release.charts import Object, Rendered, render
from tests_release.pods import Pod
from wolkvox_exporter.runtime.clock import SystemClock
from wolkvox_exporter.simulator import Campaign, Operation, Simulator

TOKEN = "canary-5f0c3b1d9e"
PATIENCE = 300
"""How often a test looks for what is bound to come, five times a second at most."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def with_operation(base_url: str, **values: Object | str) -> Rendered:
    """Return the chart with one operation, whose token is in a Secret that exists, and a port of its own."""
    web = values.pop("web", {})
    assert isinstance(web, dict)
    operation = {"name": "ventas-co", "base_url": base_url, "amd": "all", "quota_interval": "0"}
    return render(
        {
            "image": {"repository": "registry.example.com/wolkvox-exporter"},
            "config": {"operations": [operation]},
            "configReloadInterval": "1s",
            "tokens": {"existingSecrets": [{"name": "wolkvox-tokens"}]},
            "web": {"port": free_port(), **web},
            **values,
        }
    )


@asynccontextmanager
async def centre() -> AsyncIterator[str]:
    """Serve a simulated operation; gives its address."""
    campaign = Campaign("4875", "Ventas", records=100, answer=20)
    simulator = Simulator([Operation("ventas-co", (TOKEN,), [campaign])], SystemClock())
    async with simulator.serving() as base_url:
        yield base_url


async def page(pod: Pod, *flags: str | Path, scheme: str = "http", path: str = "/metrics") -> str:
    """Return what is shown at a path."""
    return (await curl(*flags, f"{scheme}://127.0.0.1:{pod.rendered.container['ports'][0]['containerPort']}{path}")).out


async def until(pod: Pod, sample: str) -> str:
    """Return the page as soon as it shows a sample."""
    for _ in range(PATIENCE):
        if sample in (shown := await page(pod)):
            return shown
        await asyncio.sleep(0.2)
    raise AssertionError(shown)


async def ready(pod: Pod) -> None:
    """Return as soon as the readiness probe succeeds."""
    for _ in range(PATIENCE):
        if await pod.passes("readiness"):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(await page(pod, path="/-/ready"))


async def test_a_pod_comes_up(tmp_path: Path) -> None:
    """If the pod is started as the chart says, then its probes succeed, it polls, and keeps its state in its volume."""
    async with centre() as base_url:
        pod = Pod(with_operation(base_url), tmp_path, {"wolkvox-tokens": {"ventas-co": TOKEN}})
        async with pod.running():
            await ready(pod)
            assert await pod.passes("startup")
            assert await pod.passes("liveness")
            assert TOKEN not in await until(pod, 'wolkvox_up{operation="ventas-co",report="campaigns"} 1')
            assert await pod.tested()
    assert any("ventas-co" in name for name in pod.listed("/var/lib/wolkvox-exporter"))


async def test_a_renewed_token_is_used_without_a_restart(tmp_path: Path) -> None:
    """If the Secret gets the right token, and kubelet brings it, then the pod that runs uses it."""
    async with centre() as base_url:
        tokens = {"wolkvox-tokens": {"ventas-co": "canary-of-before"}}
        pod = Pod(with_operation(base_url), tmp_path, tokens)
        async with pod.running():
            await until(pod, 'wolkvox_token_valid{operation="ventas-co"} 0')
            tokens["wolkvox-tokens"] = {"ventas-co": TOKEN}
            pod.fill()
            await until(pod, 'wolkvox_token_valid{operation="ventas-co"} 1')


async def test_a_changed_configuration_is_taken_over(tmp_path: Path) -> None:
    """If an upgrade changes operations, then no new pod is needed, and the one that runs has both."""
    async with centre() as base_url:
        before = with_operation(base_url)
        pod = Pod(before, tmp_path, {"wolkvox-tokens": {"ventas-co": TOKEN, "otra-co": TOKEN}})
        second = {"name": "otra-co", "base_url": base_url, "amd": "off", "skills": "off"}
        after = with_operation(base_url, config={"operations": [second]}, web={"port": port_of(pod)})
        assert pods(after) == pods(before)
        async with pod.running() as exporter:
            await ready(pod)
            Pod(after, tmp_path, pod.existing).fill()
            await exporter.line("otra-co")
            assert 'operation="ventas-co"' not in await until(pod, 'wolkvox_operation_info{operation="otra-co"')


def test_a_changed_state_needs_another_pod() -> None:
    """If what is read at a start only is changed, then pods are made anew; so they are for all that if it is wanted."""
    url = "http://127.0.0.1:1/api/v2"
    port = {"port": 1234}
    database: Object = {"type": "postgresql", "postgresql": {"url": "postgresql://a@db/a"}}
    other: Object = {"type": "postgresql", "postgresql": {"url": "postgresql://a@db/b"}}
    assert pods(with_operation(url, web=port, state=database)) != pods(with_operation(url, web=port, state=other))
    restart, moved = (with_operation(each, web=port, configReload="restart") for each in (url, f"{url}/b"))
    assert pods(restart) != pods(moved)
    assert "--config.enable-auto-reload" not in restart.container["args"]


def pods(rendered: Rendered) -> Object:
    """Return what pods are made of."""
    template: Object = rendered.find("StatefulSet")["spec"]["template"]
    return template


def port_of(pod: Pod) -> int:
    """Return the port on which a pod answers."""
    port: int = pod.rendered.container["ports"][0]["containerPort"]
    return port


async def test_probes_succeed_behind_tls_and_users(tmp_path: Path) -> None:
    """If TLS and users stand before everything, then probes succeed, and only who has the password reads."""
    authority, (certificate, key) = authority_of(tmp_path)
    web: Object = {"tls": {"existingSecret": "certificate"}, "users": {"alice": ALICE}}
    tls = {"tls.crt": certificate, "tls.key": key}
    async with centre() as base_url:
        secrets = {"wolkvox-tokens": {"ventas-co": TOKEN}, "certificate": tls}
        pod = Pod(with_operation(base_url, web=web), tmp_path / "pod", secrets)
        async with pod.running():
            await ready(pod)
            assert await pod.passes("startup")
            assert await pod.passes("liveness")
            trusted = ("--cacert", authority.file)
            assert (await page(pod, *trusted, scheme="https")).endswith("401")
            assert "wolkvox_up" in await page(pod, *trusted, "--user", f"alice:{PASSWORD}", scheme="https")
    assert "exec" in pod.rendered.container["livenessProbe"]


async def test_probes_ask_over_tls(tmp_path: Path) -> None:
    """If there is TLS alone, then the kubelet itself asks, so that readiness tells whether everything was polled."""
    _, (certificate, key) = authority_of(tmp_path)
    web: Object = {"tls": {"existingSecret": "certificate"}}
    async with centre() as base_url:
        secrets = {
            "wolkvox-tokens": {"ventas-co": TOKEN},
            "certificate": {"tls.crt": certificate, "tls.key": key},
        }
        pod = Pod(with_operation(base_url, web=web), tmp_path / "pod", secrets)
        async with pod.running():
            await ready(pod)
            assert await pod.passes("liveness")
    assert pod.rendered.container["readinessProbe"]["httpGet"]["scheme"] == "HTTPS"


async def test_probes_succeed_where_requests_are_limited(tmp_path: Path) -> None:
    """If more requests come than are allowed, then the kubelet takes the pod for alive all the same."""
    web: Object = {"config": {"rate_limit": {"interval": "1h", "burst": 1}}}
    async with centre() as base_url:
        pod = Pod(with_operation(base_url, web=web), tmp_path, {"wolkvox-tokens": {"ventas-co": TOKEN}})
        async with pod.running():
            await page(pod)
            assert (await page(pod)).endswith("429")
            assert await pod.passes("liveness")
            assert await pod.passes("readiness")


async def test_probes_succeed_where_clients_need_certificates(tmp_path: Path) -> None:
    """If only clients with a certificate are let in, then the pod lives all the same, and strangers stay out."""
    authority, (certificate, key) = authority_of(tmp_path)
    web: Object = {"tls": {"existingSecret": "certificate", "clientCA": {"configMap": "company-ca", "key": "ca.pem"}}}
    async with centre() as base_url:
        existing = {
            "wolkvox-tokens": {"ventas-co": TOKEN},
            "certificate": {"tls.crt": certificate, "tls.key": key},
            "company-ca": {"ca.pem": authority.file.read_text()},
        }
        pod = Pod(with_operation(base_url, web=web), tmp_path / "pod", existing)
        async with pod.running():
            await ready(pod)
            assert await pod.passes("liveness")
            assert "wolkvox_up" not in await page(pod, "--cacert", authority.file, scheme="https")
            own = ("--cert", tmp_path / "server.crt", "--key", tmp_path / "server.key")
            assert "wolkvox_up" in await page(pod, "--cacert", authority.file, *own, scheme="https")


@pytest.mark.parametrize("probe", ["startup", "liveness", "readiness"])
async def test_a_pod_that_does_not_answer_is_found(probe: str, tmp_path: Path) -> None:
    """If nobody answers, then each probe fails, whichever way it asks."""
    restricted: Object = {"users": {"alice": ALICE}}
    for web in ({}, restricted):
        pod = Pod(with_operation("http://127.0.0.1:1/api/v2", web=web), tmp_path)
        assert not await pod.passes(probe)


def authority_of(folder: Path) -> tuple[Authority, tuple[str, str]]:
    """Return an authority, and certificate and key of this host."""
    authority = Authority(folder)
    certificate, key = authority.write(folder)
    return authority, (certificate.read_text(), key.read_text())
