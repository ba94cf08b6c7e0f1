"""Sweeps as CSV and JSON; fields of two variables and paths of descent."""

import csv
import io
import json
import math

import numpy as np
import pytest

from viz.run.targets import load
from viz.sweep import SweepError, sweep
from viz.sweep.export import to_csv, to_json
from viz.sweep.scalar_field import descend, sample_field


def test_json_has_the_samples_and_the_events():
    s = sweep(load("1/x").function)
    data = json.loads(to_json(s))
    assert list(data["curves"]) == ["f", "f'"]
    assert data["x"] == s.x.tolist()
    assert [v is None for v in data["curves"]["f"]] == np.isnan(s.curves[0]).tolist()
    event = data["events"][0]
    assert {"kind", "x", "order", "left", "right", "cause", "line"} <= set(event)
    assert (event["kind"], event["x"], event["order"], event["left"], event["right"]) == (
        "pole", 0.0, 0, "-inf", "inf")
    assert event["cause"] == "division by 0"


def test_json_tells_what_is_undefined_and_why():
    data = json.loads(to_json(sweep(load("sqrt(x)").function)))
    assert data["undefined"] == [{"low": -3.0, "high": 0.0, "reason": "sqrt of a negative number",
                                  "line": ""}]


def test_csv_is_a_table_with_all_digits():
    s = sweep(load("floor(x)").function, order=2)
    rows = list(csv.reader(io.StringIO(to_csv(s))))
    assert rows[0] == ["x", "f", "f'", "f''", "event"]
    assert [float(row[0]) for row in rows[1:]] == s.x.tolist()
    at_one = next(row for row in rows[1:] if float(row[0]) == 1.0)
    assert at_one[1] == "1.0" and at_one[2] == "" and "f: jump 0.0|1.0" in at_one[4]


def test_an_event_knows_its_line(tmp_path):
    path = tmp_path / "f.py"
    path.write_text("def f(x):\n    a = x - 1\n    return a / x\n")
    s = sweep(load(str(path)).function)
    assert [(e.kind, e.cause, e.line.rpartition("/")[2]) for e in s.events if e.order == 0 and
            e.kind == "pole"] == [("pole", "division by 0", "f.py:3")]


def rosenbrock(x, y):
    return (1 - x)**2 + 100 * (y - x**2)**2


def test_the_field_and_its_gradient_are_exact():
    found = sample_field(rosenbrock, (-2, 2), (-1, 3), cells=40)
    x, y = np.meshgrid(found.x, found.y)
    np.testing.assert_allclose(found.z, rosenbrock(x, y), rtol=1e-12)
    np.testing.assert_allclose(found.gradient[0], -2*(1 - x) - 400*x*(y - x**2), rtol=1e-10,
                               atol=1e-9)
    np.testing.assert_allclose(found.gradient[1], 200*(y - x**2), rtol=1e-10, atol=1e-9)
    assert not found.torn.any()


def test_descent_goes_down_to_the_minimum():
    way = descend(sample_field(lambda x, y: (x - 0.5)**2 + 2 * (y + 1)**2), 2.0, 2.0)
    assert way.end == "minimum" and (np.diff(way.z) <= 0).all()
    assert math.hypot(way.x[-1] - 0.5, way.y[-1] + 1) < 1e-4


def test_descent_that_leaves_or_cannot_begin_says_so():
    assert descend(sample_field(lambda x, y: x + y), 0, 0).end == "left the picture"
    with pytest.raises(SweepError, match=r"undefined at \(-1, 0\)"):
        descend(sample_field(lambda x, y: np.log(x) + y), -1, 0)


@pytest.mark.parametrize("f, inside, outside", [
    (lambda x, y: 1 / (x - y + 0.01), (0.0, 0.01), (1.0, -1.0)),
    (lambda x, y: np.floor(x + 0.005) + y, (0.995, 0.3), (0.5, 0.5)),
])
def test_cells_on_a_singular_curve_are_torn(f, inside, outside):
    found = sample_field(f)

    def cell(x, y):
        return np.searchsorted(found.y, y) - 1, np.searchsorted(found.x, x) - 1
    assert found.torn[cell(*inside)] and not found.torn[cell(*outside)]
    assert found.torn.mean() < 0.05


def test_a_field_needs_two_arguments_and_a_domain():
    with pytest.raises(ValueError, match="has 1 argument to sweep where 2 are needed"):
        sample_field(lambda x: x)
    with pytest.raises(SweepError, match="undefined for all"):
        sample_field(lambda x, y: np.sqrt(-1 - x**2 - y**2))


def test_a_field_of_three_variables_needs_one_fixed():
    def f(x, a, y):
        return x + a * y
    found = sample_field(f, fixed={"a": 3.0}, cells=4)
    assert found.names == ("x", "y") and found.at(1, 2)[0] == 7


def test_a_field_that_branches_is_evaluated_point_by_point():
    def f(x, y):
        return x if x > y else y
    found = sample_field(f, cells=8)
    np.testing.assert_array_equal(found.z, np.maximum(*np.meshgrid(found.x, found.y)))
