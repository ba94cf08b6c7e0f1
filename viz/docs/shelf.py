"""Shelf: a folder where a host keeps its pictures, each under its hash; drawn once, then kept."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from .. import files
from .picture import Picture, described, draw
from .sources import DocumentError


class Kept(NamedTuple):
    """A picture on the shelf: KEY.svg, KEY.png ...; KEY-dark.svg ... where there is a dark one."""

    key: str
    alt: str
    dark: bool
    notes: tuple[str, ...] = ()  # said when it was drawn: nothing where it was kept


def keep(picture: Picture, folder: str, kinds: Sequence[str], *, dark: bool) -> Kept:
    """A picture in the formats, drawn where it is not on the shelf. Raises DocumentError.

    With dark it is kept light and, as SVG, dark; else as its command says.
    """
    if picture.asked["outputs"] or picture.asked["format"]:
        raise DocumentError("leave -o and --format away: the page decides where its pictures go")
    key = picture.key
    if picture.asked["dark"]:
        themes: dict[str, str] = {"dark": ""}
    else:
        themes = {"light": "", "dark": "-dark"} if dark else {"light": ""}
    notes: tuple[str, ...] = ()
    for theme, end in themes.items():
        wanted = ["svg"] if end else list(dict.fromkeys(["svg", *kinds]))      # a page's other one
        paths = {kind: os.path.join(folder, f"{key}{end}.{kind}") for kind in wanted}
        if not all(map(os.path.isfile, paths.values())):
            drawn = draw(picture, wanted, (theme,))
            for kind, path in paths.items():
                if not os.path.isfile(path):
                    files.save(path, drawn.files[theme, kind])
            notes = notes or drawn.notes
    with open(os.path.join(folder, f"{key}.svg"), "rb") as file:
        return Kept(key, described(file.read()), len(themes) > 1, notes)


def sweep(folder: str, keys: Collection[str]) -> None:
    """Take from the shelf what is not among the keys."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        found = re.match(r"([0-9a-f]{16})(-dark)?\.\w+$", name)
        if found and found[1] not in keys:
            os.remove(os.path.join(folder, name))
