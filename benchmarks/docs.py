"""Documents: 200 pictures in one process, against a process for each; CPU time."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cli

GRAPHS, PLOTS, ROUNDS = 200, 10, 3
GOAL = 25.0                      # ms for one, after the first
ROOT = Path(__file__).parent.parent


def document(n: int, command: str, dark: str) -> str:
    return "\n".join(f"<!-- tinyviz: {command.format(i=i)} -o img/{i}.svg {dark} -->\n"
                     "<!-- /tinyviz -->" for i in range(n))


def once(n: int, command: str, dark: str = "", *, again: bool = False) -> float:
    """CPU seconds to draw n pictures from nothing; with `again` to see that all are current."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("setup.cfg").write_text("")
        Path("cubic.py").write_text("def f(x):\n    return x*x*x + x\n")
        Path("a.md").write_text(document(n, command, dark))
        for _ in range(1 + again):
            start = time.process_time()
            with contextlib.redirect_stdout(io.StringIO()):
                cli.main(["docs", "a.md"])
            took = time.process_time() - start
        return took


def each(n: int, command: str, dark: str = "", *, again: bool = False) -> float:
    """CPU ms of one more picture: the least of a few rounds."""
    return min(once(n, command, dark, again=again) - once(1, command, dark, again=again)
               for _ in range(ROUNDS)) / (n - 1) * 1e3


def process() -> float:
    """CPU ms of one picture by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.times()
        subprocess.run([sys.executable, "-m", "cli", "graph", "x*x*x + x", "--at", "1.2", "-o",
                        f"{folder}/a.svg"], check=True, stdout=subprocess.DEVNULL,
                       env=os.environ | {"PYTHONPATH": str(ROOT)})
        after = os.times()
    return (after.children_user + after.children_system - before.children_user
            - before.children_system) * 1e3


def bare() -> float:
    """CPU ms of a plot of the same two curves by matplotlib alone, at its best of a few."""
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


def main() -> None:
    graph, plot = "graph cubic.py --at {i}", "plot cubic.py --range -3 {i}.5"
    first = once(1, graph) * 1e3
    alone = min(process() for _ in range(ROUNDS))
    print(f"the first picture {first:.0f} ms, one by a process of its own {alone:.0f} ms")
    once(1, plot)                # imports
    for n, command, dark, what in ((GRAPHS, graph, "", "graphs"),
                                   (GRAPHS, graph, "--dark", "graphs, light and dark"),
                                   (PLOTS, plot, "", "plots"),
                                   (PLOTS, plot, "--dark", "plots, light and dark")):
        ms = each(n, command, dark)
        print(f"{n:4} {what:24} {ms:6.1f} ms each, {ms/alone:.3f}x a process  "
              f"(goal {GOAL:g} ms: {'reached' if ms <= GOAL else 'missed'})")
    print(f"   1 {'plot by matplotlib alone':24} {bare():6.1f} ms: the floor of ours")
    ms = each(GRAPHS, graph, again=True)
    print(f"{GRAPHS:4} {'that are current':24} {ms:6.1f} ms each, {ms/alone:.3f}x a process")


if __name__ == "__main__":
    main()
