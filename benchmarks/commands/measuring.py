"""What models, harness and training cost; the edge, focus, and whether intervals are right."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.console import ERR, OUT
from benchmarks.costs.speed import measure_speed
from benchmarks.costs.tuning import measure_tuning
from benchmarks.datasets import open_dataset
from benchmarks.methods import MethodChoice
from benchmarks.running.coverage import measure_coverage
from benchmarks.running.edges import measure_edges
from benchmarks.running.focus import measure_focus
from benchmarks.running.overhead import measure_overhead
from benchmarks.tables import (
    coverage_table,
    edge_table,
    feeding_sentence,
    feeding_table,
    focus_table,
    network_table,
    overhead_table,
    photo_cost_table,
    rates_sentence,
    to_json,
    tuning_table,
)
from deblur.catalog import CATALOG, DEFAULT_MODEL
from deblur.cli.console import plain_errors
from deblur.cli.needs import require_torch
from deblur.cli.quantize import EXAMPLES
from deblur.files import replace_file
from deblur.restorer import Restorer


def speed(
    model: Annotated[
        list[str] | None, typer.Option(help="A name; repeatable (default: all).")
    ] = None,
    photo: Annotated[
        list[int] | None, typer.Option(help="Megapixels of a photo to restore, repeatable.")
    ] = None,
    photos: Annotated[
        Path, typer.Option(help="Blurred photos on which the outputs of the engines are compared.")
    ] = EXAMPLES,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file.")] = None,
) -> None:
    """Speed and memory of every model on every engine of this machine."""
    with plain_errors():
        run = measure_speed(
            model or [name for name, spec in CATALOG.items() if not spec.from_elsewhere],
            photo or [12, 48, 100],
            photos,
            lambda text: ERR.print(f"measuring {text}"),
        )
        OUT.print(rates_sentence(run))
        OUT.print(network_table(run))
        OUT.print(photo_cost_table(run))
        if output is not None:
            replace_file(output, to_json(run))


def tuning(
    model: Annotated[str, typer.Option(help="A name from `models`, or a file.")] = DEFAULT_MODEL,
    rounds: Annotated[int, typer.Option(min=1, help="How often each setting runs.")] = 7,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file.")] = None,
) -> None:
    """Measure how threads, graph optimisation, tile and batch change ONNX Runtime's speed here."""
    with plain_errors():
        run = measure_tuning(model, rounds, ERR.print)
        OUT.print(tuning_table(run))
        if output is not None:
            replace_file(output, to_json(run))


def overhead(
    dataset: Annotated[
        str, typer.Argument(help="NAME or NAME=FOLDER, with sharp pictures.")
    ] = "mini",
    model: Annotated[str, typer.Option(help="A name from `models`.")] = DEFAULT_MODEL,
) -> None:
    """Measure the time that the harness adds to model and metrics, and pyiqa's own command."""
    with plain_errors():
        name, _, folder = dataset.partition("=")
        opened = open_dataset(name, Path(folder) if folder else None)
        found = measure_overhead(MethodChoice(model), opened, lambda text: ERR.print(text))
        OUT.print(overhead_table(found))


def edges(
    dataset: Annotated[str, typer.Argument(help="NAME=FOLDER, with sharp pictures.")],
    model: Annotated[str, typer.Option(help="A name from `models`.")] = DEFAULT_MODEL,
) -> None:
    """Measure what the edge of a picture loses, and whether padding would help."""
    with plain_errors():
        name, _, folder = dataset.partition("=")
        opened = open_dataset(name, Path(folder) if folder else None)
        restorer = Restorer.open(model, engine="onnx", device="cpu")
        OUT.print(edge_table(measure_edges(restorer, opened, ERR.print)))


def focus(
    model: Annotated[
        list[str] | None, typer.Option(help="A name; repeatable (default: the default model).")
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(help="A folder of sharp photos (default: the embedded ones).")
    ] = None,
) -> None:
    """Measure the gain on photos out of focus, by the radius of the disc."""
    with plain_errors():
        OUT.print(focus_table([*measure_focus(model or [DEFAULT_MODEL], photos)]))


def coverage(
    trials: Annotated[int, typer.Option(min=1, help="Simulated datasets of each kind.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same figures.")] = 0,
) -> None:
    """Check 95 % intervals and ranks on simulated scores with known means."""
    with plain_errors():
        found = []
        for each in measure_coverage(trials, seed):
            ERR.print(f"{each.shape}, {each.pictures} pictures")
            found.append(each)
        OUT.print(coverage_table(found))


def feeding(
    photos: Annotated[
        str, typer.Argument(help="A source of training data, as for `train --data`.")
    ],
    model: Annotated[str, typer.Option(help="A name from `models`.")] = DEFAULT_MODEL,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    batch: Annotated[int | None, typer.Option(min=1, help="Crops in each step.")] = None,
    crop: Annotated[int | None, typer.Option(min=1, help="Side of the crops in pixels.")] = None,
) -> None:
    """Measure the share of a training step that goes into making its batch."""
    with plain_errors():
        require_torch("training")
        from benchmarks.costs.feeding import feeding_config, measure_feeding

        run = measure_feeding(feeding_config(photos, model, batch=batch, crop=crop), device=device)
        OUT.print(feeding_table(run))
        OUT.print(feeding_sentence(run), soft_wrap=True)
