"""Scopes: the modules of a model as frames, open and closed, around and within folds."""

from __future__ import annotations

import pytest

import viz
from tinytorch import Tensor, scope
from viz.layout import cost
from viz import writers
from viz.options.drawing import DrawOptions
from viz.fold import fold, summary
from viz.fold.unfold import unfold


def block(x, w):
    h = (x*w).tanh()
    return h*h + x


def stages(widths, times):
    """A model of stages, each of blocks that are not alike, as none is repeated."""
    def f(x=0.5):
        for i, width in enumerate(widths):
            with scope(f"stage{i}"):
                for j in range(times):
                    with scope(f"{j}"):
                        x = block(x, 0.1 + j)
                        for _ in range(width + j):
                            x = x.sin() if j % 2 else x.cos() + x
        return x.exp()
    return f


def graph(widths=(1, 2), times=2):
    return viz.trace(stages(widths, times))


def paths(folded):
    return {fold_["title"]: (fold_["path"], fold_["closed"])
            for fold_ in folded.facts.get("folds", ())}


def test_a_small_graph_has_no_frames_unless_a_depth_is_given():
    assert fold(graph()) == graph()
    found = paths(fold(graph(), depth=1))
    assert found == {"stage0": ("1", False), "stage0/0": ("1/1", True), "stage0/1": ("1/2", True),
                     "stage1": ("2", False), "stage1/0": ("2/1", True), "stage1/1": ("2/2", True)}


def test_what_leaves_a_closed_scope_has_a_box_with_data_and_grad():
    whole, closed = fold(graph(), depth=2), fold(graph(), depth=0)
    outside = [node for node in closed.nodes if node.facts.get("drawn") == "exit"]
    assert len(outside) == 2                       # of stage0 and of stage1
    assert all("grad" in node.facts and "data" in node.facts for node in outside)
    assert not [node for node in whole.nodes if node.facts.get("drawn") == "exit"]


@pytest.mark.parametrize("depth", [None, 0, 1, 2, 9])
@pytest.mark.parametrize("mode", ["auto", "none", "all"])
def test_a_graph_with_scopes_is_had_back_exactly(mode, depth):
    for before in graph(), graph((3, 5, 4, 7), 6):
        after = unfold(fold(before, mode=mode, depth=depth))
        assert sorted(after.nodes, key=lambda node: node.id) == \
            sorted(before.nodes, key=lambda node: node.id)
        assert {(e.tail, e.head): e.facts for e in after.edges} == \
            {(e.tail, e.head): e.facts for e in before.edges}


def test_a_large_graph_that_does_not_fold_is_open_as_deep_as_a_page_allows():
    large = graph((3, 5, 4, 7), 6)
    assert len(large.nodes) > 150
    shown = fold(large)
    drawn = cost.cost(shown)
    assert drawn.nodes <= 150 < cost.cost(fold(large, depth=9)).nodes
    assert [title for title, (_, closed) in paths(shown).items() if closed]
    assert "closed: stage" in summary(shown) and "opens all)" in summary(shown)


def test_a_scope_that_is_entered_twice_is_a_frame_each_time():
    def f(x=0.5):
        for k in range(2):
            with scope("one"):
                x = x*x + 1
            x = x.sin() if k else x.cos()
        return x
    folds = fold(viz.trace(f), depth=5).facts["folds"]
    assert [(one["title"], one["ops"]) for one in folds] == [("one", 2), ("one", 2)]


def test_a_scope_around_a_fold_and_within_one():
    def f(x=0.5):
        with scope("body"):
            x = x + 1
            for _ in range(60):
                with scope("step"):
                    with scope("inner"):
                        x = x.sin()*x
                    x = x.cos()
        return x
    folds = fold(viz.trace(f), mode="all", depth=9).facts["folds"]
    assert [(one["title"], one["count"], one["path"]) for one in folds] == [
        ("body", 1, "1"), ("x = cos(x)", 60, "1/1"), ("inner", 1, "1/1/1")]


def test_an_input_enters_a_scope_from_outside_and_a_parameter_stands_in_it():
    w = Tensor([1.0, 2.0])

    def f(x=Tensor([3.0, 4.0])):
        with scope("layer"):
            return (x*w).sum()
    shown = fold(viz.trace(f), depth=1)
    home = {node.label: node.facts.get("fold", "") for node in shown.nodes
            if not node.facts.get("drawn") == "port"}
    assert home["x"] == "" and home["w"] == "1"
    assert shown.facts["folds"][0]["holds"] == "2 ops · 2 parameters"


def test_an_output_of_a_closed_scope_is_seen():
    def f(x=0.5):
        with scope("a"):
            x = x + 1
            with scope("b"):
                return (x*x).sin()
    before = viz.trace(f)
    for depth, inside in (0, ""), (1, ""), (2, "1"):
        shown = fold(before, depth=depth)
        outputs = [node for node in shown.nodes if node.kind == "output"]
        assert [node.facts.get("fold", "")[:1] for node in outputs] == [inside]
        assert outputs[0].facts["grad"].number == 1.0 and unfold(shown).nodes == before.nodes


def test_every_writer_takes_scopes():
    for depth in 0, 1, 9:
        shown = fold(graph(), depth=depth)
        for format in ("svg", "html", "dot", "mermaid", "tikz", "txt", "json", "pdf"):
            made = writers.write(shown, format, DrawOptions())
            assert b"stage0" in made or format == "pdf"


def test_what_a_reader_names_has_a_frame_in_a_small_graph_too():
    import dataclasses
    before = graph()
    before = dataclasses.replace(before, facts={**before.facts, "scopes": {"stage1": "2 turns"}})
    folds = fold(before).facts["folds"]
    assert [(one["title"], one["holds"]) for one in folds] == [("stage1", "2 turns · 15 ops")]
