"""custom_fences of pymdownx.superfences: !!python/name:tinyviz.fence.format"""

from .viz.docs.fence import format, validator  # noqa: F401
