"""A picture says which document it was made for, so that strays can be told from others'."""

from __future__ import annotations

import re
import struct
import zlib
from urllib.parse import quote, unquote

_PNG = b"\x89PNG\r\n\x1a\n"
_NOTE = "made by tinyviz docs for "
_KEYWORD = b"Comment\0"


def with_owner(content: bytes, owner: str) -> bytes:
    """An SVG or PNG with a note that names its document."""
    note = (_NOTE + quote(owner).replace("-", "%2D")).encode()       # no -- in XML's comments
    if content.startswith(_PNG):
        chunk = b"tEXt" + _KEYWORD + note
        end = len(content) - 12                    # before IEND
        return (content[:end] + struct.pack(">I", len(chunk) - 4) + chunk
                + struct.pack(">I", zlib.crc32(chunk)) + content[end:])
    return content.rstrip(b"\n") + b"\n<!-- " + note + b" -->\n"


def owner(content: bytes) -> str:
    """The document that a picture was made for, or "" where it bears no mark of ours."""
    found = re.search(re.escape(_NOTE.encode()) + rb"([\w.~/%]+)", content[-1000:])
    return unquote(found[1].decode()) if found else ""
