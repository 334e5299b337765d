"""What the models refuse, in plain words."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeAlias

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from wolkvox_exporter.config.models import Campaigns, WrittenFile, WrittenOperation
from wolkvox_exporter.config.problems import BadValue

Models: TypeAlias = Mapping[tuple[str, ...], type[BaseModel]]
"""The model of each group of keys, by the keys that lead there."""

MODELS: Models = {
    (): WrittenFile,
    ("operations",): WrittenOperation,
    ("operations", "campaigns"): Campaigns,
}
_TEXTS = {
    "model_type": "keys with values (key: value) are wanted here",
    "dict_type": "keys with values (key: value) are wanted here",
    "tuple_type": "a list is wanted here; start each entry with a dash, or write [first, second]",
}
# enough of a key to guess what was meant; comparing takes time that grows with the square
_COMPARED = 40
_SIMILARITY = 0.78


def text(error: ErrorDetails, models: Models = MODELS) -> str:
    """Say what is wrong and what would be right."""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, BadValue):
        return str(cause)
    *parent, key = error["loc"] or ("",)
    model = models.get(tuple(part for part in parent if isinstance(part, str)), models[()])
    if error["type"] == "extra_forbidden":
        return _unknown(str(key), model)
    if error["type"] == "missing":
        return f"the key is missing; write it: {model.model_fields[str(key)].description}"
    # never pydantic's own words: they speak of Python and may hold the value
    return _TEXTS.get(error["type"], "the value cannot be used here")


def _unknown(key: str, model: type[BaseModel]) -> str:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    spelled = {_folded(each): each for each in keys}
    nearest = get_close_matches(_folded(key[:_COMPARED]), spelled, n=1, cutoff=_SIMILARITY)
    if nearest:
        return f"unknown key; did you mean {spelled[nearest[0]]}?"
    if model is WrittenFile and key in WrittenOperation.model_fields:
        return "this key belongs to an operation; move it under operations"
    return f"unknown key; known here are {', '.join(sorted(keys))}"


def _folded(key: str) -> str:
    return key.lower().replace("-", "_")
