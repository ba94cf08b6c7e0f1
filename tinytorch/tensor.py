"""The module of Tensor and Function in old pickles."""

from .core.tensor import Function, Tensor  # noqa: F401
