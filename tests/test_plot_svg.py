"""Plots painted by us: what the SVG says, where its lines are, what it leaves out."""

import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from viz.plot import PlotError, PlotOptions, chart, contours, palette, plot, save, surface, ticks
from viz.plot.chart import Annotation, Line, PanelFrame, MultiPolygon, Scale
from viz.plot.simplify import FINE, SEEN, line_path, simplify_polylines
from viz.run.targets import load
from viz.sweep import sweep
from viz.sweep.scalar_field import descend, sample_field
from viz.graph.text import width

FUNCTIONS = ["x**3 + x", "tan(x)", "floor(2*x)", "abs(x)", "sqrt(x*x - 1)", "sin(1000*x)",
             "log(x)", "exp(8*x)", "x**x"]


def charted(text, low=-3, high=3, order=1, **options):
    return chart(sweep(load(text).function, low, high, order=order), **options)


def svg(made):
    file = io.BytesIO()
    save(made, file, format="svg")
    return file.getvalue().decode()


def steps(d):
    """The polylines of a path's data: lists of points."""
    found, x, y = [], 0.0, 0.0
    for letter, numbers in re.findall(r"([MlhvVHz])([^MlhvVHz]*)", d):
        n = [float(v) for v in numbers.split(",")] if numbers else []
        if letter == "M":
            x, y = n
            found.append([])
        elif letter == "l":
            x, y = x + n[0], y + n[1]
        elif letter == "h":
            x += n[0]
        elif letter == "v":
            y += n[0]
        found[-1].append((x, y))
    return found


def curves(text):
    """The paths of the labelled curves: of each its polylines."""
    return [steps(path.get("d")) for path in ET.fromstring(text).iter(
        "{http://www.w3.org/2000/svg}path") if len(path)]


@pytest.mark.parametrize("text", FUNCTIONS)
@pytest.mark.parametrize("options", [{}, {"stack": True, "mark": ("roots", "extrema")}])
def test_one_element_a_line_with_a_role_a_name_and_no_id(text, options):
    drawn = svg(charted(text, **options))
    head, title, desc, *rest = drawn.splitlines()
    assert 'role="img"' in head and title.startswith("<title>Plot of f(x)")
    assert desc.startswith("<desc>") and len(ET.fromstring(drawn)) > 8
    assert all(re.fullmatch(r"<(\w+)[^<]*(/>|>[^<]*</\1>|><title>[^<]*</title></path>)|</?(g|svg)\b"
                            r"[^<]*>", element) for element in rest), drawn
    assert not re.search(r'\bid=|url\(|<defs|"[^"]*\b(nan|inf)\b[^"]*"', "".join(rest))


def test_it_is_small():
    assert len(svg(charted("x**3 + x"))) < 5000


def test_the_same_in_the_dark_but_for_colours():
    light = charted("tan(x)", mark=("roots",), tangent=(1.0,))
    dark = light._replace(palette=palette(PlotOptions(dark=True)))
    both = [re.sub(r"#[0-9a-f]{3,6}", "#", svg(made)) for made in (light, dark)]
    assert svg(light) != svg(dark) and both[0] == both[1]
    assert svg(dark) == svg(charted("tan(x)", mark=("roots",), tangent=(1.0,), dark=True))


def test_without_colours_dashes_tell_the_curves_apart():
    made = charted("x**3 + x", order=2, theme="print")
    dashes = re.findall(r'<path d="M[^"]*" fill="none" stroke="#000" stroke-width="2.5"([^>]*)><',
                        svg(made))
    assert len(dashes) == 3 and len(set(dashes)) == 3


@pytest.mark.parametrize("text", ["tan(x)", "1/x", "exp(8*x)", "x**3 + x"])
def test_curves_are_cut_at_the_frame(text):
    made = charted(text, stack=False)
    f = made.panels[0].frame
    points = np.array([p for curve in curves(svg(made)) for part in curve for p in part])
    assert points[:, 0].min() >= f.left - 0.01 and points[:, 0].max() <= f.left + f.width + 0.01
    assert points[:, 1].min() >= f.top - 0.01 and points[:, 1].max() <= f.top + f.height + 0.01


def test_no_line_crosses_a_pole():
    made = charted("1/(x - 1)", order=0)
    pole, _ = made.panels[0].places(1.0, 0.0)
    root = ET.fromstring(svg(made))
    parts = [part for path in root.iter("{http://www.w3.org/2000/svg}path")
             if path.get("stroke-width") == "2.5" for part in steps(path.get("d"))]
    assert len(parts) > 2
    for part in parts:
        xs = [x for x, _ in part]
        assert max(xs) <= pole + 0.02 or min(xs) >= pole - 0.02 or xs[-1] - xs[0] == 22  # legend


@pytest.mark.parametrize("count", [3, 40, 900, 5000])
@pytest.mark.parametrize("seed", range(4))
def test_no_point_is_left_out_that_is_seen(count, seed):
    chance = np.random.default_rng(seed)
    x = np.sort(chance.uniform(0, 700, count))
    y = 200 + chance.choice([1, 30, 150]) * np.sin(x * chance.uniform(0.001, 2)) + (
        chance.normal(0, chance.choice([0, 0.02, 5]), count))
    points = np.rint(np.stack([x, y], axis=1) * FINE).astype(np.int64)
    kept, again = simplify_polylines([points, points[::-1]])
    assert len(again) < len(points) + 1
    assert tuple(kept[0]) == tuple(points[0]) and tuple(kept[-1]) == tuple(points[-1])
    a, b = kept[:-1, None], kept[1:, None]
    along = (b - a).astype(float)
    length = np.maximum((along**2).sum(axis=2), 1e-9)
    share = np.clip(((points[None] - a) * along).sum(axis=2) / length, 0, 1)
    off = np.hypot(*np.moveaxis(points[None] - a - share[..., None] * along, 2, 0))
    assert off.min(axis=0).max() <= 2 * SEEN * FINE + 1


def test_a_straight_line_is_two_points():
    x = np.linspace(0, 700, 2001)
    frame = PanelFrame(0, 0, 700, 400)
    assert line_path(x, 300 - x / 4, frame) == "M0,300l700,-175"
    assert line_path(x, 100 - x, frame) == "M0,100l100,-100"
    assert line_path(x, np.where(x == 350, np.nan, 10.0), frame).count("M") == 2
    assert line_path(x, x + 1000, frame) == ""


@pytest.mark.parametrize("low, high", [(-3, 3), (0, 1), (-0.1, 7.3), (1e-9, 3e-9), (-5e6, 2e8),
                                       (100, 101), (-1, 1e-3)])
@pytest.mark.parametrize("most", [3, 6, 9])
def test_ticks_are_as_matplotlib_lays_them(low, high, most):
    from matplotlib.ticker import MaxNLocator
    known = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    known = [t for t in known if low - 1e-9 * (high - low) <= t <= high + 1e-9 * (high - low)]
    ours = [tick.at for tick in ticks.linear(Scale(low, high), most)]
    np.testing.assert_allclose(ours, known, rtol=1e-9, atol=1e-9 * (high - low))


@pytest.mark.parametrize("low, high, words", [
    (1, 1000, ["1", "10", "10²", "10³"]), (0.5, 3, ["0.5", "1", "2"]), (2.1, 2.9, ["2.2", "2.8"]),
    (1e-20, 1e20, ["10⁻²⁰", "1", "10²⁰"])])
def test_ticks_of_a_logarithm(low, high, words):
    found = [tick.words for tick in ticks.logarithmic(Scale(low, high, True)) if tick.words]
    assert set(words) <= set(found) and 2 <= len(found) <= 9


def test_a_large_number_is_no_multiple_of_pi():
    assert ticks.pi_ticks(1e15, 1e15 + 10, None) == ()
    assert [tick.words for tick in ticks.pi_ticks(0, np.pi, None)] == [
        "0", "π/4", "π/2", "3π/4", "π"]


def test_numbers_on_the_x_axis_keep_apart():
    panel = charted("x", 1e6, 1e6 + 1e-6).panels[-1]
    ends = [(float(panel.places(t.at, 0)[0]), width(t.words, 12) / 2) for t in panel.x_ticks]
    assert all(b - v > a + u for (a, u), (b, v) in zip(ends, ends[1:]))


@pytest.mark.parametrize("text", ["x**3 - 3*x", "sin(5*x)", "tan(x)"])
def test_labels_lie_on_no_other_and_in_the_frame(text):
    made = charted(text, mark=("roots", "extrema"), at=(1.2,), stack=False)
    (panel,) = made.panels
    f, boxes = panel.frame, []
    for note in panel.marks:
        if isinstance(note, Annotation) and note.zorder == 8:
            x, y = map(float, panel.places(note.x, note.y))
            left, bottom = x + note.dx, y - note.dy
            boxes.append((left, bottom - 1.25 * note.size, left + width(note.words, note.size),
                          bottom))
    assert len(boxes) > 2
    for i, a in enumerate(boxes):
        assert f.left <= a[0] and a[2] <= f.left + f.width and a[3] <= f.top + f.height + 0.1
        assert not any(a[0] < b[2] - 0.2 and b[0] < a[2] - 0.2 and a[1] < b[3] - 0.2
                       and b[1] < a[3] - 0.2 for b in boxes[:i])


def test_the_figure_shows_the_same():
    s = sweep(load("tan(x)").function)
    panel, axes = chart(s).panels[0], plot(s).axes[0]
    assert axes.get_ylim() == (panel.y.low, panel.y.high)
    ours = [mark for mark in panel.marks if isinstance(mark, Line)]
    theirs = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        np.testing.assert_array_equal(a.y, b.get_ydata())


def test_hostile_names_are_escaped():
    made = chart(sweep(load("x").function, name="<b>&\"'"), title="</svg><script>")
    ET.fromstring(svg(made))
    assert "<script" not in svg(made) and "<b>" not in svg(made)


@pytest.mark.parametrize("options", [{"at": (5.0,)}, {"tangent": (-4.0,)}])
def test_a_place_outside_the_picture_is_refused(options):
    with pytest.raises(PlotError, match=r"is not in the picture, which shows x from −3 to 3"):
        charted("x**2", **options)


@pytest.mark.parametrize("text, low, high, options", [
    ("exp(8*x)", -1e6, 1e6, {}), ("exp(8*x)", -1e3, 1e3, {"log": "y"}), ("x*1e-310", -3, 3, {}),
    ("x*1e300", -3, 3, {}), ("x", 1e15, 1e15 + 10, {}), ("x", -3, 3, {"size": (100, 100)})])
def test_numbers_at_the_ends_of_floats(text, low, high, options):
    drawn = svg(charted(text, low, high, **options))
    assert not re.search(r'"[^"]*\b(nan|inf)\b[^"]*"', drawn)
    ET.fromstring(drawn)


def test_alt_is_what_the_picture_says():
    file = io.BytesIO()
    save(charted("x"), file, format="svg", alt="A line: it rises")
    assert b"<title>A line</title>\n<desc>A line: it rises</desc>" in file.getvalue()


def fielded(text, start=None, **options):
    asked = PlotOptions(**options)
    found = sample_field(load(text).function, cells=80)
    path = descend(found, *start) if start else None
    return contours.contour_chart(found, path, asked, palette(asked))


@pytest.mark.parametrize("text", ["x*x + y*y*x", "log(x*y)", "1/(x*x + y*y - 1)", "x + 0*y",
                                  "sin(3*x)*cos(2*y)", "0*x + 0*y + 2"])
def test_contours_are_in_their_frame_and_calm(text):
    made = fielded(text)
    panel, bar = made.panels
    f = panel.frame
    drawn = svg(made)
    ET.fromstring(drawn)
    assert svg(fielded(text)) == drawn and not re.search(r'\bid=|"[^"]*\b(nan|inf)\b', drawn)
    for mark in panel.marks:
        if isinstance(mark, MultiPolygon) and mark.zorder < 1:
            x, y = panel.places(*np.concatenate(mark.rings).T)
            assert x.min() > f.left - 0.1 and x.max() < f.left + f.width + 0.1
            assert y.min() > f.top - 0.1 and y.max() < f.top + f.height + 0.1
    numbers = [float(t.words.replace("−", "-")) for t in bar.y_ticks]
    assert len(numbers) > 2 and numbers == sorted(numbers)


def test_a_band_lies_on_all_that_is_lower():
    bands = [mark for mark in fielded("x + y").panels[0].marks if isinstance(mark,
                                                                             MultiPolygon)][:-1]
    areas = [sum(abs(float(np.sum(r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1]))) / 2
                 for r in (np.concatenate([ring, ring[:1]]) for ring in band.rings))
             for band in bands]
    assert areas[0] == pytest.approx(36) and areas == sorted(areas, reverse=True)


def test_a_descent_and_where_f_is_undefined_are_drawn():
    panel = fielded("x**2 + y**2", (2, 1)).panels[0]
    assert any(isinstance(m, Annotation) and "→ 0" in m.words for m in panel.marks)
    hatch = [m for m in fielded("sqrt(x) + y").panels[0].marks
             if isinstance(m, Line) and m.color == "line"]
    assert len(hatch) == 1 and np.nanmax(hatch[0].x) <= 0.05


@pytest.mark.parametrize("text", ["x*x + y*y*x", "log(x*y)", "1/(x*x + y*y - 1)", "x + 0*y",
                                  "0*x + 0*y + 2", "exp(-x*x - y*y)"])
def test_a_surface_is_in_its_picture_and_its_nearer_cells_are_drawn_later(text):
    found = sample_field(load(text).function, cells=60)
    asked = PlotOptions()
    made = surface.surface_chart(found, None, asked, palette(asked))
    drawn = svg(made)
    ET.fromstring(drawn)
    assert not re.search(r'\bid=|"[^"]*\b(nan|inf)\b', drawn) and len(drawn) < 400_000
    cells = [m for m in made.panels[0].marks if isinstance(m, MultiPolygon)]
    corners = np.concatenate([ring for cell in cells for ring in cell.rings])
    assert corners.min() > 40 and corners[:, 0].max() < made.width - 40
    assert corners[:, 1].max() < made.height
    if text == "x + 0*y":        # a plane: the front edge is the last that is drawn
        assert cells[0].rings[0][:, 1].min() > cells[-1].rings[-1][:, 1].max()


def test_a_peak_is_not_cut_and_a_pole_is():
    peak = surface.z_scale(sample_field(load("exp(-x*x - y*y)").function).z)
    assert peak.low <= 1e-4 and peak.high == 1
    assert abs(surface.z_scale(sample_field(load("1/(x*x + y*y - 1)").function).z).high) < 50


def test_contours_are_the_same_in_the_dark_but_for_colours():
    light = fielded("x*y", title="Saddle")
    dark = light._replace(palette=palette(PlotOptions(dark=True)))
    both = [re.sub(r"#[0-9a-f]{3,6}", "#", svg(made)) for made in (light, dark)]
    assert svg(light) != svg(dark) and both[0] == both[1] and ">Saddle</text>" in both[0]


@pytest.mark.parametrize("suffix", ["svg", "png"])
@pytest.mark.parametrize("target", ["abs(x) + 1/x", "x*y"])
def test_svg_and_png_need_no_matplotlib(target, suffix, tmp_path):
    code = (f"import sys; from tinyviz import cli; cli.main(['plot', {target!r}, '-o', "
            f"{str(tmp_path / ('a.' + suffix))!r}]); "
            "sys.exit('matplotlib' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
