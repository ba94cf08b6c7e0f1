"""JAX: grads to the last bit, what is within opened, names and lines."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from click.testing import CliRunner  # noqa: E402

import cli  # noqa: E402
import viz  # noqa: E402
from viz.graph import from_json, to_json  # noqa: E402
from viz.source import RunError, TargetError  # noqa: E402

from .arithmetic import FUNCTIONS, choice, same  # noqa: E402


@pytest.fixture(autouse=True)
def doubles():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def node(graph, id):
    return next(n for n in graph.nodes if n.id == id)


def ops(graph):
    return [n.facts["op"] for n in graph.nodes if n.kind == "op"]


def groups(graph):
    return {n.group for n in graph.nodes}


@pytest.mark.parametrize("f, point", FUNCTIONS)
def test_the_same_arithmetic_gives_the_same_graph(f, point):
    assert same(f, jnp, [jnp.asarray(x) for x in point]) == \
        same(f, np, [np.float64(x) for x in point])


@pytest.mark.parametrize("point", [[1.5, 0.5], [0.5, 1.5]])
def test_choices_are_drawn_as_tinytorchs(point):
    ours = same(choice, np, [np.float64(x) for x in point])
    theirs = same(choice, jnp, [jnp.asarray(x) for x in point])
    assert [n[:4] for n in theirs[0]] == [n[:4] for n in ours[0]]
    assert [e[:2] for e in theirs[1]] == [e[:2] for e in ours[1]] and theirs[2] == ours[2]


@pytest.mark.parametrize("f, point", FUNCTIONS)
def test_grads_to_the_last_bit(f, point):
    graph = viz.trace(lambda x, y=0.5: f(jnp, *[x, y][:len(point)]), *map(jnp.asarray, point))
    want = jax.grad(lambda x: f(jnp, x, *map(jnp.asarray, point[1:])))(jnp.asarray(point[0]))
    assert node(graph, "x").facts["grad"].number == float(want)


@pytest.mark.parametrize("seed", range(8))
def test_random_programs_of_arrays(seed):
    rng = np.random.default_rng(seed)
    steps = [tuple(int(n) for n in rng.integers([9, 100, 100])) for _ in range(20)]

    def f(x, y):
        values = [x, y]
        for kind, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append([
                lambda: a + b, lambda: a * b, lambda: jnp.sin(a), lambda: jnp.tanh(a @ b),
                lambda: a.T, lambda: jnp.maximum(a, b), lambda: jnp.where(a > b, a, b),
                lambda: jnp.concatenate([a, b])[:3], lambda: jax.lax.stop_gradient(a) * b][kind]())
        return sum(v.mean() for v in values)
    x, y = jnp.asarray(rng.normal(size=(3, 3))), jnp.asarray(rng.normal(size=(3, 3)))
    graph = viz.trace(f, x, y)
    dx, dy = jax.grad(f, (0, 1))(x, y)
    for name, want in (("x", dx), ("y", dy)):
        np.testing.assert_allclose(node(graph, name).facts["grad"].items, np.ravel(want),
                                   rtol=1e-13, atol=1e-15)
    assert from_json(to_json(graph)) == graph
    sums = {}
    for edge in graph.edges:
        if "contribution" in edge.facts:
            sums.setdefault(edge.tail, []).append(np.array(edge.facts["contribution"].items))
    for n in graph.nodes:
        if n.id in sums:
            np.testing.assert_allclose(sum(sums[n.id]), n.facts["grad"].items, 1e-9, 1e-12)


def test_jit_scan_cond_and_while_are_opened():
    @jax.jit
    def square(x):
        return x * x

    def f(x):
        y = square(x)
        y, rows = jax.lax.scan(lambda c, r: (c * r, c), y, jnp.arange(1., 4.))
        y = jax.lax.cond(y > 0, lambda t: t * 2, lambda t: t - 1, y)
        y = jax.lax.while_loop(lambda t: t < 100, lambda t: t * 3, y)
        return y + rows.sum()
    graph = viz.trace(f, jnp.asarray(2.0))
    found = groups(graph)
    assert {"square", "scan/0", "scan/2", "cond", "while/0"} <= found and "while/9" not in found
    # by hand: x² · 6 · 2 = 48, · 3 = 144; and the rows x² + x² + 2 x² = 4 x²
    assert node(graph, "x").facts["grad"].number == 2 * 2.0 * (36 + 4)
    assert [n.facts["data"].number for n in graph.nodes if n.kind == "output"] == [144 + 16]


def test_functions_with_a_derivative_of_their_own():
    @jax.custom_vjp
    def clipped(x):
        return x * 1
    clipped.defvjp(lambda x: (x, None), lambda _, g: (jnp.clip(g, -1, 1),))
    graph = viz.trace(lambda x: 5 * clipped(x) + jax.nn.relu(x), jnp.asarray(3.0))
    assert node(graph, "x").facts["grad"].number == 2.0
    assert "clipped" in ops(graph) and "Relu" in ops(graph)


def test_vmap_and_grad_of_a_function():
    graph = viz.trace(lambda x: jax.vmap(jnp.sin)(x).sum(), jnp.arange(3.))
    np.testing.assert_array_equal(node(graph, "x").facts["grad"].items, np.cos(np.arange(3.)))
    graph = viz.trace(lambda x: jax.grad(jnp.sin)(x), jnp.asarray(0.3))
    assert node(graph, "x").facts["grad"].number == pytest.approx(-np.sin(0.3), rel=1e-15)
    graph = viz.trace(lambda x: jnp.sin(x), jnp.asarray(0.3), order=2)
    assert node(graph, "x").facts["grad"].number == pytest.approx(-np.sin(0.3), rel=1e-15)


def test_trees_are_named():
    def f(params, x):
        return (params["layer"]["w"] @ x + params["layer"]["b"]).sum()
    graph = viz.trace(f, {"layer": {"w": jnp.ones((2, 3)), "b": jnp.zeros(2)}}, jnp.arange(3.))
    assert {n.id for n in graph.nodes if n.kind == "input"} == {
        "params.layer.w", "params.layer.b", "x"}
    assert node(graph, "params.layer.w").facts["grad"].items == (0., 1., 2.) * 2


LINES = """
import jax.numpy as jnp

def f(x):
    a = jnp.clip(x, 0, 1)
    b = jnp.clip(a * 2, 0, 1)
    c = jnp.where(b > 0.5, b, a)
    return c * x
"""


def test_functions_of_jaxs_own_stand_where_they_are_called(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "l.py").write_text(LINES)
    result = CliRunner().invoke(cli.commands, ["graph", "l.py", "--at", "0.3", "--format", "json",
                                               "-o", "-"])
    graph = from_json(result.stdout)
    assert [(n.id, n.facts["line"]) for n in graph.nodes if n.id in "abc"] == [
        ("a", "l.py:5"), ("b", "l.py:6"), ("c", "l.py:7")]
    assert "Where" in ops(graph)
    assert {n.facts["line"] for n in graph.nodes if n.facts.get("op") == "Maximum"} == {
        "l.py:5", "l.py:6"}


def test_what_an_equation_is_given_is_told():
    def f(x):
        return jax.lax.conv_general_dilated(x, jnp.ones((1, 1, 2)), (2,), "SAME").sum(axis=(1, 2))
    graph = viz.trace(f, jnp.ones((1, 1, 6)))
    told = {n.facts["op"]: n.facts.get("attributes", "") for n in graph.nodes if n.kind == "op"}
    conv = next(told[op] for op in told if op.startswith("conv"))
    assert "window_strides=(2,)" in conv and "padding=((0, 0),)" in conv
    assert "axes=(1, 2)" in next(told[op] for op in told if op.lower() == "sum")
    assert "np." not in str(told) and "0x" not in str(told)


def test_errors():
    with pytest.raises(RunError, match="returned None"):
        viz.trace(lambda x: print(end=str(jnp.sin(x).shape)[:0]), 1.0)
    with pytest.raises(RunError, match="dot_general|shapes|matmul"):
        viz.trace(lambda x: x @ jnp.ones((3, 3)), jnp.ones(2))
    with pytest.raises(TypeError, match="viz.trace"):
        viz.read(jnp.asarray(1.0))


FILE = """
import jax.numpy as jnp

def f(x, w=2.0):
    h = jnp.tanh(x * w)
    y = h
    for _ in range(2):
        y = y * x
    return y + h
"""


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(FILE)
    run = CliRunner().invoke
    result = run(cli.commands, ["graph", "m.py", "--at", "0.5", "--format", "json", "-o", "-"])
    graph = from_json(result.stdout)
    assert [n.label for n in graph.nodes if n.kind != "op"] == [
        "x", "w", "x·w", "h = tanh(x·w)", "y₁ = h·x", "y₂ = y₁·x", "y₂ + h"]
    assert node(graph, "h").facts["line"] == "m.py:5"
    result = run(cli.commands, ["graph", "m.py", "--input", "randn(3)", "--at", "w=1", "--format",
                                "json", "-o", "-"])
    assert node(from_json(result.stdout), "x").facts["data"].shape == (3,)
    result = run(cli.commands, ["graph", "m.py", "--at", "1", "--meta"])
    assert isinstance(result.exception, TargetError)
