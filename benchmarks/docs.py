"""Documents: 200 pictures, light and dark, in one process; against one process for each."""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cli

PICTURES, GOAL = 200, 25.0       # ms for one, after the first
ROOT = Path(__file__).parent.parent


def document(n: int, dark: str) -> str:
    return "\n".join(f"<!-- tinyviz: graph cubic.py --at {i} -o img/{i}.svg {dark} -->\n"
                     "<!-- /tinyviz -->" for i in range(n))


def once(n: int, dark: str = "") -> float:
    """Seconds to draw n pictures from nothing."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("setup.cfg").write_text("")
        Path("cubic.py").write_text("def f(x):\n    return x*x*x + x\n")
        Path("a.md").write_text(document(n, dark))
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            cli.main(["docs", "a.md"])
        return time.perf_counter() - start


def process() -> float:
    """Seconds for one picture by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "cli", "graph", "x*x*x + x", "--at", "1.2", "-o",
                        f"{folder}/a.svg"], check=True, stdout=subprocess.DEVNULL,
                       env=os.environ | {"PYTHONPATH": str(ROOT)})
        return time.perf_counter() - start


def main() -> None:
    first = once(1)
    alone = statistics.median(process() for _ in range(3)) * 1e3
    print(f"the first picture {first*1e3:.0f} ms, one by a process of its own {alone:.0f} ms")
    for dark, what in (("", "a picture"), ("--dark", "light and dark")):
        each = statistics.median((once(PICTURES, dark) - once(1, dark)) / (PICTURES - 1)
                                 for _ in range(3)) * 1e3
        print(f"{PICTURES} in a document, {what}: {each:.1f} ms each, {each/alone:.3f}x a process "
              f"(goal {GOAL:g} ms: {'reached' if each <= GOAL else 'missed'})")


if __name__ == "__main__":
    main()
