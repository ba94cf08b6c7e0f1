"""Words: a request as the words of a command line, and how these spell an option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from ..options.fields import Spec, specs
from ..options.message import Message, Option, message_of
from ..run.expression import ExpressionError, value

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType              # it takes types since click 8.3

REQUESTS = {"graph": "GraphRequest", "plot": "PlotRequest"}      # command -> its request


class Point(ParamType):
    """A value for an argument: 1.2, x=1.2, y=pi/2, -1/3, "[1, 2, 3]"."""

    name = "[NAME=]VALUE"

    def convert(self, given: Any, param: Any, context: Any) -> tuple[str, Any]:
        name, equals, written = given.rpartition("=")
        name = name.strip()
        if equals and not name.isidentifier():
            self.fail(f"{given!r}: {name!r} is not the name of an argument", param, context)
        try:
            return name, value(written)
        except ExpressionError as error:
            self.fail(f"{error} (write 1.2, x=1.2, pi/2 or \"[1, 2, 3]\")", param, context)


class Number(ParamType):
    """A number: 3, -3, pi/2, 1e-3."""

    name = "number"

    def convert(self, given: Any, param: Any, context: Any) -> float:
        if isinstance(given, (int, float)):
            return float(given)
        try:
            number = value(given)
        except ExpressionError as error:
            self.fail(str(error), param, context)
        if isinstance(number, list):
            self.fail(f"{given!r} is a list, not a number", param, context)
        return float(number)


class Width(ParamType):
    """A width in px, or none."""

    name = "px"

    def convert(self, given: Any, param: Any, context: Any) -> float | None:
        return None if given in ("none", None) else Number().convert(given, param, context)


class Family(ParamType):
    """The values of an argument: a=1,2,3."""

    name = "NAME=V,V,..."

    def convert(self, given: Any, param: Any, context: Any) -> tuple[str, list[float]]:
        name, equals, values = given.partition("=")
        if not (equals and name.strip().isidentifier() and values.strip()):
            self.fail(f"{given!r}: write NAME=V,V,... such as a=1,2,3", param, context)
        return name.strip(), [Number().convert(one, param, context) for one in values.split(",")]


class NameList(ParamType):
    """Names, separated by commas."""

    name = "LIST"

    def convert(self, given: Any, param: Any, context: Any) -> tuple[str, ...]:
        return given if isinstance(given, tuple) else tuple(
            word.strip() for word in given.split(",") if word.strip())


class Command(click.Command):
    """A command made from a request; an error hints at -e where an expression begins with a minus.

    `more`: options that only the command line has.
    """

    def __init__(self, name: str, *, callback: Callable[..., Any] | None = None, help: str = "",
                 more: tuple[click.Option, ...] = ()) -> None:
        kind = request_class(name)
        super().__init__(name, callback=callback, help=help, params=[
            *(_parameter(field, spec, default) for field, spec, default in specs(kind)
              if spec.command_line), *more])

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


def request_class(name: str) -> type[Any]:
    """Return the class of a command's request."""
    found: type[Any] = getattr(import_module(__package__), REQUESTS[name])
    return found


def request(name: str, given: Mapping[str, Any], **more: Any) -> Any:
    """Return the request of a command from its parsed parameters. Raises OptionError."""
    kind = request_class(name)
    values = {field: not given[field] if _negative(spec) else given[field]
              for field, spec, _ in specs(kind) if field in given}
    values = {field: default if values[field] is None and default is not None and
              spec.kind != "width" else values[field]
              for field, spec, default in specs(kind) if field in values}
    return kind(**{**values, **more})


def spelled(text: Any) -> str:
    """Return a text or the text of an error, its options spelled as on the command line."""
    message = message_of(text) if isinstance(text, BaseException) else text
    return message.spelled(_spell) if isinstance(message, Message) else str(message)


def _spell(option: Option) -> str:
    """Return an option with its value: --at x=1.2, --fold all."""
    flag = _flags().get(option.name, "--" + option.name.replace("_", "-"))
    if option.value is None or isinstance(option.value, bool):
        return flag
    if isinstance(option.value, dict):
        return " ".join(f"{flag} {_word(f'{name}={one}')}" for name, one in option.value.items())
    if isinstance(option.value, tuple):
        return f"{flag} {' '.join(map(_word, option.value))}"
    return f"{flag} {_word(option.value)}"


def _word(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f'"{text}"' if set(text) & set(" ()\"'*") else text


def _flags() -> dict[str, str]:
    """Return option -> flag, if this is not its name."""
    return {field: spec.flags[-1].partition("/")[0] for name in REQUESTS
            for field, spec, _ in specs(request_class(name)) if spec.flags}


def _negative(spec: Spec) -> bool:
    return bool(spec.flags) and spec.flags[0].startswith("--no-")


def _parameter(name: str, spec: Spec, default: Any) -> click.Parameter:
    """Return the parameter of the command line that sets a field."""
    if spec.flags == (name,):
        return click.Argument([name], required=False)
    flags = spec.flags or ("--" + name.replace("_", "-"),)
    help = spec.help + (f"  [default: {spec.default_help}]" if spec.default_help else "")
    if spec.kind == "flag":
        return click.Option([*flags, name], is_flag=True, help=help,
                            default=None if default is None else False)
    shown = not spec.default_help and default not in (None, "", ())
    return click.Option(
        [*flags, name], type=_type(spec), multiple=spec.many and spec.kind != "names",
        nargs=spec.nargs, metavar=spec.metavar or None, help=help, show_default=shown,
        default=None if spec.many or default in (None, "") else
        int(default) if isinstance(default, float) else default)


def _type(spec: Spec) -> Any:
    """Return the type of the values of an option for click."""
    if spec.choices and spec.kind != "names":
        return click.Choice(spec.choices, case_sensitive=False)
    if spec.kind == "integer":
        low, high = (None if end is None else int(end) for end in (spec.low, spec.high))
        return click.IntRange(low, high)
    if spec.kind == "number" and spec.nargs == 1 and spec.low is not None:
        return click.FloatRange(spec.low, spec.high)
    return {"number": Number(), "point": Point(), "width": Width(), "family": Family(),
            "names": NameList(), "taylor": (Number(), int)}.get(spec.kind, str)
