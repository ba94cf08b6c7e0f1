"""A damped wave: a smooth function for the plot, with products, an exponential and a sine."""

import numpy as np


def wave(x=0.8):
    return np.exp(-x * x / 4) * np.sin(3 * x)
