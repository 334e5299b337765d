"""Writes the files: `make generate`."""

import sys

from chart.readme import readme
from chart.schema import schema_text
from chart.values import CHART
from docs.generate import main

sys.exit(main({CHART / "values.schema.json": schema_text(), CHART / "README.md": readme()}))
