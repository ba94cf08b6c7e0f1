"""The page of a large graph: what is packed in it, and what a browser makes of it."""

import base64
import json
import re
import zlib
from pathlib import Path

import browser
import numpy as np
import pytest
from browser import Browser
from hypothesis import given, settings
from hypothesis import strategies as st
from test_hostile import LABELS, Page, hostile
from test_writers import chain, value

import viz
from tinytorch import scope
from viz.graph import KINDS, Graph, Node, text
from viz.layout.build_scene import build_scene
from viz.options.drawing import DrawOptions
from viz.layout.scene import Rect
from viz.viewer import FOLDER, LARGE, script_of
from viz.viewer.codec import pack
from viz.viewer.large_geometry import layout_columns
from viz.viewer.facts_table import fact_columns
from viz.fold import fold
from viz.transforms.heat import heat
from viz.writers import html

needs_browser = pytest.mark.skipif(browser.PATH is None, reason="no chromium is installed")


def unpacked(pack):
    """Columns, read back as codec.js does."""
    whole = zlib.decompress(base64.b64decode(pack, validate=True))
    length = int.from_bytes(whole[:4], "little")
    found, at = {}, 4 + length
    for name, kind, count, size in json.loads(whole[4:at]):
        content = whole[at:at + size]
        at += size
        if kind == "json":
            found[name] = json.loads(content)
            continue
        item = np.dtype(f"<{'f' if kind[0] == 'f' else 'u'}{int(kind[1:]) // 8}")
        planes = np.frombuffer(content, np.uint8).reshape(item.itemsize, count)
        column = np.ascontiguousarray(planes.T).reshape(-1).view(item)
        if kind[0] == "d":
            steps = column.astype(np.int64)
            column = np.cumsum(np.where(steps % 2, -(steps + 1) // 2, steps // 2))
        found[name] = column
    assert at == len(whole)
    return found


def packs(content):
    page = content.decode()
    return {name: unpacked(pack) for name, pack in re.findall(
        r'<script type="text/plain" data-pack="(\w+)">([^<]*)</script>', page)}


def net(steps=300):
    """A loop with a skip: y = y·x + y, with grads."""
    def f(x=1.001):
        y = x
        for _ in range(steps):
            y = y * x * 0.9 + y * 0.1
        return y
    return viz.trace(f)


def power(n=200):
    def f(x=1.001):
        y = x
        for _ in range(n):
            y = y * x
        return y * 2
    return viz.trace(f)


# ---- Columns

def test_a_column_that_does_not_fit_is_refused():
    """Its differences wrapped around."""
    with pytest.raises(ValueError, match="4294967296 does not fit into 32 bits"):
        pack({"a": np.array([-2**30, 2**30])})


@given(st.lists(st.integers(-2**30, 2**30 - 1), max_size=40),
       st.lists(st.floats(width=64), max_size=20), st.lists(st.text(), max_size=5))
@settings(max_examples=60, deadline=None)
def test_columns_come_back(whole, floats, strings):
    numbers = np.array(floats, np.float64)
    found = unpacked(pack({"a": np.array(whole, np.int64), "b": numbers, "c": strings,
                           "d": np.array(whole, np.float32)}))
    assert found["a"].tolist() == whole
    assert found["b"].tobytes() == numbers.tobytes()
    assert found["d"].tobytes() == np.array(whole, np.float32).tobytes()
    assert found["c"] == [s.encode("utf-8", "replace").decode() for s in strings]


@pytest.mark.parametrize("graph", [net(), chain(7000)], ids=["sheet", "strip"])
def test_a_page_holds_the_graph(graph):
    found = packs(html.write(graph))
    drawing, facts = found["drawing"], found["facts"]
    strings = facts["strings"]
    assert [strings[i] for i in facts["id"]] == [node.id for node in graph.nodes]
    assert [strings[i] for i in facts["name"]] == [node.label for node in graph.nodes]
    assert [KINDS[kind] for kind in drawing["kind"]] == [node.kind for node in graph.nodes]
    place = {node.id: i for i, node in enumerate(graph.nodes)}
    heads = drawing["head"].astype(int)
    assert heads.tolist() == [place[edge.head] for edge in graph.edges]
    assert (heads - drawing["back"]).tolist() == [place[edge.tail] for edge in graph.edges]
    numbers = iter(facts["value_number"].tolist())
    kept = [next(numbers) if form == 1 else None for form in facts["value_form"]]
    wanted = [item.facts[key].number if key in item.facts else None
              for items, keys in ((graph.nodes, ("data", "grad")),
                                  (graph.edges, ("local", "contribution")))
              for item in items for key in keys]
    assert kept == wanted


def test_boxes_stand_where_the_svg_has_them():
    graph = net()
    drawing = packs(html.write(graph))["drawing"]
    groups = {group.id: group for group in build_scene(graph).groups}
    for i, node in enumerate(graph.nodes):
        box = next(mark for mark in groups[node.id].marks if isinstance(mark, Rect))
        told = [drawing[name][i] / 10 for name in ("x", "y", "width", "height")]
        assert told == pytest.approx(box[:4], abs=0.051)


def test_boxes_of_a_strip_do_not_overlap_and_rows_are_rows():
    graph = chain(7000)
    drawing, width, height = layout_columns(graph)[1:]
    rank = drawing["rank"]
    x = drawing["left"][rank] + drawing["dx"] / 10
    y = drawing["drop"][rank] + drawing["y"] / 10
    right, bottom = x + drawing["width"], y + drawing["height"]
    assert x.min() >= 0 and y.min() >= 0 and right.max() <= width and bottom.max() <= height
    assert 0.3 < width / height < 6                # a page, no line
    by_place = sorted(zip(np.round(y + drawing["height"] / 2).tolist(), x.tolist(),
                          right.tolist()))
    for (y0, _, end), (y1, start, _) in zip(by_place, by_place[1:]):
        assert y1 > y0 or start > end
    tail, head = drawing["head"] - drawing["back"], drawing["head"]
    row = drawing["drop"][rank]
    near = drawing["far"] == 0
    assert (x[head] > right[tail])[(row[head] == row[tail]) & near].all()


def test_nodes_without_edges_stand_in_a_block():
    graph = chain(6200)
    nodes = tuple(Node(f"unused_{i}", "input", f"u{i}") for i in range(3000))
    _, drawing, width, height = layout_columns(Graph("some", graph.nodes + nodes, graph.edges))
    assert 0.3 < width / height < 6
    assert len(set(zip(drawing["dx"][-3000:].tolist(), drawing["y"][-3000:].tolist()))) == 3000


def test_a_page_is_small():
    graph = chain(20_000)
    nodes = tuple(node if node.kind == "op" else node._replace(
        facts={"data": value(np.sin(i)), "grad": value(np.cos(i))})
        for i, node in enumerate(graph.nodes))
    graph = Graph("chain", nodes, graph.edges)
    content = html.write(graph)
    strings = json.dumps(fact_columns(graph)["strings"], ensure_ascii=False).encode()
    names = len(base64.b64encode(zlib.compress(strings, 6)))
    assert len(content) - names < 20 * len(nodes) + 120_000        # and the viewer itself


def test_a_page_is_the_same_each_time():
    assert html.write(net()) == html.write(net())
    graph = chain(7000)
    assert html.write(graph) == html.write(graph)


def test_the_viewer_is_chosen_by_size():
    canvas = b'<canvas class="picture"'
    assert b"<svg" in html.write(chain(150)) and canvas in html.write(chain(250))
    small = fold(power(), mode="all")
    page = html.write(small).decode()
    assert len(small.nodes) < 30 and "<svg" not in page and "×200" in page
    for theme, start in (("light", '<html lang="en">'), ("dark", ' data-theme="dark">'),
                         ("print", ' data-theme="light" data-fixed>')):
        assert start in html.write(chain(250), DrawOptions(theme=theme)).decode()


def test_what_a_graph_was_heated_by_is_shown():
    for by, told in ("grad", "grad"), ("data", "data"), ("contribution", ""):
        page = Page(html.write(heat(net(130), by)).decode())
        assert json.loads(page.scripts[0])["heat"] == told


def test_hostile_labels_of_a_large_page_are_text():
    labels = LABELS * (420 // (3 * len(LABELS)) + 1)
    content = html.write(hostile(labels))
    page = Page(content.decode())
    strings = packs(content)["facts"]["strings"]
    assert {text.literal(label) for label in labels if label} <= set(strings)
    data, drawing, script, facts = page.scripts
    assert script == script_of(LARGE)
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", drawing) and re.fullmatch(r"[A-Za-z0-9+/=]+", facts)
    assert json.loads(data)["folds"] == []
    assert not [(tag, name) for tag, name in page.names if name.startswith("on") or
                name in ("src", "style", "srcset") or name == "href" and tag != "link"]


def test_repeats_keep_their_numbers():
    graph = power()
    small = fold(graph, mode="all")
    found = packs(html.write(small))["facts"]
    i = next(k for k, node in enumerate(small.nodes) if len(node.facts.get("repeats", ())) == 200
             and node.kind == "value")
    begin = 2 * (len(small.nodes) + len(small.edges) + int(found["repeats"][:i].sum()))
    at = np.cumsum(np.array([0, 1, 3, 0, 3])[found["value_form"]])
    told = [found["value_number"][at[begin + 2 * k] - 1] for k in range(200)]
    assert told == [node.facts["data"].number for node in small.nodes[i].facts["repeats"]]


# ---- In a browser

def opened(tab, tmp_path, graph, **media):
    path = tmp_path / "page.html"
    path.write_bytes(html.write(graph))
    tab.open(path.as_uri(), "performance.getEntriesByName('ready').length", **media)


def part(tab, name):
    return tab.run(f"""document.querySelector('[data-part="{name}"]').textContent""")


def hidden(tab, name):
    return tab.run(f"""document.querySelector('[data-part="{name}"]').hidden""")


FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def colors(tab):
    """How many pixels of the canvas have each colour, about."""
    tab.run(FRAME)
    return tab.run("""(() => { const { width, height } = document.querySelector("canvas.picture");
      const copy = new OffscreenCanvas(width, height), found = {};
      const pen = copy.getContext("2d", { willReadFrequently: true });
      pen.drawImage(document.querySelector("canvas.picture"), 0, 0);
      const { data } = pen.getImageData(0, 0, width, height);
      for (let i = 0; i < data.length; i += 28) {
        const k = `${data[i]},${data[i + 1]},${data[i + 2]}`;
        found[k] = (found[k] || 0) + 7; } return found; })()""")


def cursor(tab):
    """Where the current node is drawn: left, top, width, height."""
    tab.run(FRAME)
    return tab.run("""(() => { const b = document.querySelector('[data-part="cursor"]')
      .getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()""")


@needs_browser
def test_numbers_are_written_as_in_python():
    floats = np.random.default_rng(1).normal(size=600) * 10.0 ** np.arange(-30, 30).repeat(10)
    floats = [*floats.tolist(), *(k / 2**j for j in range(1, 18) for k in range(1, 400, 7)),
              0.0, -0.0, 1e9, 1e10, 123456789.0, 9999999999.0, 2.5e10, 99999.5, 0.000099995, 1e-4]
    base = (Path(FOLDER) / "base.js").read_text("utf-8")
    code = base[base.index("const SURE"):base.index("// ---- Light and dark")]
    with Browser() as tab:
        for digits in (3, 5, 12):
            told = tab.run(f"(() => {{ {code} return {json.dumps(floats)}"
                           f".map(x => number(x, {digits})); }})()")
            # JSON of -0.0 is -0, which JavaScript keeps
            assert told == [text.number(x, digits) for x in floats]
        odd = tab.run(f"(() => {{ {code} return [NaN, Infinity, -Infinity].map(x => number(x)); "
                      "})()")
    assert odd == [text.number(float(word)) for word in ("nan", "inf", "-inf")]


@needs_browser
def test_a_large_page_is_searched_selected_heated_and_listed(tmp_path):
    graph = net(130)
    with Browser() as tab:
        opened(tab, tmp_path, graph, prefers_color_scheme="light")
        assert colors(tab)["255,255,255"] > 400_000
        tab.press("t")
        assert colors(tab)["18,24,31"] > 400_000
        tab.press("t", "/")
        found = graph.nodes[200]
        for c in found.id:
            tab.press(c)
        tab.wait("/ of /.test(document.querySelector('[data-part=found]').textContent)")
        tab.press("Enter")
        assert part(tab, "facts").startswith(graph.nodes[200].label)
        assert text.numbers(found.facts.get("data"), 12) in part(tab, "facts")
        assert cursor(tab)[2] > 40
        tab.press("Escape", "Escape")
        tab.run("document.activeElement.blur()")
        tab.press("h")
        assert not hidden(tab, "legend") and "log scale" in part(tab, "legend")
        tab.press("h", "l")
        rows = tab.run("document.querySelectorAll('[data-part=list] tbody th').length")
        assert 20 < rows < 120 < len(graph.nodes)
        whole = tab.run("document.querySelector('[data-part=list] table').ariaRowCount")
        assert whole == str(len(graph.nodes) + 1)
        tab.run("document.querySelector('[data-part=list]').scrollTop = 1e9")
        tab.wait("document.querySelector('[data-part=list]').textContent.includes("
                 f"{json.dumps(graph.nodes[-1].label)})")
        tab.run("document.querySelector('[data-part=stage]').focus()")
        tab.press("Tab")
        label = "document.activeElement.getAttribute('aria-label')"
        assert tab.run(label) == f"x, input, 1 of {len(graph.nodes)}"
        tab.press("Tab")
        assert tab.run(label).endswith(f", op, 2 of {len(graph.nodes)}")
        tab.press("Enter")
        assert not hidden(tab, "facts")
        tab.press("Escape", "Escape")
        assert hidden(tab, "facts")
        for key in ("+", "+", "+"):
            tab.press(key)
        tab.run(FRAME)
        assert not hidden(tab, "minimap")
        assert tab.errors == tab.requests == []


@needs_browser
def test_a_whole_picture_stands_above_the_legend(tmp_path):
    edge = "document.querySelector('[data-part={}]').getBoundingClientRect().{}".format
    picture = "document.querySelector('.world').getBoundingClientRect().bottom"
    with Browser(1400, 400) as tab:
        opened(tab, tmp_path, net(12), prefers_color_scheme="light")
        tab.press("0")
        assert tab.run(picture) > tab.run(edge("stage", "bottom")) - 60
        tab.press("h")
        assert tab.run(picture) <= tab.run(edge("legend", "top"))
        tab.press("h")
        assert tab.run(picture) > tab.run(edge("stage", "bottom")) - 60


@needs_browser
@pytest.mark.parametrize("steps", [3, 130])
def test_a_link_names_a_node(tmp_path, steps):
    graph = net(steps)
    with Browser() as tab:
        path = tmp_path / "page.html"
        path.write_bytes(html.write(graph))
        ready = "performance.getEntriesByName('ready').length"
        tab.open(f"{path.as_uri()}#{graph.nodes[6].id}", ready)
        assert part(tab, "facts").startswith(graph.nodes[6].label)
        tab.run("location.hash = 'x'")
        tab.wait("document.querySelector('[data-part=facts] h2').textContent === 'x'")
        assert tab.errors == []


@needs_browser
def test_paths_between_two_nodes_add_up(tmp_path):
    graph = net(130)
    with Browser() as tab:
        opened(tab, tmp_path, graph)
        tab.press("/")
        tab.press("x", "Enter", "Escape")
        tab.run("document.activeElement.blur()")
        tab.press("p", "/")
        ends = [node for node in graph.nodes if node.kind == "output"]
        for c in ends[0].id:
            tab.press(c)
        tab.press("Enter")
        slope = text.number(graph.nodes[0].facts["grad"].number)
        assert f"add up to {slope}." in part(tab, "paths")
        assert tab.errors == []


def find(tab, node):
    tab.press("/")
    tab.run("document.querySelector('[data-part=search]').value = ''")
    for c in node.id:
        tab.press(c)
    tab.press("Enter", "Escape")
    tab.run("document.activeElement.blur()")


@needs_browser
def test_folds_close_open_and_show_each_repeat(tmp_path):
    graph = fold(power(), mode="all")
    last = graph.nodes[-1]
    body = next(node for node in graph.nodes if len(node.facts.get("repeats", ())) == 200
                and node.kind == "value")

    with Browser(1600, 900) as tab:
        opened(tab, tmp_path, graph)
        find(tab, last)
        tab.press("0")
        opened_at = cursor(tab)[0]
        shown = "+document.querySelector('[data-part=stage]').dataset.scale"
        before = tab.run(shown)
        tab.press("o")
        tab.press("0")
        tab.run(FRAME)
        closed_at = cursor(tab)[0]
        assert (closed_at, tab.run(shown)) != (opened_at, before)
        tab.press("o")
        tab.press("0")
        assert cursor(tab)[0] == pytest.approx(opened_at, abs=1)
        find(tab, body)
        assert "all 200 repeats" in part(tab, "facts")
        for k in range(3):
            tab.press("]")
            told = text.number(body.facts["repeats"][k].facts["data"].number, 12)
            assert told in part(tab, "rows")
        tab.press("[", "[", "[")
        assert "all 200 repeats" in part(tab, "facts")
        assert tab.errors == []


@needs_browser
def test_a_repeat_is_called_as_the_frame_says(tmp_path):
    """Modules blocks.0 … blocks.11 were t = 1 … 12; queries, keys and values i = 1 … 3."""
    def f(x=0.5):
        for k in range(12):
            with scope("blocks"), scope(str(k)):
                parts = []
                for name in "qkv":
                    with scope(name):
                        parts.append(np.sin(x*x)*x)
                x = parts[0]*parts[1] + parts[2]
        return x
    graph = fold(viz.trace(f), mode="all")
    outer, inner = graph.facts["folds"]
    assert (outer["first"], outer["last"], inner["names"]) == (0, 11, ("q", "k", "v"))
    with Browser(1600, 900) as tab:
        opened(tab, tmp_path, graph)
        for fold_, names in (outer, ["t = 0", "t = 1", "t = 2"]), (inner, ["i = q", "i = k"]):
            find(tab, next(node for node in graph.nodes if node.facts.get("fold") == fold_["path"]
                           and len(node.facts.get("repeats", ())) >= 12 and node.kind == "value"))
            for name in names:
                tab.press("]")
                assert f"{name}Close the fold" in part(tab, "facts")
        assert tab.errors == []


@needs_browser
def test_hostile_labels_stay_text_on_a_canvas(tmp_path):
    labels = ["<img src=x onerror=\"document.title='OWNED'\">", "</script><script>alert(1)",
              "\u202eevil", "a\x00b"] * 40
    with Browser() as tab:
        opened(tab, tmp_path, hostile(labels))
        tab.press("l", "+", "+", "/")
        for c in "img":
            tab.press(c)
        tab.press("Enter")
        assert not hidden(tab, "facts")
        assert tab.run("document.title") != "OWNED"
        assert tab.run("document.querySelectorAll('img, iframe, object').length") == 0
        assert tab.errors == tab.requests == []


@needs_browser
def test_the_strip_of_very_many_nodes_is_painted_at_every_distance(tmp_path):
    graph = chain(7000)
    with Browser() as tab:
        opened(tab, tmp_path, graph, prefers_color_scheme="light")
        assert sum(colors(tab).values()) - colors(tab)["255,255,255"] > 3000
        seen = set()
        for _ in range(11):
            assert len(colors(tab)) > 1
            seen.add(tab.run("document.querySelector('[data-part=stage]').dataset.level"))
            tab.press("+", "+")
        assert seen == {"boxes", "shapes", "pixels"}
        assert tab.errors == []


def test_edges_of_the_other_order_are_drawn():
    nodes = tuple(reversed(chain(300).nodes))
    graph = Graph("back", nodes, chain(300).edges)
    drawing = packs(html.write(graph))["drawing"]
    assert (drawing["back"].astype(int) > 0).all()


@pytest.mark.parametrize("grad, kind", [(1e-30, "float32"), (1e-40, "float64"), (1e39, "float64")])
def test_a_gradient_that_vanishes_or_explodes_keeps_its_size(grad, kind):
    nodes = [Node(f"x_{i}", "input", "x", {"data": value(1.0), "grad": value(grad)})
             for i in range(20_001)]
    numbers = fact_columns(Graph("small", tuple(nodes), ()))["value_number"]
    assert numbers.dtype == kind and numbers[1] == pytest.approx(grad)
