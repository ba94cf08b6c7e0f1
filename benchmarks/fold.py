"""Folding: the share of each graph that is folded, its exactness and its cost.

`python -m benchmarks fold --large` runs the whole job for a million nodes too.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import tinytorch
from tinytorch import Tensor
from viz.fold import fold
from viz.fold.unfold import unfold
from viz.graph import Graph
from viz.layout.build_scene import build_scene
from viz.readers import read
from viz.writers import svg

from .layout import horner, lstm, perceptron, random, transformer

SECONDS = 0.5                    # goal of the whole job for 100,000 nodes
WALKS = 2.5                      # goal for 1,000,000 nodes, in walks over the tensors
PAGE = 3500.0                    # px: goal for the width and height of a page


def seconds(f: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds, which other processes do not change, and the result."""
    start = process_time()
    result = f()
    return process_time() - start, result


def verdict(good: bool) -> str:
    return "ok" if good else "missed"


def shares(count: int | None = None) -> None:
    """Print the share of ops in frames, except for one body each."""
    print(f"{'graph':28}{'nodes':>9}{'drawn':>8}{'folded':>9}{'exact':>8}{'fold':>10}   goal")
    cases: list[tuple[Graph, float | None]] = [
        (horner(50), 95), (horner(300), 95), (lstm(50), 95), (lstm(200), 95),
        (perceptron(2, 16, 16, 1), None), (transformer(12), None), (transformer(60), 95),
        (horner(50_000), 95), (lstm(2000), 95), (random(303, 1), 0), (random(3003, 1), 0),
        (random(30_003, 1), 0)]
    for graph, goal in cases[:count]:
        spent, small = seconds(lambda: fold(graph, mode="auto" if goal == 0 else "all"))
        ops = sum(node.kind == "op" for node in graph.nodes)
        left = sum(node.kind == "op" for node in small.nodes)
        share = 100 * (1 - left / ops)
        result = "" if goal is None else f"{'<=' if goal == 0 else '>='} {goal:g} %: " + \
            verdict(share <= 0 if goal == 0 else share >= goal)
        print(f"{graph.name:28}{len(graph.nodes):9,}{len(small.nodes):8,}{share:8.1f}%"
              f"{'yes' if unfold(small) == graph else 'NO':>8}{spent * 1e3:8.0f}ms   {result}")


def power(n: int) -> Tensor:
    """Return a loop of so many multiplications, differentiated: twice as many nodes."""
    x = Tensor(1.00001)
    y = x
    for _ in range(n):
        y = y * x
    y.backward()
    return y


def jobs(large: bool) -> None:
    """Print the whole job, from tensors to SVG, against a mere walk over the same tensors.

    The backward pass that it runs for the contributions of the edges is listed too.
    """
    print(f"\n{'loop, with grads':28}{'nodes':>10}{'walk':>9}{'backward':>9}{'read':>9}{'fold':>9}"
          f"{'draw':>9}{'whole':>9}   goal")
    svg.write(fold(read(power(500))))              # modules are loaded
    for n in (5_000, 50_000) + ((500_000,) if large else ()):
        y = power(n)
        best: list[float] = []
        for _ in range(1 if n > 100_000 else 3):
            walk, _ = seconds(lambda: tinytorch.topological(y))
            backward, _ = seconds(y.backward)
            reading, graph = seconds(lambda: read(y))
            folding, small = seconds(lambda: fold(graph))
            drawing, _ = seconds(lambda: svg.write(small))
            taken = [walk, backward, reading, folding, drawing, reading + folding + drawing]
            best = [min(pair) for pair in zip(best or taken, taken)]
        whole = best[-1]
        goal = f"at most {WALKS:g} walks ({whole / best[0]:.1f}): " + \
            verdict(whole <= WALKS * best[0]) if n > 100_000 else \
            f"at most {SECONDS:g} s: {verdict(whole <= SECONDS)}" if n == 50_000 else ""
        print(f"{f'y = y*x, {n:,} times':28}{len(graph.nodes):10,}"
              + "".join(f"{t * 1e3:7.0f}ms" for t in best) + f"   {goal}")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory {used / 1e6:.2f} GB, including the tensors")


def pages() -> None:
    """Print the sizes of the pictures that should fit a page."""
    from examples import _folds
    print(f"\n{'picture':28}{'nodes':>9}{'drawn':>8}{'width':>8}{'height':>8}   goal")
    for name, graph in _folds.graphs().items():
        small = fold(graph, mode="all")
        scene = build_scene(small)
        print(f"{name:28}{len(graph.nodes):9,}{len(small.nodes):8,}{scene.width:8.0f}"
              f"{scene.height:8.0f}   one page of {PAGE:g} px: "
              f"{verdict(max(scene.width, scene.height) <= PAGE)}")


def quick() -> None:
    shares(1)


def main() -> None:
    shares()
    jobs("--large" in sys.argv)
    pages()


if __name__ == "__main__":
    main()
