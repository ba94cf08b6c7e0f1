"""The command line: parses, calls viz, prints. Commands import the heavy modules they need."""

from __future__ import annotations

import os
import shlex
import sys
import warnings
from collections.abc import Callable, Collection
from typing import Any, TextIO

import click

VERSION = "0.1.0"
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Point(click.ParamType):
    """A value for an argument: 1.2, x=1.2, y=pi/2, -1/3, "[1, 2, 3]"."""

    name = "[NAME=]VALUE"

    def convert(self, given: Any, param: Any, context: Any) -> tuple[str, Any]:
        from .viz.run.expression import ExpressionError, value
        name, equals, written = given.rpartition("=")
        name = name.strip()
        if equals and not name.isidentifier():
            self.fail(f"{given!r}: {name!r} is no name of an argument", param, context)
        try:
            return name, value(written)
        except ExpressionError as error:
            self.fail(f"{error} (write 1.2, x=1.2, pi/2 or \"[1, 2, 3]\")", param, context)


class Number(click.ParamType):
    """A number: 3, -3, pi/2, 1e-3."""

    name = "number"

    def convert(self, given: Any, param: Any, context: Any) -> float:
        from .viz.run.expression import ExpressionError, value
        if isinstance(given, (int, float)):
            return float(given)
        try:
            number = value(given)
        except ExpressionError as error:
            self.fail(str(error), param, context)
        if isinstance(number, list):
            self.fail(f"{given!r} is a list, not a number", param, context)
        return float(number)


class Wrap(click.ParamType):
    """A width in px, or none."""

    name = "px"

    def convert(self, given: Any, param: Any, context: Any) -> float | None:
        if given in ("none", None):
            return None
        width = Number().convert(given, param, context)
        if width and not 300 <= width <= 100_000:
            self.fail(f"a row must be from 300 to 100000 px wide, not {width:g}", param, context)
        return width


class Command(click.Command):
    """A command whose target may begin with a minus sign, or at least is told so."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        given = list(args)       # the parser eats the list
        try:
            return super().parse_args(context, args)
        except click.NoSuchOption as error:
            if any(c in error.option_name for c in "*/+()") or len(error.option_name) == 2:
                whole = next((arg for arg in given if arg.startswith(error.option_name)), "-x")
                raise click.NoSuchOption(
                    error.option_name, f"{error.message} If this is an expression, put -e before "
                    f"it: {context.command_path} -e \"{whole}\"",
                    error.possibilities, error.ctx) from None
            raise


def shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that graph and plot have in common."""
    for option in reversed([
        click.argument("target", required=False),
        click.option("-e", "--expression", metavar="EXPR",
                     help="An expression to draw, such as \"-x**2\", in place of TARGET."),
        click.option("-o", "--output", "outputs", multiple=True, metavar="FILE",
                     help="Where to write; the suffix names the format. Repeatable. - is standard "
                          "output.  [default: output/NAME.svg]"),
        click.option("--format", "format", metavar="FORMAT",
                     help="The format, where no suffix names one."),
        click.option("--dark", is_flag=True, help="Light on dark."),
        click.option("--both", is_flag=True,
                     help="Beside each FILE its twin, light on dark: f.svg and f-dark.svg."),
        click.option("--alt", metavar="TEXT", help="What the picture shows, for those who cannot "
                     "see it.  [default: a sentence that is made]"),
        click.option("--dpi", type=click.FloatRange(10, 2400), default=192, show_default=True,
                     help="Resolution of a PNG: 96 is one pixel per px of the SVG."),
        click.option("--open", "open_", is_flag=True, help="Show the result when it is written."),
        click.option("--time-limit", type=click.FloatRange(min=0.001), default=60,
                     show_default=True, metavar="SECONDS", help="Stop what takes longer."),
        click.option("--traceback", is_flag=True, help="Show where in tinyviz an error arose."),
    ]):
        function = option(function)
    return function


@click.group(context_settings=CONTEXT)
@click.version_option(VERSION, prog_name="tinyviz")
def commands() -> None:
    """See automatic differentiation: computation graphs with data and grad at every node, functions
    with their exact derivatives.

    A TARGET is f.py (its only public function, or f), f.py:g, package.module:g, or an expression
    such as "x**3 + sin(x)".
    """


@commands.command(cls=Command)
@shared
@click.option("--at", "points", type=Point(), multiple=True,
              help="Where: 1.2, or x=1.2 with several arguments, pi/2, \"[1, 2, 3]\". Repeatable.  "
                   "[default: the arguments' defaults]")
@click.option("--rankdir", type=click.Choice(["LR", "TB"], case_sensitive=False), default="LR",
              show_default=True, help="From left to right, or from top to bottom.")
@click.option("--wrap", type=Wrap(), default=0.0, metavar="PX|none",
              help="Set a long graph in rows of this width.  [default: if over 2600 px wide]")
@click.option("--engine", type=click.Choice(["layered", "dot"]), default="layered",
              show_default=True,
              help="Who says where things go: tinyviz, or an installed Graphviz.")
@click.option("--edges", type=click.Choice(["auto", "none", "local", "contribution", "both"]),
              default="auto", show_default=True,
              help="What stands beside an edge: its local derivative, what it sends back.")
@click.option("--input", "inputs", multiple=True, metavar="[NAME=]EXPR",
              help="An input of a PyTorch or JAX target: \"randn(2, 3)\". Repeatable.  [default: "
                   "what example_inputs() in its file returns]")
@click.option("--level", type=click.Choice(["function", "aten"]),
              help="Of PyTorch: the functions the code calls, or the operations that ran.")
@click.option("--meta", is_flag=True,
              help="Of PyTorch: shapes, FLOPs and bytes alone, of a model larger than memory.")
@click.option("--no-grad", is_flag=True, help="The forward pass only.")
@click.option("--theme", type=click.Choice(["light", "dark", "contrast", "print"]),
              help="The look: contrast is for weak eyes, print for paper without colour.")
@click.option("--order", type=click.IntRange(1, 6), default=1, show_default=True,
              help="2 draws the graph of the derivative, 3 that of the second ...")
@click.option("--backward", is_flag=True, help="The backward pass as a graph beside the forward "
              "one, paired node by node.")
@click.option("--focus", metavar="NODE", help="Only what lies around a node, by its name or id.")
@click.option("--radius", type=click.IntRange(min=1), default=1, show_default=True,
              help="How many ops around it.")
@click.option("--from", "start", metavar="NODE", help="With --to: all paths between two nodes, and "
              "each path's product of local derivatives.")
@click.option("--to", "end", metavar="NODE", help="Where the paths end.  [default: the output]")
@click.option("--hide", "hidden", multiple=True, metavar="KIND",
              help="Leave nodes out: constants, parameters or inputs. Repeatable.")
@click.option("--heat", type=click.Choice(["grad", "data", "contribution"]),
              help="Colour by size and sign, on a log scale.")
@click.option("--flag", is_flag=True, help="Mark where NaN and inf are born and how they spread, "
              "and gradients that vanish, explode or are zero.")
@click.option("--strict", is_flag=True,
              help="With --flag: exit 1 where there is something to mark.")
@click.option("--steps", is_flag=True, help="Forward, then backward, step by step: .gif, .html, "
              ".svg that plays by itself, or a folder of frames (-o frames/).")
@click.option("--fold", type=click.Choice(["auto", "none", "all"]), default="auto",
              show_default=True, help="Draw what is repeated once, in a frame. auto: in a graph of "
              "more than 150 nodes, where that spares 30 %.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N",
              help="Close frames deeper than N: boxes with a title.")
@click.option("--expand", multiple=True, metavar="PATH",
              help="Draw all repeats of a frame (1, 2/1 ...), or PATH:ends, its first and last "
              "repeat beside it. Repeatable.")
def graph(target: str | None, expression: str | None, outputs: tuple[str, ...], format: str | None,
          dark: bool, both: bool, alt: str | None, dpi: float, open_: bool, time_limit: float,
          traceback: bool, points: tuple[tuple[str, Any], ...], rankdir: str, wrap: float | None,
          engine: str, edges: str, inputs: tuple[str, ...], level: str | None, meta: bool,
          no_grad: bool, theme: str | None, order: int, backward: bool, focus: str | None,
          radius: int, start: str | None, end: str | None, hidden: tuple[str, ...],
          heat: str | None, flag: bool, strict: bool, steps: bool, fold: str, depth: int | None,
          expand: tuple[str, ...]) -> None:
    """Draw the computation graph of TARGET, with data and grad at every node."""
    from .viz import writers
    from .viz.layout.build_scene import DrawOptions
    from .viz.pipeline import View, destined, said, view
    from .viz.run import targets
    from .viz.run.progress import abort_after
    if wrap and engine == "dot":
        raise click.UsageError("--wrap sets rows of our own layout: leave --engine dot out")
    if steps and backward:
        raise click.UsageError("--steps shows the backward pass already: leave --backward out")
    wanted = destinations(outputs, format, writers.moving() if steps else writers.formats(), steps)
    themes = looks(theme or ("dark" if dark else "light"), both, outputs)
    failure, extra = None, {"level": level} if level else {}
    try:
        drawn = read(target, expression, points, inputs, time_limit, meta=meta, grad=not no_grad,
                     order=order, **extra)
    except targets.RunError as error:
        if error.graph is None:
            raise
        failure, drawn = error, error.graph        # what was computed up to there
    with abort_after(time_limit, f"folding {len(drawn.nodes):,} nodes"):
        shown = view(drawn, View(focus, radius, start, end, hidden, heat, flag or strict, backward,
                                 fold, depth, expand, alt or ""))
    wanted, lines = (wanted, []) if steps or engine == "dot" else destined(shown, wanted)
    for line in filter(None, (said(drawn, shown), *lines)):
        click.echo(line, err=True)
    options = DrawOptions(rankdir.upper(), engine, edges, themes[0], dpi, wrap)
    placed = named(wanted, shown.name + ".steps" * steps, themes)
    with abort_after(time_limit, f"drawing {len(shown.nodes):,} nodes"):
        if steps:
            files = [file for path, kind, theme in placed for file in writers.steps(
                shown, path, kind, options._replace(theme=theme))]
        else:
            trees = [(path, _tree(shown, edges)) for path, kind, _ in placed
                     if (path, kind) == ("-", "txt")]
            placed = [place for place in placed if place[:2] != ("-", "txt")]
            made = writers.pictures(shown, [place[1:] for place in placed], options)
            files = trees + [(path, content) for (path, _, _), content in zip(placed, made)]
    deliver(files, open_)
    for line in shown.facts.get("flags", ()):
        click.echo(line, err=True)
    if failure is not None:
        raise failure
    if strict and shown.facts["flags"]:
        sys.exit(1)


def _tree(graph: Any, edges: str) -> bytes:
    """The graph as a tree, in colour where standard output is a terminal that wants it."""
    from .viz.writers import txt
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return txt.tree(graph, edges=edges, color=color).encode()


@commands.command(cls=Command)
@shared
@click.option("--with", "others", multiple=True, metavar="TARGET",
              help="Another function in the same picture. Repeatable.")
@click.option("--range", "range_", type=Number(), nargs=2, default=(-3.0, 3.0), metavar="LOW HIGH",
              help="From where to where.  [default: -3 3]")
@click.option("--order", type=click.IntRange(0, 6), default=1, show_default=True,
              help="The highest derivative: 0 draws f alone, 2 also f''.")
@click.option("--points", type=click.IntRange(2, 10_000_000), metavar="N",
              help="Samples, evenly spaced.  [default: as many as the picture needs]")
@click.option("--at", "points_at", type=Point(), multiple=True,
              help="A point to mark: 1.2 or x=1.2; or another argument's value: a=2. Repeatable.")
@click.option("--param", "families", multiple=True, metavar="NAME=V,V,...",
              help="A family of curves: a=1,2,3. Repeatable.")
@click.option("--stack/--overlay", default=None,
              help="f above f' on a shared x, or all in one.  [default: by what is readable]")
@click.option("--tangent", type=Number(), multiple=True, metavar="X",
              help="The tangent at X, with slope triangle and numbers. Repeatable.")
@click.option("--secant", type=Number(), nargs=2, metavar="A B", help="The chord from A to B.")
@click.option("--taylor", type=(Number(), int), multiple=True, metavar="X N",
              help="The Taylor polynomial of degree N (0 to 12) at X. Repeatable.")
@click.option("--mark", metavar="LIST", help="Of roots, extrema, inflections: found, and labelled.")
@click.option("--check", is_flag=True, help="A panel of the error against central differences.")
@click.option("--log", type=click.Choice(["x", "y", "both"]), help="Logarithmic axes.")
@click.option("--pi/--no-pi", default=None, help="Ticks at multiples of pi.  [default: where the "
              "range ends at such]")
@click.option("--title", default="", metavar="TEXT", help="Above the picture.")
@click.option("--size", type=Number(), nargs=2, default=(800.0, 480.0), metavar="WIDTH HEIGHT",
              help="In px.  [default: 800 480]")
@click.option("--style", default="", metavar="NAME", help="One of matplotlib's styles, or a file.")
@click.option("--yrange", type=Number(), nargs=2, metavar="LOW HIGH",
              help="Two variables: from where to where the second goes.  [default: as --range]")
@click.option("--path", "descent", type=Number(), nargs=2, metavar="X Y",
              help="Two variables: steepest descent from this point.")
@click.option("--surface", is_flag=True, help="Two variables: the graph in space, not contours.")
@click.option("--csv", "csv", metavar="FILE", help="The samples and derivatives, as a table.")
@click.option("--json", "json_", metavar="FILE", help="Samples, derivatives and events.")
@click.option("-v", "--verbose", is_flag=True, help="Say how the function was evaluated.")
def plot(target: str | None, expression: str | None, others: tuple[str, ...],
         outputs: tuple[str, ...], format: str | None, dark: bool, both: bool, alt: str | None,
         dpi: float, open_: bool, csv: str | None, json_: str | None, verbose: bool,
         time_limit: float, traceback: bool, range_: tuple[float, float],
         yrange: tuple[float, float] | None, order: int, points: int | None,
         points_at: tuple[tuple[str, Any], ...], families: tuple[str, ...],
         descent: tuple[float, float] | None, surface: bool, mark: str | None, log: str | None,
         **more: Any) -> None:
    """Plot TARGET and its derivatives over a range; of a function of two variables its contours.

    Poles, jumps, kinks, holes and ends of the domain are found and drawn as what they are.
    """
    import io

    from .viz import plot as plots
    from .viz import readers
    from .viz.plot.request import Request, pictures
    from .viz.run import targets
    from .viz.sweep import export
    wanted = destinations(outputs, format, plots.FORMATS)
    themes = looks("dark" if dark else "light", both, outputs)
    first = one_target(target, expression)
    with readers.prepared():
        loaded = [targets.load(first) if expression is None else targets.expression(first),
                  *map(targets.load, others)]
        loaded = [readers.from_factory(target) for target in loaded]
    swept, drawn = pictures(loaded, Request(
        range_, yrange, order, points, points_at, dict(map(family, families)), descent, surface,
        time_limit), more | {"log": log or "", "mark": tuple(
            word.strip() for word in (mark or "").split(",") if word.strip())}, themes)
    if (csv or json_) and len(swept) > 1:
        raise click.UsageError("--csv and --json write one function, this picture has "
                               f"{len(swept)}")
    for s in swept:
        for note in getattr(s, "notes", ()):
            click.echo(note, err=True)
        looped = str(getattr(s, "looped", ""))
        if verbose and looped:
            click.echo(f"{s.name} is called once per point: {looped}", err=True)
    by_theme, files = dict(zip(themes, drawn)), []
    for path, kind, theme in named(wanted, f"{loaded[0].stem}.plot", themes):
        file = io.BytesIO()
        plots.save(by_theme[theme], file, format=kind, dpi=dpi, alt=alt or None)
        files.append((path, file.getvalue()))
    files += [(path, write(swept[0]).encode())
              for path, write in ((csv, export.to_csv), (json_, export.to_json)) if path]
    deliver(files, open_)


def family(given: str) -> tuple[str, list[Any]]:
    """--param a=1,2,3 as the name and its values."""
    name, equals, values = given.partition("=")
    if not (equals and name.strip().isidentifier() and values.strip()):
        raise click.UsageError(f"--param {given!r}: write NAME=V,V,... such as a=1,2,3")
    return name.strip(), [Number().convert(value, None, None) for value in values.split(",")]


@commands.command(cls=Command)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--at", "points", type=Point(), multiple=True, help="Where both are run.")
@click.option("--input", "inputs", multiple=True, metavar="[NAME=]EXPR",
              help="An input of PyTorch or JAX targets: \"randn(2, 3)\".")
@click.option("--rtol", type=click.FloatRange(min=0), default=1e-6, show_default=True,
              help="Numbers are the same where they differ by at most this part of the larger.")
@click.option("--no-grad", is_flag=True, help="The forward pass only.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE",
              help="Where to draw both as one.  [default: nowhere]")
@click.option("--format", "format", metavar="FORMAT", help="The format, where no suffix names one.")
@click.option("--dark", is_flag=True, help="Light on dark.")
@click.option("--time-limit", type=click.FloatRange(min=0.001), default=60, show_default=True,
              metavar="SECONDS", help="Stop the function after so long.")
@click.option("--traceback", is_flag=True, help="Show where in tinyviz an error arose.")
def diff(before: str, after: str, points: tuple[tuple[str, Any], ...], inputs: tuple[str, ...],
         rtol: float, no_grad: bool, outputs: tuple[str, ...], format: str | None, dark: bool,
         time_limit: float, traceback: bool) -> None:
    """Tell what differs between two graphs: targets, or JSON files that `graph` has written.

    Nodes are matched by name and by structure. Exits 1 where there is a difference.
    """
    from .viz import writers
    from .viz.layout.build_scene import DrawOptions
    from .viz.transforms.diff import diff as difference
    wanted = destinations(outputs, format, writers.formats()) if outputs else []
    found = difference(*[read(target, None, points, inputs, time_limit, grad=not no_grad)
                         for target in (before, after)], rtol=rtol)
    options = DrawOptions(theme="dark" if dark else "light")
    deliver([(path, writers.write(found.graph, kind, options)) for path, kind in wanted], False)
    for line in found.sentences or ("no difference",):
        click.echo(line, err=True)
    if found.sentences:
        sys.exit(1)


@commands.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a picture is not current.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--prune", is_flag=True, help="Remove pictures that these documents showed once.")
@click.option("--force", is_flag=True,
              help="Draw all anew; replace what was edited by hand, and files not made here.")
@click.option("--base-url", default="", metavar="URL",
              help="Before each picture's path from the root: for pages shown elsewhere, as PyPI.")
@click.option("--root", metavar="FOLDER", help="Targets and pictures lie in it.  "
              "[default: the documents' project]")
@click.option("--allow-outside", is_flag=True, help="Targets may lie outside the root.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Draw in so many processes.")
def docs(paths: tuple[str, ...], check: bool, diff: bool, prune: bool, force: bool, base_url: str,
         root: str | None, allow_outside: bool, jobs: int) -> None:
    """Draw the pictures that documents ask for, where they are not current.

    In Markdown (*.md) between <!-- tinyviz: graph f.py --at 1.2 -o f.svg --dark --> and
    <!-- /tinyviz -->, in reStructuredText between .. tinyviz: ... and .. /tinyviz. PATH may be
    a folder.
    """
    from .viz.documents import markdown, update
    from .viz.documents.dependencies import root_of
    from .viz.documents.picture import Project
    found = markdown.documents(paths)
    project = Project(commands.commands, VERSION,
                      os.path.realpath(root or root_of(found[0] if found else ".")), allow_outside)
    write = not (check or diff)
    plan = update.plan(found, project, base_url=base_url, force=force)
    drawn = markdown.drawn(plan.stale if write or diff else [], jobs)
    if sys.stderr.isatty() and len(plan.stale) > 1:
        with click.progressbar(drawn, len(plan.stale), "drawing", file=sys.stderr) as bar:
            drawn = iter(list(bar))
    result = update.carry_out(plan, drawn, base_url=base_url, write=write, prune=prune)
    for line in result.errors:
        click.echo(f"Error: {line}", err=True)
    for line in result.said:
        click.echo(line)
    for line in (*result.notes, *(result.drift if check else ())):
        click.echo(line, err=True)
    if check and result.drift:
        more = ["--prune"] * prune + ["--allow-outside"] * allow_outside
        more += [word for option, given in (("--base-url", base_url), ("--root", root)) if given
                 for word in (option, given)]
        click.echo(f"run: tinyviz docs {shlex.join([*paths, *more])}", err=True)
    if result.errors or (check and result.drift):
        sys.exit(1)


def read(target: str | None, expression: str | None, points: tuple[tuple[str, Any], ...],
         inputs: tuple[str, ...], seconds: float, *, meta: bool = False, **options: Any) -> Any:
    """The graph of a target at a point, or the graph that a JSON file holds."""
    from .viz import readers
    from .viz.graph.json import from_json
    from .viz.run import targets
    from .viz.run.progress import show_progress
    target = one_target(target, expression)
    if target.endswith(".json") and os.path.isfile(target):
        with open(target, encoding="utf-8") as file:
            return from_json(file.read())
    with readers.prepared(meta=meta):
        loaded = targets.load(target) if expression is None else targets.expression(target)
        extra = {"meta": True} if meta else {}
        at = point(points, loaded.names)
        with show_progress(f"running {loaded.name}"):
            return readers.trace(loaded, at, inputs, seconds=seconds, **options, **extra)


def one_target(target: str | None, expression: str | None) -> str:
    """TARGET or -e, whichever was given."""
    if (target is None) == (expression is None):
        raise click.UsageError("give one TARGET: f.py, f.py:g, package.module:g or an expression "
                               "such as \"x**3 + x\"" + (", or -e, not both" if target else ""))
    return target if target is not None else str(expression)


def point(points: tuple[tuple[str, Any], ...], names: tuple[str, ...]) -> dict[str, Any]:
    """--at options as argument -> value: those without a name go to the arguments in order."""
    given = {name: value for name, value in points if name}
    free = [name for name in names if name not in given]
    bare = [value for name, value in points if not name]
    if len(bare) > len(free):
        raise click.UsageError(f"--at is given {len(points)} times for "
                               f"{len(names)} argument{'s' * (len(names) != 1)} "
                               f"({', '.join(names)})")
    return given | dict(zip(free, bare))


def destinations(outputs: tuple[str, ...], format: str | None, formats: Collection[str],
                 frames: bool = False) -> list[tuple[str, str]]:
    """(path, format) for each -o; the path is "" where it is to be named after the target.

    With `frames` a path that ends in a slash is a folder of frames.
    """
    from .viz.writers import ALIASES
    listed = ", ".join(formats) + (", or a folder: frames/" if frames else "")
    format = ALIASES.get(format, format) if format else None
    if format is not None and format not in formats:
        raise click.UsageError(f"unknown format: {format!r} (must be one of {listed})")
    wanted = []
    for path in outputs or ("",):
        suffix = os.path.splitext(path)[1][1:].lower()
        kind = format or ALIASES.get(suffix, suffix)
        if not kind:
            kind = "html" if frames and not path else "svg" if path in ("", "-") else \
                "frames" if frames and path.endswith(("/", os.sep)) else ""
        if kind not in formats and kind != "frames":
            raise click.UsageError(
                f"unknown format: {suffix!r} of {path!r} (must be one of {listed})" if suffix else
                f"{path!r} has no suffix to name its format: add one of {listed}, or --format")
        wanted.append((path, kind))
    return wanted


def looks(theme: str, both: bool, outputs: tuple[str, ...]) -> tuple[str, ...]:
    """The themes in which each destination is drawn: the dark one second."""
    if both and theme == "dark":
        raise click.UsageError("the first of both pictures is to be light: it cannot be dark too")
    if both and "-" in outputs:
        raise click.UsageError("--both writes two files, and - is one stream: name a file after -o")
    return (theme, "dark") if both else (theme,)


def named(wanted: list[tuple[str, str]], stem: str, themes: tuple[str, ...]
          ) -> list[tuple[str, str, str]]:
    """(path, format, theme) for each destination and theme; without a path output/STEM.FORMAT."""
    from .viz.graph.files import dark_path
    placed = [(path or os.path.join("output", f"{stem}.{kind}"), kind) for path, kind in wanted]
    return [(dark_path(path) if i else path, kind, theme)
            for path, kind in placed for i, theme in enumerate(themes)]


def deliver(contents: list[tuple[str, bytes]], show: bool) -> None:
    """Write the files, print their paths; - is standard output, then nothing else stands there."""
    from .viz.graph import files
    piped = any(path == "-" for path, _ in contents)
    for path, content in contents:
        if path == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            continue
        files.save(path, content)
        click.echo(path, err=piped)
        if show:
            click.launch(path)


def _warn(message: Warning | str, category: type[Warning], filename: str, lineno: int,
          file: TextIO | None = None, line: str | None = None) -> None:
    """A warning as one line for people, on stderr; numpy's own with the line of the user's."""
    spot, frame = "", sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename == warnings.__file__:
        frame = frame.f_back
    if category is RuntimeWarning and "tinyviz.tinytorch" in sys.modules:
        from .tinytorch.core.errors import location
        spot = location(frame).prefix
    click.echo(f"Warning: {spot}{message}", err=True)


def main(args: list[str] | None = None) -> None:
    """The console script: an error is one message, and status 1, 2 (usage), 3 (function) or 130."""
    args = sys.argv[1:] if args is None else args
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            commands.main(list(args), prog_name="tinyviz", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:      # the reader of our output went away: `tinyviz ... -o - | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if "--traceback" in args:
            raise
        status = getattr(error, "status", None)
        kind = "" if status else f"this is a bug of tinyviz, {type(error).__name__}: "
        hint = "" if status else "\n(--traceback shows where; please report it)"
        click.echo(f"Error: {kind}{error}{hint}", err=True)
        sys.exit(status or 1)


if __name__ == "__main__":       # python cli.py: this file again, as the module that it is
    from tinyviz.cli import main as start
    start()
