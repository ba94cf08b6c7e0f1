"""Events, by the table of functions in torture_functions.py: kind, place, one-sided values."""

import math
import os
import sys
import warnings

import numpy as np
import pytest

import tinytorch

sys.path.insert(0, os.path.dirname(__file__))

from torture_functions import KNOWN, MORE  # noqa: E402
from viz.run.targets import load  # noqa: E402
from viz.sweep import SINGULAR, sweep  # noqa: E402
from viz.sweep.singular import singularities  # noqa: E402

PLACE = 1e-6
VALUE = 1e-6


def near(got, expected, tolerance=VALUE):
    """Whether a number, an infinity or None is the one that is expected."""
    if expected is ...:
        return True
    if got is None or expected is None:
        return got is expected
    if math.isinf(expected) or math.isinf(got):
        return got == expected
    return abs(got - expected) <= tolerance * max(1.0, abs(expected))


def singular(s, order):
    return [(e.kind, e.x, e.left, e.right, e.value) for e in s.events
            if e.order == order and e.kind in SINGULAR]


def same(got, expected):
    return len(got) == len(expected) and all(
        g[0] == e[0] and near(g[1], e[1], PLACE) and all(map(near, g[2:], e[2:]))
        for g, e in zip(got, expected))


@pytest.fixture(scope="module")
def swept():
    """Each function is swept once."""
    done = {}

    def of(row):
        if row.id not in done:
            done[row.id] = sweep(load(row.f).function if isinstance(row.f, str) else row.f)
        return done[row.id]
    return of


@pytest.mark.parametrize("row", KNOWN + MORE, ids=lambda row: row.id)
class TestRow:
    def test_singular_events_of_f(self, row, swept):
        got = singular(swept(row), 0)
        assert same(got, row.events), got

    def test_singular_events_of_the_derivative(self, row, swept):
        got = singular(swept(row), 1)
        assert same(got, row.slopes), got

    def test_roots_extrema_inflections(self, row, swept):
        for kind, order, expected in (
                ("root", 0, row.roots), ("inflection", 0, row.inflections),
                ("root", 1, row.slope_roots)):
            got = [e.x for e in swept(row).events if e.kind == kind and e.order == order]
            if expected is not None:
                assert same([(kind, x) for x in got], [(kind, x) for x in expected]), (kind, got)
        for order, expected in ((0, row.extrema), (1, row.slope_extrema)):
            got = [(kind, e.x, e.value) for e in swept(row).events for kind in [e.kind]
                   if kind == "extremum" and e.order == order]
            if expected is not None:
                assert same(got, [("extremum", *e) for e in expected]), got

    def test_strips_and_bands(self, row, swept):
        s = swept(row)
        got = [(strip.low, strip.high) for strip in s.undefined]
        assert len(got) == len(row.undefined), got
        for strip, expected in zip(got, row.undefined):
            assert all(map(near, strip, expected)), got
        assert all(strip.reason for strip in s.undefined)
        assert any(band.order == 0 for band in s.bands) == row.bands


def elementwise(op):
    """f(x) = op(x) for an op of one number, with the parameters of its samples; else None."""
    sample = op.samples[0] if op.samples else ([0.5],)
    params = sample[-1] if isinstance(sample[-1], dict) else {}
    if not op.local or len(op.local) != 1 or callable(op.vjp):
        return None
    return lambda x: op.of(x, **params)


UNARY = {name: elementwise(op) for name, op in tinytorch.ops.items() if op.differentiable
         and name not in ("astype", "polygamma", "round", "nan_to_num")}


@pytest.mark.parametrize("name", [name for name, f in UNARY.items() if f])
def test_every_op_of_one_number_is_followed_by_its_own_guard(name):
    """What happens to f is told by the graph, with a cause, not by numbers only; none is missed."""
    f = UNARY[name]
    s = sweep(f, -3.1, 3.05)
    for e in s.events:
        if e.kind in SINGULAR:
            assert e.cause, e
    places = [e.x for e in s.events if e.kind in SINGULAR]
    x = np.linspace(-3.1, 3.05, 3001)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = np.asarray(f(tinytorch.Tensor(x)).data)
    away = np.abs(x[:, None] - np.array([*places, 99.0])).min(axis=1) > 0.01
    away &= np.isfinite(exact) & (np.abs(exact) < 5)
    i = np.clip(np.searchsorted(s.x, x), 1, len(s.x) - 1)
    chord = s.curves[0][i - 1] + (x - s.x[i - 1]) / (s.x[i] - s.x[i - 1]) * (
        s.curves[0][i] - s.curves[0][i - 1])
    np.testing.assert_allclose(chord[away], exact[away], rtol=5e-3, atol=0.05)


def test_every_op_that_can_be_singular_is_in_the_table():
    smooth = {"logical_and", "logical_or", "logical_xor", "logical_not", "nan_to_num"}
    for name, op in tinytorch.ops.items():
        if op.local and (op.selects or op.flat or op.domain or op.risky) and name not in smooth:
            assert singularities(op), f"{name}: state its singularities, or give it a domain"
