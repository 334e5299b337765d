"""The JSON Schema for editors, made from the models; it describes the file as people write it."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from wolkvox_exporter.config import durations
from wolkvox_exporter.config.models import WrittenFile


class _FileSchema(GenerateJsonSchema):
    """A key that may be left out cannot be null, and durations are texts."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: object) -> object:
        if not isinstance(dft, float):
            return super().encode_default(dft)
        return f"{dft:.0%}" if 0 < dft < 1 else durations.written(dft)


def schema() -> dict[str, Any]:
    """Return the schema of the configuration file."""
    return {"$schema": _FileSchema.schema_dialect} | WrittenFile.model_json_schema(schema_generator=_FileSchema)


def schema_text() -> str:
    """Return the schema as it stands in `schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
