"""Failures that this machine alone is the cause of: nobody is sent to look elsewhere."""

import errno
import json
import sys
from pathlib import Path

import pytest

from support.operations import TOKEN
from support.processes import EXPORTER, config_file, require, run
from support.servers import replying, serving
from support.threads import MORE_THAN_THERE_IS, no_threads
from wolkvox_exporter.api.client import Call, Client
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.runtime import shortages

CALL = Call("real_time.php", {"api": "campaigns"})
# what is asked, and how a network of its own is set up for whoever asks
NETWORKS = {
    "no network": ("127.0.0.1", "true", "Network is unreachable", "check this host's network"),
    "no IPv6": ("[::1]", "true", "Cannot assign requested address", "is IPv6 off?"),
    "forbidden route": (
        "192.0.2.1",
        "ip link set lo up && ip route add prohibit 192.0.2.0/24",
        "Permission denied",
        "this host itself forbids the connection",
    ),
    "forbidden by policy": (
        "127.0.0.9",
        (
            "ip link set lo up && echo 0 > /proc/sys/net/ipv4/conf/lo/disable_xfrm"
            " && ip xfrm policy add dir out src 0.0.0.0/0 dst 127.0.0.9/32 action block"
        ),
        "Operation not permitted",
        "this host itself forbids the connection",
    ),
}
# asks a server after it has used up all files, or nearly all memory
SHORT = """\
import asyncio, os, resource, sys
from wolkvox_exporter.api.client import Call, Client
from wolkvox_exporter.api.errors import ApiError

def use_up_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    try:
        while True:
            os.open(os.devnull, os.O_RDONLY)
    except OSError:
        pass

def use_up_memory():
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**25, used + 2**25))

async def main(what, url):
    client = Client(url)
    # once before, so that all code is loaded
    for use_up in (lambda: None, {"files": use_up_files, "memory": use_up_memory}[what]):
        use_up()
        try:
            await client.get(Call("x", {}), "a-token")
        except ApiError as error:
            print(error)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(("host", "setup", "error", "remedy"), NETWORKS.values(), ids=NETWORKS)
async def test_a_connection_that_this_host_refuses_itself(
    tmp_path: Path, host: str, setup: str, error: str, remedy: str
) -> None:
    """If this host has no way to the server, or forbids it, then the remedy is here and not on wolkvox' allow-list."""
    own_network = ("unshare", "--net", "sh", "-c", f'{setup} && exec "$@"', "--")
    await require("no own networks may be made here; run the tests as root, with iproute2", *own_network, "true")
    config = config_file(tmp_path, f"http://{host}/api/v2", {"ventas-co": {"token": TOKEN, "amd": "off"}})
    asked = await run(*own_network, *EXPORTER, "once", f"--config.file={config}", "--log.format=json")
    failed, closing = map(json.loads, asked.err.splitlines())
    assert (failed["reason"], failed["error"]) == ("connection", f"no connection to the server ({error})")
    assert remedy in failed["remedy"]
    assert "1 failed: ventas-co campaigns (connection)" in closing["msg"]
    assert "allow-list" not in asked.err


@pytest.mark.parametrize("host", ["127.0.0.1:9", "nonexistent.invalid"])
async def test_files_that_are_used_up_are_named(host: str) -> None:
    """If no file can be opened, then that is the failure, be it for a connection or for a name that is looked up."""
    asked = await run(sys.executable, "-c", SHORT, "files", f"http://{host}/")
    last = asked.out.splitlines()[-1]
    assert "(Too many open files): raise this process's limit of open files" in last
    assert "DNS" not in last
    assert "allow-list" not in last


async def test_memory_that_is_used_up_is_named() -> None:
    """If there is no memory for an answer, then that is the failure."""
    async with serving(replying(b"[" + b" " * 60_000_000 + b"]")) as server:
        asked = await run(sys.executable, "-c", SHORT, "memory", server.url)
    assert asked.out == "no memory is left for the answer: " + shortages.REMEDIES[errno.ENOMEM] + "\n"


async def test_a_name_that_no_thread_looks_up_is_no_failure_of_dns() -> None:
    """If the system has no thread for looking a name up, then the remedy says so."""
    client = Client("http://nonexistent.invalid/")
    with no_threads(), pytest.raises(ApiError) as raised:
        await client.get(CALL, TOKEN)
    await client.close()
    assert raised.value.remedy.startswith("no thread can be started; raise the limit on processes")


FILES = (
    "Too many open files; raise this process's limit of open files (LimitNOFILE, ulimit), or find out what uses them up"
)
THREADS = "no thread can be started; raise the limit on processes, or look for what uses them up"
FEW_FILES = ("sh", "-c", 'ulimit -n 6; exec "$@"', "--", *EXPORTER)
NO_THREADS = f"""\
import sys, threading
from wolkvox_exporter.cli.commands import main
threading.stack_size({MORE_THAN_THERE_IS})
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ((*FEW_FILES, "once"), FILES),
        ((*FEW_FILES, "check"), FILES),
        (FEW_FILES, FILES),
        ((sys.executable, "-c", NO_THREADS, "once"), THREADS),
        ((sys.executable, "-c", NO_THREADS), THREADS),
    ],
    ids=["once, files", "check, files", "serve, files", "once, threads", "serve, threads"],
)
async def test_a_start_that_this_host_has_no_means_for(tmp_path: Path, program: tuple[str, ...], text: str) -> None:
    """If there are too few files or threads for a command, then its last line says so, and what to do."""
    config = config_file(tmp_path, "http://127.0.0.1:9", {"ventas-co": {"token": TOKEN, "amd": "off"}})
    asked = await run(*program, f"--config.file={config}")
    assert (asked.code, asked.out, asked.err.splitlines()[-1]) == (1, "", text)
    assert all("level=" in line for line in asked.err.splitlines()[:-1])


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS])
def test_every_shortage_has_a_remedy(number: int) -> None:
    """If this machine is short of something, then people are told of what, and anything else is no shortage."""
    words = {errno.EMFILE: "this process", errno.ENFILE: "this machine", errno.ENOBUFS: "network"}
    assert words.get(number, "memory") in shortages.remedy(OSError(number, "short"))
    assert shortages.remedy(OSError(errno.ECONNREFUSED, "refused")) == shortages.remedy(ValueError()) == ""
