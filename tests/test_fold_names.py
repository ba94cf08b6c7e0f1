"""What the parts of a fold are called: repeats, parameters, values without a name."""

import re

import numpy as np
import pytest

import viz
from tinytorch import Tensor, scope
from viz.graph.json import from_json, to_json
from viz.layout.build_scene import build_scene
from viz.layout.paint_clusters import index_text
from viz.fold import fold
from viz.fold.merge_labels import make_grid, replace_formula
from viz.fold.merge_paths import Indexing, merge_paths, find_steps, merge_words


def folded(f, *xs):
    small = fold(viz.trace(f, *xs), mode="all")
    build_scene(small)
    assert from_json(to_json(small)).facts == small.facts
    return small, [(one["title"], index_text(one)) for one in small.facts.get("folds", ())]


def labels(graph):
    return [node.label for node in graph.nodes if node.kind != "op"]


@pytest.mark.parametrize("columns, found", [
    ([["0", "1", "2"]], Indexing(0)), ([["layer1", "layer2"]], Indexing(1)),
    ([["q", "k", "v"]], Indexing(0, ("q", "k", "v"))),
    ([["1", "3", "5"], ["2", "4", "6"]], Indexing(0)), ([["4", "5"], ["5", "6"]], Indexing(4)),
    ([["3", "2", "1"]], Indexing(0, ("3", "2", "1"))),
    ([["0", "1", "5"]], Indexing(0, ("0", "1", "5"))),
    ([["a", "b"], ["7", "8"]], Indexing(7)), ([["a", "b", "a"]], None), ([], None)])
def test_what_repeats_are_called(columns, found):
    assert find_steps(columns) == found


@pytest.mark.parametrize("column, known, one", [
    (["0", "1", "2"], Indexing(0), "[t]"), (["1", "2", "3"], Indexing(1), "[t]"),
    (["1", "2", "3"], Indexing(0), "[t+1]"), (["1", "3", "5"], Indexing(0), "[2t+1]"),
    (["block_4", "block_5", "block_6"], Indexing(5), "block_[t−1]"),
    (["a", "a", "a"], Indexing(), "a"),
    (["q", "k", "v"], Indexing(), "{q,k,v}"),
    (["to_q", "to_k", "_k"], Indexing(), "{to_q,to_k,_k}"),
    (["q_proj", "k_proj", "v_proj"], Indexing(), "{q,k,v}_proj"),
    (["a_b_x_y", "b_x_y", "c_x_y"], Indexing(), "{a_b,b,c}_x_y"),
    (["0", "1", "5"], Indexing(0, ("0", "1", "5")), "[t]")])
def test_words_of_all_repeats(column, known, one):
    assert merge_words(column, make_grid((3,)), [known]) == one


def test_words_of_nested_repeats():
    paths = [f"blocks.{t}.{w}.weight".split(".") for t in range(4, 7) for w in "qkv"]
    assert ".".join(merge_paths(paths, make_grid((3, 3)), [
        Indexing(4), Indexing(0, tuple("qkv"))])) == "blocks.[t].{q,k,v}.weight"
    flat = [f"heads.{4*t + i}".split(".") for t in range(3) for i in range(4)]
    assert merge_paths(flat, make_grid((3, 4)), [Indexing(), Indexing()]) == ["heads", "[t,i]"]
    many = [[c] for c in "abcdefg"]
    assert merge_paths(many, make_grid((7,)), [Indexing()]) == ["{a,b,…}"]
    assert merge_paths([["a"], ["a", "b"]], make_grid((2,)), [Indexing()]) == []


@pytest.mark.parametrize("label, formula, one", [
    ("linear(relu(v₁))", "relu(v₁)", "linear(v)"), ("relu(v₁)²·w", "relu(v₁)", "v²·w"),
    ("myrelu(v₁)", "relu(v₁)", "myrelu(v₁)"), ("x + v₁ + y", "x + v₁", "v + y"),
    ("x + v₁·y", "x + v₁", "x + v₁·y"), ("a·x + v₁", "x + v₁", "a·x + v₁"),
    ("(x + v₁)²", "x + v₁", "v²"), ("sin(x + v₁)", "x + v₁", "sin(v)"),
    ("f(a, x + v₁, b)", "x + v₁", "f(a, v, b)"),
    ("y = x + v₁ + z", "x + v₁", "y = v + z"),
    ("x > v₁ + y", "x > v₁", "x > v₁ + y"),
    ("sin(x) + sin(y) + 1", "sin(x) + sin(y)", "v + 1"),
    ("a − x + v₁", "x + v₁", "a − x + v₁"), ("f(v₁) + f(v₁)", "f(v₁)", "v + v")])
def test_a_name_stands_for_whole_operands_only(label, formula, one):
    assert replace_formula(label, formula, "v") == one


def test_a_path_of_scopes_says_the_numbers():
    def f(x=0.5):
        for k in range(3, 15):
            with scope("blocks"), scope(str(k)):
                x = np.sin(x)*x + 1
        return x
    small, found = folded(f)
    assert found == [("blocks/[t]", "t = 3 … 14")]


def test_names_of_scopes_are_those_of_repeats():
    def f(x=0.5):
        for _ in range(12):
            parts = []
            for name in ("query", "key", "value"):
                with scope(name):
                    h = np.sin(x)*x
                parts.append(np.tanh(h))
            x = parts[0]*parts[1] + parts[2]
        return x
    _, found = folded(f)
    assert found == [("x = parts[0]·parts[1] + parts[2]", "t = 1 … 12"),
                     ("query, key, value", "i = query, key, value")]


def test_parameters_of_a_list_of_layers_say_the_numbers():
    layers = [Tensor(0.5 + k / 100, name=f"layers.{k}.w") for k in range(20)]

    def f(x=0.5):
        for w in layers:
            x = np.tanh(x*w)
        return x
    small, found = folded(f)
    assert found == [("x = tanh(x·layers.[t].w)", "layers.[t] · t = 0 … 19")]
    assert "layers.[t].w" in labels(small)


def test_expressions_write_leaves_as_they_are_called():
    """The bias of a layer and the matrix of the next were both layers.[t]."""
    w = [Tensor(0.5 + k / 100, name=f"layers.{k}.w") for k in range(20)]
    b = [Tensor(0.1 + k / 100, name=f"layers.{k}.b") for k in range(20)]

    def f(x=0.5):
        for k in range(19):
            x = np.tanh(x + b[k])*w[k + 1]
        return x
    small, found = folded(f)
    assert found == [("x = tanh(x + …[t].b)·…[t+1].w", "t = 0 … 18")]
    assert {"x + layers.[t].b", "x = tanh(x + layers.[t].b)·layers.[t+1].w"} <= set(labels(small))

    def g(x=0.5, a=0.1, b=0.2, c=0.3):
        for _ in range(9):
            x = sum([np.sin(np.cos(x*k)*k) for k in (a, b, c)])
        return x
    small, _ = folded(g)
    assert {"x·{a,b,c}", "cos(x·{a,b,c})·{a,b,c}"} <= set(labels(small))


def test_names_of_values_that_the_user_gave_are_no_names_of_ours():
    """A variable called v was lost: v₁ … v₁₂ were taken for names that only the reader gave."""
    def f(x=0.5, a=0.3):
        v = x
        for _ in range(60):
            v = np.sin(np.cos(np.exp(-v*a + 1) + 1)*a + 2)*np.cos(v*a - 1)
        return v
    graph = viz.trace(f)
    assert graph.facts["letter"] == "u" and "letter" not in viz.trace(lambda x=0.5: x*x).facts
    assert not [node.label for node in graph.nodes if re.match("v[₀-₉]+ = v[₀-₉]+$", node.label)]
    small, found = folded(f)
    named = [label.partition(" = ")[0] for label in labels(small) if " = " in label]
    assert named == ["u₁", "u₂", "u₃", "v"] and found == [("v = u₃·cos(v·a − 1)", "t = 1 … 60")]
    assert "v₆₀" in labels(small)                  # its u₃ is seen in the frame only


def test_a_name_is_free_where_the_user_has_taken_all_letters():
    from viz.tape.names import LETTERS, letter
    assert sorted(LETTERS) == sorted("abcdefghijklmnopqrstuvwxyz")
    assert letter([]) == "v" and letter(["v₃", "x"]) == "u" and letter(LETTERS) == "_"


def test_what_a_loop_hands_on_has_a_name():
    """relu(linear(relu(linear(v)))): the step before was written out in every other step."""
    graph = viz.trace(lambda x=0.5: _chain(x, 24))
    small = fold(graph, mode="all")
    inside = [node.label for node in small.nodes if node.facts.get("fold")]
    assert "v = tanh(sin(v))" in inside and "v" in inside and "sin(v)" in inside


def _chain(x, n):
    return _chain(np.tanh(np.sin(x)), n - 1) if n else x


def test_several_values_that_leave_a_frame_say_which():
    def f(x=0.5):
        total = x
        for _ in range(10):
            parts = [np.tanh(np.sin(np.cos(total*k + 1)*2 + 3)*total) for k in (0.1, 0.2, 0.3)]
            total = parts[0]*parts[1] - parts[2]
        return total
    small, found = folded(f)
    assert [node.label for node in small.nodes if node.facts.get("drawn") == "exit" and
            node.kind == "value"] == ["parts[0]", "parts[1]", "parts[2]"]
    assert "total·c[t,i] + 1" in labels(small)       # 0.1, 0.2, 0.3 are no path
