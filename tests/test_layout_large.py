"""The layout on arrays, for very large graphs: the same promises, at any size."""

import tracemalloc
from itertools import combinations

import numpy as np
import pytest

from test_layout import GRAPHS, Program, box, chain, loop, nothing, overlap, samples, sizes, stack
from viz.graph import Graph
from viz.layout import layered
from viz.layout.large.as_placement import place
from viz.layout.large.layered import arrange, layout_cost
from viz.layout.placement import LayoutError, Placement


def wide(n: int) -> Graph:
    """Ops on one or two of the last tensors made, in a fixed pattern that crosses a lot."""
    p = Program()
    made = [p.leaf(f"x{i}") for i in range(6)]
    for k in range(n):
        first = made[-1 - (k * 7 + k // 5) % min(11, len(made))]
        second = made[-1 - (k * 3 + k // 7) % min(17, len(made))]
        made.append(p.op("+", first, second) if k % 3 else p.op("reshape", first))
    return p.graph


LARGER = {**GRAPHS, "wide": wide(60), "loop 40": loop(40)}


def check(graph: Graph, placed: Placement) -> None:
    sized = sizes(graph)
    solid = {n.id: box(placed.centers[n.id], sized[n.id]) for n in graph.nodes}
    solid |= {f"chip {c.edge}": box(c.center, c.size) for c in placed.chips}
    for b in solid.values():
        assert 23.9 <= b[0] and b[2] <= placed.width - 23.9
        assert 23.9 <= b[1] and b[3] <= placed.height - 23.9
    for (i, a), (j, b) in combinations(solid.items(), 2):
        assert not overlap(a, b, -4), (i, j)
    chips = {}
    for c in placed.chips:
        chips[graph.edges[c.edge][:2]] = f"chip {c.edge}"
    lines = [({e.tail, e.head, chips.get(e[:2])}, r.points)
             for e, r in zip(graph.edges, placed.routes)]
    for own, points in [*lines, *[({r.node}, r.points) for r in placed.rails]]:
        assert len(points) % 3 == 1 and len(points) > 3
        for x, y in samples(points, 12):
            at = (x - 0.4, y - 0.4, x + 0.4, y + 0.4)
            for i, b in solid.items():
                assert i in own or not overlap(at, b), f"a line runs through {i}"


@pytest.mark.parametrize("wrap, ratio", [(None, None), (1200.0, None), (700.0, 1.4)])
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize("name", LARGER)
def test_nothing_overlaps(name, rankdir, wrap, ratio):
    graph = LARGER[name]
    check(graph, place(graph, sizes(graph), rankdir=rankdir, wrap=wrap, ratio=ratio))


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_a_strip_becomes_a_page(rankdir):
    graph = chain(900)
    strip = place(graph, sizes(graph), rankdir=rankdir)
    page = place(graph, sizes(graph), rankdir=rankdir, wrap=2000.0, ratio=1.4)
    longer, shorter = (0, 1) if rankdir == "LR" else (1, 0)
    assert strip[longer] > 500 * strip[shorter]
    assert 1.0 < page.width / page.height < 2.0
    steps = [page.centers[e.head][longer] - page.centers[e.tail][longer] for e in graph.edges]
    turns = sum(step < 0 for step in steps)
    assert turns == len({center[shorter] for center in page.centers.values()}) - 1 > 10


def test_layered_turns_to_arrays_by_itself(monkeypatch):
    graph = wide(60)
    expected = place(graph, sizes(graph))
    monkeypatch.setattr(layered, "LARGE", 50)
    assert layered.place(graph, sizes(graph), nothing(graph)) == expected
    assert layered.place(graph, sizes(graph), nothing(graph), wrap=900.0) != expected


def test_nodes_in_any_order():
    graph = wide(30)
    turned = Graph("f", graph.nodes[::-1], graph.edges)
    check(turned, place(turned, sizes(turned)))
    with pytest.raises(ValueError, match="topological order"):
        arrange([True, False], [1], [0], [34.0, 150.0], [34.0, 74.0])


@pytest.mark.parametrize("graph", [chain(300), loop(300)], ids=["chain", "loop"])
def test_the_spine_is_straight(graph):
    centers = place(graph, sizes(graph)).centers
    assert len({centers[e.head][1] for e in graph.edges}) == 1


def test_rails_are_kept_within_a_budget():
    """Tensors used once more at the very end: rails of all would be longer than all else."""
    p = Program()
    y = p.leaf("x")
    made = []
    for _ in range(80):
        y = p.op("sin", y)
        made.append(y)
    for tensor in made:
        y = p.op("+", y, tensor)
    graph = p.graph
    placed = place(graph, sizes(graph))
    check(graph, placed)
    assert placed.chips and {c.node for c in placed.chips} <= set(made)


def test_a_field_of_a_hundred_thousand_nodes_is_the_same_twice():
    n = 100_001
    op = np.arange(n) % 2 == 1
    node = np.arange(1, n, 2)
    tail = np.concatenate([node - 1, np.maximum(node - 9, 0), node])
    head = np.concatenate([node, node, node + 1])
    width, height = np.where(op, 34.0, 150.0), np.where(op, 34.0, 74.0)
    one, two = (arrange(op, tail, head, width, height) for _ in range(2))
    assert np.array_equal(one.x, two.x) and np.array_equal(one.y, two.y)
    assert (np.diff(one.x[2::2]) > 0).all()
    assert np.isfinite(one.level).all()


def skipping(nodes: int, back: int) -> tuple[np.ndarray, ...]:
    """Arrays of a chain in which each op takes the last tensor and one of so many ops before."""
    node = np.arange(1, nodes, 2)
    op = np.zeros(nodes + 1, bool)
    op[node] = True
    return (op, np.concatenate([node - 1, np.maximum(node - 1 - 2 * back, 0), node]),
            np.concatenate([node, node, node + 1]))


@pytest.mark.parametrize("back", [0, 2, 60])
def test_memory_is_known_before_it_is_spent(back):
    op, tail, head = skipping(60_000, back)
    arguments = op, tail, head, np.where(op, 34.0, 150.0), np.where(op, 34.0, 74.0)
    tracemalloc.start()
    try:
        field = arrange(*arguments)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    joints = len(field.rank) - field.pairs - field.chips
    assert peak < layout_cost(len(op), len(tail), joints).bytes < 2.5 * peak


def test_what_no_memory_holds_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr("viz.layout.large.layered.memory", lambda: 20_000)
    with pytest.raises(LayoutError, match=r"101 nodes takes about 0\.0 GB .*--fold all"):
        arrange(*skipping(100, 1), np.ones(101), np.ones(101))


def test_wide_fan_in():
    graph = stack()
    check(graph, place(graph, sizes(graph)))
