"""extensions = ["tinyviz.sphinx"]"""

from .viz.hosts.sphinx import setup  # noqa: F401
