"""How the command line speaks: results on stdout, progress and trouble on stderr."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from deblur.errors import DeblurError

OUT = Console(soft_wrap=True, highlight=False, emoji=False, markup=False)
ERR = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False, markup=False)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what went wrong on purpose, or with a file, into a sentence and exit code 1."""
    try:
        yield
    except DeblurError as error:
        ERR.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        ERR.print(reason, style="red", markup=False)
        raise typer.Exit(1) from error


def print_any_name() -> None:
    """Let stdout escape what it cannot encode: a file's name may hold any bytes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
