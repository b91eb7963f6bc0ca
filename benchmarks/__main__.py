"""`python -m benchmarks`: measurements that anyone can repeat."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.gain import GainRun, measure_gains
from benchmarks.photos import PhotoRun, measure_photos
from benchmarks.speed import measure_speed
from benchmarks.tables import (
    feeding_sentence,
    feeding_table,
    gain_tables,
    network_table,
    photo_cost_table,
    photo_tables,
    to_json,
)
from deblur.catalog import CATALOG, DEFAULT_MODEL
from deblur.cli.console import plain_errors
from deblur.cli.needs import require_torch
from deblur.restorer import Restorer

app = typer.Typer(help="Measurements that anyone can repeat.", no_args_is_help=True)
OUT = Console()
ERR = Console(stderr=True)

Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="A name or a file, repeatable [all that are shipped]"),
]
Engine = Annotated[str, typer.Option("--backend", help="auto, onnx or torch.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write all figures to this file.")]


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
        model or list(CATALOG), photo or [12, 48, 100], lambda text: _tell(f"measuring {text}")
    )
    OUT.print(f"{run.machine}: matrix product {run.matrix_product_gflops:.0f} GFLOP/s")
    OUT.print(network_table(run))
    OUT.print(photo_cost_table(run))
    if output is None:
        OUT.print_json(to_json(run))
    else:
        output.write_text(to_json(run))


@app.command()
def gain(
    root: Annotated[Path, typer.Argument(help="A folder with blur/NAME and sharp/NAME.")],
    model: Models = None,
    backend: Engine = "auto",
    niqe: Annotated[bool, typer.Option("--niqe/--no-niqe", help="NIQE needs pyiqa.")] = True,
    json: Json = None,
) -> None:
    """PSNR of restored pairs over the blurred input, and NIQE of both."""
    with plain_errors():
        run = measure_gains(_open(model, backend), root, with_niqe=niqe, tell=_tell)
        _show(gain_tables(run), run, json)


@app.command()
def photos(
    folder: Annotated[Path, typer.Argument(help="Photos, in subfolders too.")],
    model: Models = None,
    backend: Engine = "auto",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Take so many photos, evenly [all]")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Write restored photos as FOLDER/MODEL/NAME.png.")
    ] = None,
    json: Json = None,
) -> None:
    """NIQE of photos without a sharp partner, before and after, and how much they change."""
    with plain_errors():
        run = measure_photos(_open(model, backend), folder, limit=limit, save=save, tell=_tell)
        _show(photo_tables(run), run, json)


@app.command()
def feeding(
    photos: Annotated[str, typer.Argument(help="What to learn from, as `train --data` takes it.")],
    model: Annotated[str, typer.Option(help="A name from `models`.")] = DEFAULT_MODEL,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    batch: Annotated[int | None, typer.Option(min=1, help="Crops a step.")] = None,
    crop: Annotated[int | None, typer.Option(min=1, help="Side of the crops in pixels.")] = None,
) -> None:
    """Whether synthesis feeds the network: the share of a training step that goes to its batch."""
    with plain_errors():
        require_torch("training")
        from benchmarks.feeding import feeding_config, measure_feeding

        run = measure_feeding(feeding_config(photos, model, batch=batch, crop=crop), device=device)
        OUT.print(feeding_table(run))
        OUT.print(feeding_sentence(run), soft_wrap=True)


def _open(models: list[str] | None, backend: str) -> dict[str, Restorer]:
    names = models or [spec.name for spec in CATALOG.values() if spec.weights]
    return {name: Restorer.open(name, engine=backend) for name in names}


def _show(tables: Iterable[Table], run: GainRun | PhotoRun, json: Path | None) -> None:
    for table in tables:
        OUT.print(table)
    if json is not None:
        json.write_text(to_json(run))


def _tell(text: str) -> None:
    ERR.print(text, markup=False, highlight=False)


if __name__ == "__main__":
    app()
