"""`python -m exporter.config > exporter/config/schema.json` renews the JSON Schema for editors."""

import sys

from exporter.config.schema_generator import schema_text

if __name__ == "__main__":
    sys.stdout.write(schema_text())
