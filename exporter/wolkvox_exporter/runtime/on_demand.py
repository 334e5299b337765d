"""Names that a package offers from its modules, which are imported as soon as somebody asks for one.

Reading all that serves takes half a second of a processor: a command that does not serve reads what it uses alone.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec


def names_of(package: str, module: str) -> Callable[[str], object]:
    """Return a `__getattr__` for a package that offers what is in `module`, one of its own."""

    def get(name: str) -> object:
        # a module of the package itself is imported by whoever names it, and so is what Python looks for on its own
        if name.startswith("_") or find_spec(f"{package}.{name}"):
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
        return getattr(import_module(f"{package}.{module}"), name)

    return get
