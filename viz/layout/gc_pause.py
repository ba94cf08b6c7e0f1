"""A pause of Python's garbage collector, for the making of very many small things."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """No search for cycles while a picture is made: it would look at all that is made again and
    again, a quarter of the time, and find nothing, since nothing made here refers to itself."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
