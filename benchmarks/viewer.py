"""The viewer in a headless Chromium with software rendering: first paint, pans, bytes."""

from __future__ import annotations

import base64
import json
import tempfile
import zlib
from pathlib import Path
from time import process_time

import numpy as np

from tests import browser as chromium
from viz.graph import Edge, Graph, Node, Value
from viz.layout.large.layered import arrange
from viz.viewer.codec import pack
from viz.viewer.facts_table import fact_columns
from viz.viewer.large_geometry import layout_columns
from viz.writers import html

from .layout import loop_arrays, random_arrays

FRAMES = 60                      # of a pan, at each zoom
RUNS = 3                         # the best one counts
SCALES = (1.0, 0.35, 0.15, 0.06, 0.02)         # px on screen per px of the picture; then all of it
PAN = """
(async () => {
  const stage = document.querySelector("[data-part=stage]"), times = [];
  const frame = () => new Promise(requestAnimationFrame), canvas = stage.querySelector("canvas");
  const send = (type, x, y) => (type === "pointerdown" ? canvas : window).dispatchEvent(
    new PointerEvent(type, { pointerId: 1, clientX: x, clientY: y, bubbles: true, button: 0 }));
  for (let i = 0; i < 5; i++) await frame();
  send("pointerdown", 800, 500);
  let last = await frame();
  for (let i = 1; i <= FRAMES; i++) {
    send("pointermove", 800 - 9 * i, 500 - 3 * i);
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  send("pointerup", 0, 0);
  return times;
})()
"""
ZOOM = """document.querySelector("[data-part=stage]").dispatchEvent(new WheelEvent("wheel",
  { deltaY: -400 * Math.log(FACTOR), clientX: 800, clientY: 500, cancelable: true }))"""


def graph(name: str, arrays: tuple[np.ndarray, ...], valued: bool) -> Graph:
    """Build a graph of an op, tails and heads; `valued` adds data and grad to each tensor."""
    op, tail, head = arrays
    leaf = np.ones(len(op), bool)
    leaf[head] = False
    draw = np.random.default_rng(1).normal(size=(len(op) * valued, 2)).tolist()

    def facts(i: int) -> dict[str, Value]:
        pair = zip(("data", "grad"), draw[i] if valued else ())
        return {key: Value((), "float64", (x,)) for key, x in pair}

    ids = [f"mul_{i}" if is_op else f"v_{i}" for i, is_op in enumerate(op.tolist())]
    nodes = tuple([Node(id, "op", "×", {"op": "Mul"}) if id[0] == "m" else
                   Node(id, "input" if leaf[i] else "value", id, facts(i))
                   for i, id in enumerate(ids)])
    return Graph(name, nodes, tuple([Edge(ids[t], ids[h]) for t, h in
                                     zip(tail.tolist(), head.tolist())]))


def verdict(good: bool) -> str:
    return "ok" if good else "missed"


def write_page(drawn: Graph, path: Path, goal: float | None) -> None:
    """Write a page; print the time beyond the layout, and its size."""
    start = process_time()
    content = html.write(drawn)
    whole = process_time() - start
    path.write_bytes(content)
    columns = fact_columns(drawn)
    strings = json.dumps(columns["strings"], ensure_ascii=False).encode()
    labels = len(base64.b64encode(zlib.compress(strings, 6)))
    columns["strings"] = []
    place = {node.id: i for i, node in enumerate(drawn.nodes)}
    tails = [place[edge.tail] for edge in drawn.edges]
    heads = [place[edge.head] for edge in drawn.edges]
    op = [node.kind == "op" for node in drawn.nodes]
    start = process_time()
    arrange(op, tails, heads, np.where(op, 34.0, 150.0), np.where(op, 34.0, 74.0))
    layout = process_time() - start
    n = len(drawn.nodes)
    each = (len(pack(layout_columns(drawn).columns)) + len(pack(columns))) / n
    result = "" if goal is None else f", at most {goal:g}: {verdict(each <= goal)}"
    print(f"{drawn.name:10}{n:10,} nodes  {len(content) / 1e6:6.2f} MB, {labels / n:.1f} bytes a "
          f"node of names, {each:.1f} beside them{result}; written in {whole - layout:.2f} s CPU, "
          f"layout {layout:.2f} s", flush=True)


def open_page(path: Path, paint: float | None, most: float) -> None:
    """Open a page; print its first paint and the frames of pans at several zooms."""
    painted = []
    for _ in range(RUNS):
        with chromium.Browser(1600, 1000) as browser:
            browser.ask("Performance.enable", timeDomain="threadTicks")
            browser.open(path.as_uri(), "performance.getEntriesByName('painted').length")
            painted.append((browser.run("performance.getEntriesByName('painted')[0].startTime"),
                            spent(browser)))
    first, cpu = min(painted)
    result = "opens" if paint is None else f"at most {paint:g}: {verdict(first <= paint)}"
    print(f"    first paint {first:.0f} ms, {result} ({cpu:.0f} ms of its thread's CPU until all "
          "is read)")
    with chromium.Browser(1600, 1000) as browser:
        browser.ask("Performance.enable", timeDomain="threadTicks")
        browser.open(path.as_uri(), "performance.getEntriesByName('ready').length")
        scale = browser.run("+document.querySelector('[data-part=stage]').dataset.scale")
        for wanted in (*[s for s in SCALES if s > scale * 1.3], scale):
            runs = []
            for _ in range(RUNS):
                now = browser.run("+document.querySelector('[data-part=stage]').dataset.scale")
                browser.run(ZOOM.replace("FACTOR", repr(wanted / now)))
                browser.run("new Promise(done => setTimeout(done, 200))")
                before = spent(browser)
                times = sorted(browser.run(PAN.replace("FRAMES", str(FRAMES))))
                runs.append((times[int(0.95 * len(times)) - 1], times[len(times) // 2],
                             (spent(browser) - before) / FRAMES))
            late, middle, cpu = min(runs)
            print(f"    at {wanted:7.4f}: half of the frames within {middle:.1f} ms, 95 % within "
                  f"{late:.1f} ms, at most {most:g}: {verdict(late <= most)} ({cpu:.1f} ms of its "
                  "thread's CPU each)", flush=True)


def spent(browser: chromium.Browser) -> float:
    """Return the CPU time of the page's thread so far, in ms."""
    metrics = browser.ask("Performance.getMetrics")["metrics"]
    return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def quick() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_page(graph("loop", loop_arrays(1000), True), Path(folder) / "page.html", None)


def main() -> None:
    """Print the figures of 100,000 and of 1,000,000 nodes, each beside its goal."""
    if chromium.PATH is None:
        print("Chromium is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        for make in (loop_arrays, random_arrays):
            name = make.__name__.removesuffix("_arrays")
            write_page(graph(name, make(100_000), True), page, 20.0)
            open_page(page, 300.0, 20.0)
        write_page(graph("random", random_arrays(1_000_000), False), page, None)
        open_page(page, None, 33.0)


if __name__ == "__main__":
    main()
