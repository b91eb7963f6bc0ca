"""`python -m deblur restore`: files and folders in, sharper files out."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Set
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deblur.catalog import AUTO
from deblur.cli.console import ERR, OUT, plain_errors, worded
from deblur.cli.jobs import STREAM, Job, plan_jobs
from deblur.cli.options import (
    BackendChoice,
    CrewChoice,
    CrewName,
    DeviceName,
    Existing,
    Fast,
    OwnPrecision,
    PrecisionChoice,
    RayAddress,
    RayGpus,
    Threads,
    TileSide,
    Workers,
    format_of,
)
from deblur.cli.overlap import one_after_the_other
from deblur.cli.photo_worker import Outcome, PhotoWorker, is_taken, open_worker
from deblur.crews import Crew, carry_out
from deblur.errors import DeblurError, OutputError
from deblur.restorer import Progress as Tiles
from deblur.restorer import Restorer

_WHERE = "Where results go, and as what"
_Photos = Annotated[
    list[Path],
    typer.Argument(help="Photos, and folders of photos; - is standard input.", metavar="PHOTOS..."),
]
_Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="A folder; a file for a single photo; - for standard output.",
        rich_help_panel=_WHERE,
    ),
]
_Format = Annotated[
    str | None,
    typer.Option(
        parser=format_of,
        metavar="FORMAT",
        help="png, jpeg, webp, tiff, heic or avif (default: the photo's own, or png).",
        rich_help_panel=_WHERE,
    ),
]
_Quality = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100,
        metavar="N",
        help="For JPEG, WebP, HEIC and AVIF, on JPEG's scale (default: as the photo's, or 95).",
        rich_help_panel=_WHERE,
    ),
]
_Strip = Annotated[
    bool,
    typer.Option(
        "--strip-metadata",
        help="Leave out all metadata except the colour profile.",
        rich_help_panel=_WHERE,
    ),
]
_KeepTimes = Annotated[
    bool,
    typer.Option(
        "--keep-times", help="Give each result the file dates of its photo.", rich_help_panel=_WHERE
    ),
]
_Existing = Annotated[
    Existing | None,
    typer.Option(
        metavar="WHAT",
        help="If a result exists already: skip, overwrite or fail (default: skip; fail for a "
        "single file).",
        rich_help_panel=_WHERE,
    ),
]
_Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Short for --existing overwrite.", rich_help_panel=_WHERE),
]
_AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object for each photo.", rich_help_panel=_WHERE),
]
_Model = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="A name from `models`, a file, owner/name@revision or hf://owner/name/FILE; "
        f"{AUTO}: what the diagnosis of each photo picks.",
    ),
]
_Largest = Annotated[
    float,
    typer.Option(min=0, max=1e6, metavar="N", help="Refuse larger photos."),
]
_Strength = Annotated[
    float,
    typer.Option(
        min=0,
        max=100,
        metavar="PERCENT",
        help="Share of the result in percent; the rest is the photo, mixed in linear light.",
    ),
]


def restore(
    inputs: _Photos,
    output: _Output = None,
    format: _Format = None,
    quality: _Quality = None,
    strip_metadata: _Strip = False,
    keep_times: _KeepTimes = False,
    existing: _Existing = None,
    overwrite: _Overwrite = False,
    as_json: _AsJson = False,
    max_megapixels: _Largest = 100.0,
    model: _Model = AUTO,
    strength: _Strength = 100.0,
    backend: Annotated[
        BackendChoice, typer.Option(metavar="ENGINE", help="auto, onnx, openvino or torch.")
    ] = BackendChoice.auto,
    device: DeviceName = "auto",
    precision: OwnPrecision = None,
    fast: Fast = False,
    tile: TileSide = None,
    threads: Threads = None,
    crew: CrewName = CrewChoice.serial,
    workers: Workers = 1,
    address: RayAddress = None,
    gpus: RayGpus = 0.0,
) -> None:
    """Sharpen blurred photos.

    Exit codes: 0 all photos are restored or had a result, 1 some could not be restored,
    2 wrong command line, 130 after Ctrl-C, 143 after SIGTERM.
    """
    rule = _rule(existing, overwrite, inputs)
    opening = _opening(model, backend, device, precision, tile, threads, fast)
    writing: dict[str, Any] = {
        "format": format,
        "quality": quality,
        "strip_metadata": strip_metadata,
        "keep_times": keep_times,
        "max_pixels": int(max_megapixels * 1e6),
        "strength": strength,
    }
    with plain_errors():
        jobs, refused = plan_jobs(inputs, output, format)
        if any(STREAM in (job.blurred, job.restored) for job in jobs):
            crew = CrewChoice.serial  # only this process has the streams
        team = Crew(crew.value, workers, address, gpus)
        results = _restore(jobs, rule, opening, writing, team, as_json)
        for job in refused:
            results[_report(job, _original(job), as_json)] += 1
    if results.total() > 1 or results[_SKIPPED]:
        ERR.print(_counted(results))
    if results[_FAILED]:
        raise typer.Exit(1)


_RESTORED, _SKIPPED, _FAILED = "restored", "skipped", "failed"


def _rule(existing: Existing | None, overwrite: bool, inputs: list[Path]) -> Existing:
    if overwrite and existing not in (None, Existing.overwrite):
        raise typer.BadParameter(f"--overwrite and --existing {existing}: leave one out")
    if overwrite or existing is not None:
        return existing or Existing.overwrite
    single = len(inputs) == 1 and not inputs[0].is_dir()
    return Existing.fail if single else Existing.skip


def _opening(
    model: str,
    backend: BackendChoice,
    device: str,
    precision: PrecisionChoice | None,
    tile: int | None,
    threads: int | None,
    fast: bool,
) -> dict[str, Any]:
    """What Restorer.open is asked for."""
    if fast and precision:
        raise typer.BadParameter(f"--fast and --precision {precision}: leave one out")
    return {
        "model": model,
        "engine": backend.value,
        "device": device,
        "precision": precision.value if precision else None,
        "tile": tile,
        "threads": threads,
        "fast": fast,
    }


def _restore(
    jobs: list[Job],
    rule: Existing,
    opening: dict[str, Any],
    writing: dict[str, Any],
    crew: Crew,
    as_json: bool,
) -> Counter[str]:
    jobs = [replace(job, may_replace=rule is Existing.overwrite) for job in jobs]
    taken = {job for job in jobs if is_taken(job)}
    skipped = taken if rule is Existing.skip else set()
    there = [job for job in jobs if job in skipped and not job.restored.is_dir()]
    results = Counter[str](_report(job, None, as_json) for job in there)
    if not (jobs := [job for job in jobs if job not in set(there)]):
        return results
    bar = _progress_bar(hidden=as_json or not ERR.is_terminal)
    photos = bar.add_task("photos", total=len(jobs), visible=len(jobs) > 1)
    # Before this bar starts: weights may be fetched, under a bar of their own.
    open_one = _worker(crew, opening, writing, bar)
    with bar:
        for job, outcome in _outcomes(jobs, open_one, crew, taken):
            results[_report(job, outcome, as_json)] += 1
            bar.advance(photos)
    return results


def _outcomes(
    jobs: list[Job], open_one: Callable[[], PhotoWorker], crew: Crew, taken: Set[Job]
) -> Iterator[tuple[Job, Outcome]]:
    if crew.name == "serial" and len(jobs) > 1:
        return one_after_the_other(jobs, open_one())
    return carry_out(jobs, open_one, crew, partial(_again, taken))


def _counted(results: Counter[str]) -> str:
    restored, skipped = results[_RESTORED], results[_SKIPPED]
    parts = []
    if results.total() > skipped:
        parts.append(f"{restored} of {results.total() - skipped} photos restored")
    if skipped:
        parts.append(f"{skipped} {'was' if skipped == 1 else 'were'} there already")
    return ", ".join(parts)


def _original(job: Job) -> OutputError:
    return OutputError(f"{job.restored} is one of the originals; choose another folder")


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
        if not done.tiles_done:
            ERR.print(f"{job.blurred}: {_about(done.seconds_left)}")
        bar.update(tiles, description=job.blurred.name, completed=done.tiles_done, total=done.tiles)

    return lambda: PhotoWorker(restorer, writing, show)


def _about(seconds: float) -> str:
    """A time that was estimated, in words."""
    if seconds < 100:
        return f"about {seconds:.0f} s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


def _report(job: Job, outcome: Outcome | None, as_json: bool) -> str:
    """Say what became of a photo, None being that its result was there; gives that in a word.

    Where the picture goes to standard output, words go to standard error.
    """
    console = ERR if job.restored == STREAM else OUT
    failed = isinstance(outcome, DeblurError)
    if as_json:
        console.print(json.dumps({"input": str(job.blurred), **_record(job, outcome)}))
    elif isinstance(outcome, DeblurError):
        ERR.print(f"{job.blurred}: {worded(outcome)}", style="red")
    elif outcome is not None:
        console.print(f"{job.restored}  {outcome.summary()}")
    return _SKIPPED if outcome is None else _FAILED if failed else _RESTORED


def _record(job: Job, outcome: Outcome | None) -> dict[str, Any]:
    if isinstance(outcome, DeblurError):
        return {"error": type(outcome).__name__, "message": worded(outcome)}
    result = {"skipped": True} if outcome is None else outcome.as_json()
    return {"output": str(job.restored), **result}


def _progress_bar(*, hidden: bool) -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=ERR, transient=True, disable=hidden)
