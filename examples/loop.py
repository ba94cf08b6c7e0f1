"""A loop that uses x again and again: Graphviz takes minutes for 150 rounds of it."""


def power(x=1.01):
    y = x
    for _ in range(12):
        y = y * x
    return y
