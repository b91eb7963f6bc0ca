"""How the command line speaks, and how it ends: results on stdout, trouble on stderr."""

import io
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Annotated

import typer
from rich.console import Console

from deblur import __version__
from deblur.errors import DeblurError

OUT = Console(soft_wrap=True, highlight=False, emoji=False, markup=False)
ERR = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False, markup=False)
TERMINATED = 128 + signal.SIGTERM
"""The exit code after SIGTERM, as a shell says it."""

_OPTIONS = {
    "(max_pixels)": "(--max-megapixels)",
    "allow overwriting or": "pass --existing overwrite or --existing skip, or",
}
"""What messages say to Python, and what a terminal has for it."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what went wrong on purpose, or with a file, into a sentence and exit code 1.

    SIGTERM cleans up as Ctrl-C does, and ends with exit code 143.
    """
    try:
        with ended_by_sigterm():
            yield
    except BrokenPipeError:
        raise
    except DeblurError as error:
        ERR.print(worded(error), style="red", markup=False)
        raise typer.Exit(1) from error
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        ERR.print(reason, style="red", markup=False)
        raise typer.Exit(1) from error


def worded(error: DeblurError) -> str:
    """An error's message, with the options of the command line by their names."""
    message = str(error)
    for words, option in _OPTIONS.items():
        message = message.replace(words, option)
    return message


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Inside, SIGTERM raises SystemExit, so that all that is half done is taken away."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    end_on_sigterm()
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def end_on_sigterm() -> None:
    """From now on SIGTERM raises SystemExit, once."""
    signal.signal(signal.SIGTERM, _end)


def begin(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    """Let stdout escape what it cannot encode: a file's name may hold any bytes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if version:
        OUT.print(f"deblur {__version__}")
        raise typer.Exit


def _end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(TERMINATED)
