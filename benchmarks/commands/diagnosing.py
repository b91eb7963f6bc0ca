"""`diagnosis`: whether what is said of photos is right."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from benchmarks.commands.console import ERR, OUT
from benchmarks.datasets import MINI, Dataset, open_dataset
from deblur.cli.console import plain_errors
from deblur.cli.needs import require_torch
from deblur.diagnosis import Kind

if TYPE_CHECKING:
    from benchmarks.diagnosis import PairScores, SharpScores, TileScores

EXTENT = "at most 25.0%"


def diagnosis(
    photos: Annotated[
        Path,
        typer.Option(
            help="Sharp photos to synthesise tiles from (default: those of mini).",
            show_default=False,
        ),
    ] = MINI / "sharp",
    sharp: Annotated[
        list[Path] | None,
        typer.Option(help="A folder of sharp photos; repeatable (default: mini)."),
    ] = None,
    pairs: Annotated[
        list[str] | None, typer.Option(help="NAME or NAME=FOLDER; repeatable (default: mini).")
    ] = None,
    tiles: Annotated[int, typer.Option(min=1, help="Synthesised tiles.")] = 880,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same tiles.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads for the timing.")] = 2,
) -> None:
    """Measure how often the diagnosis is right, on synthesised tiles, photos and real pairs."""
    with plain_errors():
        require_torch("synthesising tiles")
        from benchmarks import diagnosis as measured

        known = measured.large_enough(photos)
        ERR.print(f"{tiles} tiles, then photos and pairs")
        scores = measured.measure_tiles(known, tiles, seed)
        called = [measured.measure_sharp(folder) for folder in sharp or [MINI / "sharp"]]
        related = measured.measure_pairs(_opened(pairs or ["mini"]))
        seconds = {
            side: measured.measure_time(known[0], side, threads) for side in measured.TIMED_SIDES
        }
        OUT.print(_table(scores, called, related, seconds))
        OUT.print(_confusion(scores))


def _opened(places: Sequence[str]) -> dict[str, Dataset]:
    named = {place: place.partition("=") for place in places}
    return {
        place: open_dataset(name, Path(folder) if folder else None)
        for place, (name, _, folder) in named.items()
    }


def _table(
    scores: "TileScores",
    called: Sequence["SharpScores"],
    related: Sequence["PairScores"],
    seconds: dict[int, float],
) -> Table:
    """A row for each figure, with its goal."""
    table = Table("", box=None, pad_edge=False)
    table.add_column("of", justify="right")
    table.add_column("found", justify="right")
    table.add_column("goal")
    table.add_row("kind of tile right", str(scores.count), f"{scores.right:.1%}", "at least 90.0%")
    table.add_row("error of length, median", "", f"{scores.length:.1%}", EXTENT)
    table.add_row("error of radius, median", "", f"{scores.radius:.1%}", EXTENT)
    table.add_row("error of angle, median, degrees", "", f"{scores.angle:.1f}")
    table.add_row("error of noise, median, of 255", "", f"{scores.noise:.2f}")
    table.add_row("error of JPEG quality, median", "", f"{scores.quality:.1f}")
    for each in called:
        share = f"{each.sharp / each.count:.1%}"
        table.add_row(f"called sharp: {each.folder}", str(each.count), share, "at least 95.0%")
        share = f"{each.shallow / each.count:.1%}"
        table.add_row(f"called soft on purpose: {each.folder}", str(each.count), share)
    for pair in related:
        found = "" if math.isnan(pair.correlation) else f"{pair.correlation:+.2f}"
        table.add_row(f"extent and PSNR: {pair.title}", str(pair.count), found, "at most -0.70")
    for side, taken in seconds.items():
        table.add_row(f"s/MP of {side} x {side} px", "", f"{taken:.3f}", "at most 0.030")
    return table


def _confusion(scores: "TileScores") -> Table:
    """What was drawn, row by row, and what it was called."""
    table = Table("drawn", box=None, pad_edge=False)
    for kind in Kind:
        table.add_column(kind, justify="right")
    for drawn in Kind:
        counts = [scores.confusion.get((drawn, seen), 0) for seen in Kind]
        table.add_row(drawn, *map(str, counts))
    return table
