"""Modules of JAX's libraries: what they hold are parameters, by name, with their gradients."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

import viz  # noqa: E402
from viz.fold import fold  # noqa: E402


def parameters(graph):
    return {n.label: n for n in graph.nodes if n.kind == "parameter"}


@jax.tree_util.register_pytree_with_keys_class
class Affine:
    """As libraries write their modules: a tree that is called."""

    def __init__(self, w, b, flip=True):
        self.w, self.b, self.flip = w, b, flip

    def tree_flatten_with_keys(self):
        key = jax.tree_util.GetAttrKey
        return [(key("w"), self.w), (key("b"), self.b)], self.flip

    @classmethod
    def tree_unflatten(cls, flip, children):
        return cls(*children, flip)

    def __call__(self, x):
        return jnp.tanh(self.w @ x + self.b) * (-1 if self.flip else 1)


def test_a_tree_that_is_called_has_its_leaves_as_parameters():
    model = Affine(jnp.array([[1.0, 2.0], [0.5, -1.0]]), jnp.array([0.1, -0.2]))
    x = jnp.array([0.3, 0.4])
    graph = viz.trace(model, x)
    want = jax.grad(lambda m: m(x).sum())(model)
    found = parameters(graph)
    assert list(found) == ["w", "b"]
    for name in "wb":
        np.testing.assert_array_equal(found[name].facts["grad"].items,
                                      np.ravel(getattr(want, name)))
    assert "6 parameters" in graph.facts["results"][-1]
    assert viz.trace(lambda x: model(x), x).facts["title"]          # in a closure: a constant


def test_a_default_that_is_a_tree_is_an_input():
    def f(p={"w": jnp.array([2.0]), "b": jnp.array([1.0])}, x=3.0):
        return (p["w"] * x + p["b"]).sum()
    graph = viz.trace(f)
    grads = {n.label: n.facts["grad"].number for n in graph.nodes if n.kind == "input"}
    assert grads == {"p.w": 3.0, "p.b": 1.0, "x": 2.0}


def test_equinox():
    eqx = pytest.importorskip("equinox")
    model = eqx.nn.MLP(3, 2, 8, 2, key=jax.random.PRNGKey(0))
    x = jnp.array([1.0, 2.0, 3.0])
    found = parameters(viz.trace(model, x))
    assert list(found) == [f"layers.{i}.{name}" for i in range(3) for name in ("weight", "bias")]
    want = eqx.filter_grad(lambda m: m(x).sum())(model)
    assert found["layers.0.weight"].facts["grad"].shape == (8, 3)
    np.testing.assert_array_equal(found["layers.2.bias"].facts["grad"].items,
                                  want.layers[2].bias)


def test_flax():
    nnx = pytest.importorskip("flax.nnx")

    class Block(nnx.Module):
        def __init__(self, rngs):
            self.norm = nnx.LayerNorm(4, rngs=rngs)
            self.a = nnx.Linear(4, 4, rngs=rngs)

        def __call__(self, x):
            return x + nnx.gelu(self.a(self.norm(x)))

    found = parameters(viz.trace(Block(nnx.Rngs(0)), jnp.arange(4.0)))
    assert set(found) == {"norm.scale", "a.kernel", "norm.bias", "a.bias"}
    assert all("grad" in n.facts for n in found.values())


def test_layers_alike_fold():
    layers = [Affine(jnp.eye(2) * (1 + i), jnp.zeros(2)) for i in range(20)]

    def f(x, layers=tuple(layers)):
        for layer in layers:
            x = layer(x)
        return x.sum()
    folds = fold(viz.trace(f, jnp.array([0.1, 0.2])), mode="all").facts["folds"]
    assert folds[0]["count"] in (19, 20)


def test_the_class_of_each_module_of_flax_is_told():
    nn = pytest.importorskip("flax.linen")

    class Block(nn.Module):
        @nn.compact
        def __call__(self, x):
            return x + nn.tanh(nn.Dense(4, name="up")(x))

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            for _ in range(3):
                x = Block()(x)
            return x.sum()
    net, x = Net(), jnp.ones((2, 4))
    params = net.init(jax.random.PRNGKey(0), x)
    graph = viz.trace(lambda params, x: net.apply(params, x), params, x)
    assert graph.facts["modules"] == {"Net": "Net"} | {
        f"Net/Block_{i}{path}": kind for i in range(3)
        for path, kind in (("", "Block"), ("/up", "Dense"))}
    folds = fold(graph, mode="all").facts["folds"]
    assert [(one["title"], one["count"]) for one in folds if one["count"] > 1] == [("Block", 3)]


def test_a_module_that_is_an_argument_has_parameters():
    model = Affine(jnp.eye(2), jnp.zeros(2))
    graph = viz.trace(lambda model, x: model(x).sum(), model, jnp.array([0.3, 0.4]))
    assert list(parameters(graph)) == ["model.w", "model.b"]
    assert [n.label for n in graph.nodes if n.kind == "input"] == ["x"]
    assert "6 parameters" in graph.facts["results"]
