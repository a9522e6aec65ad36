"""``fallline``: the command line's way in, and how it ends.

Exit codes: 0; 1 check found errors; 2 the user's mistake; 3 ours; 130 interrupted.
"""

from __future__ import annotations

import functools
import inspect
import io
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import version as installed
from typing import Annotated, Any

import typer

from fallline.apps.cli.catalog import catalog
from fallline.apps.cli.check import check
from fallline.apps.cli.compare import compare
from fallline.apps.cli.predict import predict
from fallline.apps.cli.studies import studies
from fallline.apps.cli.train import train
from fallline.core.errors import FalllineError

__all__ = ["app", "main"]

# Newer releases of typer bring a click of their own: this is the ClickException of whichever is in use.
_OptionError: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="fallline",
    help="Train feedforward networks, and see why the loss, the optimizer and the learning rate matter.",
    epilog="Start with: fallline train wine",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _announced(verb: Callable[..., int]) -> Callable[..., int]:
    """``verb``, saying so when Ctrl-C ends it before it has kept anything; typer alone would end without a word."""

    @functools.wraps(verb)
    def run(*arguments: Any, **options: Any) -> int:
        try:
            return verb(*arguments, **options)
        except KeyboardInterrupt:
            typer.echo("interrupted before anything was reached; nothing was written", err=True)
            return 130

    return run


def _help(verb: Callable[..., int]) -> str:
    """A verb's docstring without its line ends, which typer would keep: a terminal breaks lines where it must."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in (inspect.getdoc(verb) or "").split("\n\n"))


for _verb in (train, compare, check, predict, studies, catalog):
    app.command(help=_help(_verb))(_announced(_verb))


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"fallline {installed('fallline')} (torch {installed('torch')}, {_engine()})")
        raise typer.Exit


def _engine() -> str:
    from fallline.engines._compiled import compiled, instruction_set  # not for --help

    return f"compiled for {instruction_set()}" if compiled() else "without the compiled engine"


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help="Print the version, that of torch, and the instruction set in use.",
        ),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    command = typer.main.get_command(app)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an old terminal shows ? for the bars, and no traceback
    try:
        result = command.main(
            args=list(sys.argv[1:] if arguments is None else arguments) or ["--help"],
            prog_name="fallline",
            standalone_mode=False,
        )
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except FalllineError as error:
        return _complain(str(error))
    except _OptionError as error:
        return _complain(_usage(error))
    except BrokenPipeError:
        # Whoever read our output has had enough; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit:
        # So does rich, where the reader of its output has gone away; nothing else exits here.
        return 0
    except Exception:
        traceback.print_exc()
        typer.echo("this is a mistake in Fallline, not yours: please report it with the lines above", err=True)
        return 3


def _complain(message: str) -> int:
    typer.echo(message, err=True)
    return 2


def _usage(error: Exception) -> str:
    """A complaint of the option parser in the house form."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "fallline"
    wrong = getattr(error, "format_message", error.__str__)()
    wrong = wrong.removesuffix(".")
    doing = f"reading the options of {command}" if command != "fallline" else "reading the command"
    wrong, unread = re.subn(r"Input should be a valid (\w+), unable to parse string as an? \w+", r"it is no \1", wrong)
    several = unread and command.endswith(" train")
    do = "give a single value; alternatives are for fallline compare" if several else f"{command} --help"
    return str(FalllineError(doing, wrong[:1].lower() + wrong[1:], do=do))
