"""Hostile text in every place of a graph, in every format: shown literally, executed nowhere.

Each format is read by a real parser of its own; where one is not installed, the test says so.
"""

import io
import json
import os
import re
import shutil
import subprocess
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from viz import writers
from viz.graph import Edge, Graph, Node, Value, text
from viz.graph.json import from_json
from viz.options.drawing import DrawOptions
from viz.viewer import SMALL, script_of
from viz.writers import svg

LABELS = [
    "<b>x</b>", '"; DROP', r"\N", "a|b{c}", "x\n", "<script>alert(1)</script>", "名前", "𝛼",
    "🙂", "</script><!--", "]]>", "--><img src=x onerror=alert(1)>", "end", "1. item", "- item",
    "+", "# h", "`code`", "**bold**", "a_b_c", "$x^2$", "style:#60;", "ﬂ°°60¶ß", "&lt;",
    "&amp;#60;", "%% note", "%%{init: {}}%%", "${x}", r"\input{/etc/passwd}", "x--y", 'a"]b',
    ":::input", "--> n", "",
    " ", "\u202eabc", "\ud800", "\x00\x1b[31m", "\ufffe", "a" * 500, "~", "^^41", "\u2028",
    "e\u0301\u0301", "__proto__", "{{title}}", "%(w)s", "%s", "{0}", "<x>", "<>", "\\", "\\\\", "}",
    "javascript:alert(1)", "' onload='alert(1)", "¡¿ß", "∂³₁×−√σᵀ", "ﷺ", "\u200d", "tspan", "x y",
]


def value(number: float) -> Value:
    return Value((), "float64", (number,))


def hostile(labels: list[str]) -> Graph:
    """Each label as name, id, op symbol, group, line, formula and on an edge; some in the title."""
    nodes, edges = [], []
    for i, label in enumerate(labels):
        leaf, op, made = f"{label}{i}", f"op {label}{i}", f"v {label}{i}"
        about = {"data": value(1.5), "grad": value(-2.0), "line": label, "formula": label,
                 label: label}
        nodes += [Node(leaf, "input", label, about, label),
                  Node(op, "op", label, {"op": label, "formula": label, "line": label}),
                  Node(made, "output" if i + 1 == len(labels) else "value", label, about, label)]
        edges.append(Edge(leaf, op, label, {"argument": 0, "local": value(2.0), "formula": label,
                                            "contribution": value(3.0)}))
        if i:
            edges.append(Edge(f"v {labels[i - 1]}{i - 1}", op, "", {"argument": 1}))
        edges.append(Edge(op, made))
    return Graph(labels[0], tuple(nodes), tuple(edges), {
        "title": "".join(labels[:8]), "results": tuple(labels[8:11])})


def shown(label: str) -> str:
    """A label as every picture shows it."""
    return text.shorten(text.literal(label), 30)


def same(string: str) -> str:
    """Without what a picture may lose: characters of no width, the kind of white space."""
    return "".join(c if c.isprintable() else "�" for c in re.sub(r"\s+", " ", string)
                   if c not in "\u200c\u200d\ufe0f").strip()


# ---- A parser of each format: raises or fails where the file is not what it should be

TAGS = {"svg", "title", "desc", "style", "rect", "g", "path", "polygon", "text"}
MARKS = {"id", "class", "x", "y", "width", "height", "rx", "d", "points", "fill", "stroke",
         "stroke-width", "stroke-dasharray", "font-size", "font-family", "font-weight",
         "text-anchor", "textLength", "visibility", "role", "viewBox"}


def read_svg(content: bytes, labels: list[str]) -> None:
    root = ElementTree.fromstring(content)
    for element in root.iter():
        tag = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
        assert tag in TAGS and set(element.attrib) <= MARKS, (tag, element.attrib)
    texts = {same(element.text or "") for element in root.iter() if element.tag.endswith("}text")}
    for label in labels:
        assert same(shown(label)) in texts or not same(shown(label)), label


class Page(HTMLParser):
    """The tags, attributes and scripts of a page."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.names: set[tuple[str, str]] = set()
        self.scripts: list[str] = []
        self.here = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here = tag
        self.tags.add(tag)
        self.names |= {(tag, name) for name, _ in attrs}
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.here = ""

    def handle_data(self, data: str) -> None:
        if self.here == "script":
            self.scripts[-1] += data


PAGE = TAGS | {"html", "head", "meta", "link", "title", "style", "body", "header", "h1", "div",
               "input", "span", "button", "main", "section", "dialog", "h2", "dl", "form",
               "noscript", "p", "script", "footer", "canvas"}


def read_html(content: bytes, labels: list[str]) -> None:
    page = Page(content.decode("utf-8"))
    assert page.tags <= PAGE
    assert not [(tag, name) for tag, name in page.names if name.startswith("on") or
                name in ("src", "style", "srcset") or name == "href" and tag != "link"]
    data, script = page.scripts
    told = json.loads(data)
    assert {same(node["name"]) for node in told["nodes"]} >= {
        same(text.literal(label)) for label in labels if label}
    assert script == script_of(SMALL)


def read_json(content: bytes, labels: list[str]) -> None:
    json.loads(content)
    again = from_json(content.decode("utf-8"))
    assert {label for node in again.nodes for label in [node.label]} == set(labels)


def read_txt(content: bytes, labels: list[str]) -> None:
    lines = content.decode("utf-8").split("\n")
    assert all(c >= " " and c != "\x7f" for line in lines for c in line)
    for label in labels:
        wanted = text.shorten(text.literal(label), 40).rstrip()
        assert any(wanted in line for line in lines), label


def read_dot(content: bytes, labels: list[str]) -> None:
    source = content.decode("utf-8")
    if shutil.which("dot") is None:
        pytest.skip("no dot is installed")
    done = subprocess.run(["dot", "-Tplain"], input=source.encode(), capture_output=True,
                          timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    lines = done.stdout.decode().split("\n")
    assert not [line for line in lines if "<%" in line]      # names of cgraph's own
    assert sum(line.startswith("node ") for line in lines) == 3 * len(labels)
    drawn = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, timeout=60)
    root = ElementTree.fromstring(drawn.stdout)
    texts = {same(element.text or "") for element in root.iter() if element.tag.endswith("}text")}
    for label in labels:
        assert same(shown(label)) in texts or not same(shown(label)), label


def read_png(content: bytes, labels: list[str]) -> None:
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    with Image.open(io.BytesIO(content)) as image:
        image.load()


def read_gif(content: bytes, labels: list[str]) -> None:
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "GIF" and image.n_frames > len(labels)
        image.seek(image.n_frames - 1)


def read_pdf(content: bytes, labels: list[str]) -> None:
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    assert b"/JavaScript" not in content and b"/JS" not in content and b"/URI" not in content
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext is installed")
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=content, capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    about = subprocess.run(["pdfinfo", "-"], input=content, capture_output=True, timeout=60)
    assert about.stdout.decode("utf-8").split("\n")[1].startswith("Custom Metadata")
    drawn = "".join(done.stdout.decode("utf-8").split())
    for label in labels:
        if text.covered(label) and label.isprintable() and label.isascii() and len(label) < 30:
            assert "".join(label.split()) in drawn, label


def read_mermaid(content: bytes, labels: list[str]) -> None:
    source = content.decode("utf-8")
    assert len(re.findall(r":::\w+$", source, re.M)) == 3 * len(labels)
    told, = mermaid([source])
    assert isinstance(told, list) and len(told) == 3 * len(labels), told
    for label, drawn in zip(labels, told[1::3]):   # of each three the op: its label alone
        drawn = unescape(drawn.replace("ﬂ°°", "&#").replace("ﬂ°", "&").replace("¶ß", ";"))
        assert same(drawn) == same(shown(label).replace("ﬂ", "fl")), label


MERMAID = """
const { JSDOM } = require("jsdom");
const dom = new JSDOM("");
globalThis.window = dom.window; globalThis.document = dom.window.document;
globalThis.Element = dom.window.Element;
const sources = JSON.parse(require("fs").readFileSync(0, "utf8"));
import(process.argv[1]).then(async loaded => {
  const mermaid = loaded.default, told = [];
  mermaid.initialize({ startOnLoad: false, maxTextSize: 1e7, maxEdges: 1e5 });
  for (const source of sources) {
    try {
      const diagram = await mermaid.mermaidAPI.getDiagramFromText(source);
      told.push([...diagram.db.getVertices().values()].map(vertex => vertex.text));
    } catch (error) { told.push(String(error)); }
  }
  console.log(JSON.stringify(told));
});
"""


def mermaid(sources: list[str]) -> list[list[str] | str]:
    """The labels that Mermaid's own parser finds in each source, or its complaint."""
    folders = [Path(folder) for folder in os.environ.get("NODE_PATH", "").split(os.pathsep)]
    module = next((folder / "mermaid/dist/mermaid.core.mjs" for folder in folders
                   if (folder / "mermaid").exists() and (folder / "jsdom").exists()), None)
    if shutil.which("node") is None or module is None:
        pytest.skip("no node with mermaid and jsdom: npm install mermaid jsdom, "
                    "and NODE_PATH names node_modules")
    done = subprocess.run(["node", "-e", MERMAID, module.as_uri()],
                          input=json.dumps(sources).encode(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def read_tikz(content: bytes, labels: list[str]) -> None:
    assert content.isascii()
    source = content.decode("ascii")
    assert source.count(r"\begin{tikzpicture}") == source.count(r"\end{tikzpicture}") == 1
    drawn = latex(source)
    for label in labels:
        if label.isascii() and label.isprintable() and len(label) < 30:
            assert "".join(label.split()) in drawn, label


def latex(source: str, engine: str = "pdflatex") -> str:
    """The text of the page that LaTeX makes of a source, without white space."""
    if shutil.which(engine) is None or shutil.which("pdftotext") is None:
        pytest.skip(f"no {engine} and pdftotext are installed")
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "f.tex").write_text(source, "ascii")
        done = subprocess.run([engine, "-no-shell-escape", "-interaction=nonstopmode",
                               "-halt-on-error", "f.tex"], cwd=folder, capture_output=True,
                              timeout=120)
        assert done.returncode == 0, done.stdout.decode("latin1")[-2000:]
        told = subprocess.run(["pdftotext", "-raw", "f.pdf", "-"], cwd=folder,
                              capture_output=True)
    return "".join(told.stdout.decode("utf-8").split())


def test_lualatex_sets_hostile_labels():
    labels = LABELS[:40]
    drawn = latex(writers.write(hostile(labels), "tikz").decode("ascii"), "lualatex")
    for label in labels:
        if label.isascii() and label.isprintable() and len(label) < 30:
            assert "".join(label.split()) in drawn, label


READERS: dict[str, Callable[[bytes, list[str]], None]] = {
    "svg": read_svg, "html": read_html, "json": read_json, "txt": read_txt, "dot": read_dot,
    "png": read_png, "gif": read_gif, "pdf": read_pdf, "mermaid": read_mermaid, "tikz": read_tikz}
SLOW = {"pdf", "gif", "dot", "mermaid", "tikz", "png"}       # a process or drawing an example
TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
MIXED = st.lists(st.sampled_from(LABELS) | TEXT, min_size=1, max_size=3).map("".join)


def test_every_format_has_a_parser():
    assert set(READERS) <= set(writers.formats())


@pytest.mark.parametrize("format", sorted(set(writers.formats()) - set(READERS)))
def test_a_format_that_nothing_here_reads_takes_any_label(format):
    assert writers.write(hostile(LABELS), format)


@pytest.mark.parametrize("format", READERS)
@pytest.mark.parametrize("start", range(0, len(LABELS), 21))
def test_labels_are_shown_literally(format, start):
    labels = LABELS[start:start + (6 if format == "gif" else 21)]
    READERS[format](writers.write(hostile(labels), format, DrawOptions(dpi=48)), labels)


@pytest.mark.parametrize("format", READERS)
def test_random_text_is_shown_literally(format):
    few = 2 if format == "gif" else 4 if format in SLOW else 40

    @settings(max_examples=few, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))
    @given(st.lists(MIXED, min_size=1, max_size=20 if format in SLOW - {"gif"} else 5))
    def check(labels):
        READERS[format](writers.write(hostile(labels), format, DrawOptions(dpi=48)), labels)
    check()


@pytest.mark.parametrize("format", ["svg", "html"])
def test_steps_show_labels_literally(format):
    labels = LABELS[:30]
    READERS[format](writers.play(hostile(labels), format), labels)


def test_frames_are_xml():
    for name, content in svg.frames(hostile(LABELS[:12])):
        assert re.fullmatch(r"\d+\.svg", name)
        ElementTree.fromstring(content)


def test_a_policy_forbids_what_an_escape_might_let_through():
    page = writers.write(hostile(["x"]), "html").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None and "default-src 'none'" in policy[1] and "unsafe" not in policy[1]


# ---- A browser: no script of a label's runs, nothing is loaded

class Counter(BaseHTTPRequestHandler):
    """A server that counts who asks it."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("format, steps", [("html", False), ("html", True), ("svg", False),
                                           ("svg", True)])
def test_a_browser_runs_and_loads_nothing(tmp_path, format, steps):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed")
    server = HTTPServer(("127.0.0.1", 0), Counter)
    Counter.asked.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        here = f"http://127.0.0.1:{server.server_port}"
        labels = [f'<img src="{here}/img" onerror="document.title=1">',
                  f'"><script src="{here}/s">', "<script>document.title='OWNED'</script>",
                  f"</script><script src='{here}/t'>",
                  f'<style>@import "{here}/css";</style>', f"]]><image href='{here}/i'/>",
                  f"<link rel=stylesheet href={here}/l>", f"<svg onload=fetch('{here}/f')>",
                  f'<foreignObject><iframe src="{here}/frame"/>', f"url({here}/u)"]
        graph = hostile(labels)
        made = writers.play(graph, format) if steps else writers.write(graph, format)
        path = tmp_path / f"page.{format}"
        path.write_bytes(made)
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
             f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()],
            capture_output=True, timeout=60, env={**os.environ, "HOME": str(tmp_path)})
        assert done.returncode == 0, done.stderr
        dom = done.stdout.decode("utf-8")
        assert Counter.asked == []
        assert not re.search(r"<title>(1|OWNED)</title>", dom)
        assert not re.search(r"<(img|iframe|image|foreignObject)\b", dom)
        if format == "html":     # the page itself ran: it made the list of keys
            assert "<kbd>Tab</kbd>" in dom
    finally:
        server.shutdown()
        server.server_close()
