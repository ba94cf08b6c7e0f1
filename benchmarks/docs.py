"""200 pictures of documents in one process, against one process each; CPU time."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tinyviz import cli

MANY, FEW, ROUNDS = 200, 20, 3
GOAL = 25.0                      # ms per picture after the first
ROOT = Path(__file__).parent.parent
GRAPH, PLOT = "graph cubic.py --at {i}", "plot cubic.py --range -3 {i}.5"
HARD = ("plot tan({i}*x/100)", "plot floor(x)+x*x/{i}1", "plot sqrt(x*x-{i}/100)",
        "plot 'exp(-x**2)*sin({i}*x/9)' --mark roots,extrema",
        "plot cubic.py --at {i}e-2 --order 3")


def document(n: int, commands: Sequence[str], dark: str) -> str:
    """Return a Markdown file with n pictures."""
    return "\n".join(f"<!-- tinyviz: {commands[i % len(commands)].format(i=i + 1)} "
                     f"-o img/{i}.svg {dark} -->\n<!-- /tinyviz -->" for i in range(n))


def once(n: int, commands: Sequence[str], dark: str = "", *, again: bool = False) -> float:
    """Return the CPU seconds to draw n pictures; with `again`, to find that all are current."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("setup.cfg").write_text("")
        Path("cubic.py").write_text("def f(x):\n    return x*x*x + x\n")
        Path("a.md").write_text(document(n, commands, dark))
        for _ in range(1 + again):
            start = time.process_time()
            output = io.StringIO()
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                cli.main(["docs", "a.md"])
            took = time.process_time() - start
        return took


def each(n: int, commands: Sequence[str], dark: str = "", *, again: bool = False) -> float:
    """Return the CPU ms per additional picture: the minimum of a few rounds."""
    return min(once(n, commands, dark, again=again) - once(1, commands, dark, again=again)
               for _ in range(ROUNDS)) / (n - 1) * 1e3


def process() -> float:
    """Return the CPU ms of one picture by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.times()
        subprocess.run([sys.executable, "-m", "tinyviz", "graph", "x*x*x + x", "--at", "1.2", "-o",
                        f"{folder}/a.svg"], check=True, stdout=subprocess.DEVNULL,
                       env=os.environ | {"PYTHONPATH": str(ROOT)})
        after = os.times()
    return (after.children_user + after.children_system - before.children_user
            - before.children_system) * 1e3


def bare() -> float:
    """Return the CPU ms of a plot of the same two curves by matplotlib alone: the minimum."""
    import matplotlib
    import numpy as np
    from matplotlib.figure import Figure
    x, took = np.linspace(-3, 3, 200), []
    for _ in range(ROUNDS * 3):
        start = time.process_time()
        with matplotlib.rc_context({"svg.fonttype": "path"}):
            figure = Figure(figsize=(8, 4.8), layout="constrained")
            axes = figure.subplots()
            axes.plot(x, x**3 + x, label="f")
            axes.plot(x, 3*x*x + 1, label="f'")
            axes.legend()
            axes.grid()
            figure.savefig(io.BytesIO(), format="svg")
        took.append(time.process_time() - start)
    return min(took) * 1e3


def quick() -> None:
    print(f"the first picture {once(1, [GRAPH]) * 1e3:.0f} ms, in its own process "
          f"{process():.0f} ms")


def main() -> None:
    first = once(1, [GRAPH]) * 1e3
    alone = min(process() for _ in range(ROUNDS))
    print(f"the first picture {first:.0f} ms, in its own process {alone:.0f} ms")
    for n, commands, what in (
            (MANY, [GRAPH], "graphs"), (MANY, [PLOT], "plots"),
            (MANY, [GRAPH, PLOT], "half and half"), (MANY, HARD, "plots with many events"),
            (FEW, ["plot x*x+y*y*x/{i}"], "of contours"),
            (FEW, ["plot x*x+y*y*x/{i} --surface"], "of surfaces")):
        once(len(commands), commands)              # imports
        for dark, looks in (("", ""), ("--dark", ", light and dark")):
            ms = each(n, commands, dark)
            print(f"{n:4} {what + looks:39} {ms:6.1f} ms each, {ms/alone:.3f}x a process  "
                  f"(goal {GOAL:g} ms: {'ok' if ms <= GOAL else 'missed'})")
    peer, ms = bare(), each(MANY, [PLOT])
    print(f"   1 {'plot by matplotlib alone':39} {peer:6.1f} ms: ours takes {ms/peer:.2f}x of it")
    ms = each(MANY, [GRAPH, PLOT], again=True)
    print(f"{MANY:4} {'that are current':39} {ms:6.1f} ms each, {ms/alone:.3f}x a process")


if __name__ == "__main__":
    main()
