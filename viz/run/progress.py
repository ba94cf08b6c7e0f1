"""Progress: an end to what takes too long, and a line on a terminal that says what goes on."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from ..options.message import Message, Option

WAIT = 1.0                       # seconds until a line is shown, and between two states of it


class Overtime(RuntimeError):
    """Our own work took longer than it may; the user's function has `tracer.deadline`."""

    status = 1                   # what the command line exits with


@contextlib.contextmanager
def abort_after(seconds: float | None, doing: str) -> Iterator[None]:
    """Stops what takes longer, in the main thread of a system that has timers; tells of it.

    Raises Overtime.
    """
    import signal
    import threading

    def stop(*_: Any) -> None:
        raise Overtime(Message(f"still {doing} after {seconds:g} s: ", Option("time_limit"),
                               " allows more, ", Option("fold", "all"), " or ", Option("focus"),
                               " draw less"))

    can = seconds is not None and hasattr(signal, "setitimer") and \
        threading.current_thread() is threading.main_thread()
    if can:
        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds or 0)
    try:
        with show_progress(doing):
            yield
    finally:
        if can:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def show_progress(doing: str) -> Iterator[None]:
    """On a terminal, from the first second on: what is being done and for how long, then erased."""
    if not sys.stderr.isatty():
        yield
        return
    import threading
    import time
    done = threading.Event()
    start = time.monotonic()

    def tell() -> None:
        while not done.wait(WAIT):
            sys.stderr.write(f"\r\x1b[K{doing} ... {time.monotonic() - start:.0f} s")
            sys.stderr.flush()
        if time.monotonic() - start > WAIT:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
