"""Functions that a plot must draw right, and what is true of them, as data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

INF, PI = math.inf, math.pi
E = math.e

# An event: kind, x, limit from the left, limit from the right, value there (... is not compared).
Event = tuple[Any, ...]


class Row(NamedTuple):
    """A function on [-3, 3]. Singular events are compared all; a list that is None is not."""

    f: str | Callable[[Any], Any]
    events: list[Event]                            # of f: pole, jump, kink, hole, end ...
    slopes: list[Event]                            # of f'
    roots: list[float] | None = None
    extrema: list[tuple[float, float]] | None = None           # (x, f(x)), smooth or at a kink
    inflections: list[float] | None = None
    slope_roots: list[float] | None = None
    slope_extrema: list[tuple[float, float]] | None = None
    undefined: list[tuple[float, float]] = []
    bands: bool = False
    name: str = ""

    @property
    def id(self) -> str:
        return self.name or str(self.f)


def pole(x: float, left: float, right: float) -> Event:
    return "pole", x, left, right, None


def kink(x: float, y: float) -> Event:
    return "kink", x, y, y, y


def jump(x: float, left: float, right: float, value: Any = None) -> Event:
    return "jump", x, left, right, value


def hole(x: float, y: float) -> Event:
    return "hole", x, y, y, None


def start(x: float, right: float, value: Any = None) -> Event:
    """The domain begins at x."""
    return "end", x, None, right, value


def stop(x: float, left: float, value: Any = None) -> Event:
    """The domain ends at x."""
    return "end", x, left, None, value


def _if(x: Any) -> Any:
    return x if x > 0 else -x


def _if_jump(x: Any) -> Any:
    if x < 1:
        return x**2
    return 2 * x + 1


def _same_ops(x: Any) -> Any:
    scale = 2.0 if x < 0.7 else 3.0
    return scale * x


def _sum(x: Any) -> Any:
    return x * np.sum(x)


def _normed(x: Any) -> Any:
    return x / np.max(np.abs(x))


def _piecewise(x: Any) -> Any:
    if x < -1:
        return -x - 1
    if x < 0:
        return 0 * x
    return x**2 if x < 2 else 4 + 0 * x


def _halved(x: Any) -> Any:
    while x > 1:
        x = x / 2
    return x


def _first(x: Any) -> Any:
    return x[0] * 2


def _black_box(x: Any) -> Any:
    return x + np.floor(x.data + 0.5)              # the graph does not know of the floor


WHOLE = [-2.0, -1.0, 0.0, 1.0, 2.0]

# Those that plotters get wrong, as they are known.
KNOWN = [
    Row("x**3 + x", [], [], [0], [], [0], [], [(0, 1)]),
    Row("1/x", [pole(0, -INF, INF)], [pole(0, -INF, -INF)], [], [], [], [], []),
    Row("1/x**2", [pole(0, INF, INF)], [pole(0, INF, -INF)], [], [], [], [], []),
    Row("tan(x)", [pole(-PI/2, INF, -INF), pole(PI/2, INF, -INF)],
        [pole(-PI/2, INF, INF), pole(PI/2, INF, INF)], [0], [], [0], [], [(0, 1)]),
    Row("abs(x)", [kink(0, 0)], [jump(0, -1, 1)], [0], [(0, 0)], []),
    Row("relu(x)", [kink(0, 0)], [jump(0, 0, 1)], [0], [], []),
    Row("abs(sin(3*x))", [kink(k*PI/3, 0) for k in range(-2, 3)],
        [jump(k*PI/3, -3, 3) for k in range(-2, 3)], [k*PI/3 for k in range(-2, 3)],
        sorted([(k*PI/3, 0) for k in range(-2, 3)] + [(k*PI/6, 1) for k in (-5, -3, -1, 1, 3, 5)])),
    Row("x*abs(x)", [], [kink(0, 0)], [0], [], [0], [0], [(0, 0)]),
    Row("floor(x)", [jump(k, k - 1, k, k) for k in WHOLE] + [("jump", 3, 2, None, 3)],
        [hole(k, 0) for k in WHOLE], [], [], [], [], []),
    Row("x - floor(x)", [jump(k, 1, 0, 0) for k in WHOLE] + [("jump", 3, 1, None, 0)],
        [hole(k, 1) for k in WHOLE], None, [], []),
    Row("where(x < 1, x**2, 2*x + 1)", [jump(1, 1, 3, 3)], [hole(1, 2)], [0], [(0, 0)], []),
    Row("sqrt(x)", [start(0, 0, 0)], [start(0, INF)], [0], [], undefined=[(-3, 0)]),
    Row("sqrt(1 - x**2)", [start(-1, 0, 0), stop(1, 0, 0)], [start(-1, INF), stop(1, -INF)],
        [-1, 1], [(0, 1)], undefined=[(-3, -1), (1, 3)]),
    Row("log(x)", [start(0, -INF)], [start(0, INF)], [1], [], [], undefined=[(-3, 0)]),
    Row("log(abs(x))", [pole(0, -INF, -INF)], [pole(0, -INF, INF)], [-1, 1], []),
    Row("x**x", [start(0, 1, ...)], [start(0, -INF)], [], [(1/E, E**(-1/E))], [], [1/E],
        undefined=[(-3, 0)]),
    Row("x**(1/3)", [start(0, 0, 0)], [start(0, INF)], [0], [], undefined=[(-3, 0)]),
    Row("cbrt(x)", [("vertical_tangent", 0, 0, 0, 0)], [pole(0, INF, INF)], [0], [], []),
    Row("sin(x)/x", [hole(0, 1)], [hole(0, 0)], [], [], slope_roots=[]),
    Row("exp(-1/x**2)", [hole(0, 0)], [hole(0, 0)], [], [], [-(2/3)**0.5, (2/3)**0.5], [],
        [(-(2/3)**0.5, -0.8198325578), ((2/3)**0.5, 0.8198325578)]),
    Row("sin(1/x)", [], [], bands=True),
    Row("x*sin(1/x)", [hole(0, 0)], [], bands=True),
    Row("exp(8*x)", [], [], [], [], [], [], []),
    Row(lambda x: 2.0, [], [], [], [], [], [], [], name="2.0"),
    Row(_sum, [], [], [0], [(0, 0)], [], name="x*np.sum(x)"),
    Row(_normed, [jump(0, -1, 1, ...)], [hole(0, 0)], name="x/np.max(np.abs(x))"),
    Row(_if, [kink(0, 0)], [jump(0, -1, 1)], [0], [(0, 0)], name="x if x > 0 else -x"),
]

# More of the same kinds.
MORE = [
    Row("1/(x - 0.3)", [pole(0.3, -INF, INF)], [pole(0.3, -INF, -INF)]),
    Row("1/(x**2 - 0.6*x + 0.09)", [pole(0.3, INF, INF)], [pole(0.3, INF, -INF)]),
    Row("1/(1 + sin(x))", [pole(-PI/2, INF, INF)], [pole(-PI/2, INF, -INF)], [], [(PI/2, 0.5)]),
    Row("1/(1 - cos(x))**2", [pole(0, INF, INF)], [pole(0, INF, -INF)]),
    Row("1/sin(2*x)", [pole(-PI/2, INF, -INF), pole(0, -INF, INF), pole(PI/2, INF, -INF)],
        [pole(-PI/2, INF, INF), pole(0, -INF, -INF), pole(PI/2, INF, INF)], [],
        [(-3*PI/4, 1), (-PI/4, -1), (PI/4, 1), (3*PI/4, -1)]),
    Row("(x**2 - 1)/(x - 1)", [hole(1, 2)], [hole(1, 1)], [-1], []),
    Row("(1 - cos(x))/x**2", [hole(0, 0.5)], [hole(0, 0)]),
    Row("(exp(x) - 1)/x", [hole(0, 1)], [hole(0, 0.5)], [], []),
    Row("log(1 + x)/x", [start(-1, INF), hole(0, 1)], [start(-1, -INF), hole(0, -0.5)], [], [],
        undefined=[(-3, -1)]),
    Row("sqrt(abs(x))", [("cusp", 0, 0, 0, 0)], [pole(0, -INF, INF)], [0], [(0, 0)]),
    Row("abs(x)**(2/3)", [("cusp", 0, 0, 0, 0)], [pole(0, -INF, INF)], [0], [(0, 0)]),
    Row("maximum(x, 1 - x)", [kink(0.5, 0.5)], [jump(0.5, -1, 1)], [], [(0.5, 0.5)]),
    Row("minimum(sin(x), 0.5)", [kink(PI/6, 0.5), kink(5*PI/6, 0.5)],
        [jump(PI/6, 3**0.5/2, 0), jump(5*PI/6, 0, -3**0.5/2)], [0], [(-PI/2, -1)]),
    Row("clip(x, -1, 2)", [kink(-1, -1), kink(2, 2)], [jump(-1, 0, 1), jump(2, 1, 0)], [0], []),
    Row("ceil(x)", [("jump", -3, None, -2, -3)] + [jump(k, k, k + 1, k) for k in WHOLE],
        [hole(k, 0) for k in WHOLE]),
    Row("sign(x)", [jump(0, -1, 1, 0)], [hole(0, 0)]),
    Row("x/abs(x)", [jump(0, -1, 1)], [hole(0, 0)]),
    Row("log(x**2)", [pole(0, -INF, -INF)], [pole(0, -INF, INF)], [-1, 1]),
    Row("log(sin(x))", [start(0, -INF)], [start(0, INF)], [PI/2], [(PI/2, 0)],
        undefined=[(-3, 0)]),
    Row("log(-x)", [stop(0, -INF)], [stop(0, -INF)], [-1], undefined=[(0, 3)]),
    Row("arcsin(x)", [start(-1, -PI/2, -PI/2), stop(1, PI/2, PI/2)],
        [start(-1, INF), stop(1, INF)], [0], [], undefined=[(-3, -1), (1, 3)]),
    Row("arccos(x/2)", [start(-2, PI, PI), stop(2, 0, 0)], [start(-2, -INF), stop(2, -INF)],
        [2], [], undefined=[(-3, -2), (2, 3)]),
    Row("arctan(1/x)", [jump(0, -PI/2, PI/2)], [hole(0, -1)], [], []),
    Row("tanh(1/x)", [jump(0, -1, 1)], [hole(0, 0)], [], []),
    Row("exp(1/x)", [pole(0, 0, INF)], [pole(0, 0, -INF)], [], []),
    Row("1/(1 + exp(1/x))", [jump(0, 1, 0)], [hole(0, 0)], [], []),
    Row("x % 1", [jump(k, 1, 0, 0) for k in WHOLE] + [("jump", 3, 1, None, 0)],
        [hole(k, 1) for k in WHOLE]),
    Row("where(x > 0, sqrt(x), 0)", [kink(0, 0)], [pole(0, 0, INF)]),
    Row("where(x > 0, x*log(x), 0)", [kink(0, 0)], [pole(0, 0, -INF)], None, [(1/E, -1/E)]),
    Row("where(x == 1, 5, x)", [("hole", 1, 1, 1, 5)], [hole(1, 1)], [0], []),
    Row("floor(cos(x))", [jump(-PI/2, -1, 0, ...), ("hole", 0, 0, 0, 1), jump(PI/2, 0, -1, ...)],
        [hole(-PI/2, 0), hole(0, 0), hole(PI/2, 0)]),
    Row("sqrt(-x**2)", [("isolated", 0, None, None, 0)], [], undefined=[(-3, 3)]),
    Row("sqrt(x**2 - 1)", [stop(-1, 0, 0), start(1, 0, 0)], [stop(-1, -INF), start(1, INF)],
        [-1, 1], [], undefined=[(-1, 1)]),
    Row("sqrt(x)*log(x)", [start(0, 0)], [start(0, -INF)], [1], [(E**-2, -2/E)],
        undefined=[(-3, 0)]),
    Row("1/log(x)", [start(0, 0), pole(1, -INF, INF)], [start(0, -INF), pole(1, -INF, -INF)], [],
        [], undefined=[(-3, 0)]),
    Row("abs(abs(x) - 1)", [kink(-1, 0), kink(0, 1), kink(1, 0)],
        [jump(-1, -1, 1), jump(0, 1, -1), jump(1, -1, 1)], [-1, 1], [(-1, 0), (0, 1), (1, 0)]),
    Row("tanh(50*x)", [], [], [0], [], [0], [], [(0, 50)]),
    Row("relu(x)**2", [], [kink(0, 0)]),
    Row("exp(-abs(x))", [kink(0, 1)], [jump(0, 1, -1)], [], [(0, 1)]),
    Row("sqrt(sin(x)**2)", [kink(0, 0)], [jump(0, -1, 1)], [0], [(-PI/2, 1), (0, 0), (PI/2, 1)]),
    Row("x**2*sin(1/x)", [hole(0, 0)], []),        # it oscillates within a pixel
    Row("1/floor(x)", [jump(-2, -1/3, -1/2, -1/2), jump(-1, -1/2, -1, -1), stop(0, -1),
                       start(1, 1, 1), jump(2, 1, 1/2, 1/2), ("jump", 3, 1/2, None, 1/3)],
        [hole(-2, 0), hole(-1, 0), stop(0, 0), start(1, 0, ...), hole(2, 0)], [], [],
        undefined=[(0, 1)]),
    Row("x**1.5", [start(0, 0, 0)], [start(0, 0, 0)], undefined=[(-3, 0)]),
    Row("1/x**3", [pole(0, -INF, INF)], [pole(0, -INF, -INF)]),
    Row("tan(x)**2", [pole(-PI/2, INF, INF), pole(PI/2, INF, INF)],
        [pole(-PI/2, INF, -INF), pole(PI/2, INF, -INF)], [0], [(0, 0)]),
    Row("1/x + abs(x - 1)", [pole(0, -INF, INF), kink(1, 1)],
        [pole(0, -INF, -INF), jump(1, -2, 0)], [-1/((1 + 5**0.5)/2)]),
    Row("exp(-1e6*(x - 0.1234)**2)", [], [], [], [(0.1234, 1)]),
    Row("sin(x) + 1/(1 + 1e8*(x - 0.7)**2)", [], []),
    Row("sin(1000*x)", [], [], bands=True),
    Row("log(1 + exp(1000*x))", [stop(0.7097827128933840, 709.7827128933840, ...)],
        [stop(0.7097827128933840, 1000, ...)], undefined=[(0.7097827128933840, 3)]),
    Row(_if_jump, [jump(1, 1, 3, 3)], [hole(1, 2)], [0], [(0, 0)], name="if: jump"),
    Row(_same_ops, [jump(0.7, 1.4, 2.1, 2.1)], [jump(0.7, 2, 3)], [0], [], name="if: same ops"),
    Row(_piecewise, [kink(-1, 0), kink(2, 4)], [jump(-1, -1, 0), kink(0, 0), jump(2, 4, 0)],
        name="if: three pieces"),
    Row(_halved, [jump(1, 1, 0.5, 1), jump(2, 1, 0.5, 1)], [jump(1, 1, 0.5), jump(2, 0.5, 0.25)],
        [0], name="while"),
    Row(_first, [], [], [0], [], [], name="x[0]*2"),
    Row(lambda x: (1 + x)**(1/x), [start(-1, INF), hole(0, E)], [start(-1, -INF), hole(0, -E/2)],
        undefined=[(-3, -1)], name="(1 + x)**(1/x)"),
    Row(lambda x: np.log(np.abs(np.log(np.abs(x)))),
        [pole(-1, -INF, -INF), pole(0, INF, INF), pole(1, -INF, -INF)],
        [pole(-1, -INF, INF), pole(0, INF, -INF), pole(1, -INF, INF)], [-E, -1/E, 1/E, E],
        name="log(abs(log(abs(x))))"),
    Row(lambda x: np.where(np.abs(x) < 1, np.exp(-1/(1 - x*x)), 0.0), [], [], None, [(0, 1/E)],
        name="a smooth bump"),
    Row(lambda x: np.floor(x) + (x - np.floor(x))**2, [kink(k, k) for k in WHOLE],
        [jump(k, 2, 0) for k in WHOLE], name="stairs of parabolas"),
    Row("log(x)/(x - 1)", [start(0, INF), hole(1, 1)], [start(0, -INF), hole(1, -0.5)],
        undefined=[(-3, 0)]),
    Row("sqrt(cos(x))", [start(-PI/2, 0, 0), stop(PI/2, 0, 0)],
        [start(-PI/2, INF), stop(PI/2, -INF)], [-PI/2, PI/2], [(0, 1)],
        undefined=[(-3, -PI/2), (PI/2, 3)]),
    Row("floor(x**2)/4", [("jump", -3, None, 2, 2.25)] + [
        jump(-k**0.5, k/4, (k - 1)/4, k/4) for k in range(8, 0, -1)] + [
        jump(k**0.5, (k - 1)/4, k/4, k/4) for k in range(1, 9)] + [("jump", 3, 2, None, 2.25)],
        [hole(-k**0.5, 0) for k in range(8, 0, -1)] + [hole(k**0.5, 0) for k in range(1, 9)]),
    Row("x*log(abs(x))", [hole(0, 0)], [pole(0, -INF, -INF)], [-1, 1], [(-1/E, 1/E), (1/E, -1/E)]),
    Row("arctan(tan(x))", [jump(-PI/2, PI/2, -PI/2), jump(PI/2, PI/2, -PI/2)],
        [hole(-PI/2, 1), hole(PI/2, 1)], [0], []),
    Row("sqrt(x**2)", [kink(0, 0)], [jump(0, -1, 1)], [0], [(0, 0)], slope_extrema=[]),
    Row("1/(sqrt(abs(x)) - 1)", [pole(-1, INF, -INF), ("cusp", 0, -1, -1, -1), pole(1, -INF, INF)],
        [pole(-1, INF, INF), pole(0, INF, -INF), pole(1, -INF, -INF)], [], [(0, -1)]),
    Row("1e-20*sin(x)", [], [], [0], [(-PI/2, -1e-20), (PI/2, 1e-20)], [0]),
    Row(_black_box, [jump(k + 0.5, 2*k + 0.5, 2*k + 1.5, ...) for k in range(-3, 3)],
        [hole(k + 0.5, 1) for k in range(-3, 3)], name="x + floor unseen by the graph"),
]


def contact_sheet() -> Any:
    """The known functions as one Figure, to look at panel by panel."""
    from viz.plot.contact_sheet import contact_sheet as sheet
    from viz.run.targets import load
    rows = [(row.id, load(row.f).function if isinstance(row.f, str) else row.f) for row in KNOWN]
    return sheet([*rows, ("sqrt(-1 - x**2)", load("sqrt(-1 - x**2)").function)])
