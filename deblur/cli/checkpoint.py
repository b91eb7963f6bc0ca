"""`python -m deblur checkpoint`: take a checkpoint through a door that is narrow."""

from pathlib import Path
from typing import Annotated

import typer

from deblur.cli.console import OUT, plain_errors
from deblur.cli.needs import require_torch

checkpoint = typer.Typer(help="Split a checkpoint into parts, or join them.", no_args_is_help=True)


@checkpoint.command()
def split(
    path: Annotated[Path, typer.Argument(help="checkpoint.pt or best.pt of a run.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the parts.")],
    mib: Annotated[int, typer.Option(min=1, help="The most that a part may hold.")] = 15,
) -> None:
    """Cut a checkpoint into parts, and write an index beside them."""
    with plain_errors():
        require_torch("reading a checkpoint")
        from deblur.training.run.checkpoint import split_checkpoint

        OUT.print(str(split_checkpoint(path, output, mib << 20)))


@checkpoint.command()
def join(
    index: Annotated[Path, typer.Argument(help="The .parts.json that `split` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The checkpoint to write.")],
) -> None:
    """Put the parts back together, checked by their digest."""
    with plain_errors():
        require_torch("reading a checkpoint")
        from deblur.training.run.checkpoint import join_checkpoint

        join_checkpoint(index, output)
    OUT.print(str(output))
