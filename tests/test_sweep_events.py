"""Events, by the table of functions in torture_functions.py: kind, place, one-sided values."""

import math
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from torture_functions import KNOWN, MORE  # noqa: E402
from viz.source import load  # noqa: E402
from viz.sweep import SINGULAR, sweep  # noqa: E402

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
