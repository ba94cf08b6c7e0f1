"""Our own work ends in time, and a terminal is told what takes long."""

import os
import subprocess
import sys

import pytest

from viz.run import progress

SLOW = """
import time
from viz.run import progress as watch
watch.WAIT = 0.05
with watch.show_progress("drawing 9 nodes"):
    time.sleep(0.3)
with watch.show_progress("quick"):
    pass
"""


def test_the_time_limit_holds_for_our_own_work():
    with pytest.raises(progress.Overtime, match="still drawing 9 nodes after 0.05 s: time_limit="):
        with progress.abort_after(0.05, "drawing 9 nodes"):
            while True:
                pass
    with progress.abort_after(60, "drawing 9 nodes"):
        pass


def test_a_terminal_is_told_what_takes_long_and_a_file_is_not(tmp_path):
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", SLOW], stderr=theirs, check=True)
    os.close(theirs)
    told = b""
    while chunk := _read(ours):
        told += chunk
    os.close(ours)
    assert b"drawing 9 nodes ... 0 s" in told and told.endswith(b"\r\x1b[K")
    assert b"quick" not in told
    with open(tmp_path / "err", "wb") as file:
        subprocess.run([sys.executable, "-c", SLOW], stderr=file, check=True)
    assert not (tmp_path / "err").read_bytes()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 1000)
    except OSError:              # Linux: the other end is closed
        return b""
