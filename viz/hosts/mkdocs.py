"""MkDocs: the fences of `superfences`, with files for pictures, watching, errors by page and line.

    plugins:
      - search
      - tinyviz
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from ..documents import cache
from ..documents import picture as pictures
from ..documents.dependencies import DocumentError
from ..documents.picture import Project
from ..graph import files as files_
from . import superfences

logger = get_plugin_logger("tinyviz")
FOLDER = "assets/tinyviz"        # of the site


class Settings(Config):
    """The options of the plugin in mkdocs.yml."""

    root = config_options.Type(str, default="")                  # [default: that of mkdocs.yml]
    allow_outside = config_options.Type(bool, default=False)
    cache = config_options.Type(str, default=".cache/tinyviz")   # from the root
    dark = config_options.Type(bool, default=True)               # pictures for dark pages too


class Plugin(BasePlugin[Settings]):
    """Draws the fences of a site; each picture once."""

    def __init__(self) -> None:
        self.project = Project(os.getcwd())
        self.shown: dict[str, str] = {}            # the pictures of this build: key -> ends
        self.sources: set[str] = set()
        self.watched: set[str] = set()
        self.errors: list[tuple[str, str]] = []    # of the page at work: the fence, what is wrong
        self.page: Page | None = None
        self.server: Any = None

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        here = os.path.dirname(os.path.abspath(config.config_file_path or "."))
        root = os.path.realpath(os.path.join(here, self.config.root))
        self.project = Project(root, self.config.allow_outside)
        if "pymdownx.superfences" not in config.markdown_extensions:
            config.markdown_extensions.append("pymdownx.superfences")
        settings = config.mdx_configs.setdefault("pymdownx.superfences", {})
        others = [entry for entry in settings.get("custom_fences", [])
                  if entry["name"] not in _FENCES]
        settings["custom_fences"] = [*others, *(
            {"name": name, "class": "tinyviz", "format": self.format,
             "validator": superfences.validator} for name in _FENCES)]
        self.shown.clear()
        return config

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Any
                         ) -> None:
        self.page, self.errors = page, []

    def format(self, source: str, language: str, class_name: str, options: Mapping[str, Any],
               md: Any, **more: Any) -> str:
        """A fence as a figure that shows files of the site; an error is kept for the page's end."""
        try:
            picture = superfences.parse_fence(source, language, options, self.project)
            self.sources |= {os.path.join(self.project.root, name) for name in picture.sources}
            kept = cache.keep(picture, self._cache(), ["svg"], dark=self.config.dark)
        except DocumentError as error:
            self.errors.append((source, f"{language}: {error}"))
            return ""
        assert self.page is not None
        for note in kept.notes:
            logger.info(f"{self._place(source)}: {note}")
        self.shown[kept.key] = "both" if kept.dark else "one"
        themes = {"light": "", "dark": "-dark"} if kept.dark else {"light": ""}
        urls = {theme: get_relative_url(f"{FOLDER}/{kept.key}{end}.svg", self.page.url)
                for theme, end in themes.items()}
        return superfences.figure(urls, kept.alt, class_name, options)

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Any) -> None:
        said = [f"{self._place(source)}: {error}" for source, error in self.errors]
        if said and config.strict:                 # a warning is lost under --quiet
            raise PluginError("\n".join(said))
        for line in said:
            logger.warning(line)

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        for key, ends in self.shown.items():
            for end in ("", "-dark") if ends == "both" else ("",):
                with open(os.path.join(self._cache(), f"{key}{end}.svg"), "rb") as file:
                    files_.save(os.path.join(config.site_dir, FOLDER, f"{key}{end}.svg"),
                                file.read())
        cache.remove_unused(self._cache(), self.shown)
        self._watch()

    def on_serve(self, server: Any, *, config: MkDocsConfig, builder: Any) -> None:
        self.server = server
        self._watch()

    def _watch(self) -> None:
        """Watch what the pictures are made of, each file once."""
        if self.server is not None:
            for path in sorted(self.sources - self.watched):
                self.server.watch(path)
            self.watched |= self.sources

    def _cache(self) -> str:
        return os.path.join(self.project.root, self.config.cache)

    def _place(self, source: str) -> str:
        """The page and the line where a fence stands: docs/index.md:12."""
        assert self.page is not None and self.page.file.abs_src_path is not None
        path = self.page.file.abs_src_path
        with open(path, encoding="utf-8-sig") as file:
            lines = [line.strip() for line in file]
        first = next((line.strip() for line in source.splitlines() if line.strip()), "")
        heads = [i for i, line in enumerate(lines) if re.match(r"[`~]{3,}.*tinyviz-", line)]
        at = next((i for i in heads if first in lines[i + 1:i + 2]), heads[0] if heads else 0)
        return f"{os.path.relpath(path, self.project.root)}:{at + 1}"


_FENCES = tuple(f"tinyviz-{name}" for name in pictures.NAMES)
