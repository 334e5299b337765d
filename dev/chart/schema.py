"""The schema of the chart's values: types of the defaults, what constraints.yaml adds, and the configuration's own.

Helm compiles patterns as RE2, which has no lookaheads, and reads values as YAML 1.1, which makes numbers and booleans
of `0042`, `1.10` and `NO`: where the configuration takes either, only text is let through.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from chart.values import Value, values
from wolkvox_exporter.assets.thresholds import THRESHOLDS, Threshold
from wolkvox_exporter.config.json_schema import schema_text as configuration_schema
from wolkvox_exporter.web.toolkit.schema import MODELS

Schema = dict[str, Any]
_CONSTRAINTS = Path(__file__).parent / "constraints.yaml"
_TYPES = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}
_AHEAD = re.compile(r"\^\(\?([=!])((?:[^()]|\([^()]*\))*)\)(.*)")
_FRACTION, _PERCENT = "0(\\.[0-9]{1,6})?|1(\\.0{1,6})?", "([0-9]{1,2}(\\.[0-9]{1,3})?|100(\\.0{1,3})?) ?%"
_RATIO = {"type": "string", "pattern": f"^({_FRACTION}|{_PERCENT})$"}
_COUNT = {"type": "string", "pattern": "^[0-9]{1,6}$"}


def schema_text() -> str:
    """Return the file."""
    constraints = yaml.safe_load(_CONSTRAINTS.read_text(encoding="utf-8"))
    root: Schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of wolkvox-exporter",
        "type": "object",
        "additionalProperties": False,
        "properties": {"global": {"type": "object", "description": "Of a chart that this one is a part of."}},
        "definitions": _definitions(),
    }
    every = values()
    for value in every:
        _place(root, value, constraints.pop(value.name, {}), every)
    if constraints:
        raise ValueError(f"constraints.yaml: no such values: {', '.join(constraints)}")
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"


def _place(root: Schema, value: Value, constraint: Schema, every: list[Value]) -> None:
    parent = root
    for key in value.path[:-1]:
        parent = parent["properties"][key]
    own: Schema = {"description": value.about} if value.about else {}
    own |= {"type": _TYPES[type(value.default)]}
    if any(other.path[:-1] == value.path for other in every):
        own |= {"additionalProperties": False, "properties": {}}
    parent["properties"][value.path[-1]] = own | constraint


def _definitions() -> Schema:
    configuration = _readable(json.loads(configuration_schema()))
    operation = configuration["$defs"]["WrittenOperation"]
    del operation["properties"]["token"]
    for key in ("base_url", "proxy_url"):
        # what a pattern refuses is repeated by Helm, and may hold a password
        operation["properties"][key]["not"] = {"not": {"pattern": operation["properties"][key].pop("pattern")}}
    # the chart knows where the token is
    operation["allOf"] = [operation["allOf"][0], {"not": {"required": ["token_file", "token_env"]}}]
    top = {key: each for key, each in configuration["properties"].items() if not key.startswith("state")}
    # refused in words that help
    del top["operations"]["minItems"]
    return {
        **configuration["$defs"],
        "WebConfiguration": _web_configuration(),
        "Configuration": {"type": "object", "additionalProperties": False, "properties": top},
        "Thresholds": {
            "type": "object",
            "additionalProperties": False,
            "properties": {each.name: _threshold(each, top["interval"]) for each in THRESHOLDS},
        },
    }


def _web_configuration(path: tuple[str, ...] = ()) -> Schema:
    """Return the keys of the web configuration file, whose values the exporter alone judges."""
    fields = {field.alias or name: field for name, field in MODELS[path].model_fields.items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key: _web_configuration((*path, key)) if (*path, key) in MODELS else {"description": field.description}
            for key, field in fields.items()
            # the chart has a value for it
            if key != "basic_auth_users"
        },
    }


def _threshold(threshold: Threshold, duration: Schema) -> Schema:
    ways: list[Schema] = [{"type": "integer", "minimum": 0, "maximum": 999_999}, _COUNT]
    if threshold.in_seconds:
        written = {key: each for key, each in duration.items() if key != "description"}
        ways = [{"type": "integer", "minimum": 1, "maximum": 86_400}, _COUNT, written]
    elif threshold.is_ratio:
        ways = [{"type": "number", "minimum": 0, "maximum": 1}, _RATIO]
    return {"description": threshold.about, "anyOf": ways}


def _readable(node: Any) -> Any:  # noqa: ANN401 - a schema is any JSON
    """Return a schema as Helm can read it, without what only editors show."""
    if isinstance(node, list):
        return [_readable(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept: Schema = {
        key: {name: _readable(each) for name, each in value.items()} if key == "properties" else _readable(value)
        for key, value in node.items()
        if key not in ("title", "examples", "default")
    }
    if "$ref" in kept:
        kept["$ref"] = kept["$ref"].replace("#/$defs/", "#/definitions/")
    if isinstance(kept.get("type"), list) and "string" in kept["type"]:
        kept = {key: value for key, value in kept.items() if key not in ("minimum", "maximum")} | {"type": "string"}
    return _without_lookahead(kept)


def _without_lookahead(node: Schema) -> Schema:
    found = _AHEAD.fullmatch(str(node.get("pattern", "")))
    if found is None:
        return node
    wanted, ahead, rest = found.groups()
    condition: Schema = {"pattern": f"^({ahead})"}
    if wanted == "!":
        condition = {"not": condition}
    return node | {"pattern": f"^{rest}", "allOf": [*node.get("allOf", []), condition]}
