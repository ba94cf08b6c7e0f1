"""Pictures in Python-Markdown by pymdownx.superfences; under MkDocs, Zensical or alone.

    custom_fences:
      - name: tinyviz-graph                        # and tinyviz-plot
        class: tinyviz
        format: !!python/name:viz.hosts.superfences.format
        validator: !!python/name:viz.hosts.superfences.validator

A fence holds the words of the command line, or the code of a function, with options in its head:

    ```tinyviz-graph                ```tinyviz-graph at="1.2"
    examples/cubic.py --at 1.2      def f(x):
    ```                                 return x*x*x + x
                                    ```

Alone, the pictures stand in the page itself; the MkDocs plugin gives them files.
"""

from __future__ import annotations

import base64
import html
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..documents import picture as pictures
from ..documents.dependencies import DocumentError, root_of
from ..documents.picture import DrawnPicture, Picture, Project

OURS = ("caption", "width")
CSS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tinyviz.css")


def validator(language: str, inputs: Mapping[str, Any], options: dict[str, Any],
              attrs: dict[str, str], md: Any) -> bool:
    """All options are ours: what is wrong with one is said when the picture is made."""
    options.update(inputs)
    return True


def format(source: str, language: str, class_name: str, options: Mapping[str, Any], md: Any,
           **more: Any) -> str:
    """A fence as a figure, with the pictures in it. Raises SuperFencesException, which stops."""
    from pymdownx.superfences import SuperFencesException
    project = Project(root_of(os.getcwd()))
    try:
        picture = parse_fence(source, language, options, project)
        drawn = pictures.draw(picture, ("svg",), picture.themes(dark=True))
    except DocumentError as error:
        raise SuperFencesException(f"{language}: {error}\n  in the fence: "
                                   f"{source.strip().splitlines()[:1]}") from error
    return figure({theme: _data(drawn, theme) for theme, _ in drawn.files}, drawn.alt,
                  class_name, options)


def parse_fence(source: str, language: str, options: Mapping[str, Any], project: Project
                ) -> Picture:
    """Return the picture that a fence asks for. Raises DocumentError."""
    name = language.removeprefix("tinyviz-")
    if name not in pictures.NAMES:
        raise DocumentError(f"unknown fence: {language!r} (must be tinyviz-graph or tinyviz-plot)")
    given = {key.replace("_", "-"): str(value) for key, value in options.items()
             if key not in OURS}
    return pictures.parse_block(name, source, project, options=given)


def figure(urls: Mapping[str, str], alt: str, class_name: str, options: Mapping[str, Any]) -> str:
    """A figure of the pictures by theme; where there are two the page shows the one that suits."""
    escape: Callable[[Any], str] = lambda text: html.escape(str(text))     # noqa: E731
    width = f' width="{escape(options["width"])}"' if "width" in options else ""
    images = []
    for theme, url in urls.items():
        known = f' class="tinyviz-{theme} only-{theme}"' if len(urls) > 1 else ""
        images.append(f'<img{known} alt="{escape(alt)}" src="{escape(url)}"{width}>')
    style = ""
    if len(urls) > 1:
        with open(CSS, encoding="utf-8") as file:
            rules = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
        style = f"<style>{' '.join(rules.split())}</style>"
    caption = f"<figcaption>{escape(options['caption'])}</figcaption>" if "caption" in options \
        else ""
    return f'<figure class="{escape(class_name)}">{style}{"".join(images)}{caption}</figure>'


def _data(drawn: DrawnPicture, theme: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.files[theme, "svg"]).decode()
