"""Writes the files: `make generate`."""

from docs.generate import ROOT
from mixin.files import files
from mixin.settings import Settings

for path, text in files(Settings()).items():
    file = ROOT / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
