"""Pictures in Markdown and reStructuredText: `tinyviz docs`."""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tinyviz import cli
from viz.documents import dependencies, picture, provenance
from viz.documents.picture import Project
from viz.options.fields import specs
from viz.request import words

ROOT = Path(__file__).parent.parent
CUBIC = "def f(x=1.2):\n    return x*x*x + x\n"
COMMAND = "graph cubic.py --at 1.2 -o img/cubic.svg --dark"


def block(command, end="<!-- /tinyviz -->"):
    return f"<!-- tinyviz: {command} -->\n{end}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project: a function, and a README that shows it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "cubic.py").write_text(CUBIC)
    (tmp_path / "README.md").write_text(f"# Title\n\n{block(COMMAND)}\nend\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def docs(capfd):
    """docs(*args): (status, stdout, stderr) of `tinyviz docs`."""
    def run(*args):
        capfd.readouterr()
        status = 0
        try:
            cli.main(["docs", *map(str, args)])
        except SystemExit as exit:
            status = exit.code
        out, err = capfd.readouterr()
        return status, out, err
    return run


def state(folder):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in str(path)}


def test_a_picture_in_light_and_dark(here, docs):
    assert docs("README.md") == (0, "img/cubic.svg\nimg/cubic-dark.svg\nREADME.md\n", "")
    text = (here / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# Title\n\n<!-- tinyviz: " + COMMAND) and text.endswith("\nend\n")
    assert '<source media="(prefers-color-scheme: dark)" srcset="img/cubic-dark.svg">' in text
    said = "Computation graph of f(x) = x³ + x at x = 1.2: value 2.928, derivative 5.32."
    assert f'<img alt="{said}" src="img/cubic.svg">' in text
    light, dark = (here / "img" / name for name in ("cubic.svg", "cubic-dark.svg"))
    assert light.read_text() != dark.read_text()
    root = ElementTree.parse(light).getroot()
    assert root.get("role") == "img" and root[1].text == said
    assert light.stat().st_size < 8192
    assert provenance.owner(light.read_bytes()) == "README.md"


def test_again_changes_no_byte_and_no_time(here, docs):
    docs("README.md")
    before = state(here)
    assert docs("README.md") == (0, "", "")
    assert docs("README.md", "--check") == (0, "", "")
    assert state(here) == before


@pytest.mark.parametrize("change, why", [
    (lambda here: (here / "cubic.py").write_text(CUBIC.replace("+ x", "+ 2*x")), "sources"),
    (lambda here: (here / "img/cubic.svg").write_text("<svg/>"), "its file has changed"),
    (lambda here: (here / "img/cubic-dark.svg").unlink(), "there is no img/cubic-dark.svg"),
    (lambda here: (here / "README.md").write_text(
        (here / "README.md").read_text(encoding="utf-8").replace("--at 1.2", "--at 2"),
        encoding="utf-8"), "its command"),
])
def test_check_sees_what_is_stale_and_writes_nothing(here, docs, change, why):
    docs("README.md")
    change(here)
    before = state(here)
    status, out, err = docs("README.md", "--check")
    assert status == 1 and out == ""
    assert err.startswith("README.md:3: img/cubic.svg is not current: ") and why in err
    assert err.endswith("run: tinyviz docs README.md\n")
    assert state(here) == before
    assert docs("README.md", "--force")[0] == 0
    assert docs("README.md", "--check") == (0, "", "")


def test_what_is_imported_counts_and_what_lies_beside_it_does_not(here, docs):
    (here / "pkg").mkdir()
    (here / "pkg/__init__.py").write_text("")
    (here / "pkg/parts.py").write_text("from .deep import two\ndef g(x):\n    return two()*x\n")
    (here / "pkg/deep.py").write_text("def two():\n    return 2.0\n")
    (here / "other.py").write_text("")
    (here / "f.py").write_text("from pkg import parts\ndef f(x):\n    return parts.g(x)*x\n")
    (here / "a.md").write_text(block("graph f.py --at 3 -o a.svg"))
    docs("a.md")
    assert "18" in (here / "a.svg").read_text()
    (here / "other.py").write_text("x = 1\n")
    assert docs("a.md", "--check")[0] == 0
    (here / "pkg/deep.py").write_text("def two():\n    return 5.0\n")
    assert docs("a.md", "--check")[0] == 1
    docs("a.md")
    assert "45" in (here / "a.svg").read_text()


def test_two_targets_with_a_neighbour_of_the_same_name(here, docs):
    for name, factor in (("a", 2), ("b", 7)):
        (here / name).mkdir()
        (here / name / "helper.py").write_text(f"def k(x):\n    return {factor}.0*x\n")
        (here / name / "f.py").write_text("import helper\ndef f(x):\n    return helper.k(x)\n")
    (here / "a.md").write_text(block("graph a/f.py --at 10 -o a.svg")
                               + block("graph b/f.py --at 10 -o b.svg"))
    assert docs("a.md")[0] == 0
    assert "value 20," in (here / "a.svg").read_text()
    assert "value 70," in (here / "b.svg").read_text()


def test_edited_by_hand(here, docs):
    docs("README.md")
    text = (here / "README.md").read_text(encoding="utf-8")
    (here / "README.md").write_text(text.replace("<picture>", "<picture class='big'>"),
                                    encoding="utf-8")
    status, _, err = docs("README.md")
    assert status == 1 and err.startswith("Error: README.md:3: what stands between the markers was")
    assert docs("README.md", "--force")[0] == 0
    assert (here / "README.md").read_text(encoding="utf-8") == text
    assert docs("README.md", "--force") == (0, "", "")           # the same again: nothing to write


def test_a_file_of_others_is_not_overwritten(here, docs):
    (here / "img").mkdir()
    (here / "img/cubic.svg").write_text("<svg>a logo</svg>")
    status, _, err = docs("README.md")
    assert status == 1 and "README.md:3: -o img/cubic.svg: there is a file cubic.svg" in err
    assert (here / "img/cubic.svg").read_text() == "<svg>a logo</svg>"


def test_markers_in_code_are_code(here, docs):
    code = block("graph none.py -o none.svg")
    first, last = code.splitlines()
    inside = (f"```\n{code}```\n\n~~~~ md\n~~~\n{code}~~~~\n\n    {first}\n    {last}\n\n"
              f"`{first}`\n> {first}\n> {last}\n")
    (here / "README.md").write_text(inside)
    assert docs("README.md") == (0, "", "")
    assert (here / "README.md").read_text() == inside


def test_line_ends_and_several_lines_are_kept(here, docs):
    (here / "README.md").write_bytes(
        b"a\r\n<!-- tinyviz: graph\r\n  'x*x' --at 3\r\n  -o a.svg -->\r\n<!-- /tinyviz -->\r\nb")
    assert docs("README.md")[0] == 0
    text = (here / "README.md").read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") == 7 and text.endswith(b"-->\r\nb")
    assert docs("README.md", "--check") == (0, "", "")


def test_restructuredtext(here, docs):
    rst = "A\n=\n\n.. tinyviz: graph cubic.py\n   -o a.svg\n\n.. /tinyviz\n\nend\n"
    (here / "a.rst").write_text(rst)
    assert docs("a.rst") == (0, "a.svg\na.rst\n", "")
    text = (here / "a.rst").read_text(encoding="utf-8")
    assert "\n.. image:: a.svg\n   :alt: Computation graph of f(x) = x³ + x" in text
    assert docs("a.rst", "--check") == (0, "", "")
    (here / "b.rst").write_text(rst.replace("-o a.svg", "-o b.svg --dark"))
    assert "knows one picture for all pages" in docs("b.rst")[2]


def test_alt_is_the_authors_where_given_and_harmless(here, docs):
    (here / "a.md").write_text(block("graph 'x*x' --at 3 -o a.svg --alt '\"><script>&amp; x'"))
    assert docs("a.md")[0] == 0
    text = (here / "a.md").read_text()
    assert '<img alt="&quot;&gt;&lt;script&gt;&amp;amp; x" src="a.svg">' in text
    assert ElementTree.parse(here / "a.svg").getroot()[1].text == '"><script>&amp; x'


@pytest.mark.parametrize("command, said", [
    ("plot '1/x' -o p.svg", "pole at x = 0"),
    ("plot 'x**3 - 3*x' -o p.svg", "roots at x = −1.7321, x = 0 and x = 1.7321, "
                                   "minimum at (1, −2), maximum at (−1, 2)"),
    ("plot 'log(x)' --order 2 -o p.svg", "its first two derivatives for x from −3 to 3: root at "
                                         "x = 1, end at x = 0, undefined from −3 to 0"),
    ("plot 'x**2 + y' --range -1 1 -o p.svg", "from −1 to 1: lowest value −1 near (0, −1), highest "
                                              "value 2 near (−1, 1)"),
])
def test_a_plot_says_its_shape(here, docs, command, said):
    (here / "a.md").write_text(block(command))
    assert docs("a.md")[0] == 0
    assert said in (here / "a.md").read_text(encoding="utf-8")
    root = ElementTree.parse(here / "p.svg").getroot()
    assert root.get("role") == "img" and said in root[1].text


def test_a_folder_leaves_environments_out(here, docs):
    for folder in (".hidden", "venv", "node_modules", "deep/er"):
        (here / folder).mkdir(parents=True)
        (here / folder / "a.md").write_text(block(f"graph cubic.py -o {folder}/a.svg"))
    (here / "venv/pyvenv.cfg").write_text("")
    status, out, _ = docs(".")
    assert out.split() == ["img/cubic.svg", "img/cubic-dark.svg", "deep/er/a.svg", "README.md",
                           "deep/er/a.md"]
    assert 'src="a.svg"' in (here / "deep/er/a.md").read_text()


def test_base_url(here, docs):
    docs("README.md", "--base-url", "https://example.org/raw/")
    text = (here / "README.md").read_text(encoding="utf-8")
    assert 'src="https://example.org/raw/img/cubic.svg"' in text
    assert docs("README.md", "--base-url", "https://example.org/raw/", "--check")[0] == 0
    assert docs("README.md", "--check")[0] == 1
    err = docs("README.md", "--check", "--prune", "--base-url", "https://o.org/", "--root", ".")[2]
    assert err.endswith(
        "run: tinyviz docs README.md --prune --base-url https://o.org/ --root .\n")


def test_diff_shows_and_writes_nothing(here, docs):
    before = state(here)
    status, out, _ = docs("README.md", "--diff")
    assert status == 0 and "+<picture>" in out and "README.md:3: img/cubic.svg changes" in out
    assert state(here) == before


def test_prune_removes_what_was_made_here_only(here, docs):
    docs("README.md")
    (here / "other.md").write_text(block("graph cubic.py -o img/other.svg"))
    docs("other.md")
    (here / "img/logo.svg").write_text("<svg/>")
    (here / "README.md").write_text("nothing\n")
    assert docs("README.md", "--prune", "--check")[0] == 1
    assert (here / "img/cubic.svg").exists()
    status, out, _ = docs("README.md", "--prune")
    assert out == "removed img/cubic-dark.svg\nremoved img/cubic.svg\n"
    assert sorted(os.listdir(here / "img")) == ["logo.svg", "other.svg"]


def test_one_failure_leaves_the_others_and_the_old(here, docs):
    docs("README.md")
    old = (here / "img/cubic.svg").read_bytes()
    (here / "cubic.py").write_text("def f(x):\n    y = x\n    return y/(1/0)\n")
    with open(here / "README.md", "a") as file:
        file.write(block("graph 'x*x' --at 3 -o b.svg"))
    status, out, err = docs("README.md")
    assert status == 1 and out == "b.svg\nREADME.md\n"
    assert "Error: README.md:3: cubic.py:3: ZeroDivisionError" in err
    assert (here / "img/cubic.svg").read_bytes() == old


@pytest.mark.parametrize("text, message", [
    ("<!-- tinyviz: graph cubic.py -o a.svg -->\n", "README.md:1: the picture is not closed"),
    ("<!-- tinyviz: graph cubic.py -o a.svg\n", "README.md:1: the comment must end in -->"),
    ("<!-- /tinyviz -->\n", "README.md:1: this closes a picture that was not opened"),
    (block("graph cubic.py"), "README.md:1: say once where the picture goes"),
    (block("graph cubic.py -o a.html"), "README.md:1: say once where"),
    (block("graph cubic.py -o a.svg --format png"), "README.md:1: say once where"),
    (block("graph 'x -o a.svg"), "README.md:1: \"graph 'x -o a.svg\": No closing quotation"),
    (block("graph cubic.py -o a.svg --rankdr TB"), "README.md:1: No such option"),
    (block("graph cubic.py -o a.svg") * 2, "README.md:3: README.md:1 writes the same file"),
    (block("graph none.py -o a.svg"), "README.md:1: no such file: 'none.py'"),
])
def test_errors_name_the_place(here, docs, text, message):
    (here / "README.md").write_text(text)
    status, _, err = docs("README.md")
    assert status == 1 and message in err


HOSTILE = [
    "graph os:system --at 1 -o a.svg",
    "graph subprocess:run --at 1 -o a.svg",
    "graph ../evil.py --at 1 -o a.svg",
    "graph {outside}/evil.py:f --at 1 -o a.svg",
    "graph link.py --at 1 -o a.svg",
    "graph evil:f --at 1 -o a.svg",
    "graph /etc/passwd -o a.svg",
    "graph \"__import__('os').system('touch pwned')\" -o a.svg",
    "graph -e \"open('pwned', 'w')\" -o a.svg",
    "graph -e '(lambda: x)()' --at 1 -o a.svg",
    "graph -e 'x.__class__' --at 1 -o a.svg",
    "graph cubic.py --at \"__import__('os')\" -o a.svg",
    "graph cubic.py -o ../pwned.svg",
    "graph cubic.py -o {outside}/pwned.svg",
    "graph cubic.py -o away/pwned.svg",
    "graph cubic.py -o README.md",
    "graph cubic.py -o cubic.py",
    "graph cubic.py --open -o a.svg",
    "graph cubic.py --traceback -o a.svg",
    "graph --help -o a.svg",
    "plot cubic.py --style {outside}/evil.mplstyle -o a.svg",
    "plot cubic.py --style ../evil -o a.svg",
    "plot cubic.py --with ../evil.py -o a.svg",
    "plot cubic.py --with cubic.py --with os:system -o a.svg",
    "plot cubic.py --csv ../pwned.csv -o a.svg",
    "plot cubic.py --json cubic.py -o a.svg",
    "graph -e x --at 1 ../evil.py -o a.svg",
    "docs .",
    "graph cubic.py -o a.svg; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "graph \"$(touch pwned)\" -o a.svg",
]


@pytest.mark.parametrize("command", HOSTILE)
def test_a_document_runs_nothing_but_its_own_targets(tmp_path, monkeypatch, docs, command):
    here, outside = tmp_path / "project", tmp_path / "outside"
    here.mkdir()
    outside.mkdir()
    (here / "pyproject.toml").write_text("")
    (here / "cubic.py").write_text(CUBIC)
    touch = f"open({str(tmp_path / 'pwned')!r}, 'w')\n"
    (tmp_path / "evil.py").write_text(touch + CUBIC)
    (outside / "evil.py").write_text(touch + CUBIC)
    (here / "link.py").symlink_to(outside / "evil.py")
    (here / "away").symlink_to(outside)
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(str(outside))
    (here / "README.md").write_text(block(command.format(outside=outside)))
    files = {path for path in tmp_path.rglob("*")}
    status, _, err = docs("README.md")
    assert status == 1 and "README.md:1: " in err and "Traceback" not in err
    assert {path for path in tmp_path.rglob("*") if "__pycache__" not in str(path)} == files


def test_a_target_outside_is_drawn_where_that_is_allowed(tmp_path, monkeypatch, docs):
    here = tmp_path / "project"
    here.mkdir()
    (here / "pyproject.toml").write_text("")
    (tmp_path / "cubic.py").write_text(CUBIC)
    monkeypatch.chdir(here)
    (here / "README.md").write_text(block("graph ../cubic.py -o a.svg"))
    assert docs("README.md")[0] == 1
    assert docs("README.md", "--allow-outside")[0] == 0 and (here / "a.svg").exists()


def test_an_option_of_a_kind_that_may_name_a_file_is_refused():
    """Whoever adds an option says of what kind it is; a document has none that names a file."""
    kinds = {spec.kind for name in picture.NAMES
             for _, spec, _ in specs(words.request_class(name))}
    assert kinds <= {"text", "file", "style", "flag", "integer", "number", "point", "width",
                     "family", "names", "taylor"}
    for name, option in (("plot", "csv"), ("plot", "json"), ("graph", "both")):
        given = ["/etc/passwd"] if name == "plot" else []
        with pytest.raises(dependencies.DocumentError, match=f"--{option} (takes any|is for)"):
            picture.parse([name, "x", f"--{option}", *given], Project("."))


def test_the_hash_is_of_the_words_the_sources_and_the_version(here):
    def key(line, version="1"):
        return picture.parse(picture.split(line), Project(str(here), version=version)).key
    first = key("graph cubic.py --at 1")
    assert first == key("graph  'cubic.py'  --at 1")
    assert len({first, key("graph cubic.py --at 2"), key("graph cubic.py --at 1", "2")}) == 3
    (here / "cubic.py").write_bytes(CUBIC.replace("\n", "\r\n").encode())
    assert key("graph cubic.py --at 1") == first


@pytest.mark.parametrize("words, light, both", [
    ("", ("light",), ("light", "dark")), ("--dark", ("dark",), ("dark",)),
    ("--theme print", ("light",), ("light",)), ("--theme dark", ("light",), ("light",)),
])
def test_a_theme_that_was_asked_for_has_no_twin(here, words, light, both):
    asked = picture.parse(picture.split(f"graph cubic.py {words}"),
                          Project(str(here)))
    assert (asked.themes(dark=False), asked.themes(dark=True)) == (light, both)
    drawn = picture.draw(asked, ("svg",), both)
    assert set(drawn.files) == {(theme, "svg") for theme in both}
    paper = {"--dark": b"#12181f", "--theme dark": b"#12181f"}.get(words, b"#fff")
    assert paper in drawn.files[both[0], "svg"].split(b"\n")[3]


def test_light_and_dark_are_one_run(here, monkeypatch):
    """Traced and laid out once: the second costs its paint."""
    (here / "count.py").write_text("def f(x=2.0):\n    open('runs', 'a').write('.')\n"
                                   "    return x*x\n")
    asked = picture.parse(["graph", "count.py"], Project(str(here)))
    drawn = picture.draw(asked, ("svg", "png", "pdf"), ("light", "dark"))
    assert len(drawn.files) == 6 and (here / "runs").read_text() == "."
    assert drawn.files["light", "svg"] != drawn.files["dark", "svg"]


def test_two_hundred_pictures_in_one_process(here, docs):
    (here / "many.md").write_text("\n".join(
        block(f"graph cubic.py --at {i} -o img/{i}.svg --dark") for i in range(200)))
    docs("README.md")            # imports
    start = time.perf_counter()
    status, out, _ = docs("many.md", "--jobs", "2")
    assert status == 0 and len(out.split()) == 401
    assert time.perf_counter() - start < 60, "far beyond 25 ms each: measured in benchmarks/docs.py"
    assert docs("many.md", "--check") == (0, "", "")


def test_the_same_bytes_by_one_process_and_two(here, docs):
    commands = [f"graph cubic.py --at {i} -o {i}.svg" for i in range(4)]
    (here / "a.md").write_text("".join(map(block, commands)))
    docs("a.md")
    before = {i: (here / f"{i}.svg").read_bytes() for i in range(4)}
    docs("a.md", "--jobs", "2")
    assert before == {i: (here / f"{i}.svg").read_bytes() for i in range(4)}


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
@pytest.mark.parametrize("where, bar", [("terminal", True), ("pipe", False)])
def test_a_progress_bar_on_a_terminal_only(here, where, bar):
    import pty
    (here / "a.md").write_text("".join(block(f"graph cubic.py --at {i} -o {i}.svg")
                                       for i in range(3)))
    ours, theirs = pty.openpty() if where == "terminal" else os.pipe()[:2]
    done = subprocess.Popen([sys.executable, "-m", "tinyviz", "docs", "a.md"], stderr=theirs,
                            stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})
    os.close(theirs)
    seen = b""
    try:
        while more := os.read(ours, 4096):
            seen += more
    except OSError:              # how a terminal ends
        pass
    os.close(ours)
    assert done.communicate()[0].split() == [b"0.svg", b"1.svg", b"2.svg", b"a.md"]
    assert (b"drawing" in seen and b"100%" in seen) if bar else seen == b""


@pytest.mark.parametrize("content", [b"<svg>\n</svg>\n", None])
def test_marks(content):
    if content is None:
        import resvg_py
        content = bytes(resvg_py.svg_to_bytes(
            svg_string='<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>', dpi=96))
    owner = "docs/a--b ü.md"
    marked = provenance.with_owner(content, owner)
    assert provenance.owner(marked) == owner and provenance.owner(content) == ""
    if content.startswith(b"<svg"):
        ElementTree.fromstring(marked)


def test_the_readme_of_this_repository_is_current():
    done = subprocess.run([sys.executable, "-m", "tinyviz", "docs", "README.md", "--check"],
                          cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    drawn = subprocess.run([sys.executable, "-m", "tinyviz", "docs", "README.md", "--diff",
                            "--force"], cwd=ROOT, capture_output=True, text=True)
    assert not drawn.stdout, "it is drawn otherwise now: run tinyviz docs README.md --force"


def test_modules_at_the_root_are_for_its_own_files(here, docs):
    """A random.py there is not what NumPy, matplotlib or we import."""
    (here / "random.py").write_text("raise RuntimeError('this is not the standard library')\n")
    (here / "constants.py").write_text("K = 2\n")
    (here / "functions").mkdir()
    (here / "functions/f.py").write_text("def f(x=3.0):\n    from constants import K\n"
                                         "    return x*K\n")
    (here / "a.md").write_text(block("graph functions/f.py -o a.png")
                               + block("plot functions/f.py -o b.svg --style ggplot"))
    status, out, err = docs("a.md")
    assert (status, err) == (0, "") and out.split() == ["a.png", "b.svg", "a.md"]
