# Our own documentation, drawn by our own extension: python -m sphinx -W docs build/docs
import ast
import inspect
import re
from pathlib import Path

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import tinyviz
from tinyviz import cli

project = "tinyviz"
author = "the tinyviz authors"
copyright = "2026, the tinyviz authors"
version = release = tinyviz.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "tinyviz.sphinx"]
myst_heading_anchors = 2
html_theme = "furo"
html_title = "tinyviz"
html_static_path = ["_static"]
html_css_files = ["site.css"]
numfig = True
smartquotes = False              # --dark is no dash
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "fully-qualified"


class CommandLine(SphinxDirective):
    """The options of a command, as its --help has them."""

    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        command = cli.commands.get_command(click.Context(cli.commands), name)
        context = click.Context(command, info_name=f"tinyviz {name}")
        options = nodes.definition_list(classes=["options"])
        for term, text in (record for record in (option.get_help_record(context)
                                                 for option in command.params)
                           if record and record[1]):
            options += nodes.definition_list_item(
                "", nodes.term("", "", nodes.literal("", term)),
                nodes.definition("", nodes.paragraph("", text)))
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        summary = [" ".join(part.split()) for part in command.help.split("\n\n")]
        return [nodes.literal_block(usage, usage, language="text"),
                *(nodes.paragraph("", part) for part in summary), options]


def source_of(kind):
    """Return the source of a class, also of one that states another module as its own."""
    try:
        return inspect.getsource(kind)
    except OSError:
        text = Path(kind.__init__.__code__.co_filename).read_text(encoding="utf-8")
        return next(ast.get_source_segment(text, node) for node in ast.parse(text).body
                    if isinstance(node, ast.ClassDef) and node.name == kind.__name__)


def plain(app, what, name, thing, options, lines):
    """Turn our docstrings, plain text with code in single backticks, into reStructuredText.

    The comments after the fields of a record become its list of fields.
    """
    if what == "class" and getattr(thing, "__annotations__", None):
        fields = re.findall(r"^    (\w+): .*?\s# (.+)$", source_of(thing), re.MULTILINE)
        lines += [line for name, text in fields for line in (f"- `{name}`: {text}", "")]
    lines[:] = [re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", line) if "`" in line else
                re.sub(r"([*|_])", r"\\\1", line) for line in lines]


def themed(app, page, source):
    """Make what GitHub shows work here: each <picture> is a light and a dark image."""
    source[0] = re.sub(
        r'<picture>\s*<source [^>]*srcset="(?P<dark>[^"]+)">\s*'
        r'<img alt="(?P<alt>[^"]*)" src="(?P<light>[^"]+)">\s*</picture>',
        lambda picture: "\n".join(f"```{{image}} {picture[name]}\n:class: only-{name}\n"
                                  f":alt: {picture['alt']}\n```" for name in ("light", "dark")),
        source[0].replace("](../CONTRIBUTING.md)", "](contributing.md)"))


def setup(app):
    app.add_directive("command-line", CommandLine)
    app.connect("autodoc-process-docstring", plain)
    app.connect("source-read", themed)
