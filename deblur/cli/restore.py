"""`python -m deblur restore`: files and folders in, sharper files out."""

import json
from collections.abc import Callable, Set
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deblur.catalog import DEFAULT_MODEL
from deblur.cli.console import ERR, OUT, plain_errors
from deblur.cli.jobs import Job, plan_jobs
from deblur.cli.options import (
    BackendChoice,
    CrewChoice,
    CrewName,
    DeviceName,
    OutputFormat,
    OwnPrecision,
    RayAddress,
    RayGpus,
    Threads,
    TileSide,
    Workers,
)
from deblur.cli.photo_worker import Outcome, PhotoWorker, is_taken, open_worker
from deblur.crews import Crew, carry_out
from deblur.errors import DeblurError
from deblur.restorer import Progress as Tiles
from deblur.restorer import Restorer

_Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="A folder, or a file for a single photo.")
]
_Model = Annotated[
    str,
    typer.Option(help="A name from `models`, a file, owner/name@revision or hf://owner/name/FILE."),
]
_Format = Annotated[OutputFormat | None, typer.Option(help="Default: the format of the input.")]
_Largest = Annotated[float, typer.Option(min=0, max=1e6, help="Refuse larger photos.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for each photo.")]


def restore(
    inputs: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.")],
    output: _Output = None,
    model: _Model = DEFAULT_MODEL,
    backend: Annotated[BackendChoice, typer.Option(help="What runs it.")] = BackendChoice.auto,
    device: DeviceName = "auto",
    precision: OwnPrecision = None,
    tile: TileSide = None,
    threads: Threads = None,
    format: _Format = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="For JPEG and WebP; else as the photo's.")
    ] = None,
    strip_metadata: Annotated[bool, typer.Option(help="Leave out all but colours.")] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace files that are there.")] = False,
    max_megapixels: _Largest = 100.0,
    as_json: _AsJson = False,
    crew: CrewName = CrewChoice.serial,
    workers: Workers = 1,
    address: RayAddress = None,
    gpus: RayGpus = 0.0,
) -> None:
    """Sharpen blurred photos. Exits with 1 when any of them could not be restored."""
    opening: dict[str, Any] = {
        "model": model,
        "engine": backend.value,
        "device": device,
        "precision": precision.value if precision else None,
        "tile": tile,
        "threads": threads,
    }
    writing: dict[str, Any] = {
        "format": format,
        "quality": quality,
        "strip_metadata": strip_metadata,
        "max_pixels": int(max_megapixels * 1e6),
    }
    team = Crew(crew.value, workers, address, gpus)
    restored = 0
    with plain_errors():
        jobs = [replace(job, may_replace=overwrite) for job in plan_jobs(inputs, output, format)]
        taken = {job for job in jobs if is_taken(job)}
        bar = _progress_bar(hidden=as_json)
        photos = bar.add_task("photos", total=len(jobs), visible=len(jobs) > 1)
        # Before this bar starts: weights may be fetched, under a bar of their own.
        open_one = _worker(team, opening, writing, bar)
        with bar:
            for job, outcome in carry_out(jobs, open_one, team, partial(_again, taken)):
                restored += not isinstance(outcome, DeblurError)
                _tell(job, outcome, as_json)
                bar.advance(photos)
    if len(jobs) > 1:
        ERR.print(f"{restored} of {len(jobs)} photos restored")
    if restored < len(jobs):
        raise typer.Exit(1)


def _again(taken: Set[Job], job: Job) -> Job:
    """A worker that died may have written already, where nothing was when the work began."""
    return job if job in taken else replace(job, may_replace=True)


def _worker(
    crew: Crew, opening: dict[str, Any], writing: dict[str, Any], bar: Progress
) -> Callable[[], PhotoWorker]:
    """In this process a worker shows its tiles; elsewhere it opens the model for itself."""
    if crew.name != "serial":
        return partial(open_worker, opening, writing)
    restorer = Restorer.open(**opening)
    tiles = bar.add_task("", total=None)

    def show(job: Job, done: Tiles) -> None:
        bar.update(tiles, description=job.blurred.name, completed=done.tiles_done, total=done.tiles)

    return lambda: PhotoWorker(restorer, writing, show)


def _tell(job: Job, outcome: Outcome, as_json: bool) -> None:
    if as_json:
        record: dict[str, Any] = {"input": str(job.blurred)}
        if isinstance(outcome, DeblurError):
            record |= {"error": type(outcome).__name__, "message": str(outcome)}
        else:
            record |= {"output": str(job.restored), **asdict(outcome)}
        OUT.print(json.dumps(record))
    elif isinstance(outcome, DeblurError):
        ERR.print(f"{job.blurred}: {outcome}", style="red")
    else:
        OUT.print(f"{job.restored}  {outcome.summary()}")


def _progress_bar(*, hidden: bool) -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=ERR, transient=True, disable=hidden)
