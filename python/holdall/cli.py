"""The command `holdall`. Clap, in the extension, reads the arguments; see `holdall --help`."""

import sys

from holdall._holdall import main as run


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        code = run(["holdall", *sys.argv[1:]])
    except KeyboardInterrupt:  # in the moment after it was done
        code = 130
    sys.exit(code)
