"""The layout on arrays, for very large graphs: the same promises, at any size."""

import tracemalloc
from itertools import combinations

import numpy as np
import pytest

from test_layout import GRAPHS, Program, box, chain, loop, overlap, sizes
from viz.graph import Graph
from viz.layout.large.layered import ArrayPlacement, arrange, layout_cost
from viz.layout.placement import LayoutError


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


def arranged(graph: Graph) -> ArrayPlacement:
    index = {node.id: i for i, node in enumerate(graph.nodes)}
    sized = [sizes(graph)[node.id] for node in graph.nodes]
    return arrange([node.kind == "op" for node in graph.nodes],
                   [index[e.tail] for e in graph.edges], [index[e.head] for e in graph.edges],
                   [s.width for s in sized], [s.height for s in sized])


@pytest.mark.parametrize("name", LARGER)
def test_nothing_overlaps(name):
    graph = LARGER[name]
    placed, sized = arranged(graph), sizes(graph)
    joined = {end for edge in graph.edges for end in edge[:2]}
    solid = [box((x, y), sized[n.id]) for n, x, y in zip(graph.nodes, placed.x, placed.y)
             if n.id in joined]
    for b in solid:
        assert 23.9 <= b[0] and b[2] <= placed.width - 23.9
        assert 23.9 <= b[1] and b[3] <= placed.height - 23.9
    for a, b in combinations(solid, 2):
        assert not overlap(a, b, -4)


def test_nodes_stand_in_topological_order():
    with pytest.raises(ValueError, match="topological order"):
        arrange([True, False], [1], [0], [34.0, 150.0], [34.0, 74.0])


@pytest.mark.parametrize("graph", [chain(300), loop(300)], ids=["chain", "loop"])
def test_the_spine_is_straight(graph):
    placed, index = arranged(graph), {node.id: i for i, node in enumerate(graph.nodes)}
    assert len({placed.y[index[e.head]] for e in graph.edges}) == 1


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
    assert arranged(p.graph).chips


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
    with pytest.raises(LayoutError, match=r"101 nodes takes about 0\.0 GB .*fold='all'"):
        arrange(*skipping(100, 1), np.ones(101), np.ones(101))
