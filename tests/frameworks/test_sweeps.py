"""Plots of PyTorch's and JAX's functions: curves are theirs, events those of tinytorch's."""

import sys

import numpy as np
import pytest
from click.testing import CliRunner

from tinyviz import cli
import viz
from viz.sweep.scalar_field import sample_field

BODIES = {
    "pole": "1/x", "odd": "1/(x - 1)**2", "kink": "{m}.abs(x)", "tan": "{m}.tan(x)",
    "root": "{m}.sqrt(x)", "log": "x*{m}.log(x)", "floor": "{m}.floor(x)",
    "where": "{m}.where(x > 1, x**2, x*2)", "bounds": "{m}.clip(x, -1, 2)",
    "tie": "{m}.maximum(x*x, x + 1)", "hole": "{m}.sin(x)/x", "smooth": "x**3 - x*2",
    "inner": "{m}.exp(-x*x)*{m}.abs(x - 0.3)",
}
MODULES = {"torch": "torch", "jax": "jax.numpy"}


def made(body, module):
    """f(x): body, with the functions of a module."""
    scope = {}
    exec(f"import {module} as m\ndef f(x, a=1.0):\n    return {body.format(m='m')}", scope)
    return scope["f"]


@pytest.mark.parametrize("framework", MODULES)
@pytest.mark.parametrize("name", BODIES)
def test_the_same_events_as_of_tinytorch(framework, name):
    pytest.importorskip(framework)
    ours = viz.sweep(made(BODIES[name], "numpy"), order=2)
    theirs = viz.sweep(made(BODIES[name], MODULES[framework]), order=2)
    assert theirs.looped == ours.looped == "" and theirs.expression == ours.expression
    assert [(e.kind, e.x, e.order, e.detail, e.cause) for e in theirs.events] == [
        (e.kind, pytest.approx(e.x, abs=1e-9), e.order, e.detail, e.cause) for e in ours.events]
    for a, b in zip(theirs.events, ours.events):
        for x, y in ((a.left, b.left), (a.right, b.right), (a.value, b.value)):
            assert x == y or x == pytest.approx(y, rel=1e-6, abs=1e-9)
    assert [s[:3] for s in theirs.undefined] == [s[:3] for s in ours.undefined]


def test_the_curves_are_pytorchs():
    torch = pytest.importorskip("torch")
    f = made("m.special.bessel_j0(3*x) + x.sigmoid()", "torch")
    swept = viz.sweep(f, points=101)
    x = torch.linspace(-3, 3, 101, dtype=torch.float64, requires_grad=True)
    y = f(x)
    np.testing.assert_allclose(swept.curves[0], y.detach(), rtol=1e-14)
    slope, = torch.autograd.grad(y.sum(), x)
    np.testing.assert_allclose(swept.curves[1], slope, rtol=1e-13)


def test_the_curves_are_jaxs():
    jax = pytest.importorskip("jax")

    def f(x):
        return jax.nn.gelu(x) + jax.scipy.special.erfc(x)
    swept = viz.sweep(f, points=101, order=2)      # jax is in its closure
    from viz.readers.jax.sweep_adapter import doubles
    with doubles(True):
        x = jax.numpy.linspace(-3, 3, 101)
        want = [jax.vmap(g)(x) for g in (f, jax.grad(f), jax.grad(jax.grad(f)))]
    np.testing.assert_allclose(swept.curves, want, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("framework", MODULES)
def test_a_function_that_looks_at_its_values_is_called_point_by_point(framework):
    pytest.importorskip(framework)
    scope = {}
    exec(f"import {framework}\ndef f(x):\n    if x > 1:\n        return x*x\n    return 2*x", scope)
    swept = viz.sweep(scope["f"], 0.9, 1.1)
    assert swept.looped
    assert [(e.kind, e.x) for e in swept.events if not e.order] == [("jump", 1.0)]


def test_a_network_is_swept_in_one_pass_and_left_as_it_was():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    before = {name: t.clone() for name, t in net.state_dict().items()}
    state = torch.get_rng_state()
    swept = viz.sweep(net)
    assert not swept.looped
    bends = sorted(-b.item() / w.item() for w, b in zip(net[0].weight, net[0].bias)
                   if w.item() and abs(b.item() / w.item()) < 3)
    kinks = [e for e in swept.events if e.kind == "kink"]
    assert [e.x for e in kinks] == pytest.approx(bends, abs=1e-7)
    assert {e.cause for e in kinks} == {"relu of 0"}
    assert all(torch.equal(t, before[name]) for name, t in net.state_dict().items())
    assert all(p.grad is None and p.dtype == torch.float32 for p in net.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_default_dtype() == torch.float32


def test_derivatives_that_pytorch_lacks_are_not_drawn():
    torch = pytest.importorskip("torch")

    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x*x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            x, = ctx.saved_tensors
            return 2*x*grad
    swept = viz.sweep(lambda x: torch.sin(Once.apply(x)), order=2, points=11)
    np.testing.assert_allclose(swept.curves[1], 2*swept.x*np.cos(swept.x**2), atol=1e-12)
    assert np.isnan(swept.curves[2]).all()
    assert swept.notes == ("f'' cannot be drawn: Once.backward is marked once_differentiable",)
    # what flows elsewhere is no whole derivative: PyTorch leaves out the rest without a word
    swept = viz.sweep(lambda x: Once.apply(torch.sin(x)), order=3, points=11)
    assert np.isfinite(swept.curves[1]).all() and np.isnan(swept.curves[2:]).all()
    assert swept.notes[0].startswith("f'' to f''' cannot be drawn: Once.backward is")
    assert viz.sweep(lambda x: torch.sin(Once.apply(x)), points=11).notes == ()


@pytest.mark.parametrize("f, order, note", [
    (lambda m, x: m.special.gammaincc(m.abs(x) + 1, m.abs(x) + 1), 2,
     "f' to f'' cannot be drawn: PyTorch has no derivative of igammac"),
    (lambda m, x: m.cdist(x.reshape(-1, 1, 1), m.ones(1, 1, 1) * 5, p=3).reshape(x.shape), 2,
     "f'' cannot be drawn: "
     "PyTorch has no derivative of cdist of order 2 (_cdist_backward has none)"),
])
def test_which_derivative_pytorch_lacks_is_told(f, order, note):
    torch = pytest.importorskip("torch")
    swept = viz.sweep(lambda x: f(torch, x), order=order, points=11)
    assert note in swept.notes
    known = 2 if note.startswith("f''") else 1
    assert np.isnan(swept.curves[known:]).all() and np.isfinite(swept.curves[:known]).all()


@pytest.mark.parametrize("framework", MODULES)
def test_two_variables(framework):
    pytest.importorskip(framework)
    scope = {}
    exec(f"import {MODULES[framework]} as m\n"
         "def f(x, y):\n    return m.sin(x)*y + x/(y + 4)", scope)
    found = sample_field(scope["f"], cells=20)
    x, y = np.meshgrid(found.x, found.y)
    np.testing.assert_allclose(found.z, (np.sin(x)*y + x/(y + 4)), rtol=1e-12)
    np.testing.assert_allclose(found.gradient[0], (np.cos(x)*y + 1/(y + 4)), rtol=1e-11)
    np.testing.assert_allclose(found.gradient[1], (np.sin(x) - x/(y + 4)**2), rtol=1e-11,
                               atol=1e-12)


FILE = """
import {module} as m

def f(x, a=1.0):
    return 1/(x - a)

def nothing(x):
    m.sin(x)
"""


@pytest.mark.parametrize("framework", MODULES)
def test_the_command(framework, tmp_path, monkeypatch):
    pytest.importorskip(framework)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.py").write_text(FILE.format(module=MODULES[framework]))
    run = CliRunner().invoke
    done = run(cli.commands, ["plot", "t.py:f", "--at", "a=2", "--order", "2", "--points", "50",
                              "-o", "t.svg", "--json", "t.json"])
    assert done.exit_code == 0, done.output
    import json
    found = json.loads((tmp_path / "t.json").read_text())
    poles = [e for e in found["events"] if e["kind"] == "pole" and not e["order"]]
    assert [(e["x"], e["cause"], e["line"]) for e in poles] == [(2.0, "division by 0", "t.py:5")]
    failed = run(cli.commands, ["plot", "t.py:nothing", "-o", "t.svg"])
    assert failed.exit_code and "nothing returned None" in str(failed.exception)
    assert "tinyviz_target_t" in sys.modules
