"""The cases that every picture of a graph must draw right."""

import pytest
from torture_graphs import ROWS

from viz import writers
from viz.graph.json import from_json
from viz.layout.build_scene import build_scene
from viz.options.drawing import DrawOptions
from viz.layout.scene import Rect, Text
from viz.fold.unfold import unfold

WIDEST = 4500.0                  # px: a page in landscape at a zoom of 25 %
LONGEST = 140                    # characters of a text: of arrays no number is written out


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: row.name)
def drawn(request):
    graph = request.param.graph()
    return request.param, graph, build_scene(graph, DrawOptions())


def test_the_picture_shows_what_it_must(drawn):
    row, graph, scene = drawn
    texts = {mark.text for group in scene.groups for mark in group.marks if isinstance(mark, Text)}
    assert set(row.shows) <= texts, sorted(set(row.shows) - texts)
    assert max(map(len, texts)) <= LONGEST
    assert [fold["count"] for fold in graph.facts.get("folds", ())] == list(row.folds)
    assert len(unfold(graph).nodes) == row.nodes


def test_the_picture_fits_a_page(drawn):
    _, _, scene = drawn
    assert scene.width <= WIDEST and scene.height <= WIDEST


def test_no_two_boxes_lie_on_each_other(drawn):
    """Boxes, ops, constants and chips: the first mark of a group of such a role."""
    _, graph, scene = drawn
    ids = {node.id for node in graph.nodes}
    rects = sorted((mark.x, mark.y, mark.x + mark.width, mark.y + mark.height, group.id)
                   for group in scene.groups if group.id in ids or group.role == "chip"
                   for mark in group.marks[:1] if isinstance(mark, Rect))
    for i, (_, top, right, bottom, id) in enumerate(rects):
        for left, up, _, down, other in rects[i + 1:]:
            if left >= right:
                break
            assert down <= top or up >= bottom, (id, other)


@pytest.mark.parametrize("format", writers.formats())
def test_each_format_takes_it(drawn, format):
    _, graph, _ = drawn
    if format == "gif" and len(graph.nodes) > 30:
        pytest.skip("an animation of so many steps takes long")
    made = writers.write(graph, format, DrawOptions(dpi=24))
    assert made
    if format == "json":
        assert writers.write(from_json(made.decode()), "json") == made
