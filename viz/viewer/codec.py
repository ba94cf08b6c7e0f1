"""Codec: typed arrays and strings as one text, base64 of zlib, decoded by `codec.js`."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DTYPES = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "f32": np.float32, "f64": np.float64}


def pack(columns: Mapping[str, Array | Sequence[str]]) -> str:
    """Encode arrays of integers, of float32 or float64, and lists of strings, by name.

    Integers take as few bytes as possible, as differences where those are smaller. The format is
    the length of a JSON list of [name, type, count, bytes] (four bytes, little endian), that list,
    then the columns: all first bytes of an array, then all second ones, which compress better.
    Raises ValueError for integers, or differences, that do not fit into 32 bits.
    """
    names, contents = [], []
    for name, column in columns.items():
        kind, content = _written(column)
        names.append([name, kind, len(column), len(content)])
        contents.append(content)
    head = json.dumps(names, separators=(",", ":")).encode()
    whole = b"".join([len(head).to_bytes(4, "little"), head, *contents])
    return base64.b64encode(zlib.compress(whole, 6)).decode()


def _written(column: Array | Sequence[str]) -> tuple[str, bytes]:
    if not isinstance(column, np.ndarray):
        strings = json.dumps(list(column), ensure_ascii=False, separators=(",", ":"))
        return "json", strings.encode("utf-8", "replace")
    if column.dtype in (np.float32, np.float64):
        return "f32" if column.dtype == np.float32 else "f64", _planes(column)
    whole = column.astype(np.int64)
    if not len(whole):
        return "u8", b""
    steps = np.diff(whole, prepend=np.int64(0))
    if np.abs(steps).mean() < 0.5 * np.abs(whole).mean() or whole.min() < 0:
        folded = np.where(steps < 0, -2 * steps - 1, 2 * steps)      # 0, -1, 1, -2 are 0, 1, 2, 3
        kind = _least(folded)
        return f"d{kind[1:]}", _planes(folded.astype(DTYPES[kind]))
    kind = _least(whole)
    return kind, _planes(whole.astype(DTYPES[kind]))


def _least(whole: Array) -> str:
    most = int(whole.max())
    if most >= 1 << 32:
        raise ValueError(f"{most} does not fit into 32 bits")
    return "u8" if most < 1 << 8 else "u16" if most < 1 << 16 else "u32"


def _planes(column: Array) -> bytes:
    size = column.dtype.itemsize
    little = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, size).T.tobytes()
