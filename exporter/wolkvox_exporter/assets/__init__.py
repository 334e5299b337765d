"""Dashboards, rules, examples and documents: they come with the package, and `wolkvox-exporter assets` writes them out.

What is written is in one language: of two, Grafana would show each dashboard twice. Where it is Spanish, runbooks come
in English as well: those of alerts that reach no supervisor have but a section in Spanish. In the repository this
folder holds links to where they are made; a wheel holds the files themselves.
"""

from typing import TYPE_CHECKING

from wolkvox_exporter.runtime.on_demand import names_of

__all__ = [
    "GRAFANA_URL",
    "JOB",
    "LANGUAGES",
    "RUNBOOK_URL",
    "ExistingFilesError",
    "Settings",
    "load_settings",
    "replacements",
    "write",
]
JOB = "wolkvox"
GRAFANA_URL = "https://grafana.example.com"
RUNBOOK_URL = "https://runbooks.example.com/wolkvox"
"""What stands in the files until somebody says otherwise."""
LANGUAGES = ("en", "es")

if TYPE_CHECKING:
    from wolkvox_exporter.assets.writing import ExistingFilesError, Settings, load_settings, replacements, write
else:
    __getattr__ = names_of(__name__, "writing")
