"""Folding on the command line: what is said, what may be asked for, limits."""

import json

import pytest
from click.testing import CliRunner

from tinyviz import cli
import viz
from tinytorch import Tensor
from viz import writers
from viz.graph import size_limits
from viz.graph.json import from_json
from viz.layout.placement import LayoutError
from viz.writers import svg
from viz.fold.unfold import unfold

LOOP = """def power(x=1.001):
    y = x
    for _ in range({}):
        y = y * x
    return y
"""


@pytest.fixture
def loop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.py").write_text(LOOP.format(150))
    (tmp_path / "short.py").write_text(LOOP.format(20))
    return tmp_path


def chain(n):
    """A tensor with a history."""
    y = x = Tensor(1.001)
    for _ in range(n):
        y = y * x
    return y


def graph(*args):
    return CliRunner().invoke(cli.commands, ["graph", *args])


def test_one_line_says_what_was_folded(loop):
    done = graph("loop.py", "-o", "a.svg", "-o", "a.json")
    assert done.exit_code == 0, done.output
    assert done.stderr == "folded: y = y·x ×150 (300 nodes)\n"
    small = from_json((loop / "a.json").read_text(encoding="utf-8"))
    assert len(small.nodes) == 6 and len(unfold(small).nodes) == 301
    again = graph("a.json", "--fold", "none", "-o", "b.json")     # a folded file can be opened
    assert again.exit_code == 0 and again.stderr == ""
    assert len(json.loads((loop / "b.json").read_text(encoding="utf-8"))["nodes"]) == 301


def test_a_folded_file_is_drawn_and_transformed(loop):
    graph("loop.py", "-o", "a.json")
    assert graph("a.json", "-o", "a.svg").exit_code == 0
    assert "×150" in (loop / "a.svg").read_text(encoding="utf-8")
    near = graph("a.json", "--focus", "y₇₅", "-o", "b.svg")
    assert near.exit_code == 0, near.output
    assert 'id="mul_75"' in (loop / "b.svg").read_text(encoding="utf-8")


def test_render_folds(loop):
    drawn = viz.render(chain(150), "a.svg")
    assert "×150" in (loop / drawn).read_text(encoding="utf-8")
    viz.render(chain(150), "b.svg", fold="none")
    assert "×150" not in (loop / "b.svg").read_text(encoding="utf-8")


def test_render_shows_what_the_command_line_can(loop):
    z = chain(3)
    viz.render(z, "a.svg", heat="data", theme="dark")
    assert (loop / "a.svg").read_text(encoding="utf-8") != \
        (loop / viz.render(z, "b.svg", theme="dark")).read_text(encoding="utf-8")
    assert "×150" in viz.digraph(chain(150), fold="auto").source
    assert "×150" not in viz.digraph(chain(150)).source
    with pytest.raises(TypeError, match="unknown option: 'het'.*heat"):
        viz.render(z, "c.svg", het="data")


def test_few_nodes_are_folded_when_asked(loop):
    assert graph("short.py", "-o", "a.svg").stderr == ""
    assert graph("short.py", "--fold", "all", "-o", "a.svg").stderr == \
        "folded: y = y·x ×20 (40 nodes)\n"
    assert graph("loop.py", "--fold", "none", "-o", "a.svg").stderr == ""


def test_expand_and_depth(loop):
    assert "×148" in graph("loop.py", "--expand", "1:ends", "-o", "a.svg").stderr
    assert graph("loop.py", "--expand", "1", "-o", "a.svg").stderr == ""
    graph("loop.py", "--depth", "0", "-o", "a.svg")
    graph("loop.py", "-o", "b.svg")
    closed, opened = ((loop / f"{c}.svg").read_text(encoding="utf-8") for c in "ab")
    assert "×150" in closed and 'id="mul_1"' not in closed and 'id="mul_1"' in opened
    wrong = graph("loop.py", "--expand", "9", "-o", "a.svg")
    assert wrong.exit_code and "no fold '9'" in str(wrong.exception)


def test_a_backward_pass_is_not_folded(loop):
    assert graph("loop.py", "--backward", "-o", "a.svg").stderr == ""
    both = graph("loop.py", "--backward", "--fold", "all", "-o", "a.svg")
    assert both.exit_code and "backward= pairs" in str(both.exception)


def test_beyond_the_budget_the_viewer_is_written(loop, monkeypatch):
    """Known before anything is laid out, and said; text is written as asked for."""
    monkeypatch.setattr(size_limits, "UNNAMED_NODES", 100)
    done = graph("loop.py", "--fold", "none")
    assert done.exit_code == 0 and done.stdout == "output/loop-power.html\n"
    assert "301 nodes" in done.stderr and "the viewer is written instead" in done.stderr
    assert graph("loop.py", "--fold", "none", "-o", "a.svg").stdout == "a.svg\n"
    monkeypatch.setattr(size_limits, "PICTURE_ITEMS", 100)
    done = graph("loop.py", "--fold", "none", "-o", "b.svg", "-o", "b.json", "-o", "b.pdf")
    assert done.stdout == "b.html\nb.json\n" and not (loop / "b.svg").exists()
    assert (loop / "b.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    piped = graph("loop.py", "--fold", "none", "--format", "svg", "-o", "-")
    assert piped.stdout.startswith("<?xml") or piped.stdout.startswith("<svg")
    assert "--format html" in piped.stderr
    assert "viewer" not in graph("loop.py", "-o", "c.svg").stderr      # folded it is small


def test_what_is_too_large_for_a_picture(loop, monkeypatch):
    """The viewer is written instead; into a pipe it is an error."""
    for module in (size_limits, writers, svg):
        for name in ("PICTURE_NODES", "MAX_NODES"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, 100)
    assert graph("loop.py", "--fold", "none", "-o", "a.svg").stdout == "a.html\n"
    piped = graph("loop.py", "--fold", "none", "--format", "svg", "-o", "-")
    assert piped.exit_code and "301 nodes are too many for svg (at most 100)" in str(
        piped.exception)
    whole = viz.trace(lambda x: sum(x * k for k in range(99)), 1.2)
    with pytest.raises(LayoutError, match="too many for svg .* write html, the viewer"):
        writers.write(whole, "svg")
    with pytest.warns(UserWarning, match="the viewer is written instead, b.html"):
        assert viz.render(whole, "b.svg", fold="none") == "b.html"
    assert viz.render(whole, "b.svg", fold="all") == "b.svg"
    assert viz.render(whole, "b.html", fold="none") == "b.html"


def test_a_png_of_too_many_pixels_is_drawn_with_fewer(loop, monkeypatch):
    monkeypatch.setattr(size_limits, "SIDE_PIXELS", 1000)
    with pytest.warns(UserWarning, match="dpi, not 192: a PNG has at most 1,000 pixels"):
        assert graph("short.py", "-o", "a.png").exit_code == 0
    monkeypatch.setattr(size_limits, "SIDE_PIXELS", 10)
    done = graph("short.py", "-o", "b.png")
    assert done.exit_code and "too large" in str(done.exception)
