"""The writers: every format of every example, and what each format promises."""

import io
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from functools import reduce
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_hostile import Page, latex, mermaid

from viz.run import targets
from viz.graph import Edge, Graph, Node, Value, text
from viz import trace, writers
from viz.graph.json import from_json, to_json
from viz.layout.op_pairs import find_op_pairs
from viz.layout.build_scene import build_scene
from viz.options.drawing import DrawOptions
from viz.layout.scene import Text
from viz.animation.steps import StepError
from viz.graph.theme import THEMES
from viz.transforms.diff import diff
from viz.fold import fold
from viz.transforms.heat import heat
from viz.writers import html, pdf, png, svg, txt

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py")
                  if not path.stem.startswith("_"))

COLORED = ("dot", "gif", "html", "mermaid", "pdf", "png", "svg", "tikz")


def value(number: float) -> Value:
    return Value((), "float64", (number,))


def example(name: str) -> Graph:
    """The graph of an example, at its defaults."""
    return trace(targets.load(str(ROOT / "examples" / f"{name}.py")).function)


def cubic() -> Graph:
    """x·x·x + x at 1.2, written by hand: what stands in the golden files."""
    def edge(tail, head, *facts):
        about = dict(zip(("argument", "local", "contribution"), facts))
        return Edge(tail, head, "", {key: fact if key == "argument" else value(fact)
                                     for key, fact in about.items()})

    def made(kind, label, data, grad):
        return kind, label, {"data": value(data), "grad": value(grad), "line": "f.py:2"}
    nodes = [Node("x", "input", "x", {"data": value(1.2), "grad": value(5.32)})]
    for i, (op, symbol, (kind, label, facts)) in enumerate([
            ("mul_1", "×", made("value", "h = x²", 1.44, 1.2)),
            ("mul_2", "×", made("value", "x³", 1.728, 1.0)),
            ("add_1", "+", made("output", "x³ + x", 2.928, 1.0))]):
        nodes += [Node(op, "op", symbol, {"op": op}), Node(f"v_{i + 1}", kind, label, facts)]
    return Graph("cubic", tuple(nodes), (
        edge("x", "mul_1", 0, 1.2, 1.44), edge("x", "mul_1", 1, 1.2, 1.44), edge("mul_1", "v_1"),
        edge("v_1", "mul_2", 0, 1.2, 1.2), edge("x", "mul_2", 1, 1.44, 1.44), edge("mul_2", "v_2"),
        edge("v_2", "add_1", 0, 1.0, 1.0), edge("x", "add_1", 1, 1.0, 1.0), edge("add_1", "v_3"),
    ), {"title": "f(x) = x³ + x at x = 1.2", "results": ("df/dx = 5.32",)})


def chain(length: int, *, twice: bool = False) -> Graph:
    """y = y·x again and again, or y = y·y."""
    nodes, edges, last = [Node("x", "input", "x", {"data": value(1.0)})], [], "x"
    for i in range(length):
        nodes += [Node(f"mul_{i}", "op", "×"),
                  Node(f"y_{i}", "value", f"y_{i}", {"data": value(i)})]
        edges += [Edge(last, f"mul_{i}"), Edge(last if twice else "x", f"mul_{i}"),
                  Edge(f"mul_{i}", f"y_{i}")]
        last = f"y_{i}"
    return Graph("chain", tuple(nodes), tuple(edges))


@st.composite
def graphs(draw):
    """Any graph: ops with several results, tensors of several ops, nodes that touch nothing."""
    kinds = draw(st.lists(st.sampled_from(["input", "value", "op", "output", "constant"]),
                          min_size=1, max_size=25))
    nodes = [Node(f"n{i}", kind, f"<{i}>") for i, kind in enumerate(kinds)]
    node = st.integers(0, len(nodes) - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=50))
    return Graph("g", tuple(nodes), tuple(
        Edge(f"n{a}", f"n{b}", "", {"argument": i, "contribution": value(i)})
        for i, (a, b) in enumerate(pairs) if a < b))


ODD = {
    "nothing": Graph("g", (), ()),
    "a leaf": Graph("g", (Node("x", "input", "x", {"data": value(float("nan"))}),), ()),
    "an op": Graph("g", (Node("x", "op", "+"),), ()),
    "no op": Graph("g", (Node("x", "input", "x"), Node("y", "value", "y")), (Edge("x", "y"),)),
    "two results": Graph("g", tuple(Node(c, "op" if c == "o" else "value", c) for c in "xoab"),
                         (Edge("x", "o"), Edge("o", "a"), Edge("o", "b"))),
    "any order": Graph(
        "g", (Node("b", "output", "b"), Node("o", "op", "sin"), Node("x", "input", "x")),
        (Edge("o", "b"), Edge("x", "o", "", {"contribution": value(1.0)}))),
    "an empty array": Graph("g", (Node("x", "parameter", "x", {
        "data": Value((0, 3), "bool", ())}),), ()),
}


# ---- All formats

@pytest.mark.parametrize("format", writers.formats())
@pytest.mark.parametrize("name", ODD)
def test_odd_graphs(format, name):
    assert writers.write(ODD[name], format)


@pytest.mark.parametrize("format", writers.formats())
def test_every_theme(format):
    made = {theme: writers.write(cubic(), format, DrawOptions(theme=theme)) for theme in THEMES}
    assert all(made.values())
    assert len(set(made.values())) == (len(THEMES) if format in COLORED else 1)


@pytest.mark.parametrize("format", [one for one in writers.formats() if one not in ("gif", "pdf")])
def test_a_folded_graph_from_json_had_repeats_that_were_no_nodes(format):
    small = fold(trace(lambda x: reduce(lambda y, _: y*x + 0.5, range(30), x), 1.01))
    again = from_json(to_json(small))
    assert writers.write(again, format) == writers.write(small, format)


def test_other_suffixes_of_a_format():
    assert set(writers.ALIASES.values()) <= set(writers.formats())
    assert not set(writers.ALIASES) & set(writers.formats())
    assert writers.write(cubic(), "mmd") == writers.write(cubic(), "mermaid")
    with pytest.raises(writers.FormatError, match="'bmp' .must be one of " +
                       ", ".join(writers.formats())):
        writers.resolve("bmp")


@pytest.fixture
def added(tmp_path, monkeypatch):
    """Another distribution, with two writers: one works, the other cannot be imported."""
    (tmp_path / "rows-1.0.dist-info").mkdir()
    (tmp_path / "rows-1.0.dist-info" / "METADATA").write_text("Name: rows\nVersion: 1.0\n")
    (tmp_path / "rows-1.0.dist-info" / "entry_points.txt").write_text(
        "[tinyviz.writers]\nrows = rows_writer\nbroken = rows_missing\nsvg = rows_writer\n")
    (tmp_path / "rows_writer.py").write_text(
        "def write(graph, options):\n"
        "    return '\\n'.join(node.id for node in graph.nodes).encode()\n\n\n"
        "def play(graph, options):\n    return b'step by step'\n")
    monkeypatch.syspath_prepend(tmp_path)
    writers._added.cache_clear()
    yield
    writers._added.cache_clear()


def test_other_distributions_add_formats(added):
    assert {"rows", "broken", "svg"} < set(writers.formats()) and "rows" in writers.formats()
    assert writers.write(cubic(), "rows") == b"x\nmul_1\nv_1\nmul_2\nv_2\nadd_1\nv_3"
    assert writers.pictures(cubic(), [("rows", "light")]) == [writers.write(cubic(), "rows")]
    assert "rows" in writers.moving() and writers.play(cubic(), "rows") == b"step by step"
    assert writers.write(cubic(), "svg") == svg.write(cubic())   # ours come first


def test_a_writer_that_cannot_be_imported_is_named_and_stops_no_other(added):
    with pytest.raises(writers.FormatError, match="'broken' cannot be imported: No module named "
                       "'rows_missing' .entry point rows_missing of tinyviz.writers"):
        writers.write(cubic(), "broken")
    assert "broken" not in writers.moving() and "gif" in writers.moving()


def test_a_format_of_ours_is_found_without_reading_entry_points(monkeypatch):
    monkeypatch.setattr(writers, "_added", lambda: pytest.fail("read"))
    assert "svg" in writers.formats() and writers.writer("tex").__name__.endswith(".tikz")


@pytest.mark.parametrize("format", ["txt", "mermaid"])
def test_the_cubic(format, golden):
    golden(f"cubic.{format}", writers.write(cubic(), format).decode())


def marked() -> Graph:
    """The cubic with what transforms say of it: heat at nodes and edges, and a flag."""
    graph = cubic()
    nodes = [n._replace(facts={**n.facts, "heat": i - 3}) for i, n in enumerate(graph.nodes)]
    nodes[2] = nodes[2]._replace(facts={**nodes[2].facts, "flag": "vanishing grad"})
    edges = [e._replace(facts={**e.facts, "heat": i - 4}) for i, e in enumerate(graph.edges)]
    return Graph("cubic", tuple(nodes), tuple(edges), {
        **graph.facts, "flags": ("vanishing grad at h",), "branches": ("if x > 0 was taken",),
        "heat": {"by": "grad", "limits": (1.0, 0.1, 0.01, 0.001, 0.0001)}})


@pytest.mark.parametrize("format", [*COLORED, "json", "txt"])
def test_heat_and_flags_are_in_every_format(format):
    plain, hot = writers.write(cubic(), format), writers.write(marked(), format)
    assert len(hot) > len(plain)
    if format in ("svg", "html", "txt", "dot", "json", "mermaid"):
        shown = unescape(hot.decode()).replace("＞", ">")       # as Mermaid needs it
        assert "vanishing grad at h" in shown and "if x > 0 was taken" in shown
    if format == "mermaid":
        told, = mermaid([hot.decode()])
        assert "vanishing grad" in told[2]
    if format == "tikz":
        assert "vanishinggradath" in latex(hot.decode("ascii"))


@pytest.mark.parametrize("by", ["grad", "contribution"])
def test_mermaid_dot_and_text_had_no_legend_of_a_heat(by):
    graph = heat(cubic(), by)
    plain, hot = ({format: writers.write(g, format).decode() for format in writers.formats()
                   if format not in ("png", "pdf", "gif")} for g in (cubic(), graph))
    for format in "svg", "html", "txt", "dot", "mermaid", "tikz":
        shown = unescape(hot[format]).replace("{,\\kern0pt}\\ ", ", ").replace("\\ ", " ")
        assert f"{by}, log scale" in shown, format
    high = {"grad": "3 … 5.3", "contribution": "0.81 … 1.4"}[by]
    assert f"▮▮▮▮ {high}" in hot["txt"]
    assert hot["dot"].count("<td") == 1 + 2 * 9 and "<td" not in plain["dot"]
    assert f">{high}<" in hot["dot"]
    told, = mermaid([hot["mermaid"]])
    steps = {item.facts["heat"] for item in (*graph.nodes, *graph.edges) if "heat" in item.facts}
    assert len(told) == len(cubic().nodes) + len(steps)


def test_a_node_called_legend_is_not_the_legend():
    nodes = tuple(Node(id, "input", id, {"grad": value(1.0)})
                  for id in ("legend", "its legend", "heat", "heat9"))
    graph = heat(Graph("g", nodes, ()), "grad")
    assert len(re.findall(r"grad 1", writers.write(graph, "dot").decode())) >= 4
    told, = mermaid([writers.write(graph, "mermaid").decode()])
    assert len(told) == 4 + 1


def test_mermaid_took_tags_out_of_a_title():
    graph = Graph("g", (Node("x", "input", "x"),), (), {
        "title": "f(x) = (<script>alert(1)</script>)·x", "branches": ("x < 0 & y > 1 was True",)})
    title = writers.write(graph, "mermaid").decode().splitlines()[1]
    assert "＜script＞alert(1)＜/script＞" in title and "x ＜ 0 ＆ y ＞ 1" in title
    assert not set("<>&") & set(title)


# ---- Text

@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(graphs())
def test_each_use_has_one_line_and_each_node_is_shown_once(graph):
    parts = find_op_pairs(graph)
    lines = txt.tree(graph, edges="none").splitlines()
    roots = sum(not outs for outs in parts.outs)
    assert len(lines) == roots + sum(map(len, parts.ins))
    for c, outs in enumerate(parts.outs):
        node = graph.nodes[parts.box[c] if parts.box[c] >= 0 else parts.op[c]]
        shown = [line for line in lines if re.search(rf"(^|─ |┬ |┼ ){node.label}( |$)", line)]
        elsewhere = [line for line in shown if re.search(rf"{node.label} [↑↓]", line)]
        assert len(shown) - len(elsewhere) == 1
        assert len(elsewhere) == max(len(outs) - 1, 0)


@pytest.mark.parametrize("twice", [False, True])
def test_a_chain_of_ten_thousand_is_a_ladder(twice):
    lines = txt.tree(chain(10_000, twice=twice)).splitlines()
    assert len(lines) == 1 + 1 + 20_000            # a head, the root, two operands each
    assert max(map(len, lines)) < 40


def test_a_tree_that_is_deep_and_no_chain_is_not_deep_on_the_page():
    nodes, edges = [Node("x0", "input", "x0")], []
    for i in range(3000):        # x = sin(x) + cos(x)
        for op, made, tails in (("sin", "s", [f"x{i}"]), ("cos", "c", [f"x{i}"]),
                                ("+", f"x{i + 1}", [f"s{i}", f"c{i}"])):
            made = made if op == "+" else made + str(i)
            nodes += [Node(f"{op}{i}", "op", op), Node(made, "value", made)]
            edges += [*(Edge(tail, f"{op}{i}") for tail in tails), Edge(f"{op}{i}", made)]
    lines = txt.tree(Graph("g", tuple(nodes), tuple(edges))).splitlines()
    assert max(map(len, lines)) < 60


def test_columns_line_up_for_wide_and_for_combining_characters():
    labels = ["名前", "e\u0301", "x"]
    nodes = [Node(str(i), "input", label, {"data": value(1.0)}) for i, label in enumerate(labels)]
    lines = txt.tree(Graph("g", tuple(nodes), ())).splitlines()
    assert {txt.columns(line[:line.rindex("1")]) for line in lines[1:]} == {9}


def test_colour_is_for_the_terminal_only():
    plain, colored = txt.tree(cubic()), txt.tree(cubic(), color=True)
    assert "\x1b" not in plain and "\x1b[" in colored
    assert [line.rstrip() for line in re.sub(r"\x1b\[\d*m", "", colored).splitlines()] == \
        plain.splitlines()


def test_edges_of_a_text():
    assert "∂" not in txt.tree(cubic(), edges="none")
    assert "sends" not in txt.tree(cubic(), edges="local")
    assert "∂" not in txt.tree(cubic(), edges="contribution")


# ---- SVG

def test_an_svg_says_what_it_is():
    root = ElementTree.fromstring(writers.write(cubic(), "svg"))
    assert root.attrib["role"] == "img"
    first, second = root[0], root[1]
    assert first.tag.endswith("}title") and first.text == "f(x) = x³ + x at x = 1.2"
    assert second.tag.endswith("}desc") and "2.928" in str(second.text)
    assert not any(name.startswith("aria") for element in root.iter() for name in element.attrib)


def test_an_svg_is_small_and_has_one_element_a_line():
    content = writers.write(example("cubic"), "svg")
    assert len(content) < 7_800
    for line in content.decode().splitlines():
        assert len(re.findall(r"<[a-z]", line)) <= 1


def test_the_nodes_of_an_svg_stand_in_the_order_of_computation():
    root = ElementTree.fromstring(writers.write(cubic(), "svg"))
    ids = [group.attrib["id"] for group in root if group.tag.endswith("}g")]
    assert [id for id in ids if "--" not in id and id != "caption"] == [n.id for n in cubic().nodes]


def test_two_pictures_on_a_page_share_no_id():
    scene = build_scene(cubic())
    a, b = (ElementTree.fromstring(svg.paint(scene, THEMES["light"], prefix=prefix))
            for prefix in ("a-", "b-"))
    ids = [{e.attrib["id"] for e in root.iter() if "id" in e.attrib} for root in (a, b)]
    assert len(ids[0]) == len(ids[1]) > 10 and not ids[0] & ids[1]


def test_a_fractional_size_left_a_dark_column_at_the_right():
    scene = build_scene(cubic())
    scene = scene._replace(width=scene.width + 0.5)
    for dpi in (96, 140, 192):
        with Image.open(io.BytesIO(png.draw(scene, DrawOptions(dpi=dpi)))) as image:
            last = image.convert("RGBA").crop((image.width - 1, 0, image.width, image.height))
            assert last.getcolors() == [(image.height, (255, 255, 255, 255))]


# ---- HTML

@pytest.mark.parametrize("name", EXAMPLES)
def test_a_page_is_small_and_has_the_ids_of_the_svg(name):
    graph = example(name)
    content = html.write(graph)
    assert len(content) < 100_000
    page = content.decode()
    ids = set(re.findall(r'<g id="([^"]*)"', writers.write(graph, "svg").decode()))
    assert set(re.findall(r'<g id="([^"]*)"', page)) == ids


def test_a_page_asks_nothing_of_anyone():
    page = html.write(cubic()).decode()
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in page and "@import" not in page


def test_a_page_tells_all_facts():
    content = html.write(cubic()).decode()
    told = json.loads(Page(content).scripts[0])
    x = told["nodes"][0]
    assert x["id"] == "x" and ["grad", "5.32 (float64)"] in x["facts"]
    assert told["edges"][0] == {"tail": 0, "head": 1, "local": "1.2", "sent": "1.44",
                                "slope": 1.2}
    assert "steps" not in told
    tabs = re.findall(r'<g id="([^"]*)"[^>]* tabindex="0"', content)
    assert tabs == [node.id for node in cubic().nodes]


def test_nodes_in_any_order_are_tabbed_in_the_order_of_computation():
    page = html.write(ODD["any order"]).decode()
    assert re.findall(r'<g id="([^"]*)"[^>]* tabindex="0"', page) == ["x", "o", "b"]


@pytest.mark.parametrize("theme, start", [("light", ""), ("dark", ' data-theme="dark"')])
def test_a_page_begins_in_its_theme_and_has_both(theme, start):
    page = html.write(cubic(), DrawOptions(theme=theme)).decode()
    assert f'<html lang="en"{start}>' in page
    assert f"light-dark({THEMES['light'].paper}, {THEMES['dark'].paper})" in page


def test_a_theme_of_its_own_has_nothing_to_switch():
    page = html.write(cubic(), DrawOptions(theme="contrast")).decode()
    assert 'data-theme="light" data-fixed>' in page
    assert "light-dark(#ffffff, #ffffff)" in page


def luminance(color: str) -> float:
    """Relative luminance.  Source: WCAG 2.2."""
    channels = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_colours_of_a_page_can_be_read():
    page = html.write(cubic()).decode()
    pairs = re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", page)
    colors = {name: pair for name, *pair in pairs}
    texts = [(ink, ground, 4.5) for ink in ("ink", "muted", "data", "grad")
             for ground in ("paper", "tint")]
    for ink, ground, least in [*texts, ("line", "paper", 3.0), ("focus", "paper", 3.0)]:
        for a, b in zip(colors[ink], colors[ground], strict=True):
            dark, light = sorted([luminance(a), luminance(b)])
            assert (light + 0.05) / (dark + 0.05) >= least, (ink, ground, a, b)


# ---- Mermaid and TikZ, by their own tools

def test_mermaid_reads_every_example():
    told = mermaid([writers.write(example(name), "mermaid").decode() for name in EXAMPLES])
    assert list(map(len, told)) == [len(example(name).nodes) for name in EXAMPLES]


@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_latex_sets_every_example(name, engine):
    drawn = latex(writers.write(example(name), "tikz").decode("ascii"), engine)
    assert f"{name}.py" in drawn and "grad" in drawn


def test_a_character_that_tex_lacks_was_shrunk_to_a_line():
    graph = Graph("g", (Node("x", "input", "名🙂"),), ())
    picture = writers.write(graph, "tikz").decode("ascii")
    assert r"\tvchar{54}{0D}\tvchar{01F}{642}" in picture and picture.startswith("% ")
    assert latex(picture).startswith("540D01F642")


def test_a_code_in_a_pdf_ran_into_what_stood_beside_it(monkeypatch):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext is installed")
    monkeypatch.setattr(pdf, "_families", lambda missing: [])        # a system without other fonts
    monkeypatch.setattr(pdf, "_characters", lambda path: frozenset())
    graph = Graph("g", (Node("x", "input", "y₈·🙂·x"),), ())
    told = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=writers.write(graph, "pdf"),
                          capture_output=True, text=False).stdout.decode()
    low, high = (float(re.search(rf'{side}="([^"]*)"[^>]*>y₈·U\+1F642·x<', told)[1])
                 for side in ("xMin", "xMax"))
    assert 0 < high - low <= text.width("y₈·🙂·x", 14, "bold") * pdf.PT * 1.02


def test_tikz_in_a_document_is_only_drawn():
    picture = writers.write(cubic(), "tikz").decode("ascii")
    before = (r"\documentclass{article}\usepackage{tikz}\usepackage[paperwidth=2000pt]{geometry}"
              r"\begin{document}Before ")
    told = latex(before + picture + r" after\end{document}")
    assert told.startswith("Before") and "after" in told and "5.32" in told


# ---- GIF

def test_a_gif_has_one_palette_and_a_frame_a_step():
    content = writers.write(cubic(), "gif")
    with Image.open(io.BytesIO(content)) as image:
        assert image.n_frames == 12 and image.info["loop"] == 0
        assert image.info["duration"] == 1600
        scene = build_scene(cubic())
        assert image.width >= scene.width and image.height > scene.height
    assert content[10] & 0x80    # a palette for the whole animation
    assert local_palettes(content) == [False] * 12


def local_palettes(gif: bytes) -> list[bool]:
    """Whether each frame of a GIF has a palette of its own."""
    at, found = 13 + 3 * 2 ** ((gif[10] & 7) + 1), []
    while gif[at:at + 1] != b";":
        if gif[at:at + 1] == b",":
            found.append(bool(gif[at + 9] & 0x80))
            at += 10 + found[-1] * 3 * 2 ** ((gif[at + 9] & 7) + 1) + 1
        else:
            at += 2
        while gif[at]:           # sub-blocks, each with its length before it
            at += gif[at] + 1
        at += 1
    return found


def test_too_long_a_film_says_so():
    with pytest.raises(StepError, match=r"at most 400 .*draw a smaller part"):
        writers.write(chain(500), "gif")


def test_too_large_a_film_says_so():
    with pytest.raises(StepError, match=r"million pixels at 2400 dpi .*use dpi=\d+ or less"):
        writers.write(cubic(), "gif", DrawOptions(dpi=2400))


def test_texts_are_texts():
    """Each text of the scene is selectable text in SVG and HTML, in one piece."""
    scene = build_scene(cubic())
    texts = sorted(m.text for g in scene.groups for m in g.marks if isinstance(m, Text))
    for content in (writers.write(cubic(), "svg"), html.write(cubic())):
        drawn = re.findall(r"<text [^>]*>([^<]*)</text>", content.decode())
        assert sorted(drawn) == texts


def test_writing_is_quick_to_begin():
    """A writer that needs no heavy package imports none."""
    code = ("import sys; from viz import writers; from viz.graph import Graph, Node\n"
            "for f in sys.argv[1:]: writers.write(Graph('g', (Node('x', 'input', 'x'),), ()), f)\n"
            "print(sorted({'numpy', 'matplotlib', 'PIL', 'resvg_py'} & set(sys.modules)))")
    light = ["svg", "html", "txt", "mermaid", "tikz", "json"]
    done = subprocess.run([sys.executable, "-c", code, *light],
                          capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_what_differs_looked_all_alike():
    a = trace(lambda x, w: (x*w).tanh()**2, 1.2, 0.5)
    b = trace(lambda x, w: ((x*w).sin() + 1.0)**2, 1.2, 0.5)
    both = diff(a, b).graph
    drawn = {name: node.facts.get("change") for node in both.nodes if node.kind == "op"
             for name in [node.label]}
    assert drawn["tanh"] == "removed" and drawn["sin"] == drawn["+"] == "added"
    roles = {group.id: {mark.role for mark in group.marks} for group in build_scene(both).groups}
    removed, = [n.id for n in both.nodes if n.kind == "op" and n.facts.get("change") == "removed"]
    assert "removed" in roles[removed]
    lines = [roles[f"{edge.tail}--{edge.head}.{edge.facts['argument']}"] for edge in both.edges
             if edge.head == removed]
    assert lines == [{"edge removed", "arrow"}]
    shown = writers.write(both, "txt").decode()
    assert "− removed" in shown and "+ added" in shown and "≠ data" in shown
    assert writers.write(both, "mermaid").decode().count("stroke-dasharray:6 3") >= 2
    assert "dashed" in writers.write(both, "dot").decode()
