"""The plugin of MkDocs: plugins: [tinyviz]"""

from .viz.hosts.mkdocs import Plugin as Plugin  # noqa: F401
