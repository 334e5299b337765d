"""The state: what a restart needs to know, kept outside the process; `state_in` is the way in."""

from wolkvox_exporter.storage.directory import Directory, StateError, state_in

__all__ = ["Directory", "StateError", "state_in"]
