"""Requests: every field is an option, is checked, and is spelled as its reader would write it."""

import dataclasses
import os
import sys

import click
import pytest

import viz
from tinytorch import Tensor
from tinyviz import cli
from viz.graph.theme import THEMES
from viz.options import drawing
from viz.options.fields import OptionError, specs
from viz.options.message import Message, Option, message_of
from viz.request import draw, words
from viz.request.graph_request import GraphRequest
from viz.request.named_options import named, parsed
from viz.request.plot_request import PlotRequest

KINDS = {"graph": GraphRequest, "plot": PlotRequest}
CUBIC = "def f(x=1.2):\n    return x*x*x + x\n"


def options(name):
    """The parameters of a command, by the field that they set."""
    return {parameter.name: parameter
            for parameter in cli.commands.get_command(None, name).params}


@pytest.mark.parametrize("name", KINDS)
def test_every_field_is_an_option_with_its_help(name):
    known = options(name)
    for field, spec, _ in specs(KINDS[name]):
        assert spec.help[0].isupper() or spec.help[0].isdigit() or spec.help.startswith("f.py")
        if not spec.command_line:
            assert field not in known
        elif isinstance(known[field], click.Option):
            assert known[field].help.startswith(spec.help)
    assert {field.name for field in dataclasses.fields(KINDS[name])} == {
        field for field, _, _ in specs(KINDS[name])}
    assert set(known) == {field for field, spec, _ in specs(KINDS[name])
                          if spec.command_line} | {"open_", "traceback"}


def test_a_new_option_is_one_field(monkeypatch):
    """The command line, directives and Python learn of it from the field alone."""
    from viz.options.fields import option

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Wider(GraphRequest):
        grain: int = option(3, "The grain.", kind="integer", low=1, high=9, flags=("--the-grain",))

    monkeypatch.setattr(words, "request_class", lambda name: Wider)
    command = words.Command("graph")
    context = command.make_context("graph", ["x*x", "--the-grain", "5"])
    assert words.request("graph", context.params).grain == 5
    assert "the-grain" in named(command) and parsed(command, {"the-grain": "7"}) == {"grain": 7}
    assert Wider(target="x", grain=4).grain == 4
    with pytest.raises(OptionError, match="grain= must be from 1 to 9, not 10"):
        Wider(target="x", grain=10)


@pytest.mark.parametrize("name", KINDS)
def test_the_defaults_of_words_and_of_python_are_the_same(name):
    context = cli.commands.get_command(None, name).make_context(name, ["x*x"])
    given, own = words.request(name, context.params), KINDS[name](target="x*x")
    for field in dataclasses.fields(own):
        assert getattr(given, field.name) == getattr(own, field.name), field.name


@pytest.mark.parametrize("kind, given, in_python, in_a_shell", [
    (GraphRequest, {"end": "y"}, "end= needs start=", "--to needs --from"),
    (GraphRequest, {"heat": "red"}, "unknown heat: 'red' (must be one of grad, data, "
     "contribution)", None),
    (GraphRequest, {"order": 9}, "order= must be from 1 to 6, not 9",
     "--order must be from 1 to 6, not 9"),
    (GraphRequest, {"order": 1.5}, "order= must be a whole number, not 1.5", None),
    (GraphRequest, {"radius": 0}, "radius= must be at least 1, not 0", None),
    (GraphRequest, {"steps": True, "backward": True}, "steps= and backward= exclude each other: "
     "leave one out", "--steps and --backward exclude each other: leave one out"),
    (GraphRequest, {"wrap": 900, "engine": "dot"}, "wrap= sets rows of the built-in layout: leave "
     "engine='dot' out", "--wrap sets rows of the built-in layout: leave --engine dot out"),
    (PlotRequest, {"range": (3, -3)}, "range= goes from a smaller to a larger number, not from 3 "
     "to -3", "--range goes from a smaller to a larger number, not from 3 to -3"),
    (PlotRequest, {"mark": ("rots",)}, "unknown mark: 'rots' (must be one of roots, extrema, "
     "inflections)", None),
    (PlotRequest, {"size": (800, 9)}, "size= must be from 100 to 10000, not 9", None),
])
def test_what_does_not_go_together(kind, given, in_python, in_a_shell):
    with pytest.raises(OptionError) as raised:
        kind(target="x*x", **given)
    assert str(raised.value) == in_python
    assert in_a_shell is None or words.spelled(raised.value) == in_a_shell


@pytest.mark.parametrize("option, python, shell", [
    (Option("fold", "all"), "fold='all'", "--fold all"),
    (Option("at", {"x": 1.2, "y": 2}), "at={'x': 1.2, 'y': 2}", "--at x=1.2 --at y=2"),
    (Option("inputs", {"x": "randn(2, 3)"}), "inputs={'x': 'randn(2, 3)'}",
     '--input "x=randn(2, 3)"'),
    (Option("range", (-1.0, 2.5)), "range=(-1.0, 2.5)", "--range -1 2.5"),
    (Option("time_limit"), "time_limit=", "--time-limit"),
    (Option("grad", False), "grad=False", "--no-grad"),
])
def test_an_option_is_spelled_for_its_reader(option, python, shell):
    message = Message("use ", option, "!")
    assert message == f"use {python}!" and words.spelled(message) == f"use {shell}!"
    assert message_of(ValueError(message)) is message
    nested = Message("first: ", message, f" {python}")     # a user's own text is left as it is
    assert words.spelled(nested) == f"first: use {shell}! {python}"


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn = draw(GraphRequest(target=lambda x: x*x*x + x, at=1.2, both=True,
                              outputs=("a.svg", "b/c.png")))
    assert [file[:3] for file in drawn.files] == [
        ("a.svg", "svg", "light"), ("a-dark.svg", "svg", "dark"),
        ("b/c.png", "png", "light"), ("b/c-dark.png", "png", "dark")]
    assert "derivative 5.32" in drawn.alt and drawn.notes == () and not os.listdir(tmp_path)
    assert len(drawn.graph.nodes) == 7


@pytest.mark.parametrize("at", [1.2, {"x": 1.2}, (1.2,), [("x", 1.2)], (("", 1.2),)])
def test_a_point_in_python(at):
    drawn = draw(GraphRequest(target="x**2", at=at, outputs=("a.txt",)))
    assert b"1.44" in drawn.files[0].content


def test_code_and_a_root(tmp_path):
    """The function runs in the root; whoever draws stays where they are."""
    (tmp_path / "scale.py").write_text("K = 2\n")
    here = os.getcwd()
    code = "import os\nfrom scale import K\n\ndef f(x=2.0):\n    return x*K*len(os.listdir('.'))\n"
    assert b"value 4" in draw(GraphRequest(
        code=code, root=str(tmp_path), outputs=("f.svg",))).files[0].content
    assert os.getcwd() == here and "scale" not in sys.modules
    with pytest.raises(viz.run.targets.RunError, match=r"^f\.py:2: ZeroDivisionError"):
        draw(GraphRequest(code="def f(x=1.0):\n    return x*(1/0)\n"))


def test_a_plot_with_its_data():
    drawn = draw(PlotRequest(target="x**2", others=("x**3",), outputs=("a.svg",)))
    assert [file.format for file in drawn.files] == ["svg"] and drawn.graph is None
    drawn = draw(PlotRequest(target="abs(x)", outputs=("a.png",), csv="a.csv", json="a.json"))
    assert [file.format for file in drawn.files] == ["png", "csv", "json"]
    assert b"kink" in drawn.files[1].content and "kink" in drawn.alt


def test_themes_are_those_that_there_are():
    assert drawing.THEMES == tuple(THEMES)


def test_render_takes_every_option_of_a_graph(tmp_path):
    x = Tensor(1.2)
    z = x*x
    z.backward()
    path = viz.render(z, tmp_path / "z.svg", theme="dark", rankdir="TB", alt="A square.")
    assert "<desc>A square.</desc>" in (tmp_path / "z.svg").read_text(encoding="utf-8")
    assert path == str(tmp_path / "z.svg")
    with pytest.raises(TypeError, match="unknown option: 'colour'"):
        viz.render(z, tmp_path / "z.svg", colour="red")


def test_a_picture_that_is_too_large_is_the_viewer_with_a_warning(tmp_path):
    y = x = Tensor(1.0)
    for _ in range(4500):
        y = y*x + 1.0
    with pytest.warns(UserWarning, match="the viewer is written instead, .*z.html .focus= or"):
        path = viz.render(y, tmp_path / "z.png", fold="none")
    assert path == str(tmp_path / "z.html") and os.path.getsize(path) > 1000
