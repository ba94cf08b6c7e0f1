"""Progress: a time limit for long work, and a status line on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from ..options.message import Message, Option

WAIT = 1.0                       # seconds until a line is shown, and between updates


class Overtime(RuntimeError):
    """An error for our own work exceeding its time; the user's function has `tracer.deadline`."""

    status = 1                   # exit status of the command line


@contextlib.contextmanager
def abort_after(seconds: float | None, doing: str) -> Iterator[None]:
    """Abort the work in the context after these seconds; only in the main thread, with timers.

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
    """Show the current work and its duration on a terminal, after the first second; then erase it.
    """
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
