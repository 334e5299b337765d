"""Where the exporter listens: the sockets of the process, as the system sees them."""

import asyncio
import gc
import json
import os
import signal
import socket
import warnings
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from support.operations import operation
from support.processes import EXPORTER, config_file, program, require, run
from support.servers import HOST
from support.tools import tool
from support.web import written
from wolkvox_exporter.app import Exporter, Listen
from wolkvox_exporter.config import Config, ConfigError
from wolkvox_exporter.web.toolkit.address import parse_address
from wolkvox_exporter.web.toolkit.sockets import AddressError

TAKEN = "Address already in use, perhaps by another of the addresses given"
NO_NETWORKS = "no own networks may be made here; run the tests as root, with iproute2"
IPV4 = "0.0.0.0"  # noqa: S104 - it is what is tried
WITHOUT_IPV6 = "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"
SETUP = f'ip link set lo up && {WITHOUT_IPV6} && mount --bind "$0" /etc/hosts && exec "$@"'


async def listened_on(pid: int, *prefix: str) -> set[str]:
    """Return the addresses that a process listens on."""
    found = await run(*prefix, tool("ss"), "--no-header", "--listening", "--numeric", "--tcp", "--processes")
    return {line.split()[3] for line in found.out.splitlines() if f"pid={pid}," in line}


def free_port() -> int:
    """Return a port that nobody has at any address at the moment."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        return int(server.getsockname()[1])


def listen(*flags: str) -> Listen:
    """Return what these flags say."""
    return Listen([parse_address(flag) for flag in flags])


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["127.0.0.1"], {"127.0.0.1"}),
        (["127.0.0.2"], {"127.0.0.2"}),
        (["[::1]"], {"[::1]"}),
        (["[0::1]"], {"[::1]"}),
        ([IPV4], {IPV4}),
        ([""], {IPV4, "[::]"}),
        (["[::]"], {IPV4, "[::]"}),
        (["[::1]", "127.0.0.1"], {"127.0.0.1", "[::1]"}),
        (["127.0.0.1", "127.0.0.2", "[::1]"], {"127.0.0.1", "127.0.0.2", "[::1]"}),
    ],
)
async def test_the_sockets_are_those_that_are_written(flags: list[str], expected: set[str]) -> None:
    """If addresses are given, then it listens on all of them and no other; `:port` and `[::]` are both families."""
    port = free_port()
    before = await listened_on(os.getpid())
    async with Exporter(Config((), ())).running(listen(*(f"{flag}:{port}" for flag in flags))) as addresses:
        assert await listened_on(os.getpid()) - before == {f"{host}:{port}" for host in expected}
        assert len(addresses) == len(expected)
        async with aiohttp.ClientSession() as client:
            for host in (host.strip("[]") for host in expected):
                reached = {IPV4: HOST, "::": "[::1]", "::1": "[::1]"}.get(host, host)
                async with client.get(f"http://{reached}:{port}/-/healthy") as answer:
                    assert answer.status == 200
    assert await listened_on(os.getpid()) == before


@pytest.mark.parametrize("flag", [":0", "[::]:0"])
async def test_a_port_that_the_system_chooses_is_one_for_both_families(flag: str) -> None:
    """If the port is left to the system, then all that one flag stands for has the same."""
    async with Exporter(Config((), ())).running(listen(flag)) as addresses:
        (first, port), *others = addresses
        assert [first, *others] == [IPV4, ("::", port)]
        assert port > 0


async def test_ports_that_the_system_chooses_differ() -> None:
    """If two flags leave the port to the system, then each has one of its own."""
    async with Exporter(Config((), ())).running(listen("127.0.0.1:0", "127.0.0.1:0")) as addresses:
        assert len(set(addresses)) == 2


async def refused(*flags: str) -> str:
    """Return what is said when it cannot start; an error if it listens anywhere after that."""
    before = await listened_on(os.getpid())
    with pytest.raises(AddressError) as error:
        async with Exporter(Config((), ())).running(listen(*flags)):
            pass
    assert await listened_on(os.getpid()) == before
    return str(error.value)


async def test_it_listens_on_all_or_none() -> None:
    """If one of several addresses cannot be had, then the start fails and names it, and nothing is listened on."""
    with socket.create_server((HOST, 0)) as taken:
        where = f"{HOST}:{taken.getsockname()[1]}"
        said = f"cannot listen on {where} (Address already in use); choose with --web.listen-address"
        assert await refused("[::1]:0", where) == said
        assert await refused(where, "[::1]:0") == said
        # whoever has it at one address only
        every = f":{taken.getsockname()[1]}"
        assert await refused(every) == said.replace(where, every)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["127.0.0.1:{port}", "127.0.0.1:{port}"], "127.0.0.1:{port} (it is given twice)"),
        (["[::1]:{port}", ":0", "[0::1]:{port}"], "[::1]:{port} (it is given twice)"),
        ([":{port}", "[::]:{port}"], ":{port} (it is given twice)"),
        ([":{port}", "127.0.0.1:{port}"], f"127.0.0.1:{{port}} ({TAKEN})"),
        (["0.0.0.0:{port}", "[::]:{port}"], f":{{port}} ({TAKEN})"),
        (["localhost:{port}", "127.0.0.1:{port}"], f"127.0.0.1:{{port}} ({TAKEN})"),
        (["192.0.2.7:{port}"], "192.0.2.7:{port} (Cannot assign requested address)"),
        (["[2001:db8::7]:{port}"], "[2001:db8::7]:{port} (Cannot assign requested address)"),
        (["nowhere.invalid:{port}"], "nowhere.invalid:{port} (no such address)"),
        (["[fe80::1%nowhere]:{port}"], "[fe80::1%nowhere]:{port} (no such address)"),
    ],
)
async def test_an_address_that_cannot_be_had_is_named(flags: list[str], said: str) -> None:
    """If an address is given twice, is not this machine's, or names nothing, then the start fails and says so."""
    port = free_port()
    wanted = f"cannot listen on {said.format(port=port)}; choose with --web.listen-address"
    assert await refused(*(flag.format(port=port) for flag in flags)) == wanted


async def left_open(listen: Listen, steps: int) -> list[str]:
    """Start an exporter of three operations, cancel that after so many steps, and return what is left open."""
    left: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left.append(str(context["message"])))

    async def start() -> None:
        operations = tuple(operation(f"http://{HOST}:9/api/v2", name, name) for name in "abc")
        async with Exporter(Config(operations, ())).running(listen):
            await asyncio.Event().wait()

    starting = asyncio.create_task(start())
    for _ in range(steps):
        await asyncio.sleep(0)
    starting.cancel()
    with suppress(asyncio.CancelledError, AddressError, ConfigError):
        await starting
    del starting
    with warnings.catch_warnings():
        # the handler has them, too
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return left


@pytest.mark.parametrize("flag", ["127.0.0.1:0", "192.0.2.7:1", "nowhere.invalid:1"])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 20, 500])
async def test_a_start_that_ends_early_leaves_nothing_open(flag: str, steps: int) -> None:
    """If the start fails or is cancelled, at whatever moment, then no connection of the operations is left open."""
    assert await left_open(listen(flag), steps) == []


async def test_a_bad_web_configuration_leaves_nothing_open(tmp_path: Path) -> None:
    """If the start fails because of the web configuration file, then no connection of the operations is left open."""
    bad = Listen([(HOST, 0)], web_config_file=written(tmp_path, "junk"))
    assert await left_open(bad, 500) == []


async def test_the_log_names_all_addresses(tmp_path: Path) -> None:
    """If it listens on several addresses, then the log has a line for each, and each answers."""
    config = config_file(tmp_path, f"http://{HOST}:1", {"a": {"token": "x"}})
    flags = ("--web.listen-address=127.0.0.1:0", "--web.listen-address", "[::1]:0", "--log.format=json")
    async with program(*EXPORTER, f"--config.file={config}", *flags) as exporter:
        await exporter.line('"::1"')
        told = [json.loads(line) for line in exporter.err if '"listening"' in line]
        assert [line["address"] for line in told] == ["127.0.0.1", "::1"]
        assert await listened_on(exporter.pid) == {f"127.0.0.1:{told[0]['port']}", f"[::1]:{told[1]['port']}"}
        assert await exporter.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("command", ["demo", "simulate"])
async def test_the_simulating_commands_listen_on_all_addresses(command: str) -> None:
    """If `demo` or `simulate` is given two addresses, before the command and after it, then it answers on both."""
    first, second = "--web.listen-address=[::1]:0", f"--web.listen-address=:{(port := free_port())}"
    async with program(*EXPORTER, first, command, second) as running:
        await running.line("Ctrl-C ends it")
        found = await listened_on(running.pid)
        assert {f"{IPV4}:{port}", f"[::]:{port}"} < found
        (chosen,) = (address for address in found if address.startswith("[::1]:"))
        assert f"http://{chosen}/" in running.text
        assert await running.end(signal.SIGTERM) == 0


@pytest.fixture
async def own_network(tmp_path: Path) -> tuple[str, ...]:
    """Return the words before a program that give it a network without IPv6, and a hosts file that knows of IPv6."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n127.0.0.1 both\n::1 localhost both\n::1 six\n")
    words = ("unshare", "--net", "--mount", "sh", "-c", SETUP, str(hosts))
    await require(NO_NETWORKS, *words, "true")
    return words


async def test_a_name_stands_for_all_its_addresses(tmp_path: Path, own_network: tuple[str, ...]) -> None:
    """If a name has an address of each family, and the machine has both, then both are listened on, at one port."""
    config = config_file(tmp_path, f"http://{HOST}:1", {"a": {"token": "x"}})
    flags = (f"--config.file={config}", "--web.listen-address=both:0", "--log.format=json")
    with_ipv6 = [word.replace(WITHOUT_IPV6, "true") for word in own_network]
    async with program(*with_ipv6, *EXPORTER, *flags) as exporter:
        port = json.loads(await exporter.line('"::1"'))["port"]
        inside = ("nsenter", "--net", "--target", str(exporter.pid))
        assert await listened_on(exporter.pid, *inside) == {f"127.0.0.1:{port}", f"[::1]:{port}"}
        assert await exporter.end(signal.SIGTERM) == 0
    assert "not listening" not in exporter.text


@pytest.mark.parametrize(("host", "told"), [("localhost", "::1"), ("both", "::1"), ("", ""), ("[::]", "")])
async def test_without_ipv6_it_listens_on_what_there_is(
    tmp_path: Path, own_network: tuple[str, ...], host: str, told: str
) -> None:
    """If a name has an IPv6 address and the machine does not, then IPv4 is listened on, and a line says what is not."""
    config = config_file(tmp_path, f"http://{HOST}:1", {"a": {"token": "x"}})
    flags = (f"--config.file={config}", f"--web.listen-address={host}:18512", "--log.format=json")
    async with program(*own_network, *EXPORTER, *flags) as exporter:
        await exporter.line('"listening"')
        inside = ("nsenter", "--net", "--target", str(exporter.pid))
        found = await listened_on(exporter.pid, *inside)
        assert await exporter.end(signal.SIGTERM) == 0
    assert ("127.0.0.1:18512" if told else f"{IPV4}:18512") in found
    assert not [address for address in found if "::1" in address]
    left_out = [json.loads(line) for line in exporter.err if '"not listening"' in line]
    assert [line["addresses"] for line in left_out] == ([told] if told else [])


@pytest.mark.parametrize("host", ["[::1]", "six"])
async def test_without_ipv6_an_address_of_it_cannot_be_had(
    tmp_path: Path, own_network: tuple[str, ...], host: str
) -> None:
    """If none of an address's own addresses is the machine's, then the start fails."""
    config = config_file(tmp_path, f"http://{HOST}:1", {"a": {"token": "x"}})
    ended = await run(*own_network, *EXPORTER, f"--config.file={config}", f"--web.listen-address={host}:18512")
    reason = "(Cannot assign requested address); choose with --web.listen-address"
    assert (ended.code, ended.out, ended.err) == (1, "", f"cannot listen on {host}:18512 {reason}\n")


async def test_a_link_local_address_is_listened_on_at_its_interface(tmp_path: Path) -> None:
    """If an address has a zone, then it is that interface's, and the log and curl know it by that."""
    setup = 'ip link set lo up && ip address add fe80::7/64 dev lo nodad && exec "$@"'
    own = ("unshare", "--net", "sh", "-c", setup, "--")
    await require(NO_NETWORKS, *own, "true")
    config = config_file(tmp_path, f"http://{HOST}:1", {"a": {"token": "x"}})
    flags = (f"--config.file={config}", "--web.listen-address=[fe80::7%lo]:18512", "--log.format=json")
    async with program(*own, *EXPORTER, *flags) as exporter:
        assert json.loads(await exporter.line('"listening"'))["address"] == "fe80::7%lo"
        inside = ("nsenter", "--net", "--target", str(exporter.pid))
        assert await listened_on(exporter.pid, *inside) == {"[fe80::7]%lo:18512"}
        read = await run(*inside, tool("curl"), "--silent", "--globoff", "http://[fe80::7%25lo]:18512/-/healthy")
        assert read.out == "healthy\n"
        assert await exporter.end(signal.SIGTERM) == 0
