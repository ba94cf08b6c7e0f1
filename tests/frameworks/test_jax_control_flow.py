"""JAX: functions that look at their values, `if x > 0`, are drawn and swept as tinytorch's are."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from click.testing import CliRunner  # noqa: E402

from tinyviz import cli  # noqa: E402
import viz  # noqa: E402
from viz.graph.json import from_json  # noqa: E402
from viz.readers.jax.control_flow import MOST_DECISIONS, BranchPaths  # noqa: E402
from viz.run.targets import RunError  # noqa: E402

BRANCHY = """
import {module} as np

calls = [0]

def f(x):
    calls[0] += 1
    if x > 0:
        y = np.sin(x) * x
    else:
        y = x * x
    if y > 2:
        return 2 + np.log(y - 1)
    return y + 1

def loop(x):
    while x < 100:
        x = x * 2 + 1
    return x

def endless(x):
    while x < 100:
        x = x - 1
    return x
"""

pytestmark = pytest.mark.usefixtures("doubles")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ours.py").write_text(BRANCHY.format(module="numpy"))
    (tmp_path / "theirs.py").write_text(BRANCHY.format(module="jax.numpy"))

    def draw(target, *options):
        result = CliRunner().invoke(cli.commands, ["graph", target, "--format", "json", "-o", "-",
                                                   *options])
        return from_json(result.stdout)
    return draw


@pytest.mark.parametrize("name, at", [("f", -2), ("f", -1), ("f", 1), ("f", 2.5), ("loop", 7)])
def test_the_way_that_was_taken_is_drawn(files, name, at):
    ours, theirs = (files(f"{file}.py:{name}", "--at", str(at)) for file in ("ours", "theirs"))
    for a, b in zip(ours.nodes, theirs.nodes, strict=True):
        assert (a.id, a.kind, a.label) == (b.id, b.kind, b.label)
        for key in ("data", "grad"):
            if key in a.facts:
                assert b.facts[key].number == pytest.approx(a.facts[key].number, rel=1e-12)
    assert [b.replace("theirs.py", "ours.py") for b in theirs.facts.get("branches", ())] == \
        list(ours.facts.get("branches", ()))
    assert theirs.facts["title"] == ours.facts["title"]


def test_its_derivative_is_drawn(files):
    graph = files("theirs.py:f", "--at", "1", "--order", "2")
    grad = next(n for n in graph.nodes if n.id == "x").facts["grad"].number
    assert grad == pytest.approx(2 * np.cos(1) - np.sin(1))


def test_a_loop_without_end_is_an_error_at_its_line(files):
    result = CliRunner().invoke(cli.commands, ["graph", "theirs.py:endless", "--at", "1"])
    assert isinstance(result.exception, RunError) and "theirs.py:22" in str(result.exception)


def test_a_sweep_calls_it_a_few_times_and_finds_what_tinytorchs_does():
    ours, theirs = {}, {}
    exec(BRANCHY.format(module="numpy"), ours)
    exec(BRANCHY.format(module="jax.numpy"), theirs)
    a, b = (viz.sweep(scope["f"], -3.0, 3.0) for scope in (ours, theirs))
    for one, other in zip(a.curves, b.curves, strict=True):
        np.testing.assert_allclose(np.interp(a.x, b.x, other), one, 1e-2, 1e-2)
    found, wanted = ([(e.kind, round(e.x, 6)) for e in swept.events] for swept in (b, a))
    assert found == wanted
    assert theirs["calls"][0] < 100                # three ways, each traced a few times


def test_ways_are_found_question_by_question():
    asked = []

    def f(x):
        for n in range(MOST_DECISIONS - 1):
            if x < n:
                asked.append(n)
                return x + n
        return x
    ways = BranchPaths(f)
    for x in (0.5, 7.5, 20.5, 7.5):
        found, = ways.run("f", lambda f: f, [jax.numpy.asarray(x)])
        assert float(found) == x + np.ceil(x)
    before = len(asked)
    ways.run("f", lambda f: f, [jax.numpy.asarray(7.25)])
    assert len(asked) == before                    # known: nothing is traced

    def long(x):
        while x < 1000:
            x = x + 1
        return x
    assert BranchPaths(long).run("f", lambda f: f, [jax.numpy.asarray(0.0)]) is None
    assert viz.trace(f, jax.numpy.asarray(0.5)).facts["title"]
