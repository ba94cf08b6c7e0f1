"""extensions = ["tinyviz.sphinx"]"""

from .viz.docs.sphinx import setup  # noqa: F401
