"""The gallery: `python -m examples` draws it into output/, `--check` lists outdated files."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tinyviz import cli

FOLDER = Path(__file__).parent
OUTPUT = FOLDER.parent / "output"
MADE_WITH = "made-with.txt"      # versions of libraries that paint: others paint other bytes


def examples() -> list[str]:
    """Return the names of the examples: the files of this folder."""
    return sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def commands() -> list[list[str]]:
    """Return the command lines of all pictures of the gallery, the output file last."""
    lines = []
    for name in examples():
        target = f"examples/{name}.py"
        lines += [["graph", target, "-o", f"{name}.svg"],
                  ["graph", target, "--dark", "-o", f"{name}-dark.svg"]]
    for name in ("cubic", "damped"):
        lines += [["plot", f"examples/{name}.py", "-o", f"{name}.plot.svg"],
                  ["plot", f"examples/{name}.py", "--dark", "-o", f"{name}.plot-dark.svg"]]
    cubic, valley = "examples/cubic.py", "examples/rosenbrock.py"
    lines += [["graph", cubic, "--rankdir", "TB", "-o", "cubic-tb.svg"],
              ["graph", cubic, "--backward", "-o", "cubic-backward.svg"],
              ["graph", cubic, "--order", "2", "-o", "cubic-second.svg"],
              ["graph", cubic, "--from", "x", "-o", "cubic-paths.svg"],
              ["graph", cubic, "--theme", "print", "-o", "cubic-print.svg"],
              ["graph", valley, "--heat", "grad", "-o", "rosenbrock-heat.svg"],
              ["graph", valley, "--theme", "contrast", "-o", "rosenbrock-contrast.svg"],
              ["graph", "examples/trouble.py", "--flag", "-o", "trouble-flag.svg"],
              ["graph", cubic, "--steps", "-o", "cubic.steps.gif"],
              ["graph", cubic, "--steps", "-o", "cubic.steps.svg"],
              ["graph", cubic, "-o", "cubic.html"], ["graph", cubic, "-o", "cubic.txt"],
              ["graph", cubic, "-o", "cubic.mermaid"], ["graph", cubic, "-o", "cubic.tikz"],
              ["plot", "tan(x)", "-o", "tan.plot.svg"]]
    return lines


def draw(folder: Path) -> None:
    """Draw all pictures of the gallery into a folder."""
    os.chdir(FOLDER.parent)
    for line in commands():
        *words, name = line
        with contextlib.redirect_stdout(io.StringIO()):
            cli.main([*words, str(folder / name)])
    from examples import _folds, _sheets
    (folder / "graphs.png").write_bytes(_sheets.graphs(examples()))
    (folder / "folds.png").write_bytes(_folds.sheet())
    (folder / "torture.png").write_bytes(_sheets.torture())
    (folder / "torture-graphs.png").write_bytes(_sheets.torture_graphs())
    (folder / MADE_WITH).write_text(versions(), encoding="utf-8")


def versions() -> str:
    """Return the versions of the libraries that paint, and how this processor rounds.

    The sheets show gradients that are 0 but for rounding, such as that of the bias of attention's
    keys: another processor, for which NumPy has other kernels, rounds them to other numbers.
    """
    made = "".join(f"{name} {version(name)}\n" for name in ("matplotlib", "pillow", "resvg-py"))
    x = np.random.default_rng(0).normal(size=(6, 24, 24))
    results = (x @ x, x[0] @ x[1, 0], np.exp(x), np.tanh(x), np.einsum("ijk,ikl->jl", x, x))
    digest = hashlib.sha256(b"".join(one.tobytes() for one in results)).hexdigest()[:12]
    return f"{made}arithmetic {digest}\n"


def painted(name: str) -> bool:
    """Return whether a library paints the file, so that its version matters."""
    return name.endswith((".plot.svg", ".plot-dark.svg", ".png", ".pdf", ".gif"))


def stale(made: Path, kept: Path) -> list[str]:
    """Return the names of the files that are missing, changed, or made by no command."""
    with contextlib.suppress(FileNotFoundError):
        same_tools = (kept / MADE_WITH).read_text(encoding="utf-8") == versions()
        names = {path.name for folder in (made, kept) for path in folder.iterdir()}
        return sorted(name for name in names if name != MADE_WITH and (
            not (made / name).exists() or not (kept / name).exists()
            or ((same_tools or not painted(name))
                and (made / name).read_bytes() != (kept / name).read_bytes())))
    return [MADE_WITH]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples", description=__doc__)
    parser.add_argument("--check", action="store_true",
                        help="write nothing; exit with 1 if a file is outdated")
    if not parser.parse_args().check:
        OUTPUT.mkdir(exist_ok=True)
        draw(OUTPUT)
        return
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder))
        names = stale(Path(folder), OUTPUT)
    for name in names:
        print(f"output/{name} is not current: run python -m examples", file=sys.stderr)
    sys.exit(bool(names))


if __name__ == "__main__":
    main()
