"""`python -m wolkvox_exporter.config` prints the JSON Schema for editors, which `make generate` writes beside this."""

import sys

from wolkvox_exporter.config.json_schema import schema_text

if __name__ == "__main__":
    sys.stdout.write(schema_text())
