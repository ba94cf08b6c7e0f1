"""All orders: jets, nested backward and mpmath agree; grad, jacobian, hessian, vjp, jvp."""

import math

import mpmath
import numpy as np
import pytest

import tinytorch as tt
from tinytorch import Tensor, derivatives, grad, gradients, hessian, jacobian, jvp, taylor, vjp

SMOOTH = {
    "x**3*sin(x)":          (lambda x, m: x**3*m.sin(x), [0.0, 0.7, -1.3]),
    "exp(-x*x)":            (lambda x, m: m.exp(-x*x), [0.0, 0.7, 2.5]),
    "exp(-x*x)*sin(3*x)/(1+x*x)": (lambda x, m: m.exp(-x*x)*m.sin(3*x)/(1 + x*x), [0.2, -1.1]),
    "log(1+x*x)":           (lambda x, m: m.log(1 + x*x), [0.3, -2.0]),
    "sqrt(1+x)":            (lambda x, m: m.sqrt(1 + x), [0.3, 2.0]),
    "tanh(x)":              (lambda x, m: m.tanh(x), [0.0, 0.5, -2.0]),
    "tan(x)":               (lambda x, m: m.tan(x), [0.0, 0.5, -1.0]),
    "x**2.5":               (lambda x, m: x**2.5, [0.4, 3.0]),
    "x**x":                 (lambda x, m: x**x, [0.4, 2.0]),
    "2**x/x":               (lambda x, m: 2**x/x, [0.4, -2.0]),
    "cosh(x)-sinh(2*x)":    (lambda x, m: m.cosh(x) - m.sinh(2*x), [0.4, -0.7]),
    "erf(x)":               (lambda x, m: m.erf(x), [0.0, 0.6, -1.5]),
    "atan(x)":              (lambda x, m: (m.atan if m is mpmath else tt.arctan)(x), [0.3, -1.7]),
    "asin(x)":              (lambda x, m: (m.asin if m is mpmath else tt.arcsin)(x), [0.3, -0.6]),
    "asinh(x)":             (lambda x, m: (m.asinh if m is mpmath else tt.arcsinh)(x), [0.3, -1.6]),
    "gammaln(x)": (lambda x, m: (m.loggamma if m is mpmath else tt.gammaln)(x), [0.8, 3.2]),
    "sigmoid(x)": (lambda x, m: 1/(1 + m.exp(-x)) if m is mpmath else tt.sigmoid(x), [0.3, 2.0]),
    "sinc(x)": (lambda x, m: m.sincpi(x) if m is mpmath else tt.sinc(x), [0.2, 0.9]),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("way", ["jets", "nested"])
def test_orders_one_to_six_agree_with_mpmath(name, way):
    f, points = SMOOTH[name]
    for p in points:
        with mpmath.workdps(40):
            exact = [float(c*mpmath.factorial(k)) for k, c in
                     enumerate(mpmath.taylor(lambda t: f(t, mpmath), mpmath.mpf(p), 6))]
        if way == "jets":
            found = derivatives(lambda x: f(x, tt), p, 6)
        else:
            x = Tensor(p)
            y = f(x, tt)
            found = [y.data]
            for _ in range(6):
                y = gradients(y, x, create_graph=True) if y.requires_grad else Tensor(0.0)
                found.append(y.data)
        scale = max(map(abs, exact))
        for got, want in zip(found, exact):
            assert abs(got - want) <= 1e-12*max(abs(want), 1e-3*scale)


def test_jets_are_vectorised_and_use_the_recorded_graph():
    x = Tensor(np.linspace(-2, 2, 7))
    y = np.where(x > 0, np.sqrt(np.maximum(x, 1e-3)), x*x)
    found = [c*math.factorial(k) for k, c in enumerate(taylor(y, x, 3))]
    p = x.data
    assert found[2] == pytest.approx(np.where(p > 0, -0.25*np.abs(p + (p == 0))**-1.5, 2.0))


def test_an_op_without_a_rule_falls_back_to_repeated_backward():
    x = Tensor([0.5, 1.0])
    y = tt.logsumexp(x*x)
    jets = taylor(y, x, 3)

    def at(t):
        return mpmath.log(mpmath.exp((0.5 + t)**2) + mpmath.exp((1 + t)**2))
    assert jets == pytest.approx([float(c) for c in mpmath.taylor(at, 0, 3)], rel=1e-10)


def test_the_dead_branch_is_dead_in_every_order():
    with np.errstate(all="ignore"):
        found = derivatives(lambda x: np.where(x > 0, np.sqrt(x), x**2), -1.0, 3)
    assert found == [1.0, -2.0, 2.0, 0.0]


def test_derivatives_of_a_constant():
    assert derivatives(lambda x: 2.0, 1.0, 2) == [2.0, 0.0, 0.0]


def test_grad_nests():
    f = lambda x: x**4
    assert grad(f)(2.0).data == 32 and grad(grad(grad(f)))(2.0).data == 48
    assert [g.data for g in grad(lambda x, y: x*y*y, (0, 1))(2.0, 3.0)] == [9, 12]
    value, slope = tt.value_and_grad(f)(2.0)
    assert (value.data, slope.data) == (16, 32)


def test_jacobian_and_hessian():
    f = lambda x: np.stack([x[0]*x[1], np.sin(x[0])])
    assert jacobian(f)([0.5, 2.0]).data == pytest.approx(np.array([[2.0, 0.5], [np.cos(0.5), 0.0]]))
    g = lambda x: x[0]**2*x[1] + x[1]**3
    assert hessian(g)([0.5, 2.0]).data == pytest.approx(np.array([[4.0, 1.0], [1.0, 12.0]]))


def test_vjp_and_jvp_are_transposed():
    draw = np.random.default_rng(0)
    f = lambda x, y: np.sin(x) @ y
    x, y = draw.normal(size=(3, 4)), draw.normal(size=(4, 2))
    u, v, w = draw.normal(size=(3, 4)), draw.normal(size=(4, 2)), draw.normal(size=(3, 2))
    out, pull = vjp(f, x, y)
    a, b = pull(w)
    _, pushed = jvp(f, (x, y), (u, v))
    assert np.sum(a.data*u) + np.sum(b.data*v) == pytest.approx(np.sum(pushed.data*w))
