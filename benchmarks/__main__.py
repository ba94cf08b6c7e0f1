"""Benchmarks against peers: `python -m benchmarks [NAME ...]` prints ratios and goals."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true",
                        help="run only a small case of each, to see that it works")
    parser.add_argument("--large", action="store_true", help="fold: also a million nodes")
    wanted = parser.parse_args()
    unknown = [name for name in wanted.names if name not in NAMES]
    if unknown:
        parser.error(f"no such benchmark: {unknown[0]!r} (must be one of {', '.join(NAMES)})")
    for name in wanted.names or NAMES:
        module = import_module(f"benchmarks.{name}")
        print(f"\n== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        (module.quick if wanted.quick else module.main)()


if __name__ == "__main__":
    main()
