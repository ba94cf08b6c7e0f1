"""`python -m tinyviz graph f.py`."""

from .cli import main

main()
