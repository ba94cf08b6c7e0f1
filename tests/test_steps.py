"""Steps: what happens in which order, what is known when, and the films made of them."""

import json
import os
import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from test_hostile import Page
from test_writers import EXAMPLES, ODD, chain, cubic, example, graphs

from viz import trace, writers
from viz.animation.timeline import build_timeline, animation_theme, scene_at
from viz.graph import Edge, Graph, Node, Stats, Value
from viz.layout.build_scene import build_scene
from viz.options.drawing import DrawOptions
from viz.layout.scene import Text
from viz.animation.steps import SINGLE_STEPS, StepError, steps
from viz.graph.theme import THEMES
from viz.writers import FormatError, html, svg


def test_the_cubic_step_by_step():
    assert [step.text for step in steps(cubic())] == [
        "Given: x = 1.2.",
        "h = x × x = 1.2 × 1.2 = 1.44",
        "x³ = h × x = 1.44 × 1.2 = 1.728",
        "x³ + x = 1.728 + 1.2 = 2.928",
        "Backward: grad of (x³ + x) = 1",
        "grad of x³ += 1 × 1 = 1",
        "grad of x += 1 × 1 = 1",
        "grad of h += 1.2 × 1 = 1.2",
        "grad of x += 1.44 × 1 = 1.44, in all 2.44",
        "grad of x += 1.2 × 1.2 = 1.44, in all 3.88",
        "grad of x += 1.2 × 1.2 = 1.44, in all 5.32",
        "Done: grad of x = 1.44 + 1.44 + 1.44 + 1 = 5.32.",
    ]


def test_a_grad_grows_as_contributions_arrive():
    grown = [step.grad["x"].number for step in steps(cubic()) if "x" in step.grad]
    assert grown == pytest.approx([1.0, 2.44, 3.88, 5.32, 5.32])


@pytest.mark.parametrize("f, point, sentence", [
    (lambda x: -x, 2.0, "−x = −2"),
    (lambda x: x - (1 - x), 2.0, "x − (1 − x) = 2 − (−1) = 3"),
    (lambda x: (x + 1) * (x - 3), 2.0, "(x + 1) × (x − 3) = 3 × (−1) = −3"),
    (lambda x: x**3, -2.0, "x³ = (−2)³ = −8"),
    (lambda x: abs(x), -2.0, "|x| = |−2| = 2"),
    (lambda x: 2 ** x, 3.0, "2ˣ = 2³ = 8"),
])
def test_sentences_of_ops(f, point, sentence):
    said = [step.text for step in steps(trace(f, point)) if step.phase == "forward"]
    assert said[-1].endswith(sentence.split(" = ", 1)[1]), said


def test_arrays_are_said_by_shape_and_spread():
    said = " ".join(step.text for step in steps(example("mlp")))
    assert "hidden = tanh(" in said and "8×16: −0.627 … −0.0074 … 0.64" in said
    assert "grad of b1 += what" in said


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_op_has_its_step_and_every_contribution(name):
    graph = example(name)
    taken = steps(graph)
    ops = [node.id for node in graph.nodes if node.kind == "op"]
    assert [step.nodes[0] for step in taken if step.phase == "forward"] == ops
    sent = [e for e, edge in enumerate(graph.edges) if "contribution" in edge.facts]
    backward = [step for step in taken if step.phase == "backward"][1:]
    assert sorted(e for step in backward for e in step.edges if e in sent) == sent
    known = {node.id for node in graph.nodes if node.kind in ("input", "parameter", "constant")}
    for step in taken[1:]:       # nothing is used before it is known
        if step.phase == "forward":
            used = [graph.edges[e] for e in step.edges]
            assert {edge.tail for edge in used if edge.head == step.nodes[0]} <= known
            known |= set(step.nodes)


@pytest.mark.parametrize("name", EXAMPLES)
def test_in_the_end_all_is_as_in_the_graph(name):
    graph = example(name)
    grads: dict[str, Value | None] = {}
    for step in steps(graph)[:-1]:
        grads |= step.grad
    for node in graph.nodes:
        if node.id in grads:
            assert grads[node.id] == node.facts["grad"]


def test_a_value_that_no_op_made_is_what_it_comes_from():
    said = [step.text for step in steps(ODD["no op"])]
    assert said == ["Given: x = ?.", "y = x", "Done."]


def test_without_gradients_there_is_only_the_forward_pass():
    graph = trace(lambda x: x * x + x, 2.0, grad=False)
    assert {step.phase for step in steps(graph)} == {"start", "forward", "end"}
    assert steps(graph)[-1].text.endswith("= 6.")


def test_with_many_contributions_a_step_of_backward_is_an_op():
    def power(x):
        y = x
        for _ in range(SINGLE_STEPS):
            y = y * x
        return y
    taken = steps(trace(power, 1.01))
    backward = [step for step in taken if step.phase == "backward"][1:]
    assert len(backward) == SINGLE_STEPS
    assert all(step.text.count("grad of") == 2 for step in backward)


def test_a_chain_of_ten_thousand_has_its_steps():
    assert len(steps(chain(10_000))) == 10_002


# ---- The timeline

@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_the_last_frame_is_the_picture(name, rankdir):
    graph, options = example(name), DrawOptions(rankdir=rankdir)
    made, scene = build_timeline(graph, options), build_scene(graph, options)
    last = scene_at(made, len(made.steps) - 1)
    assert last.groups[:-1] == scene.groups
    assert last.width >= scene.width and last.height > scene.height


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_moves_and_nothing_is_known_too_early(name):
    graph = example(name)
    made, scene = build_timeline(graph), build_scene(graph)
    places = {group.id: {(m.x, m.y) for m in group.marks if isinstance(m, Text)}
              for group in scene.groups}
    for i, step in enumerate(made.steps):
        frame = scene_at(made, i)
        for group in frame.groups[:-1]:
            texts = [mark for mark in group.marks if isinstance(mark, Text)]
            assert {(mark.x, mark.y) for mark in texts} <= places[group.id]
            assert len({(mark.x, mark.y) for mark in texts}) == len(texts)     # none on another
            if step.phase in ("start", "forward"):
                assert not {mark.role.removeprefix("dim-") for mark in texts} & {
                    "grad", "sum", "local", "contribution", "result"}
        if step.phase in ("forward", "backward"):
            assert any(mark.role == f"lit-{step.phase}" for g in frame.groups for mark in g.marks)


def test_what_is_not_reached_is_dim_and_what_is_reached_is_not():
    made = build_timeline(cubic())
    reached = {"x": 0, "v_1": 1, "v_2": 2, "v_3": 3}
    for i in range(len(made.steps)):
        for group in scene_at(made, i).groups:
            if group.id in reached:
                dim = {mark.role.startswith("dim-") for mark in group.marks}
                assert dim == {i < reached[group.id]}, (i, group.id)


def test_a_label_of_an_edge_is_seen_from_the_step_that_sends_it():
    made = build_timeline(cubic())
    for i, step in enumerate(made.steps):
        labelled = {track.of for track in made.tracks if track.shows == "edge"
                    and any(timed.first <= i < timed.last and isinstance(timed.mark, Text)
                            for timed in track.marks)}
        sent = {e for before in made.steps[:i + 1] if before.phase == "backward"
                for e in before.edges if "contribution" in cubic().edges[e].facts}
        assert labelled == sent or step.phase == "end"


def test_a_rail_is_lit_until_its_branch_only():
    made = build_timeline(cubic())
    track = next(track for track in made.tracks if track.group.role == "rail")
    ends = {timed.mark.points[-1] for timed in track.marks if timed.mark.role.startswith("lit")}
    assert len(ends) == 2        # one for each of the two edges on it
    assert track.group.marks[0].points[-1] in ends


@pytest.mark.parametrize("name", ODD)
def test_odd_graphs_have_timelines(name):
    for format in (*writers.moving(), "frames"):
        assert all(content for _, content in writers.steps(ODD[name], "f", format))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(graphs())
def test_any_graph_has_a_timeline_that_ends_in_its_picture(graph):
    made = build_timeline(graph)
    assert scene_at(made, len(made.steps) - 1).groups[:-1] == build_scene(graph).groups


def test_grads_that_cannot_be_summed_are_not_made_up():
    """Of a large array only the spread is kept: its grad so far is said to be unknown."""
    part = Value((100,), "float64", None, Stats(0.0, 0.5, 1.0))
    total = Value((100,), "float64", None, Stats(0.0, 1.5, 3.0))
    nodes = (Node("x", "parameter", "x", {"data": part, "grad": total}), Node("o", "op", "+"),
             Node("y", "output", "y", {"data": part, "grad": part}))
    graph = Graph("g", nodes, (*(Edge("x", "o", "", {"argument": i, "contribution": part})
                                 for i in range(3)), Edge("o", "y")))
    grads = [step.grad["x"] for step in steps(graph) if "x" in step.grad]
    assert grads == [part, None, total, total]
    assert not any("in all" in step.text for step in steps(graph))
    shown = [[mark.text for group in scene_at(build_timeline(graph), i).groups
              for mark in group.marks
              if group.id == "x" and isinstance(mark, Text) and mark.role == "grad"]
             for i in range(len(steps(graph)))]
    assert ["…"] in shown


# ---- What is made of it

def visible(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter()
            if element.tag.endswith("}text") and element.attrib.get("visibility") != "hidden"]


def test_an_svg_that_plays_is_the_whole_picture_where_motion_is_unwelcome():
    content = writers.play(cubic(), "svg").decode()
    assert "<script" not in content and "<animate" not in content
    style = re.search(r"<style>(.*?)</style>", content, re.S)
    assert style is not None
    assert style[1].startswith("@media (prefers-reduced-motion:no-preference){")
    outside = style[1].strip().removeprefix("@media (prefers-reduced-motion:no-preference){")
    assert outside.count("{") + 1 == outside.count("}")
    made = build_timeline(cubic())
    last = [mark.text for group in scene_at(made, len(made.steps) - 1).groups
            for mark in group.marks if isinstance(mark, Text)]
    assert visible(ElementTree.fromstring(content)) == last


def test_rules_of_two_pictures_on_a_page_do_not_collide():
    names = [set(re.findall(r"@keyframes (\S+?)\{", writers.play(graph, "svg").decode()))
             for graph in (cubic(), example("neuron"))]
    assert names[0] and names[1] and not names[0] & names[1]


def test_frames_are_numbered_and_drawn_alike():
    frames = writers.steps(cubic(), "steps", "frames")
    assert [name for name, _ in frames] == [os.path.join("steps", f"{i:02}.svg")
                                            for i in range(1, 13)]
    sizes = {re.search(rb'viewBox="[^"]*"', content)[0] for _, content in frames}
    assert len(sizes) == 1


def test_the_page_of_steps_says_each_sentence():
    page = writers.play(cubic(), "html").decode()
    told = json.loads(Page(page).scripts[0])["steps"]
    assert [text for text, _ in told] == [step.text for step in steps(cubic())]
    assert 'aria-live="polite"' in page and 'data-do="play"' in page
    assert page == html.play(cubic()).decode()
    assert '<button type="button" data-do="play"' not in html.write(cubic()).decode()


def test_what_cannot_move_says_what_can():
    with pytest.raises(FormatError, match="'png' .must be one of gif, html, svg, or a folder"):
        writers.play(cubic(), "png")
    with pytest.raises(StepError, match="502 steps .at most 400"):
        writers.play(chain(500), "svg")


@pytest.mark.parametrize("theme", THEMES)
def test_every_role_of_a_timeline_is_in_every_theme(theme):
    look = animation_theme(THEMES[theme])
    made = build_timeline(example("rosenbrock"), DrawOptions(theme=theme))
    for i in range(len(made.steps)):
        svg.paint(scene_at(made, i), look)


def test_the_same_bytes_each_time():
    for format in (*writers.moving(), "frames"):
        first, again = (writers.steps(cubic(), "f", format) for _ in range(2))
        assert first == again


def test_values_add_up_by_item():
    one, two, three = (Value((2,), "float64", (k, 2 * k)) for k in (1.0, 2.0, 3.0))
    graph = Graph("g", (Node("x", "input", "x", {"data": one}), Node("o", "op", "+"),
                        Node("y", "output", "y", {"data": one, "grad": one})), (
        Edge("x", "o", "", {"argument": 0, "contribution": one}),
        Edge("x", "o", "", {"argument": 1, "contribution": two}), Edge("o", "y")))
    assert [step.grad["x"] for step in steps(graph) if "x" in step.grad] == [one, three]
