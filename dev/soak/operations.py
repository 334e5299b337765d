"""The operations that are polled in a soak, and what befalls each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from soak.faults import LARGE, QUICK, SLOW, Fault

INTERVAL = 2
"""Seconds between two polls of a report: what would be five months of polls fits into an hour."""
DOOR_INTERVAL = 4
NAME_INTERVAL = 14
"""Seconds: longer than a resolved name is remembered."""
HOST_NAME = "upstream.invalid"
"""Resolved only where the exporter runs with a hosts file of its own."""
_NO_FAULTS: Mapping[str, Fault] = MappingProxyType({})


@dataclass(frozen=True)
class Spec:
    """An operation: `share` of its calls fail in one of the ways of `menu`; `keys` are those of the configuration.

    `always`: the reason for which every poll fails, where no call ever arrives.
    """

    name: str
    menu: Mapping[str, Fault] = field(default_factory=lambda: _NO_FAULTS, repr=False)
    share: float = 0.3
    keys: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    always: str = ""

    @property
    def secret(self) -> str:
        """The token it starts with."""
        return self.token or f"soak-canary-{self.name}"


def _once(interval: int) -> dict[str, str]:
    return {"amd": "off", "quota_interval": "0", "interval": f"{interval}s"}


OPERATIONS = (
    Spec("calm", share=0.0),
    Spec("unwell-1", QUICK),
    Spec("unwell-2", QUICK, share=0.8),
    Spec("each", QUICK, keys={"amd": "each", "amd_max_calls": "3"}),
    Spec("slow", SLOW, keys={"timeout": "4s"}),
    Spec("large", LARGE, share=0.06, keys={"timeout": "60s"}),
    Spec("twin-1", QUICK, token="soak-canary-of-twins"),  # noqa: S106 - opens nothing
    Spec("twin-2", QUICK, token="soak-canary-of-twins"),  # noqa: S106 - opens nothing
    Spec("rotating"),
    Spec("spent"),
    Spec("door", keys=_once(DOOR_INTERVAL)),
    Spec("name", keys=_once(NAME_INTERVAL)),
    Spec("nowhere", keys=_once(INTERVAL), always="connection"),
    Spec("dropped", keys={**_once(INTERVAL), "timeout": "2s"}, always="connection"),
    Spec("untrusted", keys=_once(INTERVAL)),
)
