"""`python -m wolkvox_exporter` is `wolkvox-exporter`."""

import gc
import signal
import sys

# what comes while the program is being read waits until the command knows what to do about it
signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
# nothing of it is garbage: to look for some takes a third of the time from the start of `--version` to its end
gc.disable()

from wolkvox_exporter.cli.commands import main  # noqa: E402 - see above

gc.freeze()
gc.enable()

if __name__ == "__main__":
    sys.exit(main())
