"""Positions from an installed Graphviz, and what is said where there is none."""

import os
import stat
from shutil import which

import pytest

from test_layout import GRAPHS, gap, labels, nothing, sizes
from viz.graph import Edge, Graph, Node
from viz.layout.graphviz import place, source
from viz.layout.placement import LayoutError, Size

needs_dot = pytest.mark.skipif(which("dot") is None, reason="no Graphviz on this machine")


@needs_dot
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize("texts", [labels, nothing])
@pytest.mark.parametrize("name", GRAPHS)
def test_everything_has_its_place(name, texts, rankdir):
    graph, written = GRAPHS[name], texts(GRAPHS[name])
    sized = sizes(graph)
    placed = place(graph, sized, written, rankdir=rankdir)
    for node in graph.nodes:
        (x, y), (w, h) = placed.centers[node.id], sized[node.id]
        assert 20 <= x - w / 2 and x + w / 2 <= placed.width - 20
        assert 20 <= y - h / 2 and y + h / 2 <= placed.height - 20
    ops = {n.id for n in graph.nodes if n.kind == "op"}
    axis = "LR TB".split().index(rankdir)
    for edge, route, size in zip(graph.edges, placed.routes, written):
        assert len(route.points) % 3 == 1 and len(route.points) > 3
        assert (route.label is None) == (size is None)
        assert placed.centers[edge.tail][axis] < placed.centers[edge.head][axis]
        if edge.head in ops:
            assert abs(gap(placed.centers[edge.head], sized[edge.head], route.points[-1])) < 0.1


@needs_dot
def test_parallel_edges_are_told_apart():
    graph = GRAPHS["cubic"]
    placed = place(graph, sizes(graph), labels(graph))
    assert placed.routes[0] != placed.routes[1]


def test_no_word_of_the_graph_reaches_dot():
    evil = '"]; x [label=<b>\\N'
    graph = Graph("f", (Node(evil, "input", evil), Node("o", "op", evil)), (Edge(evil, "o"),))
    text = source(graph, {evil: Size(130, 74), "o": Size(34, 34)}, [Size(60, 32)])
    assert evil not in text and "label=<b>" not in text and "\\N" not in text


def test_an_empty_graph_asks_nobody(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert place(Graph("f", (), ()), {}, []).width == 48.0


def test_an_unknown_rankdir():
    graph = GRAPHS["cubic"]
    with pytest.raises(ValueError, match="unknown rankdir: 'RL'"):
        place(graph, sizes(graph), nothing(graph), rankdir="RL")


def test_no_dot_is_said(monkeypatch):
    monkeypatch.setenv("PATH", "")
    graph = GRAPHS["cubic"]
    with pytest.raises(LayoutError, match="no `dot` on this machine: install Graphviz"):
        place(graph, sizes(graph), nothing(graph))


@pytest.mark.skipif(os.name == "nt", reason="a stand-in for dot that is a shell script")
@pytest.mark.parametrize("script, words", [
    ("echo out of paper >&2; exit 3", r"dot failed \(exit status 3\): out of paper"),
    ("exit 1", "it did not say why"),
    ("echo nonsense", "dot's answer is not JSON"),
    ("exec sleep 20", r"dot took more than 0.3 s for 7 nodes"),
])
def test_a_dot_that_fails_is_said(tmp_path, monkeypatch, script, words):
    fake = tmp_path / "dot"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    graph = GRAPHS["cubic"]
    limit = 0.3 if "sleep" in script else 20.0
    with pytest.raises(LayoutError, match=words):
        place(graph, sizes(graph), nothing(graph), time_limit=limit)
