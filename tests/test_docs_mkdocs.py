"""Pictures in Python-Markdown: by the fences alone, and in MkDocs-Material by the plugin."""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pymdownx")

ROOT = Path(__file__).parent.parent
CUBIC = "def f(x=1.2):\n    return x*x*x + x\n"
SAID = "Computation graph of f(x) = x³ + x at x = 1.2: value 2.928, derivative 5.32."
PAGE = """---
title: A page
---
# Title

```tinyviz-graph
cubic.py --at 1.2
```

```tinyviz-graph at="x=3 y=2" no_grad caption="A <product>"
def f(x, y):
    return x*y
```

```{.tinyviz-plot range="-2 2" alt="A cubic"}
x**3 - x
```

```python
print("code")
```
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs/deep").mkdir(parents=True)
    (tmp_path / "cubic.py").write_text(CUBIC)
    (tmp_path / "mkdocs.yml").write_text("site_name: t\n")
    (tmp_path / "docs/index.md").write_text("# Home\n")
    (tmp_path / "docs/deep/page.md").write_text(PAGE)
    return tmp_path


def convert(text):
    import markdown
    from viz.hosts import superfences
    fences = [{"name": f"tinyviz-{name}", "class": "tinyviz", "format": superfences.format,
               "validator": superfences.validator} for name in ("graph", "plot")]
    return markdown.markdown(text, extensions=["pymdownx.superfences"], extension_configs={
        "pymdownx.superfences": {"custom_fences": fences}})


def test_a_fence_alone(site):
    page = convert(PAGE.partition("---\n# Title")[2])
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(figures) == 3 and "print" in page
    assert figures[0].count(f'alt="{SAID}" src="data:image/svg+xml;base64,') == 2
    assert 'class="tinyviz-dark only-dark"' in figures[0]
    assert "<figcaption>A &lt;product&gt;</figcaption>" in figures[1] and "value 6." in figures[1]
    assert 'alt="A cubic"' in figures[2]
    assert convert(PAGE) == convert(PAGE)


@pytest.mark.parametrize("fence, message", [
    ("```tinyviz-graph\nnone.py\n```", "tinyviz-graph: no such file: 'none.py'"),
    ("```tinyviz-graph\n../evil.py\n```", "lies outside the project"),
    ("```tinyviz-graph\nos:system\n```", "there is no module 'os'"),
    ("```tinyviz-graph\nx*x --open --at 1\n```", "--open is for the command line"),
    ("```tinyviz-graph rankdri=\"TB\"\nx*x\n```", "unknown option: 'rankdri' (must be one of"),
    ("```tinyviz-graph output=\"/tmp/x.svg\"\nx*x\n```", "unknown option: 'output'"),
    ("```tinyviz-graph at=\"1\"\ndef f(x):\n    return x/(1/0)\n```", "f.py:2: ZeroDivisionError"),
])
def test_a_fence_alone_stops_on_an_error(site, fence, message):
    from pymdownx.superfences import SuperFencesException
    with pytest.raises(SuperFencesException, match=re.escape(message)):
        convert(fence)


MATERIAL = "site_name: t\ntheme: {name: material, font: false}\nplugins: [%s]\n"
ALONE = MATERIAL % "" + """markdown_extensions:
  - pymdownx.superfences:
      custom_fences:
""" + "".join(f"""        - name: tinyviz-{name}
          class: tinyviz
          format: !!python/name:viz.hosts.superfences.format
          validator: !!python/name:viz.hosts.superfences.validator
""" for name in ("graph", "plot"))


def build(site, *options):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", *options], cwd=site, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"})
    return done.returncode, done.stdout


def state(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_site_of_mkdocs_material_with_and_without_the_plugin(site):
    pytest.importorskip("material")
    (site / "mkdocs.yml").write_text(MATERIAL % "tinyviz")
    status, out = build(site, "-q", "--strict")
    assert status == 0, out
    page = (site / "site/deep/page/index.html").read_text(encoding="utf-8")
    urls = re.findall(r'<img class="tinyviz-(?:light|dark)[^>]*src="([^"]*)"', page)
    assert len(urls) == 6 and f'alt="{SAID}"' in html.unescape(page)
    assert all((site / "site/deep/page" / url).resolve().read_bytes().startswith(b"<svg")
               for url in urls)
    kept = site / ".cache/tinyviz"
    times = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    before = page, state(site / "site/assets/tinyviz")
    assert build(site, "-q", "--strict") == (0, "")
    assert {path: path.stat().st_mtime_ns for path in kept.iterdir()} == times
    page = (site / "site/deep/page/index.html").read_text(encoding="utf-8")
    assert (page, state(site / "site/assets/tinyviz")) == before

    (site / "cubic.py").write_text(CUBIC.replace("+ x", "+ 2*x"))
    assert build(site, "-q", "--strict")[0] == 0
    assert len(set(kept.iterdir()) - set(times)) == 3 and len(list(kept.iterdir())) == len(times)

    (site / "mkdocs.yml").write_text(ALONE)
    status, out = build(site, "-q", "--strict")
    assert status == 0, out
    page = (site / "site/deep/page/index.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml;base64,") == 6


def test_zensical(site):
    pytest.importorskip("zensical")
    (site / "mkdocs.yml").write_text(ALONE)
    done = subprocess.run([sys.executable, "-m", "zensical", "build"], cwd=site, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout
    page = (site / "site/deep/page/index.html").read_text(encoding="utf-8")
    assert page.count('<figure class="tinyviz">') == 3


PLACES = {"": "light", 'data-md-color-scheme="default"': "light", 'data-theme="auto"': "light",
          'data-md-color-scheme="slate"': "dark", 'data-theme="dark"': "dark",
          'data-bs-theme="dark"': "dark"}


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_a_page_shows_one_of_the_two(site):
    """Material says figure img { display: block }, and both were seen."""
    figure = convert("```tinyviz-graph\ncubic.py\n```")
    (site / "page.html").write_text(
        "<style>.md-typeset figure img { display: block; margin: 0 auto }</style>"
        '<body class="md-typeset">' + "".join(f"<div {place}>{figure}</div>" for place in PLACES)
        + "<script>document.title = [...document.images].filter("
        'i => getComputedStyle(i).display != "none").map(i => i.classList[0])</script>',
        encoding="utf-8")
    dom = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                          str(site / "page.html")], capture_output=True, text=True).stdout
    assert f"<title>{','.join(f'tinyviz-{seen}' for seen in PLACES.values())}</title>" in dom


def test_the_plugin_names_page_and_line(site):
    pytest.importorskip("mkdocs")
    (site / "mkdocs.yml").write_text("site_name: t\nplugins: [tinyviz]\n")
    (site / "docs/deep/page.md").write_text(PAGE.replace("cubic.py", "none.py"))
    message = "docs/deep/page.md:6: tinyviz-graph: no such file: 'none.py'"
    status, out = build(site)
    assert status == 0 and "WARNING" in out and message in out
    status, out = build(site, "--strict", "--quiet")
    assert status == 1 and message in out and "Traceback" not in out


def test_the_plugin_watches_what_pictures_are_made_of(site):
    pytest.importorskip("mkdocs")
    from mkdocs.commands.build import build as make
    from mkdocs.config import load_config
    (site / "mkdocs.yml").write_text("site_name: t\nplugins: [tinyviz]\n")
    config = load_config(str(site / "mkdocs.yml"))
    config.plugins.on_startup(command="serve", dirty=False)
    make(config)
    watched = []
    server = type("Server", (), {"watch": lambda self, path: watched.append(path)})()
    config.plugins.on_serve(server, config=config, builder=None)
    assert watched == [str((site / "cubic.py").resolve())]
