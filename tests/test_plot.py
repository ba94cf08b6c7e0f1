"""Plots, judged by what is on the Axes and by bytes, never by pixels."""

import io
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from viz.plot import PlotError, PlotOptions, contours, plot, save, styled_figure, surface
from viz.run.targets import load
from viz.sweep import sweep
from viz.sweep.scalar_field import descend, sample_field


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


@pytest.mark.parametrize("kind, start", [("svg", b"<"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_bytes_are_the_same_twice(kind, start):
    files = []
    for _ in range(2):
        file = io.BytesIO()
        save(drawn("x**3 + x"), file, format=kind)
        files.append(file.getvalue())
    assert files[0] == files[1] and files[0].startswith(start)


def test_bytes_are_the_same_in_another_process():
    code = ("import sys; from viz.run.targets import load; from viz.sweep import sweep; "
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


def texts(figure):
    """All words on a figure."""
    return [t.get_text() for axes in figure.axes
            for t in [*axes.texts, *(axes.get_legend().get_texts() if axes.get_legend() else [])]]


def dots(figure, row=0):
    """(x, y, filled?) of the dots on an axis."""
    return sorted((float(line.get_xdata()[0]), float(line.get_ydata()[0]),
                   line.get_markerfacecolor() == line.get_markeredgecolor())
                  for line in figure.axes[row].lines if line.get_marker() == "o")


def test_a_jump_has_an_open_and_a_closed_dot_and_no_riser():
    figure = drawn("floor(x)", range=(0.5, 1.5), order=0)
    assert dots(figure) == [(1.0, 0.0, False), (1.0, 1.0, True)]
    assert all(np.ptp(line[:, 1]) == 0 for line in lines(figure))


def test_a_kink_leaves_two_open_dots_on_the_derivative_and_says_what_the_engine_returns():
    figure = drawn("abs(x)", stack=True)
    assert dots(figure, 1) == [(0.0, -1.0, False), (0.0, 1.0, False)]
    assert "the engine returns 0" in texts(figure)


def test_a_closed_end_and_the_reason_beyond_it():
    figure = drawn("sqrt(x)")
    assert (0.0, 0.0, True) in dots(figure)
    assert any("sqrt of a" in words for words in texts(figure))


def test_a_pole_has_an_asymptote():
    verticals = [line for line in drawn("1/(x - 1)", order=0).axes[0].lines
                 if list(line.get_xdata()) == [1, 1]]
    assert len(verticals) == 1


def test_curves_of_other_sizes_are_stacked_unless_told_otherwise():
    assert len(drawn("exp(-1e6*(x - 0.1234)**2)").axes) == 2
    assert len(drawn("x**3 + x").axes) == 1
    assert len(drawn("x**3 + x", stack=True, order=2).axes) == 3
    assert len(drawn("exp(-1e6*(x - 0.1234)**2)", stack=False).axes) == 1


def test_poles_do_not_flatten_the_rest():
    low, high = drawn("1/x + x", order=0).axes[0].get_ylim()
    assert -40 < low < -3 and 3 < high < 40


@pytest.mark.parametrize("text", ["exp(8*x)", "x**3 + x", "exp(-1e6*(x - 0.1234)**2)", "sin(x)"])
def test_roots_extrema_and_ends_are_in_view(text):
    s = sweep(load(text).function)
    low, high = plot(s, stack=True).axes[0].get_ylim()
    assert low <= np.nanmin(s.curves[0]) and np.nanmax(s.curves[0]) <= high


def test_a_level_line_has_a_sane_range():
    low, high = drawn("0*x + 2.0").axes[0].get_ylim()
    assert -1 < low < 0 < 2 < high < 3


def test_an_arm_that_leaves_says_how_far_it_goes():
    figure = drawn("x**x")
    assert any(words.startswith("▲ ") for words in texts(figure))


def test_many_decades_hint_at_the_log_axis():
    assert any("--log y" in words for words in texts(drawn("exp(8*x)")))
    assert drawn("exp(8*x)", log="y").axes[0].get_yscale() == "log"
    with pytest.raises(PlotError, match="positive values"):
        drawn("-exp(x)", order=0, log="y")
    with pytest.raises(PlotError, match="range of positive numbers"):
        drawn("x", log="x")


def test_tangent_secant_taylor_and_points_are_drawn_with_their_numbers():
    words = texts(drawn("x**3 + x", tangent=(1.2,), secant=(0, 1), taylor=((1, 2),), at=(2.0,)))
    for expected in ("f′(1.2) = 5.32", "f(1.2) = 2.928", "Δf/Δx = 2", "Taylor, degree 2 at 1",
                     "f(2) = 10", "f′(2) = 13"):
        assert expected in words


def test_the_taylor_polynomial_is_exact():
    figure = drawn("x**3 + x", order=0, taylor=((0.5, 3),))
    line = next(line for line in figure.axes[0].lines if "Taylor" in str(line.get_label()))
    x, y = np.array(line.get_xydata()).T
    np.testing.assert_allclose(y, x**3 + x, atol=1e-12)


@pytest.mark.parametrize("text, options, words", [
    ("abs(x)", {"tangent": (0.0,)}, "no tangent at 0: it has a kink there"),
    ("log(x)", {"tangent": (-1.0,)}, "no tangent at -1: it is undefined there"),
    ("x", {"mark": ("zeros",)}, "unknown mark: 'zeros'"),
    ("x", {"secant": (1.0, 1.0)}, "two places"),
    ("x", {"taylor": ((0.0, 99),)}, "from 0 to 12"),
    ("x", {"size": (1, 1)}, "size= must be from 100 to 10000"),
    ("x", {"log": "z"}, "unknown log: 'z'"),
    ("x", {"style": "no-such-style"}, "unknown style"),
])
def test_what_cannot_be_drawn_is_said(text, options, words):
    with pytest.raises(PlotError, match=words):
        drawn(text, **options)


def test_marks_are_labelled_with_their_values():
    words = texts(drawn("x**3 - 3*x", order=0, mark=("roots", "extrema")))
    assert {"1.732", "−1.732", "(−1, 2)", "(1, −2)"} <= set(words)


def test_the_ticks_are_multiples_of_pi_where_the_range_ends_at_such():
    ticks = [t.get_text() for t in drawn("sin(x)", range=(-np.pi, np.pi)).axes[0].get_xticklabels()]
    assert ticks == ["−π", "−π/2", "0", "π/2", "π"]


def test_the_check_is_a_panel_of_small_errors():
    figure = drawn("sin(x)", check=True)
    line = max(figure.axes[-1].lines, key=lambda line: len(line.get_xdata()))
    assert figure.axes[-1].get_yscale() == "log" and np.nanmax(line.get_ydata()) < 1e-8


def test_several_targets_and_a_family_share_a_picture():
    figure = plot([sweep(load(text).function, name=name) for text, name in (
        ("sin(x)", "f"), ("x**2", "g"))])
    words = texts(figure)
    assert "f(x) = sin(x)" in words and "g(x) = x²" in words

    def f(x, a):
        return np.sin(a * x)
    family = [sweep(f, order=0, fixed={"a": a}) for a in (1.0, 2.0, 3.0)]
    assert texts(plot(family)) == ["f(x), a = 1", "f(x), a = 2", "f(x), a = 3"]


def test_the_users_own_axes_are_used_and_their_figure_is_left_alone():
    from matplotlib.figure import Figure
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot(sweep(load("sin(x)").function), right) is figure
    assert not left.lines and len(right.lines) > 1 and len(figure.axes) == 2


def test_a_band_stands_for_what_is_faster_than_pixels():
    figure = drawn("sin(1000*x)", order=0)
    band = figure.axes[0].collections[0].get_paths()[0].vertices
    assert band[:, 1].min() < -0.99 and band[:, 1].max() > 0.99
    assert not lines(figure)


def test_dark_is_dark_and_a_style_is_matplotlibs():
    assert drawn("x", dark=True).get_facecolor()[0] < 0.2
    assert drawn("x", style="dark_background").get_facecolor()[:3] == (0, 0, 0)


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
@pytest.mark.parametrize("style", ["", "ggplot"])
def test_a_field_is_drawn_with_its_path(kind, style):
    found = sample_field(lambda x, y: x**2 + y**2, cells=40)
    asked = PlotOptions(style=style)
    for compose in (contours.contour_chart, surface.surface_chart):
        files = []
        for _ in range(2):
            figure = styled_figure(partial(compose, found, descend(found, 2, 1), asked), asked)
            file = io.BytesIO()
            save(figure, file, format=kind)
            files.append(file.getvalue())
        assert files[0] == files[1]
        assert len(figure.axes[0].patches) > 10 and figure.get_suptitle() == "f(x, y)"
        assert any("→ 0" in words for words in texts(figure)) == (compose is contours.contour_chart)


def test_hostile_names_are_shown_as_they_are():
    figure = plot(sweep(load("x").function, name="f"), title="$\\alpha$ <b>&\"")
    assert figure.get_suptitle() == "$\\alpha$ <b>&\""
    save(figure, io.BytesIO(), format="svg")


@pytest.mark.parametrize("kinks, told", [(3, 3), (8, 0)])
def test_many_jumps_are_marked_and_not_told_each(kinks, told):
    """What the engine returns at each of many kinks ran together."""
    def f(x):
        return sum(np.abs(x - k/2) for k in range(kinks))

    figure = plot([sweep(f, -1.0, 5.0)])
    words = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sum("the engine returns" in word for word in words) == told
