"""Plots, judged by what is on the Axes and by bytes, never by pixels."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest

from viz.plot import PlotError, plot, save
from viz.source import load
from viz.sweep import sweep


def drawn(text, **options):
    given = {k: options.pop(k) for k in ("order", "points") if k in options}
    return plot(sweep(load(text).function, *options.pop("range", (-3, 3)), **given), **options)


def lines(figure):
    """The lines of the curves: (x, y), without markers and straight helpers."""
    return [np.array(line.get_xydata()) for axes in figure.axes for line in axes.lines
            if len(line.get_xdata()) > 2]


@pytest.mark.parametrize("text, poles", [("1/x", [0.0]), ("tan(x)", [-np.pi / 2, np.pi / 2]),
                                         ("1/x**2", [0.0]), ("1/(x*x - 2)", [-2**.5, 2**.5])])
def test_no_line_crosses_a_pole(text, poles):
    for line in lines(drawn(text)):
        for pole in poles:
            assert line[:, 0].max() <= pole + 1e-6 or line[:, 0].min() >= pole - 1e-6


@pytest.mark.parametrize("kind, start", [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_bytes_are_the_same_twice(kind, start):
    files = []
    for _ in range(2):
        file = io.BytesIO()
        save(drawn("x**3 + x"), file, format=kind)
        files.append(file.getvalue())
    assert files[0] == files[1] and files[0].startswith(start)


def test_bytes_are_the_same_in_another_process():
    code = ("import sys; from viz.source import load; from viz.sweep import sweep; "
            "from viz.plot import plot, save; "
            "f = plot(sweep(load('abs(sin(3*x))/x').function)); "
            "[save(f, sys.stdout.buffer, format=k) for k in ('svg', 'pdf', 'png')]")
    seen = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True,
                           env={**os.environ, "PYTHONHASHSEED": seed}).stdout
            for seed in ("1", "2")}
    assert len(seen) == 1


def test_pyplot_is_not_touched():
    code = ("import sys; from viz.sweep import sweep; from viz.plot import plot; "
            "plot(sweep(lambda x: x * x)); sys.exit('matplotlib.pyplot' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_legend_has_the_expression_where_it_is_short():
    texts = [t.get_text() for t in drawn("x**3 + x").axes[0].get_legend().get_texts()]
    assert texts == ["f(x) = x³ + x", "f′(x)"]


def test_the_axis_is_never_cropped_to_the_domain():
    assert drawn("log(x)").axes[0].get_xlim() == (-3, 3)


def test_unknown_options_and_formats_are_named():
    with pytest.raises(PlotError, match="unknown option: 'colour'"):
        drawn("x", colour="red")
    with pytest.raises(PlotError, match="unknown format: 'bmp'"):
        save(drawn("x"), io.BytesIO(), format="bmp")
