"""What tells two graphs apart: added, removed, changed, rewired; the exit status."""

import numpy as np
import pytest
from click.testing import CliRunner

from tinyviz import cli
import viz
from viz.graph import Graph, topological
from viz.transforms.diff import diff, match


def f(x, w):
    h = x * w
    return np.sin(h) + h


def inserted(x, w):
    h = (x * 2) * w
    return np.sin(h) + h


def changes(found):
    return {n.id: n.facts["change"] for n in found.graph.nodes if "change" in n.facts}


def test_a_graph_and_itself():
    graph = viz.trace(f, 1.0, 2.0)
    found = diff(graph, graph)
    assert not found.sentences and not changes(found) and found.graph.nodes == graph.nodes
    assert found.graph.facts["results"] == ("no difference",)
    assert match(graph, graph) == {n.id: n.id for n in graph.nodes}


def test_numbers_up_to_a_tolerance():
    a, b = viz.trace(f, 1.0, 2.0), viz.trace(f, 1.0 + 1e-9, 2.0)
    assert not diff(a, b).sentences
    found = diff(a, b, rtol=1e-12)
    assert changes(found)["x"] == "data, grad" and "x: data 1 → 1" in found.sentences[0]


def test_an_op_more_and_an_op_less():
    a, b = viz.trace(f, 1.0, 2.0), viz.trace(inserted, 1.0, 2.0)
    found = diff(a, b)
    added = {id for id, change in changes(found).items() if change == "added"}
    assert len(added) == 3 and any(n.id in added and n.facts.get("op") == "Mul"
                                   for n in found.graph.nodes)
    assert changes(found)["h"] == "data" or changes(found)["h"].startswith("data")
    back = diff(b, a)
    removed = [n for n in back.graph.nodes if n.facts.get("change") == "removed"]
    assert len(removed) == 3 and len(back.graph.nodes) == len(b.nodes)
    assert len(topological(back.graph)) == len(back.graph.nodes)
    assert any("rewired" not in s and s.startswith("removed") for s in back.sentences)


def test_rewired():
    a = viz.trace(lambda x, y: x - y, 1.0, 1.0)
    b = viz.trace(lambda x, y: y - x, 1.0, 1.0)
    found = diff(a, b)
    assert any(s.startswith("added: ") for s in found.sentences)
    assert len([e for e in found.graph.edges if e.facts.get("change") == "removed"]) == 2


@pytest.mark.parametrize("seed", range(20))
def test_every_node_and_edge_of_both_is_there(seed):
    rng = np.random.default_rng(seed)

    def program(n):
        steps = rng.integers(0, 1000, (n, 3))

        def g(x, y):
            values = [x, y]
            for kind, i, j in steps:
                p, q = values[i % len(values)], values[j % len(values)]
                values.append([p + q, p * q, np.sin(p), p - 2][kind % 4])
            return sum(values, 0.0)
        return viz.trace(g, 0.3, 0.4)
    a, b = program(12), program(14)
    there = match(a, b)
    assert len(set(there.values())) == len(there)
    found = diff(a, b).graph
    assert {n.id for n in b.nodes} <= {n.id for n in found.nodes}
    removed = [n for n in found.nodes if n.facts.get("change") == "removed"]
    assert len(removed) == len(a.nodes) - len(there)
    assert len(found.nodes) == len(b.nodes) + len(removed)
    assert len([e for e in found.edges if e.facts.get("change") != "removed"]) == len(b.edges)
    for key in ("op", "group"):
        nodes = {n.id: n for n in b.nodes}
        for n in a.nodes:
            if n.id in there:
                assert (n.facts.get("op"), n.group) == \
                    (nodes[there[n.id]].facts.get("op"), nodes[there[n.id]].group), key


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("def f(x):\n    return x*x + x\n")
    (tmp_path / "b.py").write_text("def f(x):\n    return x*x - x\n")
    run = CliRunner().invoke
    same = run(cli.commands, ["diff", "a.py", "a.py", "--at", "1.2", "-o", "d.svg"])
    assert same.exit_code == 0 and "no difference" in same.stderr, same.output
    other = run(cli.commands, ["diff", "a.py", "b.py", "--at", "1.2", "-o", "d.svg"])
    assert other.exit_code == 1 and "removed: op +" in other.stderr
    assert "added" in (tmp_path / "d.svg").read_text(encoding="utf-8")
    run(cli.commands, ["graph", "a.py", "--at", "1.2", "-o", "a.json"])
    assert run(cli.commands, ["diff", "a.json", "a.py", "--at", "1.2001", "-o", "-", "--format",
                              "json"]).exit_code == 1
    assert run(cli.commands, ["diff", "a.json", "a.py", "--at", "1.2001", "--rtol", "0.01", "-o",
                              "d.json"]).exit_code == 0


def test_what_is_there_is_told_before_what_it_comes_to():
    a, b = viz.trace(f, 1.0, 2.0), viz.trace(inserted, 1.0, 2.0)
    kinds = [s.partition(":")[0].split(" ")[0] for s in diff(a, b).sentences]
    assert kinds[:3] == ["added"] * 3 and "added" not in kinds[3:] and len(kinds) > 3


def test_where_numbers_begin_to_differ():
    def traced(*other):
        """Of a run where these came out half as large again, as on another machine."""
        graph = viz.trace(lambda x, w: np.exp(np.sin(x * w)), 1.0, 2.0)
        return Graph(graph.name, tuple(
            n._replace(facts={**n.facts, key: n.facts[key]._replace(
                items=(n.facts[key].number * 1.5,))}) if (n.id, key) in other else n
            for n in graph.nodes for key in ["grad" if n.id == "x" else "data"]), graph.edges)
    said = diff(traced(), traced(("v_2", "data"), ("v_3", "data"), ("x", "grad"))).sentences
    assert [s.partition(":")[0].partition(" (")[0] for s in said] == [
        "sin(x·w)", "exp(sin(x·w))", "x"]
    assert [s.endswith("; its operands are as they were") for s in said] == [True, False, False]


def test_another_name_in_the_same_place():
    def g(x, weight):
        h = x * weight
        return np.sin(h) + h
    found = diff(viz.trace(f, 1.0, 2.0), viz.trace(g, 1.0, 2.0))
    assert found.sentences == ("weight: was w",)
    assert changes(found) == {"weight": "name"}


def test_the_type_of_the_numbers():
    a, b = viz.trace(np.sin, np.float32(0.5)), viz.trace(np.sin, np.float64(0.5))
    assert {n.facts["data"].dtype for n in a.nodes if n.kind != "op"} == {"float32"}
    assert "data float32 → float64" in diff(a, b).sentences[0]


def test_rounding_is_no_difference():
    def traced(least):
        data = np.array([1.0, -1.0, 1e-3 + least], np.float32)
        return viz.trace(lambda x: x * np.float32(2), data)
    assert not diff(traced(0), traced(1e-7)).sentences
    assert diff(traced(0), traced(1e-7), rtol=1e-9).sentences
    assert diff(traced(0), traced(1e-5)).sentences


def test_many_differences_are_counted():
    def long(x, by):
        for _ in range(30):
            x = np.sin(x) * by
        return x
    a, b = viz.trace(lambda x: long(x, 2), 1.0), viz.trace(lambda x: long(x, 3), 1.0)
    said = diff(a, b).sentences
    assert "changed:" in said[0] and said[-1].startswith("and ") and len(said) == 22
