"""The tutorial's function: its graph, its derivative 3x² + 1."""


def f(x=1.2):
    return x * x * x + x
