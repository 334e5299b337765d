"""Texts from elsewhere, as they may be written where people read them."""

import json


def printable(line: str) -> str:
    """Escape, as JSON does, whatever a terminal might obey or hide: texts of the API are in it."""
    if line.isprintable():
        return line
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in line)
