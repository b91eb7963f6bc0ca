"""`python -m benchmarks`: measurements that anyone can repeat."""

import statistics
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.gain import PairGain, measure_gains
from benchmarks.speed import SpeedRun, measure_speed
from deblur.catalog import CATALOG
from deblur.errors import DeblurError
from deblur.restorer import Restorer

app = typer.Typer(help="Measurements that anyone can repeat.", no_args_is_help=True)
OUT = Console()
ERR = Console(stderr=True)


@app.command()
def speed(
    model: Annotated[list[str] | None, typer.Option(help="Repeatable [all]")] = None,
    photo: Annotated[
        list[int] | None, typer.Option(help="Megapixels of a photo to restore, repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file.")] = None,
) -> None:
    """Speed and memory of every model on every engine of this machine."""
    run = measure_speed(
        model or list(CATALOG), photo or [12, 48, 100], lambda text: ERR.print(f"measuring {text}")
    )
    OUT.print(f"{run.machine}: matrix product {run.matrix_product_gflops:.0f} GFLOP/s")
    OUT.print(_network_table(run))
    OUT.print(_photo_table(run))
    if output is None:
        OUT.print_json(run.to_json())
    else:
        output.write_text(run.to_json())


@app.command()
def gain(
    root: Annotated[Path, typer.Argument(help="A folder with blur/NAME and sharp/NAME.")],
    model: Annotated[list[str] | None, typer.Option(help="Repeatable [those with weights]")] = None,
    backend: Annotated[str, typer.Option(help="auto, onnx or torch.")] = "auto",
) -> None:
    """PSNR of restored pairs over the blurred input."""
    try:
        for name in model or [spec.name for spec in CATALOG.values() if spec.weights]:
            gains = list(measure_gains(Restorer.open(name, engine=backend), root))
            OUT.print(_gain_table(name, gains))
    except DeblurError as error:
        ERR.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error


def _gain_table(name: str, gains: list[PairGain]) -> Table:
    table = Table(name, "blurred dB", "restored dB", "gain dB", box=None)
    for pair in gains:
        table.add_row(pair.name, f"{pair.blurred:.2f}", f"{pair.restored:.2f}", f"{pair.gain:+.2f}")
    columns = ([pair.blurred for pair in gains], [pair.restored for pair in gains])
    blurred, restored = (statistics.fmean(column) for column in columns)
    table.add_row("mean", f"{blurred:.2f}", f"{restored:.2f}", f"{restored - blurred:+.2f}")
    return table


def _network_table(run: SpeedRun) -> Table:
    table = Table("model", "engine", "s/MP", "+-", "GFLOP/s", "of product", "peak MB", box=None)
    for row in run.networks:
        table.add_row(
            row.model,
            row.engine,
            f"{row.seconds_per_megapixel:.2f}",
            f"{row.spread:.2f}",
            f"{row.gflops:.0f}",
            f"{row.of_matrix_product:.0%}",
            f"{row.peak_memory_mb:.0f}",
        )
    return table


def _photo_table(run: SpeedRun) -> Table:
    table = Table("restore", "MP", "seconds", "not the network", "peak MB", box=None)
    for row in run.photos:
        table.add_row(
            row.model,
            f"{row.megapixels:.0f}",
            f"{row.seconds:.1f}",
            f"{row.overhead:.0%}",
            f"{row.peak_memory_mb:.0f}",
        )
    return table


if __name__ == "__main__":
    app()
