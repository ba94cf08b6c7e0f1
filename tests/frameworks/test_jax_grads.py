"""JAX: gradients to the last bit, nodes and edges as the jaxpr has them, on random programs.

What jax.grad computes to the last bit is asked of it under `jax.disable_jit()`, where it runs one
equation after the other, as ours does. What XLA compiles as a whole it rounds otherwise.
"""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

import viz  # noqa: E402
from viz.graph.json import from_json, to_json  # noqa: E402

from .arithmetic import node, sums  # noqa: E402
from .jax_programs import FITTED, PLAIN, RICH, assert_equal, counted, kept  # noqa: E402
from .jax_programs import program, pushed, reverse, rounded, scanned  # noqa: E402

pytestmark = pytest.mark.usefixtures("doubles")


@pytest.mark.parametrize("seed", range(12))
def test_nodes_and_edges_of_random_programs_are_those_of_the_jaxpr(seed):
    f, x, y = program(seed)

    def g(x, y):
        z = jax.lax.cond(x.sum() > 0, lambda t: jnp.sin(t) * 2, lambda t: t * t - t, f(x, y))
        return jax.lax.while_loop(lambda t: t < 10, lambda t: t * t + 2.5, z)
    for function in f, g, program(seed, [*PLAIN, *FITTED, scanned, reverse], 14)[0]:
        graph = viz.trace(function, x, y)
        drawn = {n.id for n in graph.nodes if n.kind == "op" and n.facts["op"].lower() not in (
            "broadcast", "reshape", "squeeze", "astype", "transpose")}
        assert (len(drawn), sum(e.head in drawn for e in graph.edges)) == \
            counted(jax.make_jaxpr(function)(x, y), (x, y))


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_of_arrays(seed):
    f, x, y = program(seed)
    graph = viz.trace(f, x, y)
    dx, dy = jax.grad(f, (0, 1))(x, y)
    for name, want in (("x", dx), ("y", dy)):      # to the last bit
        assert_equal(node(graph, name).facts["grad"].items, want)
    assert from_json(to_json(graph)) == graph
    for id, total in sums(graph).items():
        np.testing.assert_allclose(total, node(graph, id).facts["grad"].items, 1e-9, 1e-12)


def exact(f, *point):
    """That the gradients of a function are jax.grad's, to the last bit; its graph."""
    graph = viz.trace(f, *point)
    with jax.disable_jit():
        value, wanted = jax.value_and_grad(f, tuple(range(len(point))))(*point)
    for name, want in zip([n.id for n in graph.nodes if n.kind == "input"], wanted, strict=True):
        assert_equal(node(graph, name).facts["grad"].items, want)
    assert [n.facts["data"].number for n in graph.nodes if n.kind == "output"] == [float(value)]
    return graph


@pytest.mark.parametrize("seed", range(24))
def test_loops_branches_rules_and_checkpoints_to_the_last_bit(seed):
    f, x, y = program(seed, [*PLAIN[:-1], *FITTED, *RICH], 10)
    graph = exact(f, x, y)
    sums = {}
    for edge in graph.edges:
        if "contribution" in edge.facts:
            sums.setdefault(edge.tail, []).append(np.array(edge.facts["contribution"].items))
    inputs = [n for n in graph.nodes if n.kind == "input"]
    for n in inputs:
        np.testing.assert_allclose(sum(sums[n.id]), n.facts["grad"].items, 1e-9, 1e-12)


X = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6], [-0.9, 2.1, 0.2]])
ORDER = {                        # where it shows in which order a gradient's terms are added
    "an operand given twice": lambda x: ((x @ x) * x + (x - x) * x).mean(),
    "x - 1 has the tangent of x": lambda x: (lambda s: jnp.log(jnp.exp(s).sum(1)).sum()
                                             + (s * x).sum())(x - 1) * x.mean(),
    "of x - 1 - 1 too": lambda x: (lambda s: (jnp.sin(s) * x * (s - 1) * jnp.exp(s - 1)).sum()
                                   )(x - 1),
    "a rule that sends two terms": lambda x: (pushed(x, x) * x + jnp.sin(x)).mean(),
    "such a rule, of x and x - 1": lambda x: (pushed(x, x - 1) * x + pushed(x - 1, x) / 3).mean(),
    "a straight-through rule": lambda x: (jnp.sin(rounded(x)) * x + rounded(x) * jnp.exp(x)).sum(),
    "checkpoint adds up within": lambda x: (kept(x, x) * x + kept(jnp.sin(x), x)).mean(),
    "log_softmax": lambda x: (jax.nn.log_softmax(x) * x).mean(),
    "products of all": lambda x: (jnp.prod(x, 0) * x + jnp.cumprod(x, 1)).mean()}


@pytest.mark.parametrize("which", ORDER)
def test_terms_are_added_in_the_order_of_jax(which):
    exact(ORDER[which], jnp.asarray(X))


def test_what_nothing_comes_back_to_is_no_zero():
    def f(x):                    # of equal eigenvalues the vectors have no derivative: 0 · ∞
        return jnp.linalg.eigh(x)[0].sum()
    grad = node(viz.trace(f, jnp.eye(3)), "x").facts["grad"].items
    assert_equal(grad, jax.grad(f)(jnp.eye(3)))
    assert np.isfinite(grad).all()


def test_a_loop_of_many_passes_is_one_node_with_its_derivative():
    def root(x):                 # Newton's method, slowly
        return jax.lax.while_loop(lambda s: s[0] < 5000,
                                  lambda s: (s[0] + 1, s[1] - 0.001 * (s[1] * s[1] - x)),
                                  (0, x))[1] * 1
    graph = viz.trace(root, jnp.asarray(0.5))
    assert node(graph, "x").facts["grad"].number == pytest.approx(0.5 ** 0.5, rel=5e-3)
    assert [n.facts["op"] for n in graph.nodes if n.kind == "op"] == ["while", "Mul"]


def test_without_gradients_nothing_is_differentiated():
    def f(x):
        return jax.pure_callback(np.sin, x, x)     # has no derivative
    graph = viz.trace(f, jnp.asarray(0.5), grad=False)
    assert graph.nodes[-1].facts["data"].number == np.sin(0.5)
