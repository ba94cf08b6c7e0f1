"""JAX: what only fits an operand or a result within one call is not drawn; names, and the title."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from click.testing import CliRunner  # noqa: E402

from tinyviz import cli  # noqa: E402
import viz  # noqa: E402
from viz.graph.json import from_json  # noqa: E402

pytestmark = pytest.mark.usefixtures("doubles")


def said(graph):
    """What a graph says, but for how often 0 is sent."""
    def numbers(facts):
        found = [facts.get(key) for key in ("data", "grad", "local", "contribution")]
        return [(v.shape, [round(x, 12) + 0.0 for x in v.items]) for v in found if v is not None]
    return ([(n.id, n.kind, n.label, numbers(n.facts)) for n in graph.nodes],
            [(e.tail, e.head, e.facts.get("formula"), numbers(e.facts)) for e in graph.edges])


BROADCAST = "def f(x, w, b):\n    return (x * w + b) * (x * w) / (x + 3) - w"


@pytest.mark.parametrize("shapes", [
    [(3, 2), (2,), ()], [(3, 2), (3, 1), (1,)], [(2, 2, 2), (2,), (2, 2)], [(), (2, 1), (3,)]],
    ids=str)
def test_broadcasts_are_drawn_as_tinytorchs(shapes):
    rng = np.random.default_rng(0)
    point = [rng.random(shape) for shape in shapes]
    ours, theirs = {"np": np}, {"jnp": jnp}
    exec(BROADCAST, ours)
    exec(BROADCAST, theirs)
    assert said(viz.trace(theirs["f"], *map(jnp.asarray, point))) == \
        said(viz.trace(ours["f"], *point))


CALLS = """
import jax
import jax.numpy as jnp

def kept(x, w):
    m = x.mean(-1, keepdims=True)
    c = x - m
    return (c * w + True).sum()

def asked(x, w):
    b = jnp.broadcast_to(w, (3, 2))
    r = jnp.sum(x, 1)[:, None]
    return (x * b + r * w.reshape(1, 2) + w.astype(jnp.float32)).sum()

def mapped(x, w):
    y = jax.vmap(lambda row: jnp.eye(2) @ row * w)(x)
    return y.sum()

def loops(x, w):
    for _ in range(3):
        x = x * w
    for _ in range(2):
        x = x - x.mean(0)
    h, hs = jax.lax.scan(lambda c, r: (c * r, c), x[0], x)
    z = jax.lax.cond(h[0] > 0, lambda t: t * 2, lambda t: -t, hs)
    y = jax.nn.gelu(z)
    return y.sum()

def net(params, x):
    for layer in params["layers"]:
        x = jnp.tanh(x @ layer["w"] + layer["b"])
    return x.sum()

def example_inputs():
    return jnp.arange(6.).reshape(3, 2) + 0.5, jnp.array([1.5, -0.5])
"""


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.py").write_text(CALLS)

    def draw(name):
        result = CliRunner().invoke(cli.commands, ["graph", f"c.py:{name}", "--format", "json",
                                                   "-o", "-", "--fold", "none"])
        assert result.exit_code == 0, result.output
        return from_json(result.stdout)
    return draw


def labels(graph):
    return [n.label for n in graph.nodes if n.kind in ("value", "output")]


def test_what_fits_is_not_drawn(drawn):
    graph = drawn("kept")
    assert labels(graph) == ["sum(x, axes=(1,))", "m = sum(x, axes=(1,))/2", "c = x − m", "c·w",
                             "c·w + 1", "sum(c·w + 1)"]
    shapes = {n.label: n.facts["data"].shape for n in graph.nodes if n.kind == "value"}
    assert shapes["sum(x, axes=(1,))"] == (3, 1)
    sent = {(e.tail, e.facts["contribution"].shape) for e in graph.edges
            if "contribution" in e.facts and e.tail in "xw"}
    assert sent == {("x", (3, 2)), ("w", (2,))}


def test_what_the_user_asks_for_is_drawn(drawn):
    graph = drawn("asked")
    assert [n.facts["op"] for n in graph.nodes if n.kind == "op" and n.facts["op"] in (
        "broadcast", "reshape", "astype")] == ["broadcast", "broadcast", "reshape", "astype"]


def test_a_product_that_is_mapped_has_its_axes_in_the_order_it_is_used(drawn):
    graph = drawn("mapped")
    assert "transpose" not in [n.facts.get("op") for n in graph.nodes]
    product = next(n for n in graph.nodes if n.label.startswith("v") and " @ x" in n.label)
    assert product.facts["data"].shape == (3, 2)


def test_names_are_of_what_a_statement_comes_to(drawn):
    found = [label.partition(" = ")[0] for label in labels(drawn("loops")) if " = " in label]
    named = [name for name in found if name[0] != "v"]
    assert named == ["x₁", "x₂", "x₃", "x₄", "x₅", "hs", "z", "y"]


def test_the_title_is_the_call_as_it_is_written():
    scope = {}
    exec(CALLS, scope)
    layers = [{"w": jnp.ones((2, 2)), "b": jnp.ones(2)}, {"w": jnp.ones((2, 1)), "b": jnp.ones(1)}]
    graph = viz.trace(scope["net"], {"layers": layers}, jnp.ones((3, 2)))
    assert graph.facts["title"] == "net(params, x)"
