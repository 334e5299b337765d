"""What is outside of the exporter's process in a simulation."""

from dataclasses import dataclass

from fuzz.machine import Clock, Disk
from fuzz.referee import Referee
from fuzz.wolkvox import Api


@dataclass
class World:
    """Time, the API, the disk and the token files, and the referee who sees all."""

    clock: Clock
    api: Api
    disk: Disk
    referee: Referee
    token_files: dict[str, tuple[str, float]]
    """What stands in each operation's token file, nothing if it is gone; since when, by the time of day."""
    token_takes: float = 0.0
    """Seconds in which a token file is read."""
    store_takes: float = 0.0
    """Seconds in which a note or a state is written."""
    store_is_full: bool = False
    """Whether states can no longer be written; notes can."""
