"""The tables that replicas share, as SQL for whoever administers the database."""

from wolkvox_exporter import __version__
from wolkvox_exporter.cli.options import Options
from wolkvox_exporter.cli.output import failed, say
from wolkvox_exporter.config import database
from wolkvox_exporter.config.problems import BadValue

_ABOUT = f"""\
-- The tables of wolkvox-exporter {__version__}, all of them or none. Run it in the database that the key state names,
-- as a role that may create schemas there: psql --set=ON_ERROR_STOP=1 --file=FILE DATABASE"""


def database_schema(options: Options) -> int:
    """Print what makes the tables, and gives a role the rights to use them."""
    try:
        database.library()
    except BadValue as error:
        return failed(error)
    from wolkvox_exporter.storage.postgresql import schema  # noqa: PLC0415 - an extra, for who uses it

    say(f"{_ABOUT}\n{schema.script(options.schema, options.role)}".rstrip())
    return 0
