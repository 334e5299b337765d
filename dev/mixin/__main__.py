"""Writes the files: `make generate`."""

import sys

from docs.generate import ROOT, main
from mixin.files import files
from mixin.settings import Settings

sys.exit(main({ROOT / path: text for path, text in files(Settings()).items()}))
