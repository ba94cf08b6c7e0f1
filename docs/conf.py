# Our own documentation, drawn by our own extension: python -m sphinx -W docs build/docs
import re

import cli

project = "tinyviz"
author = "the tinyviz authors"
copyright = "2026, the tinyviz authors"
version = release = cli.VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc", "viz.docs.sphinx"]
myst_heading_anchors = 2
html_theme = "furo"
html_title = "tinyviz"
numfig = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"


def plain(app, what, name, thing, options, lines):
    """Our docstrings are plain text, with code in single backticks: what is RST in them is not."""
    lines[:] = [re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", line) if "`" in line else
                re.sub(r"([*|_])", r"\\\1", line) for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", plain)
