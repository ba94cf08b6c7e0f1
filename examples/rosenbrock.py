"""A function of two variables, with names for its parts: Rosenbrock's valley."""


def rosenbrock(x=-0.5, y=1.5):
    bend = y - x**2
    slope = 1 - x
    return slope**2 + 5 * bend**2
