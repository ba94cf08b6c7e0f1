"""Cache: a folder where a host keeps its pictures, each under its hash; drawn once, then kept."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import NamedTuple

from ..graph import files
from .dependencies import DocumentError
from .picture import Picture, draw

ALT = "txt"                      # the suffix of the file that holds a picture's alternative text


class CachedPicture(NamedTuple):
    """A picture in the cache: KEY.svg, KEY.png ...; KEY-dark.svg ... where there is a dark one."""

    key: str
    alt: str
    dark: bool
    notes: tuple[str, ...] = ()  # of drawing it: none where it was there


def keep(picture: Picture, folder: str, kinds: Collection[str], *, dark: bool) -> CachedPicture:
    """A picture in the formats, drawn where it is not in the cache. Raises DocumentError.

    With dark it is kept light and, as SVG, dark; else in the theme that its words ask for.
    """
    if picture.request.outputs or picture.request.format:
        raise DocumentError("leave -o and --format out: the page decides where its pictures go")
    key = picture.key
    themes = picture.themes(dark)
    notes: tuple[str, ...] = ()
    text = os.path.join(folder, f"{key}.{ALT}")
    dark_kinds = [kind for kind in kinds if kind == "svg"]     # only an SVG is dark as well
    light_kinds = [kind for kind in kinds if kind != "svg"]
    for wanted, looks in ((dark_kinds, themes), (light_kinds, themes[:1])):
        paths = {(theme, kind): os.path.join(folder, f"{key}{'-dark' * bool(i)}.{kind}")
                 for i, theme in enumerate(looks) for kind in wanted}
        if all(map(os.path.isfile, (text, *paths.values()))):
            continue
        drawn = draw(picture, wanted, looks)
        notes = notes or drawn.notes
        contents = {text: drawn.alt.encode()} | {path: drawn.files[at]
                                                 for at, path in paths.items()}
        for path, content in contents.items():
            if not os.path.isfile(path):
                files.save(path, content)
    with open(text, encoding="utf-8") as file:
        return CachedPicture(key, file.read(), len(themes) > 1, notes)


def remove_unused(folder: str, keys: Collection[str]) -> None:
    """Remove from the cache what is not among the keys."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        found = re.match(r"([0-9a-f]{16})(-dark)?\.\w+$", name)
        if found and found[1] not in keys:
            os.remove(os.path.join(folder, name))
