"""A neuron of scalars: two inputs, two weights, a bias and tanh."""

import numpy as np


def neuron(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.88):
    n = x1 * w1 + x2 * w2 + b
    return np.tanh(n)
