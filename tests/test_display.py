"""What shows itself, once viz is imported: a Tensor, a Graph, a Sweep, as SVG, PNG and text."""

import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import viz
from tinytorch import Tensor
from viz import display, writers
from viz.graph import Graph, Node

ROOT = Path(__file__).parent.parent
ALL = {"image/svg+xml", "image/png", "text/plain"}


def cubic():
    x = Tensor(1.2)
    z = x*x*x + x
    z.backward()
    return z


def repeated(rounds):
    y = x = Tensor(1.01)
    for _ in range(rounds):
        y = y*x + 0.5
    return y


THINGS = {"tensor": cubic, "graph": lambda: viz.read(cubic()),
          "sweep": lambda: viz.sweep(lambda x: x*x*x + x, -3, 3)}
SAID = {"tensor": "tensor(2.928)", "graph": "Graph graph: 7 nodes, 9 edges",
        "sweep": "Plot of f(x) = x³ + x and its derivative for x from −3 to 3: root at x = 0."}


@pytest.mark.parametrize("kind", THINGS)
def test_a_thing_shows_itself(kind):
    thing = THINGS[kind]()
    data, metadata = thing._repr_mimebundle_()
    assert set(data) == ALL and data["text/plain"] == SAID[kind]
    root = ElementTree.fromstring(data["image/svg+xml"])
    assert root.get("role") == "img" and root[1].text == metadata["image/svg+xml"]["alt"]
    width, height = struct.unpack(">II", data["image/png"][16:24])
    assert metadata["image/png"] == {"alt": root[1].text, "width": width//2, "height": height//2}
    shape = [float(n) for n in root.get("viewBox").split()[2:]]
    assert width/height == pytest.approx(shape[0]/shape[1], rel=0.02)
    assert (data, metadata) == thing._repr_mimebundle_()         # the same thing, the same bytes


@pytest.mark.parametrize("kind", THINGS)
@pytest.mark.parametrize("include, exclude, left", [
    ({"image/png"}, None, {"image/png"}), (["text/plain"], None, {"text/plain"}),
    (None, ["image/svg+xml", "text/plain"], {"image/png"}), ({"text/html"}, set(), set()),
    ({"image/png", "image/svg+xml"}, {"image/png"}, {"image/svg+xml"}), (set(), set(), ALL),
])
def test_only_what_is_asked_for(kind, include, exclude, left):
    data, metadata = THINGS[kind]()._repr_mimebundle_(include=include, exclude=exclude)
    assert set(data) == left and set(metadata) == left - {"text/plain"}


def test_pngs_are_not_drawn_unasked(monkeypatch):
    monkeypatch.setattr(writers.writer("png"), "draw", lambda *a: 1 / 0)
    assert "image/svg+xml" in cubic()._repr_mimebundle_(exclude={"image/png"})[0]


def test_a_tensor_that_nothing_made_is_text():
    assert Tensor([1.0, 2.0])._repr_mimebundle_() == ({"text/plain": "tensor([1, 2])"}, {})


def test_a_long_loop_is_folded():
    data, metadata = repeated(300)._repr_mimebundle_()
    assert "×300" in data["image/svg+xml"] and len(data["image/svg+xml"]) < 20_000


def test_what_is_too_large_is_text_with_a_sentence():
    nodes = tuple(Node(f"n{i}", "input", f"n{i}", {"data": None}) for i in range(2000))
    for thing, said in ((repeated(5000), "(15,001 tensors: viz.render(it, "),
                        (Graph("wide", nodes, ()), "(2,000 nodes: viz.render(it, ")):
        data, metadata = thing._repr_mimebundle_()
        assert set(data) == {"text/plain"} and said in data["text/plain"] and metadata == {}


def test_an_error_in_drawing_is_a_line(monkeypatch):
    monkeypatch.setattr(writers, "build_scene", lambda *a: 1 / 0)
    monkeypatch.setattr(viz.plot, "chart", lambda *a, **o: 1 / 0)
    for make in THINGS.values():
        data, metadata = make()._repr_mimebundle_()
        assert set(data) == {"text/plain"} and metadata == {}
        assert data["text/plain"].endswith("(no picture: ZeroDivisionError: division by zero)")


ORDERS = {"viz first": "import viz; from tinytorch import Tensor",
          "viz last": "from tinytorch import Tensor; import viz",
          "no viz": "from tinytorch import Tensor"}


@pytest.mark.parametrize("order", ORDERS)
def test_whichever_is_imported_first(order):
    code = f"import sys; {ORDERS[order]}; x = Tensor(3.0); b = (x*x)._repr_mimebundle_()\n" \
           "print(b and sorted(b[0]), 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == ("None False" if order == "no viz" else f"{sorted(ALL)} False")


def test_importing_viz_imports_nothing_heavy():
    code = ("import sys, viz; "
            "print({'numpy', 'matplotlib', 'IPython', 'tinyviz.viz.display'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", THINGS)
def test_the_same_thing_is_the_same_bytes(kind, dark):
    thing = THINGS[kind]()
    first, second = (display.draw_thing(thing, display.MIME, dark=dark) for _ in range(2))
    assert first == second
    assert display.draw_thing(thing, ["svg"]) != display.draw_thing(thing, ["svg"], dark=True)


def test_ids_in_two_pictures_never_collide():
    pictures = [make()._repr_mimebundle_()[0]["image/svg+xml"] for make in THINGS.values()]
    pictures[1] = viz.trace(lambda x: x*x*x + x, 1.3)._repr_mimebundle_()[0]["image/svg+xml"]
    ids = [set(re.findall(r'\sid="([^"]*)"', picture)) for picture in pictures]
    assert all(ids) and len(set.union(*ids)) == sum(map(len, ids))
    for own, picture in zip(ids, pictures):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', picture)) <= own


def test_a_label_that_looks_like_an_id_stays():
    svg = '<svg xmlns="x"><g id="a"><text x="1"> id="b" url(#c) href="#d"</text></g></svg>'
    made = display.with_unique_ids(svg.replace(' id="b"', " id=&quot;b&quot;"))
    assert "> id=&quot;b&quot; url(#c) href=\"#d\"<" in made and 'id="a"' not in made
