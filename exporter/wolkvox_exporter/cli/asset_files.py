"""Dashboards, rules, examples and documents, written where somebody wants them."""

from wolkvox_exporter import assets
from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.cli.output import failed, say
from wolkvox_exporter.runtime import shortages


def write_assets(options: Options) -> int:
    """Write dashboards, rules, examples and documents into a folder."""
    fitting = assets.replacements(options.job, options.grafana_url, options.runbook_url)
    settings = assets.load_settings(options.settings_file) if options.settings_file else None
    try:
        files = assets.write(options.folder, fitting, options.language, settings, force=options.force)
    except assets.ExistingFilesError as error:
        return failed(error)
    except OSError as error:
        return failed(f"{error.filename}: {error.strerror}; {shortages.remedy(error) or 'choose another folder'}")
    start = options.folder / "config.example.yaml"
    say(f"{len(files)} files are in {options.folder}; {start} is a start, {options.folder / 'docs'} has what to read")
    return 0
