"""Our own documentation: it builds without a warning, its code runs; the README on its hosts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tinyviz import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_code_on_a_page_runs_and_prints_what_it_says(page, capsys):
    names = {}
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"),
                           re.MULTILINE | re.DOTALL):
        exec(compile(code, page.name, "exec"), names)
        said = [line.partition("# ")[2] for line in code.splitlines() if line.startswith("print(")]
        assert capsys.readouterr().out.splitlines() == said


def test_the_options_on_the_pages_exist():
    context = click.Context(cli.commands)
    known = {flag for name in cli.commands.list_commands(context)
             for parameter in cli.commands.get_command(context, name).params
             for flag in (*parameter.opts, *parameter.secondary_opts)}
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    used = set(re.findall(r"tinyviz (?:docs|graph|plot)\b[^`\n]*?(--[a-z-]+)", text))
    assert used and used <= known | {"--help"}


def test_the_site_is_built_without_a_warning(tmp_path):
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j2", "docs", str(tmp_path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout
    page = (tmp_path / "tutorial.html").read_text(encoding="utf-8")
    assert page.count("<figure") >= 8 and "value 2.928, derivative 5.32" in page
    assert not any(path.name.startswith("tinyviz") for path in (ROOT / "docs").iterdir())


def test_the_picture_of_the_rooms_is_current():
    done = subprocess.run([sys.executable, "docs/rooms.py", "--check"], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


def test_the_readme_by_the_rules_of_github():
    cmarkgfm = pytest.importorskip("cmarkgfm")
    page = cmarkgfm.github_flavored_markdown_to_html(README, cmarkgfm.Options.CMARK_OPT_UNSAFE)
    picture = page[page.index("<picture>"):page.index("</picture>")]
    assert 'media="(prefers-color-scheme: dark)"' in picture and picture.count("<img ") == 1
    assert "&lt;" not in picture
    assert "examples/cubic.py --at 1.2 -o docs" not in re.sub(r"<!--.*?-->", "", page)
    assert re.search(r"</picture>\s*<!-- /tinyviz -->\s*<h2>", page)


@pytest.mark.filterwarnings("ignore")
def test_the_readme_as_pypi_shows_it():
    readme_markdown = pytest.importorskip("readme_renderer.markdown")
    if not readme_markdown.variants:
        pytest.skip("readme_renderer has no Markdown here: install readme_renderer[md]")
    page = readme_markdown.render(README)
    assert "-o docs/img/cubic.svg" not in page and "made by" not in page
    image = re.search(r"<img[^>]*>", page)
    assert image and "derivative 5.32." in image[0] and 'src="docs/img/cubic.svg"' in image[0]
