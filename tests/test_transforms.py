"""Transforms: parts of a graph, heat, flags."""

import numpy as np
import pytest

import viz
from viz.graph import TransformError
from viz.layout.build_scene import build_scene
from viz.layout.scene import Text
from viz.transforms.diagnose import flag
from viz.transforms.heat import heat
from viz.transforms.subgraph import between, find, focus, hide

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def cubic(x):
    h = x * x
    return h * x + x


GRAPH = viz.trace(cubic, 1.2)


def ids(graph):
    return [node.id for node in graph.nodes]


@pytest.mark.parametrize("name, id", [
    ("x", "x"), ("h", "h"), ("h = x²", "h"), ("x²", "h"), ("mul_2", "mul_2"), ("h·x", "v_1"),
])
def test_a_node_by_any_of_its_names(name, id):
    assert find(GRAPH, name).id == id


def test_a_node_that_is_not_there():
    with pytest.raises(TransformError, match="no node 'hh' .there is h"):
        find(GRAPH, "hh")


def test_focus():
    assert ids(focus(GRAPH, "h", radius=1)) == ["x", "mul_1", "h", "mul_2", "v_1"]
    assert ids(focus(GRAPH, "x", radius=9)) == ids(GRAPH)
    near = focus(GRAPH, "h", radius=1)
    assert {n.id: n.facts["hidden"] for n in near.nodes if "hidden" in n.facts} == {
        "x": 1, "v_1": 1}
    assert near.facts["results"] == ("1 op around h: 5 of 7 nodes",)


def texts(graph):
    scene = build_scene(graph)
    return {mark.text for group in scene.groups for mark in group.marks if isinstance(mark, Text)}


@pytest.mark.parametrize("part, sum_, tag", [
    (focus(GRAPH, "v_1", radius=1), "= 1.44 + 1 + …", "input, 2 edges cut"),
    (focus(GRAPH, "x", radius=1), "= 1.44 + 1.44 + 1.44 + 1", "input"),
    (between(GRAPH, "x", "v_1"), "= 1.44 + 1.44 + 1.44 + …", "input"),
    (between(GRAPH, "x", "v_2"), "= 1.44 + 1.44 + 1.44 + 1", "input"),
    (hide(GRAPH, ["constants"]), "= 1.44 + 1.44 + 1.44 + 1", "input")])
def test_a_part_showed_a_sum_that_did_not_come_to_the_grad(part, sum_, tag):
    assert {sum_, tag, "5.32"} <= texts(part)


def test_paths_multiply_and_add_up():
    part = between(GRAPH, "x", "v_2")
    said, *paths = part.facts["results"]
    assert said == "4 paths from x to h·x + x: d(h·x + x)/dx = 5.32"
    assert paths == ["x → h → h·x → h·x + x: 1.2 × 1.2 × 1 = 1.44"] * 2 + [
        "x → h·x → h·x + x: 1.44 × 1 = 1.44", "x → h·x + x: 1"]
    part = between(GRAPH, "h", "v_1")
    assert ids(part) == ["h", "mul_2", "v_1"]
    assert part.facts["results"][0] == "1 path from h to h·x: d(h·x)/dh = 1.2"


def test_paths_are_counted_not_walked():
    def f(x):
        for _ in range(60):
            x = x * x
        return x
    graph = viz.trace(f, 1.0)
    part = between(graph, "x", graph.nodes[-1].id)
    said = part.facts["results"]
    assert said[0].startswith(f"{2**60} paths") and said[-1] == f"and {2**60 - 4} more"


@pytest.mark.parametrize("start, end, message", [
    ("h", "x", "no path leads from 'h' to 'x'; one leads from 'x' to 'h'"),
    ("x", "x", "are the same node"), ("x", "mul_1", "'mul_1' is an op"), ("x", "y", "no node 'y'"),
])
def test_paths_that_are_none(start, end, message):
    with pytest.raises(TransformError, match=message):
        between(GRAPH, start, end)


def test_hide():
    graph = viz.trace(lambda x: 2 * x + 1, 1.0)
    assert [n.kind for n in hide(graph, ["constants"]).nodes].count("constant") == 0
    assert len(hide(graph, ["constant"]).edges) == len(graph.edges) - 2
    with pytest.raises(TransformError, match="unknown kind: 'colour'"):
        hide(graph, ["colours"])
    with pytest.raises(TransformError, match="op cannot be hidden"):
        hide(graph, ["ops"])


def test_heat_is_logarithmic_and_signed():
    def f(a, b, c, d, e):
        return 1000*a + 100*b - 10*c + 1*d + 0*e
    graph = heat(viz.trace(f, 1.0, 1.0, 1.0, 1.0, 1.0), "grad")
    heats = {n.id: n.facts["heat"] for n in graph.nodes if n.kind == "input"}
    assert heats == {"a": 4, "b": 3, "c": -2, "d": 1, "e": 0}
    limits = graph.facts["heat"]["limits"]
    assert limits[0] == 1000 and limits[-1] == pytest.approx(1)
    assert "heat" not in next(n for n in graph.nodes if n.kind == "op").facts


def test_heat_of_contributions_is_at_the_edges():
    graph = heat(GRAPH, "contribution")
    assert all(("heat" in e.facts) == ("contribution" in e.facts) for e in graph.edges)
    with pytest.raises(TransformError, match="unknown heat"):
        heat(GRAPH, "love")


@pytest.mark.parametrize("data", [[np.nan, 1.0], [np.inf, 1.0], [0.0, 0.0], [np.nan, np.nan]])
def test_heat_of_odd_numbers(data):
    for by in ("grad", "data", "contribution"):
        heat(viz.trace(lambda x: x * x, data), by)


def flags(f, *at):
    graph = flag(viz.trace(f, *at))
    return {n.id: n.facts["flag"] for n in graph.nodes if "flag" in n.facts}, graph.facts["flags"]


def test_the_birth_of_a_nan():
    def f(x):
        h = x - 1
        a = np.log(h)
        return a * x
    marks, said = flags(f, 0.7)
    assert marks["a"] == "nan born here" and marks["v_1"] == "nan" and marks["x"] == "grad nan"
    line = f.__code__.co_firstlineno + 2
    assert said[0] == f"NaN is born at test_transforms.py:{line}: log(−0.3)"


def test_an_inf_gives_birth_to_a_nan():
    def f(x):
        a = 1 / x
        return a - a
    marks, said = flags(f, 0.0)
    assert marks["a"] == "inf born here" and marks["v_1"] == "nan born here"
    assert said[0].startswith("inf is born") and "1/x with x = 0" in said[0]
    assert said[1].startswith("NaN is born") and "a − a with a = inf" in said[1]


def test_an_infinite_derivative_is_born_in_the_backward_pass():
    marks, said = flags(lambda x: np.sqrt(x) * 1.0, 0.0)
    assert marks == {"x": "grad inf"}
    assert "inf is born in the backward pass" in said[0]
    assert "the derivative of sqrt(x) is inf" in said[0]


def test_each_turn_of_a_loop_was_a_line_of_its_own():
    def f(x):
        for _ in range(3000):
            y = x * 1e300 * 1e300
        for _ in range(50):
            y = y + 1e300 * 1e300 * x
        return y
    said = flag(viz.trace(f, 1.5)).facts["flags"]
    assert len(said) < 12 and any("times more there" in line for line in said), said


def test_verdicts_on_gradients():
    def f(a, b, c, d):
        return a * 1e-9 + b * 1e9 + c * 0.0 + d
    marks, said = flags(f, 1.0, 1.0, 1.0, 1.0)
    assert {k: v for k, v in marks.items() if k in "abcd"} == {
        "a": "vanishing grad", "b": "exploding grad", "c": "zero grad"}
    assert len(said) == 3
    assert any(line.startswith("vanishing grad at a (less than 1e−6)") for line in said)


def test_nothing_to_flag():
    assert flags(cubic, 1.2) == ({}, ())


def test_a_given_nan_is_said():
    _, said = flags(lambda x: x * 2, np.nan)
    assert said[0] == "NaN is born: x is given as nan"
