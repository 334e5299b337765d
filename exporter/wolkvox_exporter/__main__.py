"""`python -m wolkvox_exporter` is `wolkvox-exporter`."""

import signal
import sys

# what comes while the program is being read waits until the command knows what to do about it
signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))

from wolkvox_exporter.cli.commands import main  # noqa: E402 - see above

if __name__ == "__main__":
    sys.exit(main())
