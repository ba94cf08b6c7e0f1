"""`python -m tinyviz graph f.py`."""

import os
import sys

from . import __path__

if sys.path[0] == os.getcwd() not in __path__:     # contains the user's files, none of ours
    del sys.path[0]

from .cli import main  # noqa: E402

main()
