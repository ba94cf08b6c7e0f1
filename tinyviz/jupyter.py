"""%load_ext tinyviz.jupyter"""

from .viz.hosts.jupyter import load_ipython_extension as load_ipython_extension  # noqa: F401
