"""`python -m deblur train`: from photos to trained weights."""

import json
import math
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from deblur.catalog import DEFAULT_MODEL
from deblur.cli.console import ERR, plain_errors
from deblur.cli.needs import require_torch
from deblur.cli.options import Preset, Tracker
from deblur.errors import ConfigError
from deblur.weights import find_model

if TYPE_CHECKING:
    from deblur.training.config import TrainingConfig
    from deblur.training.reports import Report

_SOURCE = "[KIND:]PATH[@WEIGHT], KIND one of photos, pairs (blur/ and sharp/), frames and gopro"


def _seconds(text: str) -> float:
    """Read 90s, 9m, 1.5h or 1h30m."""
    parts = re.fullmatch(r"(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s?)?", text.strip())
    if not text.strip() or parts is None:
        raise typer.BadParameter(f"{text!r} is not a time such as 90s, 9m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return 3600 * hours + 60 * minutes + seconds


def train(
    data: Annotated[
        list[str] | None, typer.Option(help=f"What to learn from: {_SOURCE}. Repeatable.")
    ] = None,
    model: Annotated[str, typer.Option(help="A name from `models`.")] = DEFAULT_MODEL,
    preset: Annotated[Preset, typer.Option(help="The recipe to begin with.")] = Preset.fast,
    validation: Annotated[
        list[str] | None,
        typer.Option(help="What to measure on, in the same form [20 % of the data]. Repeatable."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the run [runs/MODEL].")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Folder of a run to go on with, as it was configured.")
    ] = None,
    init_from: Annotated[
        str | None,
        typer.Option(help="Weights to begin with: a model's name, a file, owner/name."),
    ] = None,
    loss: Annotated[
        list[str] | None,
        typer.Option(help="NAME or NAME=WEIGHT, e.g. l1=0.5 perceptual=0.5. Repeatable."),
    ] = None,
    steps: Annotated[int | None, typer.Option()] = None,
    batch: Annotated[
        str | None, typer.Option(help="Crops a step, or auto: as many as the GPU holds.")
    ] = None,
    crop: Annotated[int | None, typer.Option(help="Side of the crops in pixels.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=0)] = None,
    config: Annotated[
        Path | None, typer.Option(help="JSON with any field of a run's config.json.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    time_limit: Annotated[
        float | None, typer.Option(parser=_seconds, help="Stop and save after, e.g., 9m.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out files that cannot be used.")
    ] = False,
    track: Annotated[Tracker | None, typer.Option(help="Log the run with this as well.")] = None,
) -> None:
    """Train a model. The run's folder holds its configuration and a checkpoint to resume from.

    Every option but --device, --time-limit and --track is part of the run and is read from
    its folder by --resume.
    """
    with plain_errors():
        require_torch("training")
        from deblur.training.config import TrainingConfig
        from deblur.training.loop import CONFIG

        ERR.quiet = int(os.environ.get("RANK", "0")) > 0
        if resume:
            run, directory = TrainingConfig.from_json((resume / CONFIG).read_text()), resume
        else:
            changes = _read_json(config) if config else {}
            changes |= _changes(data, validation, init_from, loss, steps, skip_bad)
            run = _configure(model, preset, changes, crop, batch, learning_rate, device)
            directory = output or Path("runs") / run.model
        _run(run, directory, device, bool(resume), time_limit or math.inf, track)


def _changes(
    data: list[str] | None,
    validation: list[str] | None,
    init_from: str | None,
    losses: list[str] | None,
    steps: int | None,
    skip_bad: bool,
) -> dict[str, Any]:
    pairs = [text.partition("=") for text in losses or ()]
    given = {
        "sources": _sources(data),
        "validation": _sources(validation),
        "start_from": init_from,
        "losses": {name: _number(weight or "1", name) for name, _, weight in pairs},
        "steps": steps,
        "skip_bad": skip_bad,
    }
    return {name: value for name, value in given.items() if value}


def _sources(texts: list[str] | None) -> list[dict[str, Any]]:
    from deblur.training.config import SourceConfig

    return [asdict(SourceConfig.parse(text)) for text in texts or ()]


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"--loss {name}={text}: the weight must be a number") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path} is not a JSON object ({error})") from error


def _configure(
    model: str,
    preset: Preset,
    changes: dict[str, Any],
    crop: int | None,
    batch: str | None,
    learning_rate: float | None,
    device: str,
) -> "TrainingConfig":
    """The preset with what was asked for; --crop and --batch hold for the whole run."""
    from deblur.training.batch_size import largest_batch
    from deblur.training.presets import build_config, count_photos

    spec = find_model(model)
    config = build_config(preset.value, spec, None, changes)
    first = config.crops[0]
    if crop or batch:
        side = crop or first.side
        size = (
            largest_batch(config, side, device) if batch == "auto" else _whole(batch, first.batch)
        )
        changes["crops"] = [{"start": 0.0, "side": side, "batch": size}]
    if learning_rate is not None:
        rate = {"learning_rate": learning_rate}
        changes["optimizer"] = {**changes.get("optimizer", {}), **rate}
    return build_config(preset.value, spec, count_photos(config), changes).split_where_needed()


def _whole(batch: str | None, default: int) -> int:
    if batch is None:
        return default
    if not batch.isdecimal():
        raise ConfigError(f"--batch: expected a whole number or auto, not {batch!r}")
    return int(batch)


@contextmanager
def _stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C or TERM end the run at its next step, saved; the second kills it."""
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, before[number])

    before: dict[int, Any] = {
        each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(
    config: "TrainingConfig",
    directory: Path,
    device: str,
    resume: bool,
    time_limit: float,
    track: Tracker | None,
) -> None:
    from deblur.backends.torch_backend import choose_device
    from deblur.training.loop import train as run_training
    from deblur.training.presets import describe

    place = choose_device(device)
    ERR.print(f"{config.model}, {config.steps:,} steps on {place}, into {directory}/")
    for name, value in describe(config).items():
        ERR.print(f"  {name}: {value}", markup=False)
    with _progress_bar() as bar, _stop_on_signals() as should_stop:
        task = bar.add_task(config.model, total=config.steps, figures="")
        outcome = run_training(
            config,
            directory,
            device=place,
            resume=resume,
            time_limit=time_limit,
            should_stop=should_stop,
            tracker=track.value if track else None,
            on_report=lambda report: _show(bar, task, report),
        )
    ERR.print(f"{outcome.reason} at step {outcome.step:,}: {outcome.path}")
    if outcome.step < config.steps:
        ERR.print(f"go on with `python -m deblur train --resume {directory}`")
    best = outcome.path.parent / "best.pt"
    source = best if best.exists() else outcome.path
    ERR.print(f"`python -m deblur export {source} -o {config.model}.onnx` makes it a model")


ESTIMATE_AT = 10
"""The step at which the time of the whole run can be told."""


def _show(bar: Progress, task: TaskID, report: "Report") -> None:
    losses = " ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
    figures = f"{losses}  {report.images_per_second:.1f} images/s  data {report.waiting:.0%}"
    if report.memory:
        figures += f"  GPU {report.memory / 1e9:.1f} GB"
    bar.update(task, completed=report.step, figures=figures)
    if report.step == ESTIMATE_AT:
        hours = report.seconds / report.step * report.steps / 3600
        bar.console.print(f"at this pace the run takes {hours:.1f} hours")
        if report.bad_files:
            bar.console.print(f"{report.bad_files} files that cannot be used were left out")
    if report.gain is not None:
        line = f"step {report.step}: {report.gain:+.3f} dB over the input"
        if report.general is not None:
            line += f", {report.general:+.3f} dB on the general set"
        if report.skipped:
            line += f", {report.skipped} steps skipped (gradient not finite)"
        bar.console.print(line)


def _progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=ERR,
    )
