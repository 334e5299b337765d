"""The state: what a restart needs to know, kept outside the process; `state_in` is the way in, `peek` a look."""

from wolkvox_exporter.storage.directory import Directory, StateError, peek, state_in

__all__ = ["Directory", "StateError", "peek", "state_in"]
