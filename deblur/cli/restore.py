"""`python -m deblur restore`: files and folders in, sharper files out."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deblur.catalog import DEFAULT_MODEL
from deblur.cli.console import ERR, OUT, plain_errors
from deblur.cli.jobs import Job, plan_jobs
from deblur.cli.options import Engine, FloatPrecision, OutputFormat
from deblur.errors import DeblurError, OutputError, OutputExistsError
from deblur.restorer import Restorer, RestoreReport


def restore(
    inputs: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A folder, or a file for a single photo."),
    ] = None,
    model: Annotated[
        str, typer.Option(help="A name from `models`, an exported file, or owner/repo@revision.")
    ] = DEFAULT_MODEL,
    backend: Annotated[Engine, typer.Option(help="The engine.")] = Engine.auto,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps, tensorrt, ...")] = "auto",
    precision: Annotated[FloatPrecision, typer.Option()] = FloatPrecision.fp32,
    tile: Annotated[
        int | None, typer.Option(min=0, help="Tile side in pixels; 0: the whole photo at once.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    format: Annotated[
        OutputFormat | None, typer.Option(help="Default: the format of the input.")
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="For JPEG and WebP.")] = 95,
    strip_metadata: Annotated[bool, typer.Option(help="Leave out EXIF.")] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace files that are there.")] = False,
    max_megapixels: Annotated[
        float, typer.Option(min=0, max=1e6, help="Refuse larger photos.")
    ] = 100.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each photo.")
    ] = False,
) -> None:
    """Sharpen blurred photos. Exits with 1 when any of them could not be restored."""
    with plain_errors():
        jobs = plan_jobs(inputs, output, format)
        restorer = Restorer.open(
            model,
            engine=backend,
            device=device,
            precision=precision.value,
            tile=tile,
            threads=threads,
        )
    _check_tile(restorer)
    writing: dict[str, Any] = {
        "format": format,
        "quality": quality,
        "strip_metadata": strip_metadata,
        "overwrite": overwrite,
        "max_pixels": int(max_megapixels * 1e6),
    }
    failures = 0
    with _progress_bar(hidden=as_json) as bar:
        photos = bar.add_task("photos", total=len(jobs), visible=len(jobs) > 1)
        for job in jobs:
            outcome = _restore_one(restorer, job, writing, bar)
            failures += isinstance(outcome, DeblurError)
            _tell(job, outcome, as_json)
            bar.advance(photos)
    if len(jobs) > 1:
        ERR.print(f"{len(jobs) - failures} of {len(jobs)} photos restored")
    if failures:
        raise typer.Exit(1)


def _check_tile(restorer: Restorer) -> None:
    """Find out before the first photo, not at the first large one."""
    beyond_a_tile = restorer.policy.tile + restorer.spec.size_multiple
    try:
        restorer.plan(beyond_a_tile, beyond_a_tile)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--tile") from error


def _restore_one(
    restorer: Restorer, job: Job, writing: dict[str, Any], bar: Progress
) -> RestoreReport | DeblurError:
    tiles = bar.add_task(job.blurred.name, total=None)
    try:
        if job.restored.exists() and not writing["overwrite"]:
            raise OutputExistsError(f"{job.restored} is there already; allow --overwrite")
        job.restored.parent.mkdir(parents=True, exist_ok=True)
        return restorer.restore_file(
            job.blurred,
            job.restored,
            on_progress=lambda done: bar.update(tiles, completed=done.tiles_done, total=done.tiles),
            **writing,
        )
    except DeblurError as error:
        return error
    except OSError as error:
        return OutputError(f"{job.restored} cannot be written ({error.strerror})")
    finally:
        bar.remove_task(tiles)


def _tell(job: Job, outcome: RestoreReport | DeblurError, as_json: bool) -> None:
    if as_json:
        record: dict[str, Any] = {"input": str(job.blurred)}
        if isinstance(outcome, DeblurError):
            record |= {"error": type(outcome).__name__, "message": str(outcome)}
        else:
            record |= {"output": str(job.restored), **dataclasses.asdict(outcome)}
        OUT.print(json.dumps(record), markup=False)
    elif isinstance(outcome, DeblurError):
        ERR.print(f"{job.blurred}: {outcome}", style="red", markup=False)
    else:
        OUT.print(f"{job.restored}  {outcome.summary()}", markup=False)


def _progress_bar(*, hidden: bool) -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=ERR, transient=True, disable=hidden)
