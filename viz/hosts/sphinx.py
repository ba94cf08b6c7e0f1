"""Sphinx: directives tinyviz-graph and tinyviz-plot, and a scraper for sphinx-gallery.

    extensions = ["viz.hosts.sphinx"]

    .. tinyviz-graph:: ../examples/cubic.py
       :at: 1.2
       :caption: The chain rule, :math:`3x^2 + 1`
       :name: cubic

Options are the command line's, without the dashes; a target's path is relative to the document. In
place of a target the directive may hold the code of a function.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from ...version import __version__
from ..documents import cache
from ..documents import picture as pictures
from ..documents.dependencies import DocumentError, root_of
from ..documents.picture import Picture, Project
from ..request.named_options import named
from ..run.targets import split_target

logger = logging.getLogger(__name__)
_VIZ = __name__.removesuffix("hosts.sphinx")

EMBEDDED = {"latex": "pdf", "texinfo": "png", "epub": "png"}     # by a builder's name; else svg
OURS: Mapping[str, Callable[[Any], Any]] = {
    "alt": directives.unchanged, "caption": directives.unchanged, "name": directives.unchanged,
    "align": lambda given: directives.choice(given, ("left", "center", "right")),
    "width": directives.length_or_percentage_or_unitless, "class": directives.class_option,
    "include-source": directives.flag}


class Directive(SphinxDirective):
    """A picture in a figure."""

    command: ClassVar[str]
    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        try:
            picture = self._picture()
            kept = cache.keep(picture, picture_folder(self.env), {"svg", image_format(self.env)},
                              dark=self.config.tinyviz_dark)
        except DocumentError as error:
            logger.warning("%s: %s", self.name, error, location=self.get_location(), type="tinyviz",
                           subtype=self.command)
            return []
        for note in kept.notes:
            logger.info("%s: %s", self.name, note, location=self.get_location())
        for name in picture.sources:
            self.env.note_dependency(os.path.join(picture.project.root, name))
        used_pictures(self.env).setdefault(self.env.docname, set()).add(kept.key)
        found: list[nodes.Node] = []
        if "include-source" in self.options:
            code = nodes.literal_block(source := self._source(picture), source, language="python")
            self.set_source_info(code)
            found.append(code)
        return [*found, self._figure(kept)]

    def _picture(self) -> Picture:
        options = {name: given for name, given in self.options.items()
                   if name not in OURS or name == "alt"}
        here, words = project(self.env), [self.command]
        if self.arguments:
            words += ["--", self._target(" ".join(self.arguments[0].split()), here)]
        return pictures.parse(words, here, code="\n".join(self.content), options=options)

    def _target(self, given: str, here: Project) -> str:
        """The target as it is seen from the root: a path was relative to the document."""
        path, name = split_target(given)
        if not path.endswith((".py", ".json")):
            return given
        full = os.path.relpath(self.env.relfn2path(path)[1], here.root).replace(os.sep, "/")
        return f"{full}:{name}" if name else full

    def _source(self, picture: Picture) -> str:
        """The function as it is written: the directive's code, the file, or the one function."""
        path, name = split_target(picture.request.target or "")
        if not picture.sources or picture.request.code:
            return picture.request.code or str(picture.request.target)
        with open(os.path.join(picture.project.root, picture.sources[0]), encoding="utf-8") as file:
            text = file.read()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return "\n".join(text.splitlines()[node.lineno - 1:node.end_lineno])
        return text.strip("\n")

    def _figure(self, kept: cache.CachedPicture) -> nodes.figure:
        stem = os.path.relpath(os.path.join(picture_folder(self.env), kept.key), self.env.srcdir)
        figure = nodes.figure(classes=["tinyviz", *self.options.get("class", [])],
                              align=self.options.get("align", "default"))
        for theme in ("light", "dark") if kept.dark else ("",):
            uri = "/" + stem.replace(os.sep, "/") + ("-dark" if theme == "dark" else "") + ".*"
            image = nodes.image(uri=uri, alt=kept.alt, tinyviz=theme or "only")
            if theme:
                image["classes"] += [f"tinyviz-{theme}", f"only-{theme}"]
            if "width" in self.options:
                image["width"] = self.options["width"]
            figure += image
        self.set_source_info(figure)
        if self.options.get("caption"):
            inline, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
            figure += [nodes.caption("", "", *inline), *messages]
        self.add_name(figure)
        return figure


class ImageChoice(SphinxPostTransform):
    """Keep the images that a builder can show: dark ones in HTML only, in an epub the PNG."""

    default_priority = 5         # before images are looked at

    def run(self, **kwargs: Any) -> None:
        builder = self.app.builder
        for image in list(self.document.findall(nodes.image)):
            if not image.get("tinyviz"):
                continue
            if image["tinyviz"] == "dark" and (builder.format != "html" or builder.name == "epub"):
                image.parent.remove(image)
            elif builder.name in EMBEDDED and len(image["candidates"]) > 1:
                image["candidates"].pop("image/svg+xml", None)


def image_format(env: BuildEnvironment) -> str:
    """The format that the builder at work embeds."""
    return EMBEDDED.get(env.app.builder.name, "svg")


def picture_folder(env: BuildEnvironment) -> str:
    """Return the folder of pictures: beside the doctrees, never among the sources."""
    return os.path.join(env.doctreedir, "tinyviz")


def project(env: BuildEnvironment) -> Project:
    """Return the project that documents may draw from."""
    root = env.config.tinyviz_root
    return Project(os.path.realpath(os.path.join(env.srcdir, root)) if root else
                   root_of(str(env.srcdir)), env.config.tinyviz_allow_outside)


def used_pictures(env: BuildEnvironment) -> dict[str, set[str]]:
    """docname -> the keys of its pictures; it is kept with the environment."""
    found: dict[str, set[str]] = vars(env).setdefault("tinyviz_used", {})
    return found


def _outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str],
              removed: set[str]) -> list[str]:
    """Return the documents that lack pictures in the format that this builder needs."""
    ends, folder = {f".{image_format(env)}", ".svg", f".{cache.ALT}"}, picture_folder(env)
    return [doc for doc, keys in used_pictures(env).items() if doc not in removed and not all(
        os.path.isfile(os.path.join(folder, key + end)) for key in keys for end in ends)]


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    used_pictures(env).pop(docname, None)


def _merge(app: Sphinx, env: BuildEnvironment, docnames: Iterable[str], other: BuildEnvironment
           ) -> None:
    used = used_pictures(other)
    used_pictures(env).update({doc: used[doc] for doc in docnames if doc in used})


def _finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.env is not None:
        used = {key for keys in used_pictures(app.env).values() for key in keys}
        cache.remove_unused(picture_folder(app.env), used)


def scraper(block: tuple[str, str, int], block_vars: dict[str, Any], gallery_conf: dict[str, Any]
            ) -> str:
    """For sphinx-gallery: a picture of each Graph and Sweep that a block of code gave a name."""
    from sphinx_gallery.scrapers import figure_rst

    from .. import display
    names = [target.id for node in ast.parse(block[1]).body if isinstance(node, ast.Assign)
             for target in node.targets if isinstance(target, ast.Name)]
    paths = []
    for name in dict.fromkeys(names):
        thing = block_vars["example_globals"].get(name)
        if type(thing).__module__.startswith(_VIZ) and type(thing).__name__ in ("Graph", "Sweep"):
            path = os.path.splitext(next(block_vars["image_path_iterator"]))[0]
            for made in display.draw_thing(thing, display.MIME).files:   # PNG: the thumbnail
                with open(f"{path}.{made.format}", "wb") as file:
                    file.write(made.content)
            paths.append(path + ".svg")
    return figure_rst(paths, gallery_conf["src_dir"]) if paths else ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    for name in pictures.NAMES:
        known = {flag: directives.flag if option.is_flag else directives.unchanged
                 for flag, option in named(pictures.command(name)).items()}
        app.add_directive(f"tinyviz-{name}", type(f"Tinyviz{name.title()}", (Directive,), {
            "command": name, "option_spec": {**known, **OURS}}))
    app.add_config_value("tinyviz_root", "", "env", str)
    app.add_config_value("tinyviz_allow_outside", False, "env", bool)
    app.add_config_value("tinyviz_dark", True, "env", bool)
    app.add_post_transform(ImageChoice)
    app.connect("builder-inited", lambda app: app.config.html_static_path.append(_STATIC)
                if app.builder.format == "html" else None)
    app.add_css_file("tinyviz.css")
    app.connect("env-get-outdated", _outdated)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    app.connect("build-finished", _finished)
    return {"version": __version__, "env_version": 1, "parallel_read_safe": True,
            "parallel_write_safe": True}


_STATIC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tinyviz.css")
