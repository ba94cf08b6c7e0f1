"""The whole command, from start to file, relative to imports that it cannot avoid."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import which

ROOT = Path(__file__).parent.parent
ROUNDS = 9
LOOP = "def f(x=1.001):\n    y = x\n    for _ in range(150):\n        y = y * x\n    return y\n"


def seconds(command: list[str], folder: str, limit: float | None = None) -> float:
    """Return the wall time of a command; infinite if it exceeds the limit."""
    start = time.perf_counter()
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=limit,
                       env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})
    except subprocess.TimeoutExpired:
        return float("inf")
    return time.perf_counter() - start


def ratio(ours: list[str], peer: list[str], folder: str, rounds: int = ROUNDS
          ) -> tuple[float, float, float]:
    """Return the medians of both times and of their ratios, in alternating rounds."""
    seconds(ours, folder), seconds(peer, folder)
    pairs = [(seconds(ours, folder), seconds(peer, folder)) for _ in range(rounds)]
    return (statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs),
            statistics.median(a / b for a, b in pairs))


def quick() -> None:
    with tempfile.TemporaryDirectory() as folder:
        took, _, _ = ratio([sys.executable, "-m", "tinyviz", "--help"],
                           [sys.executable, "-c", "import click"], folder, 1)
    print(f"--help {took * 1e3:.0f} ms")


def main() -> None:
    python, tinyviz = sys.executable, os.path.join(os.path.dirname(sys.executable), "tinyviz")
    cubic = str(ROOT / "examples" / "cubic.py")
    rows = [
        ("graph cubic.py -o f.svg", [tinyviz, "graph", cubic, "--at", "1.2", "-o", "f.svg"],
         "import numpy, click", [python, "-c", "import numpy, click"], 2.0),
        ("--help", [tinyviz, "--help"], "import click", [python, "-c", "import click"], 1.3),
    ]
    print(f"{'tinyviz':28}{'ms':>8}  {'peer':24}{'ms':>8}{'ratio':>8}{'goal':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for name, ours, peer_name, peer, goal in rows:
            a, b, r = ratio(ours, peer, folder)
            print(f"{name:28}{a * 1e3:8.0f}  {peer_name:24}{b * 1e3:8.0f}{r:8.2f}{goal:7.1f}  "
                  f"{'ok' if r <= goal else 'missed'}")
        whole = [tinyviz, "graph", "loop.py", "--fold", "none", "-o"]
        Path(folder, "loop.py").write_text(LOOP, encoding="utf-8")
        seconds([*whole, "loop.dot"], folder)
        a = statistics.median(seconds([*whole, "loop.svg"], folder)
                              for _ in range(ROUNDS))
        limit = 60.0
        b = (seconds(["dot", "-Tsvg", "loop.dot", "-o", "dot.svg"], folder, limit)
             if which("dot") else 0)
        shown = "not installed" if not b else f"over {limit:.0f} s" if b > limit else f"{b:.1f} s"
        print(f"{'y = y*x, 150 times':28}{a * 1e3:8.0f}  {'dot':24}{shown:>13}"
              f"{'':3}{'1 s':>7}  {'ok' if a <= 1 else 'missed'}")


if __name__ == "__main__":
    main()
