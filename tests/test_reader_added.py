"""Readers of other distributions: found by entry point, for an engine that knows nothing of us."""

from __future__ import annotations

import sys

import pytest

import viz
from viz import readers
from viz.run import targets
from viz.run.targets import TargetError

ENGINE = """
class Value:
    def __init__(self, data, parents=(), op=''):
        self.data, self.parents, self.op, self.grad, self.locals = data, parents, op, 0.0, ()

    def __mul__(self, other):
        out = Value(self.data*other.data, (self, other), '*')
        out.locals = other.data, self.data
        return out

    def backward(self, grad=1.0):
        self.grad += grad
        for parent, local in zip(self.parents, self.locals):
            parent.backward(local*grad)
"""
READER = """
from tinyviz.viz.graph import Edge, Graph, Node
from tinyviz.viz.run import execute
from tinyviz.viz.run.targets import TargetError, user_code
from tinyviz.viz.tape.array_facts import value

from addedengine import Value


def read(root):
    nodes, edges, ids = [], [], {}

    def visit(v):
        if v not in ids:
            ids[v] = f'v_{len(ids) + 1}'
            tails = [visit(parent) for parent in v.parents]
            facts = {'data': value(v.data), 'grad': value(v.grad)}
            if v.op:
                nodes.append(Node('op_' + ids[v], 'op', v.op, {'op': v.op}))
                edges.extend(Edge(tail, 'op_' + ids[v], '', {'argument': i, 'local': value(local)})
                             for i, (tail, local) in enumerate(zip(tails, v.locals)))
                edges.append(Edge('op_' + ids[v], ids[v]))
            kind = 'output' if v is root else 'value' if v.op else 'input'
            nodes.append(Node(ids[v], kind, getattr(v, 'name', ''), facts))
        return ids[v]

    visit(root)
    return Graph('graph', tuple(nodes), tuple(edges))


def trace(target, point, *, seconds, grad=True, order=1):
    if order > 1:
        raise TargetError('addedengine has first derivatives only')
    inputs = {name: Value(given) for name, given in execute.arguments(target, point).items()}
    for name, v in inputs.items():
        v.name = name
    with user_code(target.name):
        result = target.function(**inputs)
        if grad:
            result.backward()
    return read(result)
"""


@pytest.fixture
def addedengine(tmp_path, monkeypatch):
    """An engine, and a distribution with its reader."""
    (tmp_path / "addedengine.py").write_text(ENGINE)
    (tmp_path / "tinyviz_addedengine.py").write_text(READER)
    about = tmp_path / "tinyviz_addedengine-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tinyviz-addedengine\n"
                                    "Version: 1\n")
    (about / "entry_points.txt").write_text(
        f"[{readers.GROUP}]\naddedengine = tinyviz_addedengine\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    readers._added.cache_clear()
    import addedengine
    yield addedengine
    readers._added.cache_clear()
    for name in ("addedengine", "tinyviz_addedengine"):
        sys.modules.pop(name, None)


def test_a_value_is_read_by_the_reader_of_another_distribution(addedengine):
    x = addedengine.Value(3.0)
    z = x*x
    z.backward()
    graph = viz.read(z)
    assert [node.kind for node in graph.nodes] == ["input", "op", "output"]
    assert [edge.facts["local"].number for edge in graph.edges[:2]] == [3.0, 3.0]


def test_a_target_is_traced_by_the_reader_of_another_distribution(addedengine, tmp_path):
    (tmp_path / "g.py").write_text("import addedengine\ndef g(x):\n"
                                   "    return addedengine.Value(2.0)*x\n")
    target = targets.load(str(tmp_path / "g.py"))
    assert readers.framework(target) == "addedengine"
    graph = readers.trace(target, {"x": 3.0})
    assert {node.label: node.facts["grad"].number for node in graph.nodes
            if node.kind == "input"} == {"x": 2.0, "": 3.0}
    assert readers.from_factory(target) is target
    with pytest.raises(TargetError, match="first derivatives only"):
        readers.trace(target, {"x": 3.0}, order=2)
    with pytest.raises(TargetError, match="g is a function of addedengine: give numbers"):
        readers.trace(target, {}, ("randn(2)",))
    with pytest.raises(TargetError, match="function of addedengine cannot be swept"):
        viz.sweep(target.function, 0, 1)


def test_an_object_that_no_reader_knows(addedengine):
    with pytest.raises(TypeError, match="must be a tensor of addedengine or "):
        viz.read(object())


def test_entry_points_are_not_read_for_what_is_known(monkeypatch):
    monkeypatch.setattr(readers, "_added", lambda: pytest.fail("entry points were read"))
    from tinytorch import Tensor
    import numpy
    scope = {"np": numpy, "math": __import__("math"), "Tensor": Tensor}
    exec("def f(x):\n    return np.sin(x)", scope)
    assert readers.framework(targets.from_function(scope["f"])) == "tinytorch"
    assert viz.read(Tensor(2.0)*3)


def test_every_reader_offers_what_the_protocol_has():
    for name in readers.frameworks():
        if name == readers.OURS or name in sys.modules:
            reader = readers._load(name)
            assert callable(reader.read) and callable(reader.trace)
            assert all(hasattr(reader, what) for what in ("prepared", "build", "generators")) or \
                name == readers.OURS


def test_related_packages_are_read_without_importing_a_reader():
    known = readers._packages()
    assert known["tinyviz"] == "tinytorch" and "tinytorch" not in known
    assert known["flax"] == known["jaxlib"] == "jax" and known["transformers"] == "torch"
