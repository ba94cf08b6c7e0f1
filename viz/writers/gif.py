"""GIF: the steps of a graph as an animation, forward and backward."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..animation.steps import StepError
from ..animation.timeline import animation_theme, build_timeline, scene_at
from ..graph import Graph
from ..graph.theme import THEMES
from ..graph.size_limits import ANIMATION_PIXELS, PIXEL_NODES
from ..options.drawing import DrawOptions
from ..options.message import Message, Option
from . import png

if TYPE_CHECKING:
    import numpy as np

BYTES_PER_NODE = 4000
MAX_NODES = PIXEL_NODES
STEP_MS, END_MS = 1600, 5000     # duration of a step, and of the whole picture
COLORS = 256


def write(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the steps of a graph: GIFs are always animated. Raises as `play`."""
    return play(graph, options)


def play(graph: Graph, options: DrawOptions = DrawOptions()) -> bytes:
    """Return the steps of a graph as a GIF that plays in a loop, at half the resolution of a PNG.

    Raises StepError if there are too many, or if their frames would be too large.
    """
    from PIL import Image

    made, dpi = build_timeline(graph, options), options.dpi / 2
    theme = animation_theme(THEMES[options.theme])
    n = len(made.steps)
    pixels = n * made.size.width * made.size.height * (dpi / 96) ** 2
    if pixels > ANIMATION_PIXELS:
        raise StepError(Message(
            f"a GIF of {n} frames has {pixels / 1e6:.0f} million pixels at {options.dpi:g} dpi "
            f"(at most {ANIMATION_PIXELS / 1e6:.0f} million): use ",
            Option("dpi", int(options.dpi * (ANIMATION_PIXELS / pixels) ** 0.5)),
            " or less, or svg or html"))
    frames = [png.raster(scene_at(made, i), theme, dpi) for i in range(n)]
    colors, index = _palette(frames)
    images = []
    for values, shape in map(_pixels, frames):
        images.append(Image.fromarray(index[values].reshape(shape)))
        images[-1].putpalette(colors)
    file = io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:], palette=colors, loop=0,
                   optimize=False, duration=[STEP_MS] * (n - 1) + [END_MS], disposal=1)
    return file.getvalue()


def _pixels(frame: bytes) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return the pixels of a PNG as numbers 0xrrggbb, and its height and width."""
    import numpy as np
    from PIL import Image
    rgb = np.asarray(Image.open(io.BytesIO(frame)).convert("RGB")).astype(np.int32)
    return (rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]).ravel(), rgb.shape[:2]


def _palette(frames: list[bytes]) -> tuple[bytes, np.ndarray]:
    """Return a palette of the animation's commonest colours, and the index of each 0xrrggbb.

    A colour too rare for the palette gets the index of the nearest one in it.
    """
    import numpy as np
    counts: dict[int, int] = {}
    for frame in frames:
        found, times = np.unique(_pixels(frame)[0], return_counts=True)
        for color, k in zip(found.tolist(), times.tolist()):
            counts[color] = counts.get(color, 0) + k
    every = np.array(sorted(sorted(counts), key=lambda color: -counts[color]))
    rgb = np.stack([every >> 16, every >> 8 & 255, every & 255], -1)
    palette = rgb[:COLORS]
    index = np.zeros(1 << 24, np.uint8)
    for start in range(0, len(every), 4096):
        part = slice(start, start + 4096)
        distance = ((rgb[part, None] - palette) ** 2).sum(-1)
        index[every[part]] = distance.argmin(-1)
    return palette.astype(np.uint8).tobytes(), index
