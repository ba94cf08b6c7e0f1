"""The page: joins the viewer's files in one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any

FOLDER = os.path.dirname(__file__)
SMALL = ("rows", "svg")           # the model and the view of inline SVG, and those of a canvas
LARGE = ("codec", "model", "index", "scene_geometry", "large_geometry", "paint", "pixels", "titles",
         "canvas", "folds")
SHARED = ("start", "camera", "facts", "paths", "list", "heat", "page")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}


def fill(*, title: str, start: str, style: str, picture: str, data: Mapping[str, Any],
         player: bool = False, packs: Mapping[str, str] = {}) -> bytes:
    """Return the page. Its policy allows only the script and the style with its hashes.

    Markup injected by a label would have no effect.
    title, data: text; picture, style: markup.
    start: attributes of the root element.
    packs: by name, results of `codec.pack` for a canvas; a picture needs none. The first pack
    precedes the script, which paints it while the others are still loading.
    """
    style = style + _file("page.css")
    script = script_of(LARGE if packs else SMALL)
    written = [f'<script type="text/plain" data-pack="{name}">{pack}</script>\n'
               for name, pack in packs.items()]
    parts = {"start": start, "title": title.translate(_ESCAPES), "style": style,
             "style-hash": _hash(style), "script": script, "script-hash": _hash(script),
             "picture": picture, "data": embedded(data), "tab": "0" if packs else "-1",
             "notice": "So large a picture is painted by a script." if packs else
                       "The picture needs no script; search, facts and zoom do.",
             "first": "".join(written[:1]), "packs": "".join(written[1:]),
             "player": _file("player.html") if player else ""}
    filled = re.sub(r"\{\{([a-z-]+)\}\}", lambda found: parts[found[1]], _file("page.html"))
    return filled.encode()


def script_of(kind: tuple[str, ...]) -> str:
    """Return the script of a page with one kind of view: all files as one function."""
    names = ("base", *kind, *SHARED)
    return '"use strict";\n(async () => {\n' + "\n".join(
        [_file(f"{name}.js") for name in names]) + "})();\n"


def embedded(data: Mapping[str, Any]) -> str:
    """Return JSON that is safe in a script block: ASCII, without the < > & that could end it."""
    plain = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _file(name: str) -> str:
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()
