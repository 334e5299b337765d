"""`python -m wolkvox_exporter` is `wolkvox-exporter`."""

import sys

from wolkvox_exporter.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
