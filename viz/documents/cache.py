"""Cache: a folder where a host keeps its pictures, each under its hash; drawn once, then kept."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ..graph import files
from .dependencies import DocumentError
from .picture import Picture, described, draw


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
    themes = picture.themes(dark)
    notes: tuple[str, ...] = ()
    # The SVG says what it shows, so it is always there; only it is dark as well.
    others = [kind for kind in kinds if kind != "svg"]
    for wanted, looks in ((["svg"], themes), (others, themes[:1])):
        paths = {(theme, kind): os.path.join(folder, f"{key}{'-dark' * bool(i)}.{kind}")
                 for i, theme in enumerate(looks) for kind in wanted}
        if all(map(os.path.isfile, paths.values())):
            continue
        drawn = draw(picture, wanted, looks)
        notes = notes or drawn.notes
        for at, path in paths.items():
            if not os.path.isfile(path):
                files.save(path, drawn.files[at])
    with open(os.path.join(folder, f"{key}.svg"), "rb") as file:
        return Kept(key, described(file.read()), len(themes) > 1, notes)


def sweep(folder: str, keys: Collection[str]) -> None:
    """Take from the shelf what is not among the keys."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        found = re.match(r"([0-9a-f]{16})(-dark)?\.\w+$", name)
        if found and found[1] not in keys:
            os.remove(os.path.join(folder, name))
