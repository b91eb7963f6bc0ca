"""`python -m deblur card`: from a training run to a model card."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur.cli.console import OUT, plain_errors
from deblur.cli.needs import require_torch
from deblur.weights import find_model

if TYPE_CHECKING:
    from deblur.training.config import TrainingConfig


def card(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt of a training run.")],
    notes: Annotated[Path, typer.Option(help="Markdown: data and terms, scores, failures.")],
    hardware: Annotated[str, typer.Option(help="What it was trained on, in words.")],
    output: Annotated[Path, typer.Option("--output", "-o")] = Path("README.md"),
) -> None:
    """Write the model card of a trained model: its description, its training, your notes."""
    with plain_errors():
        require_torch("reading a checkpoint")
        from deblur.publish.model_card import model_card
        from deblur.training.checkpoint import load_checkpoint

        saved = load_checkpoint(checkpoint)
        config = saved.training_config()
        training = _describe(config) | {
            "steps done": f"{saved.step:,}",
            "wall time": f"{saved.seconds / 60:.0f} min",
            "hardware": hardware,
        }
        text = model_card(
            find_model(config.preset), training=training, notes=notes.read_text(encoding="utf-8")
        )
    output.write_text(text, encoding="utf-8")
    OUT.print(str(output))


def _describe(config: "TrainingConfig") -> dict[str, str]:
    total = sum(source.weight for source in config.sources)
    shares = (
        f"{source.weight / total:.0%} {source.kind} `{Path(source.path).name}`"
        for source in config.sources
    )
    recipe = config.recipe
    return {
        "data": ", ".join(shares),
        "synthesis": (
            f"in linear light, extent {recipe.length[0]:g} to {recipe.length[1]:g} px, "
            f"{recipe.varying:.0%} by homographies and the rest by one kernel; "
            f"noise on {recipe.noisy:.0%}, JPEG on {recipe.compressed:.0%}"
        ),
        "batch": f"{config.batch} crops of {config.crop} px",
        "optimiser": (
            f"AdamW, {config.learning_rate:g}, warm-up {config.warmup}, cosine over "
            f"{config.steps:,} steps, EMA {config.ema:g}, {config.loss.upper()}, {config.precision}"
        ),
    }
