"""What Kubernetes' schemas say of objects: run by the interpreter that has them.

Standard input is JSON: objects, and versions. Standard output is a JSON list of what is wrong, a line each.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from kubernetes_validate import (  # type: ignore[import-not-found]  # of another environment
    SchemaNotFoundError,
    ValidationError,
    validate,
)


def problems(objects: list[dict[str, Any]], versions: list[str]) -> Iterator[str]:
    """Yield what is wrong with each object in each version; an unknown key is."""
    for version in versions:
        for each in objects:
            try:
                validate(each, version, strict=True)
            except (SchemaNotFoundError, ValidationError) as error:
                yield f"{version} {each['kind']}: {error.message}"


def main() -> None:
    """Read one request and answer it."""
    request = json.load(sys.stdin)
    json.dump(list(problems(request["objects"], request["versions"])), sys.stdout)


main()
