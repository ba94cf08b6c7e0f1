"""The command line, as a user has it: what it writes, prints and exits with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tinyviz import cli
from viz import writers

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("[a-z]*.py"))
CUBIC = "def f(x=1.2):\n    return x*x*x + x\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cubic.py").write_text(CUBIC)
    return tmp_path


def tinyviz(capfdbinary, *args):
    """(status, stdout, stderr) of the command."""
    capfdbinary.readouterr()
    status = 0
    try:
        cli.main([str(arg) for arg in args])
    except SystemExit as exit:
        status = exit.code
    out, err = capfdbinary.readouterr()
    return status, out, err.decode()


def test_the_first_picture(here, capfdbinary):
    status, out, err = tinyviz(capfdbinary, "graph", "cubic.py", "--at", "1.2")
    assert (status, out, err) == (0, f"output{os.sep}cubic.svg\n".encode(), "")
    text = (here / "output" / "cubic.svg").read_text(encoding="utf-8")
    assert ">5.32</text>" in text and ">1.44</text>" in text and ">x³ + x</text>" in text


@pytest.mark.parametrize("example, format", [
    (example, format) for example in EXAMPLES for format in writers.formats()
    if format != "gif" or example.stem == "cubic"], ids=lambda x: getattr(x, "stem", x))
def test_every_example_in_every_format(here, capfdbinary, example, format):
    status, out, err = tinyviz(capfdbinary, "graph", example, "-o", f"a.{format}")
    assert (status, err) == (0, "")
    assert (here / f"a.{format}").stat().st_size > 100


def test_several_files_in_one_run(here, capfdbinary):
    status, out, _ = tinyviz(capfdbinary, "graph", "cubic.py", "-o", "a.svg", "-o", "deep/b.dot")
    assert status == 0 and out == b"a.svg\ndeep/b.dot\n"
    assert (here / "deep" / "b.dot").read_text().startswith("digraph")


def test_standard_output_holds_the_picture_only(here, capfdbinary):
    (here / "loud.py").write_text("print('loading')\n"
                                  "def f(x):\n    print('hello')\n    return x*x\n")
    status, out, err = tinyviz(capfdbinary, "graph", "loud.py", "--at", "2",
                               "-o", "-", "-o", "a.png")
    assert status == 0 and out.startswith(b"<svg") and out.endswith(b"</svg>\n")
    assert "hello" in err and "a.png" in err
    status, out, _ = tinyviz(capfdbinary, "graph", "cubic.py", "-o", "-", "--format", "json")
    assert json.loads(out)["name"] == "cubic"


def test_json_is_read_back(here, capfdbinary):
    tinyviz(capfdbinary, "graph", "cubic.py", "-o", "a.json", "-o", "a.svg")
    status, _, _ = tinyviz(capfdbinary, "graph", "a.json", "-o", "b.json", "-o", "b.svg")
    assert status == 0
    assert (here / "a.json").read_bytes() == (here / "b.json").read_bytes()
    assert (here / "a.svg").read_bytes() == (here / "b.svg").read_bytes()


@pytest.mark.parametrize("args, expected", [
    (["x*y", "--at", "x=2", "--at", "y=pi/2"], "∂f/∂x = 1.5708"),
    (["x*y", "--at", "2", "--at", "3"], "∂f/∂y = 2"),
    (["x*y", "--at", "y=2", "--at", "3"], "∂f/∂x = 2"),
    (["-e", "-x**2", "--at", "-1/3"], "df/dx = 0.66667"),
    (["sum(x*x)", "--at", "[1, 2, 3]"], ">[2, 4, 6]</text>"),
    (["x**3 + sin(x)", "--at", "pi"], "df/dx = 29.609 − 1 = 28.609"),
])
def test_points(here, capfdbinary, args, expected):
    status, out, err = tinyviz(capfdbinary, "graph", *args, "-o", "-")
    assert status == 0 and expected in out.decode()


def test_no_grad(here, capfdbinary):
    _, out, _ = tinyviz(capfdbinary, "graph", "cubic.py", "--no-grad", "-o", "-")
    assert b"grad" not in out and b"5.32" not in out and b"2.928" in out


@pytest.mark.parametrize("args, shown", [
    (["--focus", "x²"], "1 op around x²: 5 of 7 nodes"),
    (["--focus", "v_1", "--radius", "2"], "2 ops around v_1: 7 of 7 nodes"),
    (["--from", "x"], "4 paths from x to x³ + x: d(x³ + x)/dx = 5.32"),
    (["--from", "x", "--to", "v_2"], "3 paths from x to x³: d(x³)/dx = 4.32"),
    (["--heat", "grad"], "grad, log scale"),
    (["--heat", "contribution"], "contribution, log scale"),
    (["--order", "2"], "d²f/dx²"), (["--backward"], "∂f/∂(x²)"),
    (["--hide", "constants"], ">5.32<"),
    (["--edges", "none"], ">5.32<"), (["--edges", "local"], "∂ x² = 1.44"),
    (["--theme", "print"], 'fill="#eee"'), (["--dark"], "#12181f"), (["--rankdir", "tb"], ">5.32<"),
])
def test_what_a_picture_may_show(here, capfdbinary, args, shown):
    status, out, err = tinyviz(capfdbinary, "graph", "cubic.py", *args, "-o", "-")
    assert (status, err) == (0, "") and shown in out.decode()


@pytest.mark.parametrize("args", [("graph", "cubic.py"), ("plot", "x*x*x + x")])
def test_both_are_what_each_is_alone(here, capfdbinary, args):
    """f.svg and f-dark.svg in one run: the function is run once, the graph laid out once."""
    status, out, _ = tinyviz(capfdbinary, *args, "--both", "-o", "f.svg", "-o", "f.png",
                             "--alt", "it")
    assert status == 0 and out.split() == [b"f.svg", b"f-dark.svg", b"f.png", b"f-dark.png"]
    for name, dark in (("f", ()), ("f-dark", ("--dark",))):
        for kind in ("svg", "png"):
            tinyviz(capfdbinary, *args, *dark, "-o", f"one.{kind}", "--alt", "it")
            assert (here / f"one.{kind}").read_bytes() == (here / f"{name}.{kind}").read_bytes()
    tinyviz(capfdbinary, "graph", "cubic.py", "--both", "--steps", "-o", "frames/")
    assert len(os.listdir(here / "frames")) == len(os.listdir(here / "frames-dark")) > 3


@pytest.mark.parametrize("args, message", [
    (("--both", "-o", "-"), "- is one stream"),
    (("--both", "--dark"), "adds a dark picture to a light one"),
    (("--both", "--theme", "dark"), "adds a dark picture to a light one"),
])
def test_both_need_a_light_one_and_two_places(here, capfdbinary, args, message):
    status, _, err = tinyviz(capfdbinary, "graph", "cubic.py", *args)
    assert status == 2 and message in err


def test_flags_are_said_and_strict_sets_the_status(here, capfdbinary):
    (here / "t.py").write_text("import numpy as np\ndef f(x=0.7):\n"
                               "    with np.errstate(all='ignore'):\n"
                               "        return np.log(x - 1)\n")
    status, out, err = tinyviz(capfdbinary, "graph", "t.py", "--flag")
    assert status == 0 and err == "NaN is born at t.py:4: log(−0.3)\n"
    assert tinyviz(capfdbinary, "graph", "t.py", "--strict")[0] == 1
    assert tinyviz(capfdbinary, "graph", "cubic.py", "--strict")[::2] == (0, "")


@pytest.mark.parametrize("args, status, message", [
    (["graph", "cubic.py", "--focus", "y"], 2, "the graph has no node 'y'"),
    (["graph", "cubic.py", "--to", "x"], 2, "--to needs --from"),
    (["graph", "cubic.py", "--hide", "ops"], 2, "op cannot be hidden"),
    (["graph", "cubic.py", "--backward", "--no-grad"], 2, "the graph has no gradients"),
    (["graph", "cubic.py", "--wrap", "900", "--engine", "dot"], 2,
     "--wrap sets rows of the built-in"),
    (["graph", "cubic.py", "--wrap", "9"], 2, "from 300 to 100000"),
    (["graph", "cubic.py", "--steps", "--backward"], 2, "--steps and --backward exclude"),
    (["graph", "cubic.py", "--steps", "-o", "a.pdf"], 2, "or a folder: frames/"),
    (["graph", "cubic.py", "--theme", "pink"], 2, "'pink' is not one of"),
    (["graph", "cubic.py", "-o", "a.bmp"], 2,
     "unknown format: 'bmp' of 'a.bmp' (must be one of "),
    (["graph", "cubic.py", "--format", "bmp"], 2, "unknown format: 'bmp' (must be one of "),
    (["graph", "cubic.py", "-o", "a"], 2, "'a' has no suffix to name its format"),
    (["graph", "none.py"], 2, "no such file: 'none.py'"),
    (["graph", "x*y", "--at", "1"], 2, "needs a value for y"),
    (["graph", "x*x", "--at", "one"], 2, "unknown name 'one'"),
    (["graph", "x*x", "--at", "z=1"], 2, "has no argument 'z' (it has x)"),
    (["graph", "x*x", "--at", "1", "--at", "2"], 2, "--at is given 2 times for 1 argument (x)"),
    (["graph", "x*x", "--at", "1+=2"], 2, "is not the name of an argument"),
    (["graph"], 2, "give one TARGET"),
    (["graph", "x", "-e", "x", "--at", "1"], 2, "not both"),
    (["graph", "-x*x", "--at", "1"], 2, 'put -e before it: tinyviz graph -e "-x*x"'),
    (["graph", "bad.py", "--at", "1"], 3, "bad.py:3: ZeroDivisionError: division by zero"),
    (["graph", "plain.py", "--at", "1"], 3, "plain.py:3: TypeError: `math.sin(x)` "),
    (["graph", "slow.py", "--at", "1", "--time-limit", "0.2"], 3, "still running after 0.2 s"),
    (["graph", "cubic.py", "-o", "folder.svg"], 1, "cannot write 'folder.svg': it is a folder"),
    (["graph", "cubic.py", "--engine", "dot", "-o", "a.svg"], 1,
     "there is no `dot` on this machine"),
    (["graph", "bad.json"], 2, "not a graph in JSON"),
    (["grpah", "cubic.py"], 2, "No such command"),
])
def test_errors(here, capfdbinary, monkeypatch, args, status, message):
    (here / "bad.py").write_text("def f(x):\n    y = x*2\n    return y/(1/0)\n")
    (here / "plain.py").write_text("import math\ndef f(x):\n    return math.sin(x)\n")
    (here / "slow.py").write_text("def f(x):\n    while True:\n        x = x*1.0\n")
    (here / "bad.json").write_text("{}")
    (here / "folder.svg").mkdir()
    if "dot" in args:
        monkeypatch.setenv("PATH", str(here))
    got, out, err = tinyviz(capfdbinary, *args)
    assert message in err and got == status and out == b""
    assert "Traceback" not in err and "viz/" not in err.replace("tinyviz", "")


def test_an_old_file_survives_a_failed_run(here, capfdbinary):
    (here / "a.svg").write_text("old")
    (here / "bad.py").write_text("def f(x):\n    return x/(1/0)\n")
    assert tinyviz(capfdbinary, "graph", "bad.py", "--at", "1", "-o", "a.svg")[0] == 3
    assert tinyviz(capfdbinary, "graph", "cubic.py", "-o", "a.svg", "-o", "a.bmp")[0] == 2
    assert (here / "a.svg").read_text() == "old"
    assert not list(here.glob(".tinyviz-*"))


def test_a_bug_of_ours_says_so(here, capfdbinary, monkeypatch):
    monkeypatch.setattr(writers, "pictures", lambda *a: 1 / 0)
    status, _, err = tinyviz(capfdbinary, "graph", "cubic.py")
    assert status == 1 and "this is a bug of tinyviz, ZeroDivisionError" in err
    with pytest.raises(ZeroDivisionError):
        cli.main(["graph", "cubic.py", "--traceback"])


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_a_plot(here, capfdbinary, format):
    status, out, err = tinyviz(capfdbinary, "plot", "cubic.py", "--range", "-2", "pi/2",
                               "-o", f"a.{format}")
    assert (status, out, err) == (0, f"a.{format}\n".encode(), "")
    assert (here / f"a.{format}").stat().st_size > 1000


def test_the_first_plot(here, capfdbinary):
    status, out, _ = tinyviz(capfdbinary, "plot", "cubic.py")
    assert (status, out) == (0, f"output{os.sep}cubic.plot.svg\n".encode())


@pytest.mark.parametrize("args", [
    ["--tangent", "1", "--mark", "roots, extrema", "--at", "0.5"], ["--secant", "-1", "1"],
    ["--taylor", "0", "3", "--check"], ["--log", "y", "--range", "1", "3"],
    ["--stack", "--order", "2"], ["--at", "x=0.5"],
    ["--with", "sin(x)", "--title", "two"], ["--style", "ggplot"], ["--pi"], ["--points", "50"],
])
def test_what_a_plot_may_show(here, capfdbinary, args):
    status, out, err = tinyviz(capfdbinary, "plot", "cubic.py", *args, "-o", "-", "--format", "svg")
    plain = tinyviz(capfdbinary, "plot", "cubic.py", "-o", "-")[1]
    assert (status, err) == (0, "") and b"<svg" in out[:400] and out != plain


@pytest.mark.parametrize("args", [[], ["--path", "1", "2"], ["--surface"], ["--yrange", "0", "1"]])
def test_two_variables(here, capfdbinary, args):
    assert tinyviz(capfdbinary, "plot", "x*x + sin(y)", *args, "-o", "a.png")[::2] == (0, "")


def test_a_family_of_curves(here, capfdbinary):
    args = ["plot", "a*x*x", "--param", "a=1,2,3", "-o", "a.svg"]
    assert tinyviz(capfdbinary, *args)[::2] == (0, "")
    status, _, err = tinyviz(capfdbinary, "plot", "a*x*x", "--param", "a", "-o", "a.svg")
    assert status == 2 and "write NAME=V,V,..." in err


def test_samples_and_events_as_data(here, capfdbinary):
    assert tinyviz(capfdbinary, "plot", "1/x", "-o", "a.svg", "--csv", "a.csv", "--json", "a.json"
                   )[0] == 0
    (pole,) = [e for e in json.loads((here / "a.json").read_text())["events"]
               if e["kind"] == "pole" and e["order"] == 0]
    assert pole["x"] == 0 and (pole["left"], pole["right"]) == ("-inf", "inf")
    assert (here / "a.csv").read_text().startswith("x,")


def test_a_plot_that_never_ends_is_stopped(here, capfdbinary):
    (here / "slow.py").write_text("def f(x):\n    while True:\n        x = x.item() if 0 else x\n")
    status, _, err = tinyviz(capfdbinary, "plot", "slow.py", "--time-limit", "0.3")
    assert status == 3 and "slow.py:" in err and "still running after 0.3 s" in err


@pytest.mark.parametrize("path, expected", [
    ("a.gif", b"GIF8"), ("a.html", b"<!doctype"), ("a.svg", b"<svg"), ("frames/", None)])
def test_steps(here, capfdbinary, path, expected):
    status, out, err = tinyviz(capfdbinary, "graph", "cubic.py", "--steps", "-o", path)
    assert (status, err) == (0, "")
    first = here / out.decode().splitlines()[0]
    assert first.read_bytes().lower().startswith(expected.lower() if expected else b"<svg")


@pytest.mark.parametrize("args, status, message", [
    (["plot", "cubic.py", "--range", "3", "-3"], 2, "from a smaller to a larger"),
    (["plot", "cubic.py", "--range", "a", "3"], 2, "unknown name 'a'"),
    (["plot", "cubic.py", "-o", "a.dot"], 2,
     "unknown format: 'dot' of 'a.dot' (must be one of svg, png, pdf)"),
    (["plot", "sqrt(-1 - x**2)"], 1, "undefined on the whole range"),
    (["plot", "x*y*z"], 2, "give all but one"),
    (["plot", "x*y", "--at", "z=1"], 2, "no argument 'z'"),
    (["plot", "bad.py"], 3, "bad.py:2: ZeroDivisionError"),
    (["plot", "plain.py"], 3, "plain.py:3: TypeError: `math.sin(x)` "),
    (["plot", "cubic.py", "--order", "9"], 2, "9"),
    (["plot", "cubic.py", "--style", "nope"], 2, "unknown style: 'nope'"),
    (["plot", "none.py"], 2, "no such file"),
])
def test_errors_of_plot(here, capfdbinary, args, status, message):
    (here / "bad.py").write_text("def f(x):\n    return x/(1/0)\n")
    (here / "plain.py").write_text("import math\ndef f(x):\n    return math.sin(x)\n")
    got, out, err = tinyviz(capfdbinary, *args)
    assert message in err and got == status and out == b""
    assert not list(here.glob("output/*"))


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line(here, capfdbinary):
    status, _, err = tinyviz(capfdbinary, "graph", "log(x)", "--at", "0")
    assert status == 0
    assert err.splitlines()[0] == "Warning: log(0) is -inf"


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_a_warning_of_numpys_had_no_line(here, capfdbinary):
    Path("a.py").write_text("import numpy as np\ndef f(x):\n    a = np.exp(x)\n    return a + 1\n")
    status, _, err = tinyviz(capfdbinary, "graph", "a.py", "--at", "800", "-o", "-")
    assert (status, err) == (0, "Warning: a.py:3: overflow encountered in exp\n")


def process(args, seed, cwd):
    env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-m", "tinyviz", *args], cwd=cwd, env=env,
                          capture_output=True, check=True).stdout


@pytest.mark.parametrize("format", writers.formats())
def test_the_same_bytes_in_every_process(here, format):
    name = "cubic" if format == "gif" else "rosenbrock"
    args = ["graph", str(ROOT / "examples" / f"{name}.py"), "-o", "-", "--format", format]
    first, *others = [process(args, seed, here) for seed in ("0", "4242")]
    assert first and all(other == first for other in others)


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_the_same_plot_in_every_process(here, format):
    args = ["plot", "tan(x)*x", "-o", "-", "--format", format]
    first, *others = [process(args, seed, here) for seed in ("0", "4242")]
    assert first and all(other == first for other in others)


def loaded(code, cwd):
    script = f"import sys\n{code}\nprint(*sorted(m for m in sys.modules if '.' not in m))"
    return subprocess.run([sys.executable, "-c", script], cwd=cwd, capture_output=True, check=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True).stdout.split()


def test_help_imports_neither_numpy_nor_matplotlib(here):
    modules = loaded("from tinyviz import cli\n"
                     "try: cli.main(['--help'])\nexcept SystemExit: pass", here)
    assert "click" in modules
    assert not {"numpy", "matplotlib", "graphviz", "tinytorch"} & set(modules)


@pytest.mark.parametrize("format", ["svg", "png", "dot", "json"])
def test_graph_imports_matplotlib_for_pdf_only(here, format):
    modules = loaded("from tinyviz import cli\n"
                     f"cli.main(['graph', 'cubic.py', '-o', 'a.{format}'])", here)
    assert "numpy" in modules and "matplotlib" not in modules


@pytest.mark.parametrize("command", [[], *([name] for name in cli.commands.list_commands(None))])
def test_help(command):
    result = CliRunner().invoke(cli.commands, [*command, "--help"])
    assert result.exit_code == 0 and "Usage:" in result.output
