"""Layers with parameters, named and initialised as in PyTorch; each computes in its scope.

A new layer is a class in one of the files; no list is needed.
"""

from .activation import *  # noqa: F401,F403
from .layers import *  # noqa: F401,F403
from .loss import *  # noqa: F401,F403
from .sequence import *  # noqa: F401,F403
from .module import Module, Parameter, Sequential, seed  # noqa: F401

__all__ = sorted(name for name, thing in globals().items() if isinstance(thing, type)
                 and name[0] != "_" and issubclass(thing, (Module, Parameter))) + ["seed"]
for _name in __all__:            # their public module: pickles do not depend on the file
    globals()[_name].__module__ = __name__
