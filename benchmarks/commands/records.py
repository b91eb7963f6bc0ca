"""`compare` and `show`: what records say."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.console import OUT
from benchmarks.commands.run import show_records
from benchmarks.compare import compare as compare_records
from benchmarks.tables import difference_table
from deblur.cli.console import plain_errors
from deblur.errors import RecordError
from deblur.records.run_result import read_record


def compare(
    first: Annotated[Path, typer.Argument(help="A record.")],
    second: Annotated[Path, typer.Argument(help="Another record, of the same pictures and rules.")],
) -> None:
    """Show mean differences, their 95 % intervals, and whether they are significant."""
    with plain_errors():
        ours, theirs = read_record(first), read_record(second)
        names = _names(
            ours.model.name, theirs.model.name, ours.engine.backend, theirs.engine.backend
        )
        OUT.print(difference_table(compare_records(ours, theirs), *names))


def show(
    records: Annotated[list[Path], typer.Argument(help="Records, and folders of records.")],
) -> None:
    """Tables of records: one for each dataset and protocol."""
    with plain_errors():
        files = [
            path
            for given in records
            for path in (sorted(given.rglob("*.json")) if given.is_dir() else [given])
            if ".unfinished" not in path.parts
        ]
        if not files:
            raise RecordError(f"{', '.join(map(str, records))}: there are no records there")
        show_records([read_record(path) for path in files])


def _names(first: str, second: str, backend: str, other: str) -> tuple[str, str]:
    if first != second:
        return first, second
    if backend != other:
        return f"{first} ({backend})", f"{second} ({other})"
    return f"{first} (first)", f"{second} (second)"
