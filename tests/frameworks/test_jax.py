"""JAX: grads to the last bit, what is within opened, names and lines."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from click.testing import CliRunner  # noqa: E402

from tinyviz import cli  # noqa: E402
import viz  # noqa: E402
from viz.graph.json import from_json  # noqa: E402
from viz.run.targets import RunError, TargetError  # noqa: E402
from viz.fold import fold  # noqa: E402
from viz.fold.unfold import unfold  # noqa: E402

from .arithmetic import FUNCTIONS, choice, node, ops, same  # noqa: E402

pytestmark = pytest.mark.usefixtures("doubles")


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
    assert "clipped" not in ops(graph) and "Relu" in ops(graph)      # ours opens, JAX's does not
    assert graph.facts["scopes"] == {"clipped": "with a derivative of its own"}


def test_a_rule_of_its_own_opens_and_sends_what_the_rule_says():
    @jax.custom_vjp
    def soft(x, k):
        return jnp.log1p(jnp.exp(x * k)) / k
    soft.defvjp(lambda x, k: (soft(x, k), (x, k)), lambda kept, g: (7 * g, -g))

    def f(x, k=2.0):
        return 3 * soft(x * x, k) + x
    graph = viz.trace(f, jnp.asarray(1.5), jnp.asarray(2.0))
    grads = {n.label: n.facts["grad"].number for n in graph.nodes if "grad" in n.facts}
    assert (grads["x"], grads["k"], grads["x²"]) == (3 * 7 * 2 * 1.5 + 1, -3.0, 21.0)
    inside = [n for n in graph.nodes if n.group == "soft" and n.kind == "value"]
    assert [n.facts.get("grad") is None for n in inside] == [True, True, True, False]
    sent = {(e.tail, e.head): e.facts["contribution"].number for e in graph.edges
            if "contribution" in e.facts}
    assert [c for (tail, _), c in sent.items() if tail == "k"] == [-3.0]
    folded = fold(graph)
    assert [one["title"] for one in folded.facts["folds"]] == ["soft"]
    assert unfold(folded).edges == graph.edges


def test_a_rule_that_is_given_an_operand_twice_sends_to_each_of_its_uses():
    @jax.custom_vjp
    def product(a, b):
        return a * b
    product.defvjp(lambda a, b: (a * b, None), lambda _, g: (10 * g, 20 * g))
    graph = viz.trace(lambda x: product(x, x), jnp.asarray(3.0))
    assert [e.facts["contribution"].number for e in graph.edges if e.tail == "x"] == [10.0, 20.0]
    assert node(graph, "x").facts["grad"].number == 30.0


def test_a_rule_for_an_identity_is_an_op():
    @jax.custom_vjp
    def clip_gradient(x):
        return x
    clip_gradient.defvjp(lambda x: (x, None), lambda _, g: (jnp.clip(g, -1, 1),))
    graph = viz.trace(lambda x: 5 * clip_gradient(x * x), jnp.asarray(1.5))
    assert "clip_gradient" in ops(graph) and node(graph, "x").facts["grad"].number == 3.0


def test_loops_and_branches_have_frames_in_a_small_graph():
    def f(x):
        x, rows = jax.lax.scan(lambda c, r: (jnp.tanh(c * r), c), x, jnp.arange(1., 4.))
        x = jax.lax.cond(x > 5, lambda t: t * 2, lambda t: (t - 1) * t, x)
        x = jax.lax.switch(2, [jnp.sin, jnp.cos, lambda t: t * t + 1], x)
        x, _ = jax.lax.scan(lambda c, _: (c * c + 1, None), x, None, length=2)
        x = jax.lax.while_loop(lambda t: t < 100, lambda t: t * t + 1, x)
        return x + rows.sum()
    folds = fold(viz.trace(f, jnp.asarray(2.0))).facts["folds"]
    assert [(one["title"], one["holds"].partition(" · ")[0]) for one in folds] == [
        ("scan", "3 steps"), ("cond", "was False"), ("cond 2", "branch 2 of 0 … 2"),
        ("scan 2", "2 steps"), ("while", "2 passes")]


FRAMED = """
import jax
import jax.numpy as jnp

@jax.jit
def inner(a):
    return jnp.exp(-a) * a

@jax.checkpoint
def kept(a):
    return jnp.sin(inner(a))

def f(x):
    with jax.named_scope("head"):
        y = inner(x) + 1
    return kept(y) * inner(y) + jnp.clip(x, 0, 1)

@jax.jit
def whole(x):
    return x * x
"""


def test_functions_of_the_users_that_are_jitted_or_computed_again_have_frames(tmp_path,
                                                                              monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "framed.py").write_text(FRAMED)

    def drawn(name):
        result = CliRunner().invoke(cli.commands, ["graph", f"framed.py:{name}", "--at", "0.5",
                                                   "--format", "json", "-o", "-"])
        return from_json(result.stdout)
    graph = drawn("f")
    folds = graph.facts["folds"]
    assert [(one["title"], one["holds"].partition(" · ")[0]) for one in folds] == [
        ("inner", "jit"), ("kept", "computed again in the backward pass"),
        ("inner", "jit"), ("inner", "jit")]
    assert "head" in groups(graph) and "Maximum" in ops(graph)
    assert "folds" not in drawn("whole").facts     # f itself needs no frame


def test_modules_of_flax_and_equinox_are_groups():
    nn, eqx = pytest.importorskip("flax.linen"), pytest.importorskip("equinox")

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(2)(nn.relu(nn.Dense(3)(x))).sum()
    net, x = Net(), jnp.ones((2, 4))
    params = net.init(jax.random.PRNGKey(0), x)
    graph = viz.trace(lambda params, x: net.apply(params, x), params, x)
    assert {"Net", "Net/Dense_0", "Net/Dense_1"} <= groups(graph)
    assert {(n.id, n.kind, n.group) for n in graph.nodes if n.kind in ("input", "parameter")} == {
        ("x", "input", "")} | {(f"params.Dense_{i}.{name}", "parameter", f"Net/Dense_{i}")
                               for i in (0, 1) for name in ("kernel", "bias")}
    assert [one["title"] for one in fold(graph, mode="auto", depth=2).facts["folds"]] == [
        "Net", "Dense_1", "Dense_0"]         # flax counts as they are made
    mlp = eqx.nn.MLP(2, 2, 3, 1, key=jax.random.PRNGKey(0))
    assert {"MLP", "MLP/Linear"} <= groups(viz.trace(lambda x: mlp(x).sum(), jnp.ones(2)))


def test_nothing_goes_back_through_stop_gradient():
    graph = viz.trace(lambda x: jax.lax.stop_gradient(jnp.sin(x)) * x, jnp.asarray(0.5))
    assert node(graph, "x").facts["grad"].number == float(jnp.sin(0.5))
    assert [e.tail for e in graph.edges if "contribution" in e.facts] == ["x"]
    assert [e.facts["break"] for e in graph.edges if "break" in e.facts] == ["stop_gradient"]
    assert [n.label for n in graph.nodes if n.kind == "value" and "grad" not in n.facts] == [
        "sin(x)", "stop_gradient(sin(x))"]


def test_sums_of_all_there_is_name_no_axes():
    labels = [n.label for n in viz.trace(lambda x: (x * 2).sum() + x.max(), jnp.ones((2, 3))).nodes]
    assert "sum(x·2)" in labels and not [label for label in labels if "axes" in label]
    slopes = viz.trace(lambda x: jax.grad(lambda t: jnp.sin(t) * t)(x), jnp.asarray(0.5))
    assert "add_any" not in str(slopes.nodes) and "+" in [n.label for n in slopes.nodes]


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
