"""Facts: every key is declared, with its type; graphs cannot be changed; JSON has a schema."""

import ast
import copy
import json
import pickle
import re
from functools import lru_cache
from pathlib import Path

import pytest
from facts_check import undeclared
from torture_graphs import ROWS

from viz import trace
from viz.fold import fold
from viz.graph import Edge, Graph, GraphError, Node, Value, size_limits
from viz.graph.facts import EdgeFacts, Facts, FoldFacts, GraphFacts, HeatFacts, NodeFacts
from viz.graph.json import from_json, to_json
from viz.run import targets
from viz.transforms.backward_graph import backward
from viz.transforms.diagnose import flag
from viz.transforms.diff import diff
from viz.transforms.heat import heat
from viz.transforms.subgraph import between, focus, hide

ROOT = Path(__file__).parent.parent
FILES = sorted(path for folder in ("viz", "benchmarks", "examples")
               for path in (ROOT / folder).rglob("*.py")) + [ROOT / "cli.py"]
EVERY = set().union(*(declared.__annotations__ for declared in (
    NodeFacts, EdgeFacts, GraphFacts, FoldFacts, HeatFacts)))


def keys(tree):
    """The literal keys of facts in a file: facts["key"], facts.get("key"), facts={"key": ...}."""
    def facts(node):
        return getattr(node, "attr", getattr(node, "id", "")) == "facts"

    def literals(nodes):
        return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]

    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and facts(node.value):
            yield from literals([node.slice])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and \
                facts(node.func.value) and node.func.attr in ("get", "pop", "setdefault"):
            yield from literals(node.args[:1])
        elif isinstance(node, ast.Compare) and any(map(facts, node.comparators)):
            yield from literals([node.left])
        elif isinstance(node, ast.keyword) and node.arg == "facts" and \
                isinstance(node.value, ast.Dict):
            yield from literals(node.value.keys)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and \
                isinstance(node.value, ast.Dict) and any(map(facts, getattr(
                    node, "targets", [getattr(node, "target", None)]))):
            yield from literals(node.value.keys)


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_key_of_facts_is_misspelt(file):
    found = set(keys(ast.parse(file.read_text(encoding="utf-8"))))
    assert found <= EVERY, f"not declared in viz/graph/facts.py: {', '.join(found - EVERY)}"


def test_a_misspelt_key_would_be_found():
    code = 'n.facts["grda"]; facts.get("lien"); "fold_" in n.facts; f(facts={"dtaa": 1})'
    assert set(keys(ast.parse(code))) == {"grda", "lien", "fold_", "dtaa"}


@lru_cache(maxsize=None)
def graphs():
    """Graphs of all examples and of functions that are hard to draw, as traced and transformed."""
    found = {}
    for path in sorted((ROOT / "examples").glob("[a-z]*.py")):
        found[path.stem] = trace(targets.load(str(path)).function)
    for row in ROWS:
        if row.nodes < 2000:
            found[row.name] = row.graph()
    for name, graph in list(found.items()):
        found[f"{name}, folded"] = fold(graph, mode="all", depth=2)
        found[f"{name}, flagged"] = flag(graph)
        for by in ("grad", "data", "contribution"):
            found[f"{name}, {by}"] = heat(graph, by)
    cubic = found["cubic"]
    found["backward"] = backward(cubic)
    found["paths"] = between(cubic, "x", cubic.nodes[-1].id)
    found["focus"] = hide(focus(cubic, "x"), ["constants"])
    found["diff"] = diff(cubic, found["damped"]).graph
    return found


def test_every_fact_that_occurs_is_declared_and_of_the_declared_type():
    for name, graph in graphs().items():
        assert not undeclared(graph), name
        text = to_json(graph)
        assert to_json(from_json(text)) == text, name        # decoded by the declared types


def schema():
    return json.loads((ROOT / "viz/graph/schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name, declared", [
    ("nodeFacts", NodeFacts), ("edgeFacts", EdgeFacts), ("graphFacts", GraphFacts)])
def test_the_schema_describes_the_declared_facts(name, declared):
    assert list(schema()["$defs"][name]["properties"]) == list(declared.__annotations__)


def test_every_graph_in_json_fits_the_schema():
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    validator.check_schema(schema())
    strict = validator(schema())
    for name, graph in graphs().items():
        if len(graph.nodes) < 500:
            errors = list(strict.iter_errors(json.loads(to_json(graph))))
            assert not errors, f"{name}: {errors[0].message}"


def test_the_documentation_states_the_size_limits():
    page = (ROOT / "docs/large.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| ([0-9,]+) [a-z ]+ \| .+ \|$", page, re.M)
    assert len(rows) >= 15
    assert {name: int(size.replace(",", "")) for name, size in rows}.items() <= \
        {name: size for name, size in vars(size_limits).items() if name.isupper()}.items()


# ---- Graphs cannot be changed

def test_facts_cannot_be_changed():
    node = Node("x", "input", "x", {"line": "f.py:3", "note": [{"a": [1]}]})
    for facts in (node.facts, Node("y", "input", "y").facts, Edge("x", "y").facts,
                  Graph("g", (), ()).facts, node._replace(facts={"line": "f.py:4"}).facts,
                  node.facts["note"][0]):
        for change in (lambda: facts.__setitem__("z", 1), lambda: facts.update(z=1),
                       lambda: facts.setdefault("z", 1), facts.clear, facts.popitem,
                       lambda: facts.pop("line"), lambda: facts.__delitem__("line"),
                       lambda: facts.__ior__({"z": 1})):
            with pytest.raises(TypeError, match="cannot be changed"):
                change()
    assert node.facts["note"] == ({"a": (1,)},)


def test_no_one_elses_facts_are_shared():
    own = {"line": "f.py:3"}
    node = Node("x", "input", "x", own)
    own["line"] = "f.py:4"
    assert node.facts == {"line": "f.py:3"} and node == Node("x", "input", "x", node.facts)


def test_a_graph_of_lists_is_one_of_tuples():
    nodes = [Node("x", "input", "x")]
    graph = Graph("g", nodes, [])
    nodes.append(nodes[0])
    assert graph.nodes == (nodes[0],) and graph.edges == ()


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda g: pickle.loads(
    pickle.dumps(g))])
def test_graphs_are_copied_and_pickled(again):
    graph = again(graphs()["mlp, folded"])
    assert graph == graphs()["mlp, folded"] and isinstance(graph.nodes[0].facts, Facts)


# ---- JSON

def test_numbers_in_json_have_no_wrappers():
    plain = json.loads(to_json(graphs()["cubic"]))
    assert plain["tinyviz"] == 2
    grad = next(node for node in plain["nodes"] if node["id"] == "x")["facts"]["grad"]
    assert grad["value"] == grad["items"][0] and grad["shape"] == []


def test_a_file_of_version_1_is_read():
    """What tinyviz wrote before; the graph is the same as in the present version's file."""
    old = from_json((ROOT / "tests/golden/version-1.json").read_text(encoding="utf-8"))
    again = to_json(old)
    assert '"tinyviz": 2' in again and from_json(again) == old
    assert old.facts["folds"][0]["count"] == 6
    body = next(node for node in old.nodes if node.kind == "value" and "repeats" in node.facts)
    assert isinstance(body.facts["repeats"][0], Node) and isinstance(body.facts["data"], Value)


def test_facts_of_the_users_own_are_kept_as_plain_data():
    own = {"note": [1, {"a": None}], "mine": {"shape": [2]}, "z": 0.5}
    graph = Graph("g", [Node("x", "input", "x", own)], [], {"about": own})
    again = from_json(to_json(graph))
    assert again == graph and to_json(again) == to_json(graph)
    mixed = Graph("g", [Node("x", "input", "x", {"mine": Value((), "float64", (2.5,))})], [])
    assert from_json(to_json(mixed)).nodes[0].facts["mine"]["value"] == 2.5


@pytest.mark.parametrize("facts, message", [
    ('{"data": 3}', "'data' is wrong: 3 is not an object"),
    ('{"data": {"dtype": "f"}}', "'data' is wrong: 'shape'"),
    ('{"data": {"shape": [2], "dtype": "f", "items": [1]}}', "1 items do not fill"),
    ('{"data": {"shape": [-1], "dtype": "f"}}', "do not fill the shape"),
    ('{"data": {"shape": "ab", "dtype": "f"}}', "'ab' is not an array"),
    ('{"data": {"shape": [], "dtype": "f", "items": ["x"]}}', "could not convert"),
    ('{"data": {"shape": [], "dtype": "f", "stats": {"low": 1}}}', "'data' is wrong"),
    ('{"line": 3}', "3 is not of type str"), ('{"pass": true}', "True is not of type int"),
    ('{"repeats": [{"id": "x"}]}', "'repeats' is wrong"), ('{"at": {}}', "is not an array"),
    ("[]", "is not an object"), ("[" * 100_000 + "]" * 100_000, "recursion")])
def test_wrong_facts_in_json_are_errors(facts, message):
    text = ('{"tinyviz": 2, "name": "g", "facts": {}, "edges": [], "nodes": [{"id": "x", '
            f'"kind": "input", "label": "x", "group": "", "facts": {facts}}}]}}')
    with pytest.raises(GraphError, match=message):
        from_json(text)


@pytest.mark.parametrize("text", [
    '{"tinyviz": 3}', '{"tinyviz": [1]}', '{"name": "g"}', '{"tinyviz": 1}',
    '{"tinyviz": 1, "name": "g", "facts": {"a": {"x": 1}}, "nodes": [], "edges": []}',
    '{"tinyviz": 1, "name": "g", "facts": {}, "nodes": [3], "edges": []}',
    '{"tinyviz": 1, "name": "g", "facts": [], "nodes": 3, "edges": []}',
    '{"tinyviz": 2, "name": "g", "facts": {"folds": [{"path": "1"}]}, "nodes": [], "edges": []}'])
def test_other_text_is_no_graph(text):
    with pytest.raises(GraphError, match="not a graph in JSON"):
        from_json(text)
