"""A function with a NaN in it: --flag shows its origin and how it spreads."""

import numpy as np


def trouble(x=0.7):
    h = x - 1
    with np.errstate(all="ignore"):
        a = np.log(h)
    return np.sin(x) * a + 1e-9 * x
