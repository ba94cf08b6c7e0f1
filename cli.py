"""The command line: parses words into a request, draws it, writes files, prints, exits."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from .viz.request.common import Drawn, File

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
SUMMARIES = {                    # of the commands that a request makes: what --help says of each
    "graph": "Draw the computation graph of TARGET, with data and grad at every node.",
    "plot": "Plot TARGET and its derivatives over a range; of two variables its contours.\n\n"
            "Poles, jumps, kinks, holes and ends of the domain are found and marked.",
}


def _version(context: click.Context, option: click.Parameter, given: bool) -> None:
    if given:
        from .version import __version__
        click.echo(f"tinyviz, version {__version__}")
        context.exit()


class Commands(click.Group):
    """The commands; those that a request makes are imported when they are used."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted({*super().list_commands(context), *SUMMARIES})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in SUMMARIES and name not in self.commands:
            self.add_command(_drawing(name))
        return super().get_command(context, name)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        listed = {name: command.help or "" for name, command in self.commands.items()} | SUMMARIES
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed[name].partition("\n\n")[0].replace("\n", " "))
                                for name in self.list_commands(context)])


@click.group(cls=Commands, context_settings=CONTEXT)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version,
              help="Show the version and exit.")
def commands() -> None:
    """See automatic differentiation: computation graphs with data and grad at every node, functions
    with their exact derivatives.

    A TARGET is f.py (its only public function, or f), f.py:g, package.module:g, or an expression
    such as "x**3 + sin(x)".
    """


def _drawing(name: str) -> click.Command:
    """The command that draws a request."""
    from .viz.request import words

    def run(open_: bool, traceback: bool, **given: Any) -> None:
        from .viz.request import draw
        drawn = draw(words.request(name, given))
        deliver(_colored(drawn, given.get("edges", "")), open_)
        for line in (*drawn.notes, *drawn.flags):
            click.echo(words.spelled(line), err=True)
        if drawn.error is not None:
            raise drawn.error
        if drawn.flags and given["strict"]:
            sys.exit(1)

    return words.Command(name, callback=run, help=SUMMARIES[name], more=(
        click.Option(["--open", "open_"], is_flag=True, help="Open the result when it is written."),
        click.Option(["--traceback"], is_flag=True, help="Show the traceback of an error.")))


def _colored(drawn: Drawn, edges: str) -> Sequence[File]:
    """The files; a tree on a terminal that wants colour is coloured."""
    if drawn.graph is None or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return drawn.files
    from .viz.writers import txt
    return [file._replace(content=txt.tree(drawn.graph, edges=edges, color=True).encode())
            if (file.path, file.format) == ("-", "txt") else file for file in drawn.files]


@commands.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--at", "at", metavar="[NAME=]VALUE", multiple=True,
              help="Evaluate both at this point.")
@click.option("--input", "inputs", multiple=True, metavar="[NAME=]EXPR",
              help="An input of PyTorch or JAX targets: \"randn(2, 3)\".")
@click.option("--rtol", type=click.FloatRange(min=0), default=1e-6, show_default=True,
              help="Relative tolerance: numbers that differ by less, in terms of the larger, are "
                   "equal.")
@click.option("--no-grad", is_flag=True, help="Run the forward pass only.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE",
              help="Draw both as one picture.  [default: no picture]")
@click.option("--format", metavar="FORMAT", help="The format, where no suffix sets it.")
@click.option("--dark", is_flag=True, help="Use the dark theme.")
@click.option("--time-limit", type=click.FloatRange(min=0.001), default=60, show_default=True,
              metavar="SECONDS", help="Abort after this many seconds.")
@click.option("--traceback", is_flag=True, help="Show the traceback of an error.")
def diff(before: str, after: str, rtol: float, traceback: bool, **given: Any) -> None:
    """Compare two graphs: of targets, or in JSON files that `graph` has written.

    Nodes are matched by name and by structure. Exits 1 if there is a difference.
    """
    from .viz.request import words
    from .viz.request.compare import compare
    given["at"] = [words.Point().convert(one, None, None) for one in given["at"]]
    found = compare(*[words.request("graph", {**given, "grad": given["no_grad"]}, target=target)
                      for target in (before, after)], rtol=rtol)
    deliver(found.files, False)
    for line in found.sentences or ("no difference",):
        click.echo(line, err=True)
    if found.sentences:
        sys.exit(1)


@commands.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a picture is out of date.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--prune", is_flag=True, help="Remove pictures that these documents no longer show.")
@click.option("--force", is_flag=True, help="Redraw everything; overwrite edits made by hand, and "
              "files that were not made here.")
@click.option("--base-url", default="", metavar="URL", help="Prefix each picture's path from the "
              "root: for pages that are shown elsewhere, such as on PyPI.")
@click.option("--root", metavar="FOLDER", help="The folder that holds targets and pictures.  "
              "[default: the documents' project]")
@click.option("--allow-outside", is_flag=True, help="Allow targets outside the root.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True,
              help="The number of processes that draw.")
def docs(paths: tuple[str, ...], root: str | None, jobs: int, **given: Any) -> None:
    """Update the pictures in documents that are out of date.

    In Markdown (*.md) between <!-- tinyviz: graph f.py --at 1.2 -o f.svg --dark --> and
    <!-- /tinyviz -->, in reStructuredText between .. tinyviz: ... and .. /tinyviz. PATH may be
    a folder.
    """
    from .viz.documents import markdown, update
    from .viz.documents.dependencies import root_of
    from .viz.documents.picture import Project
    found = markdown.documents(paths)
    project = Project(os.path.realpath(root or root_of(found[0] if found else ".")),
                      given["allow_outside"])
    check, write = given["check"], not (given["check"] or given["diff"])
    plan = update.plan(found, project, base_url=given["base_url"], force=given["force"])
    drawn = markdown.draw_jobs(plan.stale if write or given["diff"] else [], jobs)
    if sys.stderr.isatty() and len(plan.stale) > 1:
        with click.progressbar(drawn, len(plan.stale), "drawing", file=sys.stderr) as bar:
            drawn = iter(list(bar))
    result = update.apply(plan, drawn, base_url=given["base_url"], write=write,
                          prune=given["prune"])
    for line in result.errors:
        click.echo(f"Error: {line}", err=True)
    for line in result.said:
        click.echo(line)
    for line in (*result.notes, *(result.drift if check else ())):
        click.echo(line, err=True)
    if check and result.drift:
        import shlex
        more = ["--prune"] * given["prune"] + ["--allow-outside"] * given["allow_outside"]
        more += [word for option, value in (("--base-url", given["base_url"]), ("--root", root))
                 if value for word in (option, value)]
        click.echo(f"run: tinyviz docs {shlex.join([*paths, *more])}", err=True)
    if result.errors or (check and result.drift):
        sys.exit(1)


def deliver(files: Sequence[File], show: bool) -> None:
    """Write the files and print their paths; - is standard output, then paths go to stderr."""
    from .viz.graph.files import save
    piped = any(file.path == "-" for file in files)
    for file in files:
        if file.path == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(file.content)
            sys.stdout.buffer.flush()
            continue
        save(file.path, file.content)
        click.echo(file.path, err=piped)
        if show:
            click.launch(file.path)


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
        from .viz.request.words import spelled
        click.echo(f"Error: {kind}{spelled(error)}{hint}", err=True)
        sys.exit(status or 1)


if __name__ == "__main__":       # python cli.py: this file again, as the module that it is
    from tinyviz.cli import main as start
    start()
