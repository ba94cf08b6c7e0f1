"""How numbers, arrays and shapes are written, and how wide a text is."""

import json
import os
from pathlib import Path

import matplotlib
import pytest
from matplotlib.ft2font import FT2Font, LoadFlags

from viz.graph import Stats, Value, text

FONTS = {"sans": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf", "mono": "DejaVuSansMono.ttf"}


def widths(name: str) -> list[list[object]]:
    """The advance widths of a font of matplotlib's, as runs."""
    font = FT2Font(os.path.join(matplotlib.get_data_path(), "fonts", "ttf", name))
    runs: list[list] = []
    for code in sorted(font.get_charmap()):
        if code < 32:
            continue
        advance = font.load_char(code, flags=LoadFlags.NO_SCALE).horiAdvance
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
            runs[-1][2].append(advance)
        else:
            runs.append([code, code, [advance]])
    return [[a, b, w[0] if len(set(w)) == 1 else "".join(f"{n:04x}" for n in w)]
            for a, b, w in runs]


def test_the_width_table_is_the_fonts(request):
    path = Path(text.__file__).parent / "widths.json"
    made = json.dumps({font: widths(name) for font, name in FONTS.items()}, separators=(",", ":"))
    if request.config.getoption("--update-golden"):
        path.write_text(made, encoding="ascii")
    assert json.loads(path.read_text(encoding="ascii")) == json.loads(made)


@pytest.mark.parametrize("x, written", [
    (1.2, "1.2"), (5.32, "5.32"), (5.319999999999999, "5.32"), (1.44, "1.44"), (2.928, "2.928"),
    (0.1 + 0.2, "0.3"), (1 / 3, "0.33333"), (2 / 3 * 1e-7, "6.6667e−8"), (1e-300, "1e−300"),
    (-0.5, "−0.5"), (0.0, "0"), (-0.0, "−0"), (10**9, "1000000000"), (1e9, "1000000000"),
    (123456.0, "123456"), (123456.7, "123460"), (1e10, "1e10"), (2.5e20, "2.5e20"),
    (10**15, "1e15"), (float("nan"), "nan"), (float("inf"), "inf"), (-float("inf"), "−inf"),
    (True, "True"), (3, "3"), (-7, "−7"), (1 + 2j, "1+2i"), (100.0, "100"), (99999.9, "100000"),
])
def test_numbers(x, written):
    assert text.number(x) == written


@pytest.mark.parametrize("value, written", [
    (Value((), "float64", (1.2,)), "1.2"),
    (Value((1,), "float64", (1.2,)), "1.2"),
    (Value((3,), "float64", (1.0, 2.0, 3.0)), "[1, 2, 3]"),
    (Value((0,), "float64", ()), "empty"),
    (Value((2, 2), "float64", (1.0, 2.0, 3.0, 6.0)), "1 … 3 … 6"),
    (Value((5,), "float64", (1.0, 2.0, 3.0, float("nan"), float("inf"))),
     "1 … 2 … 3, nan ×1, inf ×1"),
    (Value((4,), "float64", (float("nan"),) * 4), "nan ×4"),
    (Value((32, 10), "float64", None, Stats(-1.2, 0.123456, 0.9)), "−1.2 … 0.123 … 0.9"),
    (None, "none"),
])
def test_values(value, written):
    assert text.numbers(value) == written


@pytest.mark.parametrize("name, used", [
    ("x", "x"), ("layer1.weight", "layer1.weight"), ("y₁", "y₁"), ("h[0]", "h[0]"),
    ("x²", "(x²)"), ("x³ + x", "(x³ + x)"), ("名前", "名前"), ("", "()"), ("x⁻¹", "(x⁻¹)")])
def test_a_power_was_taken_for_a_name(name, used):
    assert text.word(name) == used


def test_shapes():
    assert text.shape((32, 10)) == "32×10"
    assert text.shape(()) == "()"


def test_a_long_text_gives_way_in_its_middle():
    assert text.shorten("abcdefghij", 7) == "abc…hij"
    assert text.shorten("abc", 7) == "abc"
    assert len(text.shorten("x" * 100, 10)) == 10
    assert text.shorten("model.layer[t].attention.self.query.weight", 30) == \
        "…attention.self.query.weight"
    assert text.shorten("layers.[2t+1].self.{query,key,value}.weight", 32) == \
        "…self.{query,key,value}.weight"
    assert text.shorten("layers.[t].output.dense.weight", 28) == "…[t].output.dense.weight"
    assert text.shorten("[2t+1].output.dense.weight", 24) == "…output.dense.weight"
    assert text.shorten("view(linear(layer_norm(v)), 2, 10, −1, 8)", 30) == \
        "view(linear(…), 2, 10, −1, 8)"
    assert text.shorten("zoo.py:34 in a module of many words", 20).startswith("zoo.py:34")
    assert len(text.shorten("(" * 60, 14)) == 14
    assert text.shorten("hidden_states = hidden_states + residual", 24) == "hidden_states"
    assert text.shorten("h = hidden_states + residual + x", 24).startswith("h = hidden")


@pytest.mark.parametrize("given, shown", [
    ("x\ny", "x⏎y"), ("a\tb", "a⇥b"), ("名前", "名前"), ("🙂", "🙂"), ("a\x00b", "a�b"),
    ("a\u202eb", "a�b"), ("<b>", "<b>"), ("\\N", "\\N"), ("\ud800", "�"),
])
def test_control_characters_are_made_visible(given, shown):
    assert text.literal(given) == shown


def test_widths():
    assert text.width("0000", 10, "mono") == pytest.approx(4 * 10 * 1233 / 2048)
    assert text.width("ii", 10) < text.width("MM", 10) < text.width("MM", 10, "bold")
    assert text.width("名", 10) == 10                      # DejaVu has none: an em
    assert text.width("e\u0301", 10) == text.width("e", 10)    # a combining accent takes no room
    assert text.covered("x³ + ∂") and not text.covered("名前")


@pytest.mark.parametrize("value, written", [
    (Value((2, 2), "float64", (0.0,) * 4), "all 0"),
    (Value((2, 2), "float64", (0.03125,) * 4), "all 0.03125"),
    (Value((9, 9), "float64", None, Stats(1.0, 1.0, 1.0, 2)), "all 1, nan ×2"),
    (Value((), "float64", None, Stats(4.4483, 4.45, 4.4494, median=4.449)), "each 4.45"),
])
def test_equal_numbers_were_written_three_times(value, written):
    assert text.numbers(value) == written


@pytest.mark.parametrize("dtype, mean, written", [
    ("float64", 1.6e-20, "−0.3 … 0 … 0.5"),
    ("float64", 1e-12, "−0.3 … 1e−12 … 0.5"),
    ("float64", -2e-18, "−0.3 … 0 … 0.5"),
    ("float32", 4e-9, "−0.3 … 0 … 0.5"), ("float32", 4e-5, "−0.3 … 4e−5 … 0.5")])
def test_a_mean_that_is_rounding_error_was_shown(dtype, mean, written):
    assert text.numbers(Value((64, 10), dtype, None, Stats(-0.3, mean, 0.5))) == written
    assert text.numbers(Value((8,), dtype, None, Stats(-0.3, 0.1, 0.5, median=mean))) == written


def test_infinities_keep_their_sign():
    inf = float("inf")
    assert text.numbers(Value((4,), "float64", (1.0, -inf, -inf, inf))) == "all 1, inf ×1, −inf ×2"
    assert text.numbers(Value((99,), "float64", None, Stats(0.0, 1.0, 2.0, 0, 3))) == \
        "0 … 1 … 2, ±inf ×3"


@pytest.mark.parametrize("x, digits, written", [
    (134.2, 2, "130"), (27184.3, 3, "27200"), (671.71, 5, "671.71"), (674530.7, 5, "674530"),
    (1234567.8, 5, "1.2346e6"), (-134.2, 2, "−130")])
def test_powers_of_ten_below_a_million_are_written_out(x, digits, written):
    assert text.number(x, digits) == written


@pytest.mark.parametrize("x, written", [
    (1.0000001, "1.0000001"), (1.0001, "1.0001"), (1 / 3, "0.33333"), (10**9, "1000000000"),
    (-1.0000001, "−1.0000001"), (float("nan"), "nan"), (-0.0, "−0")])
def test_what_was_typed_in_is_not_rounded(x, written):
    assert text.input_number(Value((), "float64", (x,))) == written
    assert text.input_number(Value((3,), "float64", (1.0, 2.0, 3.0))) == "[1, 2, 3]"


def test_ideographs_were_taken_to_be_as_wide_as_emoji():
    assert text.width("名前", 10) == 20 < text.width("🙂" * 2, 10)
