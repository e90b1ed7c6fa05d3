"""`python -m sojourn.cli` is the program `sojourn`."""

import sys

from sojourn.cli import main

sys.exit(main())
