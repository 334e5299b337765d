"""Errors that are told to people as they are."""


class PlainError(Exception):
    """What happened, where, and what to do: a command that meets one ends with its text, and without a traceback."""
