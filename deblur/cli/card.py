"""`python -m deblur card`: from a training run to a model card."""

from pathlib import Path
from typing import Annotated

import typer

from deblur.cli.console import OUT, plain_errors
from deblur.cli.needs import require_torch
from deblur.weights import find_model

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
        from deblur.training.presets import describe

        saved = load_checkpoint(checkpoint)
        config = saved.training_config()
        training = describe(config) | {
            "steps done": f"{saved.step:,}",
            "wall time": f"{saved.seconds / 60:.0f} min",
            "hardware": hardware,
        }
        text = model_card(
            find_model(config.model), training=training, notes=notes.read_text(encoding="utf-8")
        )
    output.write_text(text, encoding="utf-8")
    OUT.print(str(output))
