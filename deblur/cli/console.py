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
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from deblur import __version__, hub
from deblur.errors import DeblurError

OUT = Console(soft_wrap=True, highlight=False, emoji=False, markup=False)
ERR = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False, markup=False)
TERMINATED = 128 + signal.SIGTERM
"""The exit code after SIGTERM, as a shell says it."""

SMALL = 100_000
"""Bytes of a file from the Hub that is fetched without a word."""

_OPTIONS = {
    "(max_pixels)": "(--max-megapixels)",
    "allow overwriting or": "pass --existing overwrite or --existing skip, or",
}
"""What messages say to Python, and what a terminal has for it."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what went wrong on purpose, or with a file, into a sentence and exit code 1.

    SIGTERM cleans up as Ctrl-C does, and ends with exit code 143. What has to be fetched from the
    Hub is seen while it comes.
    """
    try:
        with ended_by_sigterm(), coming() as shown, hub.watched(shown.show_file):
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


class Coming:
    """Shows what is fetched, and how many of its bytes have come: without a terminal, in a line."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        self._bar = Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal)
        self._task = self._bar.add_task("", total=None)
        self._printed = set[str]()

    def show(self, what: str, came: int, total: int | None) -> None:
        """So many bytes have come; the bar begins with the first."""
        self._bar.update(
            self._task, description=what, completed=min(came, total or came), total=total
        )
        if what in self._printed:
            return
        self._printed.add(what)
        if self._bar.disable:
            ERR.print(what)
        self._bar.start()
        self._bar.refresh()

    def show_file(self, file: str, came: int, total: int | None) -> None:
        """As `show`, of a file from the Hub that is not small; the bar goes when all is there."""
        if total is not None and total > SMALL:
            self.show(f"fetching {file}, {decimal(total)}", came, total)
            if came >= total:
                self.end()

    def end(self) -> None:
        """Nothing comes any more."""
        self._bar.stop()


@contextmanager
def coming() -> Iterator[Coming]:
    """A bar that is gone when the block ends."""
    shown = Coming()
    try:
        yield shown
    finally:
        shown.end()


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
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
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
