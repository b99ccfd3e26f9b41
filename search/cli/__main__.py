"""`python -m search.cli` is the command `archsearch`."""

import sys

from search.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
