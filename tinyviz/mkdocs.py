"""The plugin of MkDocs: plugins: [tinyviz]"""

from .viz.hosts.mkdocs import Plugin  # noqa: F401
