"""The graph: what may exist, and JSON there and back."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.graph import Edge, Graph, GraphError, Node, Stats, Value, topological
from viz.graph.json import from_json, to_json

NAN = float("nan")


def test_a_valid_graph():
    graph = Graph("g",
                  (Node("x", "input", "x"), Node("mul_1", "op", "×"), Node("y", "output", "y")),
                  (Edge("x", "mul_1"), Edge("x", "mul_1"), Edge("mul_1", "y")))
    assert [node.id for node in topological(graph)] == ["x", "mul_1", "y"]
    assert len(graph.edges) == 3                 # parallel edges are kept


@pytest.mark.parametrize("nodes, edges, message", [
    ([("x", "input"), ("x", "value")], [], "two nodes have the id 'x'"),
    ([("x", "thing")], [], "unknown kind 'thing' .*must be one of input"),
    ([("x", "input")], [("x", "y")], "'x' -> 'y': there is no node 'y'"),
    ([("a", "op"), ("b", "value")], [("a", "b"), ("b", "a")], "cycle near 'a'"),
    ([("a", "op")], [("a", "a")], "cycle near 'a'"),
])
def test_what_may_not_exist(nodes, edges, message):
    with pytest.raises(GraphError, match=message):
        Graph("g", tuple(Node(id, kind, id) for id, kind in nodes),
              tuple(Edge(a, b) for a, b in edges))


def test_nodes_in_any_order_are_sorted():
    graph = Graph("g", (Node("y", "output", ""), Node("op", "op", ""), Node("x", "input", "")),
                  (Edge("x", "op"), Edge("op", "y")))
    assert [node.id for node in topological(graph)] == ["x", "op", "y"]


def test_a_long_chain_does_not_recurse():
    n = 20_000
    nodes = tuple(Node(str(i), "value", "") for i in reversed(range(n)))
    edges = tuple(Edge(str(i), str(i + 1)) for i in range(n - 1))
    assert topological(Graph("g", nodes, edges))[0].id == "0"


numbers = st.one_of(st.floats(), st.integers(), st.booleans())
values = st.builds(
    lambda dtype, items, stats: Value((len(items or ()),), dtype, items, stats),
    st.sampled_from(["float64", "int64", "bool"]),
    st.none() | st.lists(numbers, max_size=4).map(tuple),
    st.none() | st.builds(Stats, st.floats(), st.floats(), st.floats(), st.integers(0, 9),
                          st.integers(0, 9)))
users = st.recursive(            # facts of keys that are not declared
    st.none() | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False) |
    st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) |
    st.dictionaries(st.text(max_size=3), inner, max_size=2))
facts = st.builds(
    lambda mine, known: mine | known,
    st.dictionaries(st.text(max_size=3).map("my {}".format), users, max_size=2),
    st.fixed_dictionaries({}, optional={"formula": st.text(max_size=5), "at": st.lists(
        st.integers(), max_size=3).map(tuple)}))


def same(a, b):
    """Equal, where nan is nan and -0.0 is not 0.0."""
    if isinstance(a, float) and isinstance(b, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b) or a != a and b != b
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


@given(st.text(), st.lists(st.tuples(st.text(), facts, values), max_size=3,
                           unique_by=lambda p: p[0]), facts)
def test_json_and_back_is_the_identity(name, described, about):
    nodes = tuple(Node(id, "value", id[::-1], f | {"data": value}, id)
                  for id, f, value in described)
    edges = tuple(Edge(nodes[i].id, nodes[j].id, "e", about)
                  for i in range(len(nodes)) for j in range(i + 1, len(nodes)))
    graph = Graph(name, nodes, edges, about)
    text = to_json(graph)
    json.loads(text, parse_constant=lambda c: pytest.fail(f"{c} is not JSON"))
    back = from_json(text)
    assert back.name == graph.name and same(dict(back.facts), dict(graph.facts))
    for mine, theirs in zip((*graph.nodes, *graph.edges), (*back.nodes, *back.edges), strict=True):
        assert mine[:3] == theirs[:3] and same(dict(mine.facts), dict(theirs.facts))
    assert to_json(back) == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nodes": 1}', "null",
                                  '{"name": "g", "facts": {}}'])
def test_what_is_no_graph_in_json(text):
    with pytest.raises(GraphError, match="not a graph in JSON"):
        from_json(text)


def test_numbers_that_json_lacks():
    value = Value((3,), "float64", (NAN, math.inf, -math.inf))
    graph = Graph("g", (Node("x", "input", "x", {"data": value}),), ())
    back = from_json(to_json(graph)).nodes[0].facts["data"]
    assert math.isnan(back.items[0]) and back.items[1:] == (math.inf, -math.inf)
