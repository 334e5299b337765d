"""`python -m wolkvox_exporter` is `wolkvox-exporter`."""

import gc
import signal
import sys

# what comes while the program is being read waits until the command knows what to do about it
signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
# nothing of it is garbage: to look for some takes a third of the time from the start to where a command begins
gc.disable()

from wolkvox_exporter.cli import commands  # noqa: E402 - see above


def main() -> int:
    """Run the command of this process's command line; returns the exit code."""
    return commands.main(loaded=_collect_garbage)


def _collect_garbage() -> None:
    """Look for garbage from now on, in what comes to what has been read."""
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    sys.exit(main())
