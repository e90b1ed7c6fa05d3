"""`python -m sojourn.cli` is the program `sojourn`, as `python -m sojourn` is."""

import sys

from sojourn.cli import main

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the working directory, from which nothing is to be imported
    sys.exit(main())
