"""custom_fences of pymdownx.superfences: !!python/name:tinyviz.superfences.format"""

from .viz.hosts.superfences import format as format, validator as validator  # noqa: F401
