"""Sweeps: exact derivatives in one pass, the safety check, samples, messages."""

import subprocess
import sys

import numpy as np
import pytest

from viz.run.targets import load
from viz.sweep import SweepError, family, sweep

SMOOTH = [                       # f as the user writes it, f, f', f'' by hand
    ("x**3 + x", lambda x: x**3 + x, lambda x: 3 * x**2 + 1, lambda x: 6 * x),
    ("sin(x) * exp(-x**2)", lambda x: np.sin(x) * np.exp(-x**2),
     lambda x: np.exp(-x**2) * (np.cos(x) - 2 * x * np.sin(x)),
     lambda x: np.exp(-x**2) * ((4 * x**2 - 3) * np.sin(x) - 4 * x * np.cos(x))),
    ("1 / (1 + x**2)", lambda x: 1 / (1 + x**2), lambda x: -2 * x / (1 + x**2)**2,
     lambda x: (6 * x**2 - 2) / (1 + x**2)**3),
    ("tanh(x)", np.tanh, lambda x: 1 / np.cosh(x)**2,
     lambda x: -2 * np.tanh(x) / np.cosh(x)**2),
    ("log(2 + cos(x))", lambda x: np.log(2 + np.cos(x)), lambda x: -np.sin(x) / (2 + np.cos(x)),
     lambda x: -(1 + 2 * np.cos(x)) / (2 + np.cos(x))**2),
]


@pytest.mark.parametrize("text, f, df, ddf", SMOOTH, ids=[row[0] for row in SMOOTH])
def test_the_curves_are_the_analytic_ones(text, f, df, ddf):
    s = sweep(load(text).function, -3, 3, order=2)
    for curve, exact in zip(s.curves, (f, df, ddf)):
        expected = exact(s.x)
        np.testing.assert_allclose(curve, expected, rtol=1e-12,
                                   atol=1e-13 * np.abs(expected).max())
    assert not s.looped


def test_points_are_evenly_spaced_and_as_many_as_asked_for():
    s = sweep(load("exp(x)").function, -1, 2, points=301)
    np.testing.assert_array_equal(s.x, np.linspace(-1, 2, 301))
    np.testing.assert_allclose(s.curves[1], np.exp(s.x), rtol=1e-14)


def test_one_call_of_f_serves_all_points():
    calls = []

    def f(x):
        calls.append(np.shape(x.data))
        return x * x
    sweep(f)
    assert len(calls) < 80 and sum(shape != () for shape in calls) > 3


@pytest.mark.parametrize("f, exact", [
    (lambda x: x * np.sum(x), lambda x: x**2),
    (lambda x: x if x > 0 else -x, np.abs),
    (lambda x: x / np.max(np.abs(x)), np.sign),
    (lambda x: x - np.mean(x) + x, lambda x: x),
], ids=["sum", "if", "max", "mean"])
def test_a_pass_that_differs_from_single_points_is_given_up(f, exact):
    s = sweep(f, -3, 3, points=41)
    assert s.looped
    away = np.abs(s.x) > 1e-9
    np.testing.assert_allclose(s.curves[0][away], exact(s.x[away]), rtol=1e-12)


def test_the_derivative_is_not_shown_where_f_is_undefined():
    s = sweep(load("log(x)").function)
    assert np.isnan(s.curves[:, s.x < 0]).all() and np.isfinite(s.curves[:, s.x > 1e-6]).all()


@pytest.mark.parametrize("low, high", [(1, 1), (2, -2), (0, np.inf), (np.nan, 1)])
def test_a_range_that_is_none_is_refused(low, high):
    with pytest.raises(SweepError, match="range"):
        sweep(lambda x: x, low, high)


@pytest.mark.parametrize("result, words", [
    (None, "returned None"), ((1, 2), "returned 2 values"), ("a", "must return a number")])
def test_a_result_that_cannot_be_drawn_is_named(result, words):
    with pytest.raises(SweepError, match=words):
        sweep(lambda x: result)


def test_undefined_everywhere_says_why_and_where_it_is_defined():
    with pytest.raises(SweepError, match="undefined on the whole range.*sqrt of a negative number"):
        sweep(load("sqrt(-1 - x**2)").function)
    with pytest.raises(SweepError, match=r"defined around 5: try range=\(5\.0, "):
        sweep(load("sqrt(x - 5)").function)


def test_other_arguments_are_fixed():
    def f(x, a, b=2.0):
        return a * x + b
    s = sweep(f, fixed={"a": 3.0})
    np.testing.assert_allclose(s.curves[0], 3 * s.x + 2)
    with pytest.raises(ValueError, match="give all but one"):
        sweep(f)
    with pytest.raises(ValueError, match="no argument 'c'"):
        sweep(f, fixed={"c": 3.0})
    with pytest.raises(ValueError, match="no argument to sweep"):
        sweep(f, fixed={"a": 1.0, "b": 1.0, "x": 1.0})
    assert [s.fixed for s in family(f, {"a": [1.0, 2.0], "b": [0.0]})] == [
        (("a", 1.0), ("b", 0.0)), (("a", 2.0), ("b", 0.0))]


def test_the_line_of_an_event_is_known_with_fixed_arguments():
    def f(x, a):
        return abs(x - a)
    s = sweep(f, fixed={"a": 1.0})
    kink = next(e for e in s.events if e.kind == "kink")
    assert kink.x == 1.0 and "test_sweep.py:" in kink.line


def test_a_derivative_lost_to_overflow_is_told():
    s = sweep(load("1/(1 + exp(1000*x))").function)
    assert any("f' is not a number" in note and "exp overflows" in note for note in s.notes)
    s = sweep(load("log(1 + exp(1000*x))").function)
    assert any("logaddexp" in note for note in s.notes)
    s = sweep(load("x**(1/3)").function)
    assert any("cbrt" in note for note in s.notes)


def test_a_sweep_needs_no_matplotlib():
    code = ("import sys, viz.sweep as s; s.sweep(lambda x: x * x); "
            "sys.exit('matplotlib' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_package_offers_both_as_functions():
    code = ("import viz; s = viz.sweep(lambda x: x * x, -3, 3, order=2); assert s.order == 2; "
            "assert viz.plot(s).axes; assert viz.sweep(lambda x: x).order == 1")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_sampling_resonates_with_no_period():
    s = sweep(load("sin(2*pi*50*x)").function, 0, 1, points=None)
    assert np.nanmax(s.curves[0]) > 0.999 and np.nanmin(s.curves[0]) < -0.999
    assert s.x[0] == 0 and s.x[-1] == 1


def test_a_spike_between_samples_is_found():
    s = sweep(load("sin(x) + exp(-1e8*(x - 0.1234)**2)").function)
    assert abs(np.nanmax(s.curves[0][np.abs(s.x - 0.1234) < 0.01]) - 1.12309) < 1e-4


@pytest.mark.parametrize("text", ["tanh(50*x)", "sin(20*x)", "exp(x)", "1/(x**2 + 0.01)",
                                  "sqrt(abs(x - 1))", "cbrt(x)"])
def test_chords_are_flat_to_a_quarter_of_a_pixel(text):
    f = load(text).function
    s = sweep(f, order=0)
    x = np.linspace(-3, 3, 7001)
    from tinytorch import Tensor
    exact = np.asarray(f(Tensor(x)).data)
    fine = np.isfinite(s.curves[0])
    off = np.abs(np.interp(x, s.x[fine], s.curves[0][fine]) - exact)
    assert off.max() < 0.6 / 420 * np.ptp(exact)


def test_memory_stays_near_what_is_kept():
    import tracemalloc
    f = load("x**3*sin(x) + exp(-x*x)").function
    sweep(f, points=1000)
    tracemalloc.start()
    s = sweep(f, points=200_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * len(s.x) * (s.order + 2)
