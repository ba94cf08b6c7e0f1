"""Functions written once, for any framework: what is drawn of them must be the same."""

import inspect

import numpy as np

import viz


def cubic(m, x):
    return x*x*x + x


def names(m, x, y):
    h = x*y + m.sin(x)
    k = h*h / (y + 2)
    return k + h


def loop(m, x):
    y = x
    for _ in range(4):
        y = y*x - 0.5
    return y


def activations(m, x, w):
    return m.tanh(x*w + 0.25)**2 - m.exp(-x) + m.sqrt(w)


def unused(m, x, y):
    return 1 - x/2


def choice(m, x, y):             # of the branch not taken tinytorch sends nothing, the others 0
    return m.where(x > y, x*x, y/x) - m.maximum(x, y)


FUNCTIONS = [(cubic, [1.2]), (names, [1.3, 0.4]), (loop, [0.7]), (activations, [0.3, 2.0]),
             (unused, [2.0, 1.0])]


def same(f, module, point):
    """What a framework's graph of a function says: ids, kinds, labels, edges, and the numbers."""
    arguments = list(inspect.signature(f).parameters)[1:]
    scope = {"f": f, "m": module}
    listed = ", ".join(arguments)
    exec(f"def {f.__name__}({listed}):\n    return f(m, {listed})", scope)
    graph = viz.trace(scope[f.__name__], *point)

    def numbers(facts):
        return [round(facts[key].number, 12) for key in ("data", "grad", "local", "contribution")
                if key in facts]
    nodes = [(n.id, n.kind, n.label, n.facts.get("op"), numbers(n.facts)) for n in graph.nodes]
    edges = [(e.tail, e.head, e.facts.get("formula"), numbers(e.facts)) for e in graph.edges]
    return nodes, edges, graph.facts["title"], graph.facts.get("results")


def node(graph, id):
    return next(n for n in graph.nodes if n.id == id)


def sums(graph):
    """Node -> the sum of what its uses send to it."""
    found = {}
    for edge in graph.edges:
        if "contribution" in edge.facts:
            found.setdefault(edge.tail, []).append(np.array(edge.facts["contribution"].items))
    return {id: sum(parts) for id, parts in found.items()}


def ops(graph):
    return [n.facts["op"] for n in graph.nodes if n.kind == "op"]
