"""Pictures in Sphinx: real projects, built in processes of their own, warnings fatal."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("sphinx")

ROOT = Path(__file__).parent.parent
CUBIC = "def f(x=1.2):\n    return x*x*x + x\n"
CONF = """
project, version, copyright, numfig = "t", "1", "2026, t", True
extensions = ["viz.hosts.sphinx"]
html_theme = "alabaster"
"""
INDEX = """
Title
=====

See :numref:`cubic` and :ref:`here <cubic>`.

.. tinyviz-graph:: ../cubic.py
   :at: 1.2
   :caption: The *chain rule*
   :name: cubic
   :align: center
   :width: 80%
   :class: wide

.. toctree::

   plots
   code
"""
PLOTS = """
Plots
=====

.. tinyviz-plot:: x**3 - 3*x
   :range: -2 2
   :overlay:
   :alt: A cubic
"""
CODE = """
Code
====

.. tinyviz-graph::
   :at: x=3 y=2
   :edges: none
   :include-source:

   def f(x, y):
       h = x*x
       return h*y
"""


@pytest.fixture
def site(tmp_path):
    """A project: its function, and three pages."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "cubic.py").write_text(CUBIC)
    for name, text in (("conf.py", CONF), ("index.rst", INDEX), ("plots.rst", PLOTS),
                       ("code.rst", CODE)):
        (tmp_path / "docs" / name).write_text(text)
    return tmp_path


def build(site, builder="html", *options):
    """(status, output) of a build with two processes, in which a warning is an error."""
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-j2", "-b", builder, "-d",
         "build/doctrees", *options, "docs", f"build/{builder}"], cwd=site, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"})
    return done.returncode, done.stdout


def pictures(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in (folder / "build/doctrees/tinyviz").iterdir()}


def test_html_then_again_then_latex_then_epub(site):
    status, out = build(site)
    assert status == 0, out
    page = (site / "build/html/index.html").read_text(encoding="utf-8")
    figure = page[page.index("<figure"):page.index("</figure>")]
    assert 'class="tinyviz wide align-center" id="cubic"' in figure
    said = "Computation graph of f(x) = x³ + x at x = 1.2: value 2.928, derivative 5.32."
    assert figure.count(f'alt="{said}"') == 2 and "The <em>chain rule</em>" in figure
    assert re.search(r'class="tinyviz-light only-light"[^>]*src="_images/\w{16}\.svg"', figure)
    assert re.search(r'class="tinyviz-dark only-dark"[^>]*src="_images/\w{16}-dark\.svg"', figure)
    assert 'href="#cubic"><span class="std std-numref">Fig. 1</span>' in page
    assert "_static/tinyviz.css" in page and (site / "build/html/_static/tinyviz.css").exists()
    assert 'alt="A cubic"' in (site / "build/html/plots.html").read_text(encoding="utf-8")
    code = (site / "build/html/code.html").read_text(encoding="utf-8")
    assert "highlight" in code and "f(x, y) = x²·y at x = 3, y = 2: value 18" in code

    before = pictures(site)
    assert sum(b">line 2</text>" in content for content, _ in before.values()) == 2    # of code.rst
    status, out = build(site)
    assert status == 0 and "0 added, 0 changed, 0 removed" in out
    assert pictures(site) == before

    status, out = build(site, "latex")
    assert status == 0, out
    tex = (site / "build/latex/t.tex").read_text(encoding="utf-8")
    shown = re.findall(r"includegraphics\[?.*?\{\{(\w+(?:-dark)?)\}\.(\w+)\}", tex)
    assert len(shown) == 3 and all(end == "pdf" and "dark" not in name for name, end in shown)
    assert all((site / f"build/latex/{name}.pdf").read_bytes().startswith(b"%PDF")
               for name, _ in shown)

    status, out = build(site, "epub")
    assert status == 0, out
    names = zipfile.ZipFile(next((site / "build/epub").glob("*.epub"))).namelist()
    assert sorted(os.path.splitext(name)[1] for name in names if "_images" in name) == [".png"]*3

    status, out = build(site)
    assert status == 0 and all(pictures(site)[name] == kept for name, kept in before.items())


def found(style):
    return bool(subprocess.run(["kpsewhich", style], capture_output=True).stdout)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="LaTeX is not installed")
def test_the_latex_becomes_a_pdf(site):
    if not all(map(found, ("titlesec.sty", "tabulary.sty", "framed.sty", "needspace.sty"))):
        pytest.skip("the LaTeX that is installed lacks packages that Sphinx needs")
    with open(site / "docs/conf.py", "a") as conf:     # fonts that every LaTeX has
        conf.write('latex_elements = {"fontpkg": "", "fontenc": ""}\n')
    status, out = build(site, "latex")
    assert status == 0, out
    folder = site / "build/latex"
    for _ in range(2):           # references
        done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
                              cwd=folder, capture_output=True)
        assert done.returncode == 0, done.stdout[-3000:].decode("latin-1")
    log = (folder / "t.log").read_text(encoding="latin-1").replace("\n", "")
    assert len(set(re.findall(r"<\./(\w{16}\.pdf)>", log))) == 3, "each picture is in it"
    assert "undefined references" not in log and (folder / "t.pdf").stat().st_size > 20_000


def test_an_edit_rereads_just_the_pages_that_use_it(site):
    assert build(site)[0] == 0
    old = set(pictures(site))
    (site / "cubic.py").write_text(CUBIC.replace("+ x", "+ 2*x"))
    status, out = build(site)
    assert status == 0 and "0 added, 1 changed, 0 removed" in out
    page = (site / "build/html/index.html").read_text(encoding="utf-8")
    assert "f(x) = x³ + 2·x at x = 1.2" in page
    assert len(set(pictures(site))) == len(old) and len(set(pictures(site)) - old) == 3
    status, out = build(site)
    assert "0 added, 0 changed, 0 removed" in out


WRONG = [
    (".. tinyviz-graph:: ../none.py\n", "no such file: 'none.py'"),
    (".. tinyviz-graph:: ../../evil.py\n", "lies outside the project"),
    (".. tinyviz-graph:: os:system\n   :at: 1\n", "there is no module 'os' in"),
    (".. tinyviz-graph:: x*x\n", "x*x needs a value for x"),
    (".. tinyviz-graph:: x*x\n   :at: one\n", "unknown name 'one'"),
    (".. tinyviz-graph::\n\n   def f(x=1):\n       return x/(1/0)\n", "f.py:2: ZeroDivisionErr"),
    (".. tinyviz-graph:: x*x\n   :at: 1\n   :rankdri: TB\n", 'Error in "tinyviz-graph"'),
    (".. tinyviz-graph:: x*x\n   :at: 1\n\n   def f(x):\n      return x\n", "not both"),
    (".. tinyviz-graph::\n", "give one TARGET"),
    (".. tinyviz-plot:: sqrt(-1 - x**2)\n", "undefined on the whole range"),
]


def test_an_error_is_a_warning_at_its_line(site):
    for name in ("plots", "code"):
        (site / f"docs/{name}.rst").unlink()
    text, lines = "Title\n=====\n\n", []
    for wrong, _ in WRONG:
        lines.append(text.count("\n") + 1)
        text += wrong + "\n"
    (site / "docs/index.rst").write_text(text)
    status, out = build(site)
    assert status != 0
    for line, (_, message) in zip(lines, WRONG):
        assert re.search(rf"docs/index\.rst:{line}: .*{re.escape(message)}", out), out


def test_from_myst(site):
    pytest.importorskip("myst_parser")
    (site / "docs/conf.py").write_text(CONF.replace('"]', '", "myst_parser"]'))
    (site / "docs/index.rst").unlink()
    (site / "docs/index.md").write_text(
        "# Title\n\n{numref}`minus`\n\n```{tinyviz-graph} -x*x\n:at: 2\n:caption: Minus\n"
        ":name: minus\n```\n\n```{tinyviz-graph}\n:at: 3\n\ndef f(x):\n    return x + x\n```\n\n"
        "```{toctree}\nplots\ncode\n```\n")
    status, out = build(site)
    assert status == 0, out
    page = (site / "build/html/index.html").read_text(encoding="utf-8")
    assert "Fig. 1" in page and "value −4, derivative −4." in page and "value 6" in page


def test_the_scraper_of_sphinx_gallery(site):
    pytest.importorskip("sphinx_gallery")
    (site / "examples").mkdir()
    (site / "examples/GALLERY_HEADER.rst").write_text("Examples\n========\n")
    (site / "examples/plot_cubic.py").write_text(
        '"""\nA cubic\n=======\n\nText.\n"""\n\nimport viz\n\n'
        "# %%\n# The graph\ngraph = viz.trace(lambda x: x*x*x + x, 1.2)\n")
    (site / "docs/conf.py").write_text(CONF.replace('"]', '", "sphinx_gallery.gen_gallery"]') + (
        'sphinx_gallery_conf = {"examples_dirs": "../examples", "gallery_dirs": "gallery", '
        '"image_scrapers": ("viz.hosts.sphinx.scraper",), "parallel": False, '
        '"show_memory": False, "reset_modules": ()}\n'))
    (site / "docs/index.rst").write_text("T\n=\n\n.. toctree::\n\n   gallery/index\n   plots\n"
                                         "   code\n")
    status, out = build(site)
    assert status == 0, out
    page = (site / "build/html/gallery/plot_cubic.html").read_text(encoding="utf-8")
    assert "sphx_glr_plot_cubic_001.svg" in page
    assert b">5.32</text>" in (site / "build/html/_images/sphx_glr_plot_cubic_001.svg").read_bytes()
