"""What is embedded is calm: the last digit that another processor rounds otherwise is no change."""

import dataclasses
import io
import math
import random
from pathlib import Path

import numpy as np
import pytest

import viz
from viz.run import targets
from viz.graph import Graph, Value, text
from viz import writers

ROOT = Path(__file__).parent.parent
EXAMPLES = ["cubic", "damped", "mlp", "neuron", "rosenbrock", "trouble"]
CURVES = ["x**3 + x", "exp(-x**2)*sin(3*x)", "1/x", "log(x) + sqrt(2 - x)", "abs(x)", "tan(x)"]


def nudged(x, chance):
    """A float, or one of its neighbours."""
    if not isinstance(x, float) or x == 0 or not math.isfinite(x):
        return x
    return math.nextafter(x, chance.choice([-math.inf, x, math.inf]))


def elsewhere(graph, chance):
    """The graph as another processor might have computed it."""
    def fact(value):
        if isinstance(value, Value) and value.items is not None:
            return value._replace(items=tuple(nudged(x, chance) for x in value.items))
        return value

    def facts(item):
        return item._replace(facts={key: fact(value) for key, value in item.facts.items()})
    return Graph(graph.name, tuple(map(facts, graph.nodes)), tuple(map(facts, graph.edges)),
                 graph.facts)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_last_digit_changes_no_byte_of_a_graph(name):
    """rosenbrock at its default is 10.0625, which is a tie: 10.062 here was 10.063 elsewhere."""
    graph = viz.trace(targets.load(str(ROOT / "examples" / f"{name}.py")).function)
    chance = random.Random(name)
    for _ in range(3):
        for kind in ("svg", "dot", "mermaid"):
            assert writers.write(elsewhere(graph, chance), kind) == writers.write(graph, kind)


@pytest.mark.parametrize("expression", CURVES)
def test_the_last_digit_changes_no_byte_of_a_plot(expression):
    def drawn(sweep):
        file = io.BytesIO()
        viz.plot.save(viz.plot.chart(sweep, mark=("roots", "extrema")), file, format="svg")
        return file.getvalue()
    sweep, chance = viz.sweep(targets.expression(expression).function, -3, 3), random.Random(7)
    curves = sweep.curves.copy()
    flat = curves.reshape(-1)
    flat[:] = [nudged(float(y), chance) for y in flat]
    assert not np.array_equal(curves, sweep.curves, equal_nan=True)
    assert drawn(dataclasses.replace(sweep, curves=curves)) == drawn(sweep)


@pytest.mark.parametrize("x", [10.0625, 0.1 + 0.2, 2.5, 1e9, 123456789.0, 1e-7, 3.0, 5.32, 2**0.5])
@pytest.mark.parametrize("digits", [3, 5, 12])
def test_a_neighbour_is_written_alike(x, digits):
    for near in (math.nextafter(x, -math.inf), math.nextafter(x, math.inf)):
        assert text.number(near, digits) == text.number(x, digits)
        assert text.number(-near, digits) == text.number(-x, digits)
