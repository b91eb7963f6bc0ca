"""`python -m deblur card`: from a training run to a model card."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur.catalog import CATALOG
from deblur.cli.console import OUT, plain_errors
from deblur.cli.needs import require, require_torch
from deblur.errors import OutputExistsError, UnknownModelError
from deblur.files import replace_file
from deblur.weights import find_model

if TYPE_CHECKING:
    from deblur.spec import ModelSpec
    from deblur.training.run.checkpoint import Checkpoint


def card(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint of a training run.")],
    model: Annotated[Path, typer.Argument(help="What was exported from it, as .onnx.")],
    notes: Annotated[Path, typer.Option(help="Markdown: data and terms, scores, failures.")],
    hardware: Annotated[str, typer.Option(help="What it was trained on, in words.")],
    photo: Annotated[
        list[Path] | None,
        typer.Option(help="A sharp photo that you may publish, to show before and after."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a README.md that exists.")
    ] = False,
) -> None:
    """Write README.md, curve.png and crops.png of a trained model next to its file."""
    with plain_errors():
        require_torch("reading a checkpoint")
        require("matplotlib", "drawing a run's curve", extra="train")
        if not model.is_file():
            raise UnknownModelError(f"there is no file {model}: name what was exported")
        written = model.parent / "README.md"
        if written.exists() and not overwrite:
            raise OutputExistsError(
                f"{written} exists already: lay the model into a folder of its own, or pass "
                "--overwrite"
            )
        from deblur.publish.model_card import model_card
        from deblur.publish.pictures import draw_crops, draw_curve
        from deblur.restorer import Restorer
        from deblur.training.run.checkpoint import load_checkpoint

        saved = load_checkpoint(checkpoint)
        spec, folder = published(model), model.parent
        if saved.history:
            draw_curve(saved.history, folder / "curve.png")
        if photo:
            draw_crops(photo, Restorer.open(str(model), engine="onnx"), folder / "crops.png")
        text = model_card(
            spec,
            training=training_facts(saved) | {"hardware": hardware},
            notes=notes.read_text(encoding="utf-8"),
            curve=bool(saved.history),
            crops=bool(photo),
        )
        replace_file(written, text)
    OUT.print(str(written))


def published(model: Path) -> "ModelSpec":
    """What an exported file says of itself; with its place in the catalog when it lies there."""
    spec = find_model(str(model))
    (here,) = spec.weights
    listed = CATALOG[spec.name].weights if spec.name in CATALOG else ()
    return replace(spec, weights=listed if here.sha256 in {ref.sha256 for ref in listed} else ())


def training_facts(saved: "Checkpoint") -> dict[str, str]:
    """What a card says about a run: names of properties, and their values."""
    from deblur.training.presets import describe

    return describe(saved.training_config()) | {
        "steps done": f"{saved.step:,}",
        "wall time": f"{saved.seconds / 60:.0f} min",
        "steps skipped, gradient not finite": str(saved.skipped),
    }
