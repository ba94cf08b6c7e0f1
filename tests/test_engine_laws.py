"""Laws that hold for every graph: random ones against differences, jets, pointwise and linear."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinytorch as tt
from tinytorch import (Tensor, backward_steps, check_gradients, derivatives, gradients,
                       local_derivatives)
from tinytorch.check import GradientError

UNARY = [np.sin, np.cos, np.tanh, np.exp, np.arctan, tt.sigmoid, np.square, tt.softplus,
         np.negative, lambda x: np.sqrt(1 + x*x), lambda x: np.log(2 + np.sin(x)),
         lambda x: np.where(x > 0.05, x, 2*x)]
BINARY = [np.add, np.subtract, np.multiply, lambda a, b: a/(2 + b*b), np.maximum,
          lambda a, b: np.hypot(a, 1 + b*b),
          lambda a, b: np.where(a > b, a, b*b)]
step = st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
graphs = st.lists(step, min_size=1, max_size=9)


def build(steps, x):
    """A graph with shared parts, grown from x by the drawn steps."""
    pool = [x, x*0.5 + 0.1]
    for kind, i, j in steps:
        a, b = pool[i % len(pool)], pool[j % len(pool)]
        if kind % 2:
            z = UNARY[kind//2 % len(UNARY)](a)
        else:
            z = BINARY[kind//2 % len(BINARY)](a, b)
        pool.append(np.tanh(z))                      # bounded, so that differences stay exact
    return pool[-1] + 0.1*pool[len(pool)//2]


def near_a_kink(y):
    """Whether a where or maximum is about to change its mind."""
    for t in tt.topological(y):
        if t._op is not None and t._op.__name__ in ("Where", "Maximum", "Greater"):
            a, b = t._ctx.args[-2:]
            if np.any(np.abs(a.data - b.data) < 0.02) or np.any(np.abs(a.data - 0.05) < 0.02):
                return True
    return False


@settings(max_examples=60, deadline=None)
@given(graphs, st.floats(-2, 2))
def test_random_graphs_agree_with_differences(steps, at):
    if not near_a_kink(build(steps, Tensor([at, at + 0.3]))):
        check_gradients(lambda x: build(steps, x), [at, at + 0.3], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(graphs, st.floats(-2, 2))
def test_steps_are_backward_to_the_bit(steps, at):
    x = Tensor([at, 0.4])
    y = build(steps, x).sum()
    found = list(backward_steps(y))
    y.backward()
    total = None
    for t, g, contributions in found:
        assert np.array_equal(t.grad.data, g)
        for a, c in zip(t._ctx.args, contributions):
            if a is x and c is not None:
                total = c if total is None else total + c
    assert np.array_equal(total, x.grad.data)
    assert np.array_equal(gradients(y, x).data, x.grad.data)


@settings(max_examples=60, deadline=None)
@given(graphs, st.floats(-2, 2))
def test_the_local_derivatives_multiply_to_the_contributions(steps, at):
    y = build(steps, Tensor(at))
    for t, g, contributions in backward_steps(y):
        for d, c in zip(local_derivatives(t), contributions):
            if c is not None:
                assert c == pytest.approx(d*g, rel=1e-12, abs=1e-300)


@settings(max_examples=40, deadline=None)
@given(graphs, st.lists(st.floats(-2, 2), min_size=2, max_size=4))
def test_one_pass_over_an_array_is_the_pointwise_function(steps, points):
    x = Tensor(points)
    build(steps, x).sum().backward()
    for p, g in zip(points, x.grad.data):
        single = Tensor(p)
        build(steps, single).backward()
        assert g == pytest.approx(single.grad.data, rel=1e-9, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(graphs, st.floats(-1.5, 1.5))
def test_jets_are_nested_backward(steps, at):
    x = Tensor(at)
    y = build(steps, x)
    if near_a_kink(y):
        return
    jets = derivatives(lambda t: build(steps, t), at, 3)
    for order in range(1, 4):
        y = gradients(y, x, create_graph=True)
        scale = max(map(abs, jets))
        assert jets[order] == pytest.approx(float(y.data), rel=1e-9, abs=1e-9*scale)
        if not y.requires_grad:
            break


@settings(max_examples=40, deadline=None)
@given(graphs, st.floats(-2, 2), st.floats(-3, 3))
def test_backward_is_linear_in_the_cotangent(steps, at, factor):
    x = Tensor([at, 0.4])
    y = build(steps, x)
    one = gradients(y, x, np.array([1.0, 2.0])).data
    assert gradients(y, x, factor*np.array([1.0, 2.0])).data == pytest.approx(
        factor*one, rel=1e-12, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
def test_broadcasting_is_undone_for_all_shapes(shapes):
    a, b = shapes.input_shapes
    draw = np.random.default_rng(0)
    x, y = Tensor(draw.normal(size=a)), Tensor(draw.normal(size=b))
    z = x*y
    w = draw.normal(size=z.shape)
    z.backward(w)
    assert x.grad.shape == a and y.grad.shape == b
    assert np.sum(x.grad.data*x.data) == pytest.approx(np.sum(w*z.data))
    assert np.sum(y.grad.data*y.data) == pytest.approx(np.sum(w*z.data))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_indexing_is_undone_for_all_indices(data):
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=4))
    index = data.draw(st.one_of(
        hnp.basic_indices(shape), hnp.integer_array_indices(shape)))
    draw = np.random.default_rng(0)
    x = Tensor(draw.normal(size=shape))
    z = x[index]
    assert np.array_equal(z.data, x.data[index])
    w = draw.normal(size=z.shape)
    if z.size:
        z.backward(w)
        assert np.sum(x.grad.data*x.data) == pytest.approx(np.sum(w*z.data))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_sums_are_undone_for_all_axes(data):
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=3))
    axis = data.draw(hnp.valid_tuple_axes(len(shape)))
    keepdims = data.draw(st.booleans())
    for f in (np.sum, np.mean, np.prod, np.max):
        x = Tensor(np.random.default_rng(0).normal(size=shape))
        z = f(x, axis=axis, keepdims=keepdims)
        assert np.array_equal(z.data, f(x.data, axis=axis, keepdims=keepdims))
        z.backward(np.ones(z.shape))
        assert x.grad.shape == shape


# The checker is itself checked.

class Planted:
    """x cubed, its derivative wrong by a factor."""

    factor = 1.0

    def forward(x):
        return Tensor(x.data**3)

    def backward(ctx, grad):
        x, = ctx.args
        return 3.0*Planted.factor*x*x*grad,


@pytest.mark.parametrize("factor", [1.001, 0.999, -1.0, 0.0])
def test_the_checker_finds_a_planted_error(monkeypatch, factor):
    check_gradients(lambda x: tt.apply(Planted, x), [1.2, -0.7])
    monkeypatch.setattr(Planted, "factor", factor)
    with pytest.raises(GradientError, match="the derivative .* is .*finite differences say"):
        check_gradients(lambda x: tt.apply(Planted, x), [1.2, -0.7])


class Detached:
    """The first derivative is right, but not written in tensor ops: the second is lost."""

    def forward(x):
        return Tensor(x.data**3)

    def backward(ctx, grad):
        x, = ctx.args
        return Tensor(3*x.data**2)*grad,


def test_the_checker_finds_a_lost_second_derivative():
    check_gradients(lambda x: tt.apply(Detached, x), [1.2], order=1)
    with pytest.raises(GradientError, match="second derivative"):
        check_gradients(lambda x: tt.apply(Detached, x), [1.2])


def test_every_derivative_of_ours_would_be_missed_if_it_were_wrong(monkeypatch):
    from tinytorch.ops.elementwise import Sin
    monkeypatch.setattr(Sin, "local", (lambda z, x: 1.001*np.cos(x),))
    monkeypatch.setattr(Sin, "fast_local", Sin.local)
    with pytest.raises(GradientError):
        check_gradients(np.sin, [0.3, 1.1])


def test_jets_of_order_six_of_a_long_chain():
    found = derivatives(lambda x: np.exp(np.sin(x)), 0.0, 6)
    assert found == pytest.approx([1, 1, 1, 0, -3, -8, -3], abs=1e-12)      # OEIS A002017
    assert math.isclose(found[5], -8)
