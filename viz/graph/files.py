"""Write files atomically, so that a failure leaves the old one intact."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile


class FileError(OSError):
    """A file that cannot be written, with the reason."""

    status = 1                   # exit status of the command line


def save(path: str, content: bytes) -> None:
    """Write a file atomically, creating its folders. Raises FileError."""
    folder = os.path.dirname(path) or "."
    temporary = None
    try:
        if os.path.isdir(path):
            raise FileError(f"cannot write {path!r}: it is a folder")
        if os.path.exists(path) and not os.access(path, os.W_OK):
            raise FileError(f"cannot write {path!r}: it may not be written to")
        os.makedirs(folder, exist_ok=True)
        if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "wb") as device:       # /dev/null, a pipe: no file to replace
                device.write(content)
            return
        handle, temporary = tempfile.mkstemp(prefix=".tinyviz-", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
        temporary = None
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"cannot write {path!r}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def dark_path(path: str) -> str:
    """Return the path of the dark version of a picture: f-dark.svg beside f.svg."""
    stem, suffix = os.path.splitext(path.rstrip("/" + os.sep))
    return f"{stem}-dark{suffix}" + path[len(stem) + len(suffix):]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
