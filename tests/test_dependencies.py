"""What the exporter asks of the libraries that it runs on."""

import ast
import inspect
import pkgutil
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import wolkvox_exporter
from docs.generate import ROOT

PRIVATE = {
    "aiohttp.BaseProtocol._loop",
    "aiohttp.BaseSite._runner",
    "aiohttp.RequestHandler._messages",
    "aiohttp.RequestHandler._request_count",
    "aiohttp.RequestHandler._request_factory",
    "aiohttp.RequestHandler._request_in_progress",
}
"""What classes of the exporter use of those that they are derived from, though it is no promise; ruff sees others."""
UNPROMISED = {
    "aiohttp": "BaseConnector._factory, which makes the protocols, what connect is given, and http_exceptions",
    "prometheus-client": "utils.floatToGoString",
    "PyYAML": "BaseLoader.compose_node and peek_event, and how errors begin",
}
"""What has a public name, but is in no document of its library."""
OURS = wolkvox_exporter.__name__


def test_private_fields_of_libraries_are_listed() -> None:
    """If a private field of a library comes into use, or one in use is gone, then this list is no longer right."""
    assert {name for module in modules() for name in private_fields(module)} == PRIVATE


def test_what_is_not_promised_has_an_upper_bound() -> None:
    """If a library may change what is in use here without a word, then only versions that were tried are installed."""
    libraries = {name.partition(".")[0] for name in PRIVATE} | set(UNPROMISED)
    assert libraries <= {re.split("[<>=]", line)[0] for line in declared() if "<" in line}


def test_what_is_pinned_is_what_is_declared() -> None:
    """If a bound changes, then it does so for those who install the package and for those who install the pins."""
    lines = (ROOT / "requirements" / "runtime.in").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == declared()


def declared() -> list[str]:
    """Return what the package depends on."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["project"]["dependencies"])


def modules() -> list[ModuleType]:
    """Return every module of the exporter but those that run when they are imported."""
    found = pkgutil.walk_packages(wolkvox_exporter.__path__, f"{OURS}.")
    return [import_module(module.name) for module in found if not module.name.endswith("__main__")]


def private_fields(module: ModuleType) -> Iterator[str]:
    """Yield the private fields of libraries in use in a module."""
    for kind in vars(module).values():
        if inspect.isclass(kind) and kind.__module__ == module.__name__:
            # a model that pydantic makes of a table has no code
            ours = [base for base in kind.__mro__ if library(base) == OURS and has_source(base)]
            theirs = [base for base in kind.__mro__ if library(base) not in {OURS, *sys.stdlib_module_names}]
            for name in fields(ours, ast.expr_context) if theirs else ():
                owner = next((base for base in theirs if name in vars(base)), None)
                # or set by the library in a way that nobody can see from outside
                if owner or name not in fields(ours, ast.Store):
                    yield f"{library(theirs[0])}.{(owner or theirs[0]).__name__}.{name}"


def library(kind: type) -> str:
    """Return the library that a class is from."""
    return kind.__module__.partition(".")[0]


def has_source(kind: type) -> bool:
    """Return whether a class is written somewhere."""
    try:
        return bool(inspect.getsource(kind))
    except OSError:
        return False


def fields(kinds: list[type], use: type[ast.expr_context]) -> set[str]:
    """Return the private fields of `self` that classes read, write or both; with those they write, their methods."""
    nodes = [node for kind in kinds for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(kind))))]
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, use)}
    named |= {name for kind in kinds for name in vars(kind)} if use is ast.Store else set()
    return {name for name in named if re.match("_[^_]", name)}
