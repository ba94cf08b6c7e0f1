"""Large graphs of tinytorch: what is made on demand is what would have been made at once."""

import numpy as np
import pytest

import tinytorch
import viz
from tinytorch import Tensor
from viz.graph import Graph, LazyItems, Value
from viz.graph.json import from_json, to_json
from viz.graph.size_limits import FORMULA_OPS
from viz.fold import fold
from viz.fold.parse import parse
from viz.fold.unfold import unfold


def numbers(x=1.001, a=0.3):
    y = x
    for k in range(150):
        y = np.sin(y * x) + y / (a + 2) - 0.01 * k
    return y


def arrays(w=np.sin(np.arange(6.0)).reshape(2, 3), b=np.ones(3)):
    h = np.zeros((2, 3)) * b
    for _ in range(120):
        h = np.maximum(np.tanh(h * w + b), -0.5) + np.sum(h, axis=0) * np.exp(b) * 1e-3
    return np.sum(h * h)


def lists(a=0.3, b=-0.7):
    h = [a, b]
    for n in (14, 14, 1):
        h = [np.tanh(sum(v * (0.1 * i - 0.4) for i, v in enumerate(h))) for _ in range(n)]
    return h[0]


def clashing(mul=0.5, v=0.25):
    c = mul * v
    for k in range(220):
        c = c * mul + v
        c.name = "v_3" if k == 7 else None
    return c


ALL = [numbers, arrays, lists, clashing]


@pytest.mark.parametrize("f", ALL)
def test_folded_from_columns_as_from_nodes(f):
    graph = viz.trace(f)
    assert isinstance(graph.nodes, LazyItems) and len(graph.nodes) > FORMULA_OPS
    whole = Graph(graph.name, tuple(graph.nodes), tuple(graph.edges), graph.facts)   # validated
    assert from_json(to_json(whole)) == whole and graph == whole and unfold(graph) is graph
    ours, theirs = (fold(one, mode="all") for one in (graph, whole))
    assert [n._replace(facts={}) for n in ours.nodes] == [n._replace(facts={}) for n in
                                                          theirs.nodes]
    assert [e[:3] for e in ours.edges] == [e[:3] for e in theirs.edges]
    assert ours.facts == theirs.facts and "folds" in ours.facts
    for one, two in zip((*ours.nodes, *ours.edges), (*theirs.nodes, *theirs.edges)):
        assert one.facts.keys() == two.facts.keys()
        for key, value in one.facts.items():
            alike(value, two.facts[key])
    assert unfold(ours) == whole
    mine, read = parse(graph), parse(whole)
    assert list(mine.tail) == list(read.tail) and list(mine.head) == list(read.head)
    assert [mine.program[i] for i in (1, 2, 4, 5)] == [read.program[i] for i in (1, 2, 4, 5)]


def alike(one, two):
    """The same fact, but for the last bits of sums."""
    if not isinstance(one, Value) or one.stats is None:
        assert one == two
        return
    assert one[:3] == two[:3]
    assert one.stats == pytest.approx(two.stats, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("f", ALL)
def test_numbers_are_those_of_backward(f):
    graph = viz.trace(f)
    point = [Tensor(x) for x in f.__defaults__]
    root = f(*point)
    root.backward()
    facts = {node.id: node.facts for node in graph.nodes}
    names = f.__code__.co_varnames[:len(point)]
    for name, tensor in zip(names, point):
        assert facts[name]["grad"].items == tuple(np.ravel(tensor.grad.data).tolist())
    into = {}
    for edge in graph.edges:
        if edge.facts.get("contribution") is not None:
            into.setdefault(edge.tail, []).append(np.array(edge.facts["contribution"].items))
    for id, sent in into.items():
        assert np.sum(sent, axis=0) == pytest.approx(np.array(facts[id]["grad"].items), rel=1e-9)


def test_what_is_read_does_not_change_later():
    w, x = Tensor(0.5, name="w"), Tensor(np.ones(3), name="x")
    y = np.sum(x)
    for _ in range(FORMULA_OPS):
        y = y * w + 0.001
    y.backward()
    graph, again = viz.read(y), viz.read(y)
    before = [tuple(graph.nodes), tuple(graph.edges)]
    w.data = w.data - 0.1 * w.grad.data
    x.data -= 0.5
    w.zero_grad()
    assert [tuple(again.nodes), tuple(again.edges)] == before


def test_one_pass_leaves_every_grad_as_it_was():
    x = Tensor(2.0)
    y = x * x
    z = y * x
    z.backward()
    kept = [t.grad.data for t in (x, y, z)]
    backward_pass = tinytorch.core.edges.backward_pass
    found = backward_pass(tinytorch.topological(z), np.float64(3.0)).gradients
    assert [t.grad.data for t in (x, y, z)] == kept and found[x] == 36.0
    fresh = x * x
    backward_pass(tinytorch.topological(fresh))
    assert fresh.grad is None and x.grad.data == 12.0
