"""`python -m deblur train`: from photos to trained weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from deblur.catalog import DEFAULT_MODEL
from deblur.cli.console import ERR, plain_errors
from deblur.cli.needs import require_torch
from deblur.cli.options import FloatPrecision, Loss
from deblur.spec import Precision
from deblur.weights import find_model

if TYPE_CHECKING:
    from deblur.training.config import TrainingConfig
    from deblur.training.loop import Report

_SOURCE = "[KIND:]DIRECTORY[@WEIGHT], KIND one of photos, pairs (blur/ and sharp/) and frames"


def train(
    data: Annotated[list[str], typer.Option(help=f"What to learn from: {_SOURCE}. Repeatable.")],
    preset: Annotated[str, typer.Option(help="A name from `models`.")] = DEFAULT_MODEL,
    validation: Annotated[
        list[str] | None, typer.Option(help="What to measure on, in the same form. Repeatable.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the run [runs/PRESET].")
    ] = None,
    start_from: Annotated[
        Path | None, typer.Option(help="A checkpoint to begin with, instead of fresh weights.")
    ] = None,
    loss: Annotated[
        Loss, typer.Option(help="psnr counts every picture by its decibels.")
    ] = Loss.l1,
    steps: Annotated[int, typer.Option()] = 10_000,
    batch: Annotated[int, typer.Option()] = 8,
    crop: Annotated[int, typer.Option(help="Side of the crops in pixels.")] = 160,
    learning_rate: Annotated[float, typer.Option(min=0)] = 1e-3,
    precision: Annotated[
        FloatPrecision | None, typer.Option(help="Default: bf16 where the model bears it.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read photos.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run stopped.")] = False,
) -> None:
    """Train a model. The run's folder holds its configuration and a checkpoint to resume from."""
    with plain_errors():
        require_torch("training")
        from deblur.training.config import SourceConfig, TrainingConfig

        spec = find_model(preset)
        default: Precision = "bf16" if "bf16" in spec.precisions else "fp32"
        config = TrainingConfig(
            preset=spec.name,
            architecture=spec.architecture,
            arguments=dict(spec.arguments),
            value_range=spec.value_range,
            sources=tuple(SourceConfig.parse(text) for text in data),
            validation=tuple(SourceConfig.parse(text) for text in validation or ()),
            start_from=str(start_from) if start_from else None,
            loss=loss.value,
            steps=steps,
            batch=batch,
            crop=crop,
            learning_rate=learning_rate,
            precision=precision.value if precision else default,
            seed=seed,
            workers=workers,
        )
        _run(config, output or Path("runs") / spec.name, device, resume)


def _run(config: "TrainingConfig", directory: Path, device: str, resume: bool) -> None:
    from deblur.backends.torch_backend import choose_device
    from deblur.training.loop import train as run_training

    place = choose_device(device)
    sources = ", ".join(f"{source.kind} {source.path}" for source in config.sources)
    ERR.print(f"{config.preset}: {config.steps} steps of {config.batch} crops, {config.crop} px")
    ERR.print(f"learning from {sources} on {place} at {config.precision}, into {directory}/")
    with _progress_bar() as bar:
        task = bar.add_task(config.preset, total=config.steps, loss="", gain="")

        def show(report: "Report") -> None:
            bar.update(task, completed=report.step, loss=f"loss {report.loss:.4f}")
            if report.gain is not None:
                bar.update(task, gain=f"{report.gain:+.2f} dB")
                bar.console.print(f"step {report.step}: {report.gain:+.3f} dB over the input")

        path = run_training(config, directory, device=place, resume=resume, on_report=show)
    ERR.print(f"done: `python -m deblur export {path} -o {config.preset}.onnx` makes it a model")


def _progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]} {task.fields[gain]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=ERR,
    )
