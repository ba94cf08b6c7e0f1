"""Losses as layers."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .module import Module


class _Loss(Module):
    """A loss as a layer; its options are those of the function."""

    function = ""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def __call__(self, x: Any, target: Any) -> Any:
        return self.forward(x, target)

    def forward(self, x: Any, target: Any) -> Any:
        return getattr(F, self.function)(x, target, **self.options)


class MSELoss(_Loss):
    """mse_loss."""
    function = "mse_loss"


class L1Loss(_Loss):
    """l1_loss."""
    function = "l1_loss"


class SmoothL1Loss(_Loss):
    """smooth_l1_loss."""
    function = "smooth_l1_loss"


class HuberLoss(_Loss):
    """huber_loss."""
    function = "huber_loss"


class CrossEntropyLoss(_Loss):
    """cross_entropy."""
    function = "cross_entropy"


class NLLLoss(_Loss):
    """nll_loss."""
    function = "nll_loss"


class BCELoss(_Loss):
    """binary_cross_entropy."""
    function = "binary_cross_entropy"


class BCEWithLogitsLoss(_Loss):
    """binary_cross_entropy_with_logits."""
    function = "binary_cross_entropy_with_logits"


class KLDivLoss(_Loss):
    """kl_div."""
    function = "kl_div"
