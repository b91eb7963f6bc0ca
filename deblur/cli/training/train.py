"""`python -m deblur train`: from photos to trained weights."""

import json
import math
from dataclasses import asdict, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deblur.catalog import CATALOG, DEFAULT_MODEL
from deblur.cli.console import ERR, plain_errors
from deblur.cli.needs import require
from deblur.cli.options import Preset, Tracker
from deblur.cli.training import options as ask
from deblur.cli.training.progress import TrainingProgress
from deblur.errors import ConfigError
from deblur.files import replace_file
from deblur.weights import find_model

if TYPE_CHECKING:
    from deblur.training.config import TrainingConfig

_OF_A_MODEL = {"model", "architecture", "arguments", "value_range"}
_NOT_PART_OF_A_RUN = {"resume", "device", "time_limit", "track", "skip_bad"}


def train(
    context: typer.Context,
    data: ask.Data = None,
    model: ask.Model = None,
    preset: Annotated[Preset, typer.Option(help="The recipe to begin with.")] = Preset.fast,
    validation: ask.Validation = None,
    general: ask.General = None,
    output: ask.Output = None,
    resume: ask.Resume = None,
    init_from: ask.InitFrom = None,
    loss: ask.Losses = None,
    steps: ask.Steps = None,
    within: ask.Within = None,
    batch: ask.Batch = None,
    crop: ask.Crop = None,
    learning_rate: ask.Rate = None,
    config: ask.Config = None,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    time_limit: ask.TimeLimit = None,
    skip_bad: ask.SkipBad = False,
    track: ask.Track = None,
    write_config: ask.WriteConfig = None,
) -> None:
    """Train a model. The run's folder holds its configuration and a checkpoint to resume from.

    All options except --device, --time-limit, --track and --skip-bad are part of the run;
    --resume reads them from its folder.
    """
    with plain_errors():
        require("accelerate", "training", extra="train")
        if track:
            require(track.value, f"--track {track.value}")
        from deblur.training.run.devices import is_first_process
        from deblur.training.run.run_folder import refuse_folder_of_a_run

        ERR.quiet = not is_first_process()
        limit = math.inf if time_limit is None else time_limit
        if resume:
            _refuse_options_beside_resume(context)
            _run(_resumed(resume, skip_bad), resume, device, True, limit, track)
            return
        _refuse_steps_beside_within(within, steps, write_config)
        changes = _changes(config, data, validation, general, init_from, loss, steps, skip_bad)
        wanted = _wanted_model(model, changes)
        run = _configure(wanted, preset, changes, crop, batch, learning_rate)
        if write_config:
            replace_file(write_config, run.to_json())
            return
        directory = output or Path("runs") / run.model
        refuse_folder_of_a_run(directory)
        if within is not None:
            run, left = _fitted(run, directory, within, device)
            limit = min(limit, left)
        _run(run, directory, device, False, limit, track)


def _resumed(folder: Path, skip_bad: bool) -> "TrainingConfig":
    from deblur.training.run.run_folder import read_config

    run = read_config(folder)
    return replace(run, skip_bad=run.skip_bad or skip_bad)


def _refuse_steps_beside_within(
    within: float | None, steps: int | None, write_config: Path | None
) -> None:
    from deblur.training.run.pace import refuse_several_processes

    if within is not None:
        refuse_several_processes()
    if within is not None and (steps is not None or write_config):
        raise ConfigError(
            "--within finds out how many steps this machine takes in that time: leave out "
            f"{'--write-config' if write_config else '--steps'}"
        )


def _wanted_model(model: str | None, changes: dict[str, Any]) -> str:
    """The model that is named, or that the weights to begin with are of.

    What a configuration says of another model than the one that is asked for is left out of
    `changes`. One that brings its own network along may have any name.
    """
    from deblur.training.run.checkpoint import load_checkpoint
    from deblur.training.run.run_folder import weights_of_run

    configured, start = changes.get("model"), changes.get("start_from")
    if model and configured not in (None, model):
        for name in _OF_A_MODEL & changes.keys():
            del changes[name]
    if model:
        return model
    if isinstance(configured, str) and (configured in CATALOG or "architecture" not in changes):
        return configured
    if configured is not None or not isinstance(start, str):
        return DEFAULT_MODEL
    start = weights_of_run(start)
    if Path(start).suffix != ".pt":
        return start
    trained = load_checkpoint(Path(start)).training_config().model
    return trained if trained in CATALOG else DEFAULT_MODEL


def _refuse_options_beside_resume(context: typer.Context) -> None:
    for name in context.params.keys() - _NOT_PART_OF_A_RUN:
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        raise ConfigError(
            f"--{name.replace('_', '-')} does not go with --resume: a run goes on as it was "
            "configured; "
            "for another one, leave --resume out and name a new --output"
        )


def _changes(
    files: list[Path] | None,
    data: ask.Texts,
    validation: ask.Texts,
    general: ask.Texts,
    init_from: str | None,
    losses: ask.Texts,
    steps: int | None,
    skip_bad: bool,
) -> dict[str, Any]:
    """What the files say, and over that what the options do."""
    from deblur.training.presets import merge
    from deblur.training.run.run_folder import weights_of_run

    changes = reduce(merge, map(_read_json, files or ()), dict[str, Any]())
    pairs = [text.partition("=") for text in losses or ()]
    given = {
        "sources": _sources(data),
        "validation": _sources(validation),
        "general": _sources(general),
        "start_from": init_from and weights_of_run(init_from),
        "losses": {name: _number(weight or "1", name) for name, _, weight in pairs},
        "skip_bad": skip_bad,
    }
    changes |= {name: value for name, value in given.items() if value}
    return changes if steps is None else changes | {"steps": steps}


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
        fields = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{path}: expected a JSON object of fields, not {fields!r}")
    return fields


def _configure(
    model: str,
    preset: Preset,
    changes: dict[str, Any],
    crop: int | None,
    batch: int | None,
    learning_rate: float | None,
) -> "TrainingConfig":
    """The preset with what was asked for; --crop and --batch hold for the whole run."""
    from deblur.training.presets import build_config, count_photos
    from deblur.training.run.start import refuse_untrainable

    if not changes.get("sources"):
        raise ConfigError("there is nothing to learn from: name a folder with --data")
    spec = find_model(model)
    config = build_config(preset.value, spec, None, changes)
    first = config.crops[0]
    if crop is not None or batch is not None:
        side = first.side if crop is None else crop
        size = first.batch if batch is None else batch
        changes["crops"] = [{"start": 0.0, "side": side, "batch": size}]
    if learning_rate is not None:
        rate = {"learning_rate": learning_rate}
        changes["optimizer"] = {**changes.get("optimizer", {}), **rate}
    # Only epochs are counted in what is learned from; to split reads the dates of all photos.
    counted = config.split_where_needed() if preset is Preset.seed else config
    run = build_config(preset.value, spec, count_photos(counted), changes).split_where_needed()
    refuse_untrainable(run)
    return run


def _fitted(
    config: "TrainingConfig", directory: Path, seconds: float, device: str
) -> "tuple[TrainingConfig, float]":
    """The run with the steps that fit into a time, and the seconds that are left of that."""
    from deblur.backends.torch_backend import choose_device
    from deblur.training.run.pace import fit_run
    from deblur.training.run.stopping import stop_on_signals

    ERR.print("trying how many steps fit into that time")
    with stop_on_signals() as should_stop:
        return fit_run(config, directory, seconds, choose_device(device), should_stop)


def _run(
    config: "TrainingConfig",
    directory: Path,
    device: str,
    resume: bool,
    time_limit: float,
    track: Tracker | None,
) -> None:
    from deblur.backends.torch_backend import choose_device
    from deblur.training.presets import describe
    from deblur.training.run.loop import train as run_training
    from deblur.training.run.run_folder import BEST
    from deblur.training.run.stopping import stop_on_signals

    place = choose_device(device)
    ERR.print(f"{config.model}, {config.steps:,} steps on {place}, into {directory}/")
    for name, value in describe(config).items():
        ERR.print(f"  {name}: {value}")
    ERR.print("preparing: looking at every file, drawing the crops to validate on")
    with TrainingProgress(config) as progress, stop_on_signals() as should_stop:
        outcome = run_training(
            config,
            directory,
            device=place,
            resume=resume,
            time_limit=time_limit,
            should_stop=should_stop,
            tracker=track.value if track else None,
            on_report=progress.show,
        )
    ERR.print(f"{outcome.reason} at step {outcome.step:,}: {outcome.path}")
    if outcome.step < config.steps:
        ERR.print(f"go on with `python -m deblur train --resume {directory}`")
    if track is Tracker.tensorboard:
        ERR.print(f"look at it with `tensorboard --logdir {directory}`")
    best = outcome.path.parent / BEST
    if best.exists():
        name = directory.name
        ERR.print(f"make it a model: `python -m deblur export {best} --name {name} -o {name}.onnx`")
