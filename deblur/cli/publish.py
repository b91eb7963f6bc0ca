"""`python -m deblur publish`: from a checkpoint to a repository on the Hugging Face Hub."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur.cli.card import training_facts
from deblur.cli.console import OUT, plain_errors
from deblur.cli.export import Licence, Name, TrainedOn, described
from deblur.cli.needs import require, require_torch
from deblur.weights import sha256_of

if TYPE_CHECKING:
    from deblur.publish.publication import Story
    from deblur.training.run.checkpoint import Checkpoint


def publish(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint of a training run.")],
    repo: Annotated[
        str, typer.Argument(help="owner/name on the Hub; created if it does not exist.")
    ],
    name: Name = None,
    trained_on: TrainedOn = None,
    licence: Licence = "Apache-2.0",
    variant: Annotated[
        list[Path] | None, typer.Option(help="An .onnx made by `quantize`; repeat for more.")
    ] = None,
    record: Annotated[
        list[Path] | None,
        typer.Option(help="A record made by `python -m benchmarks run`; repeat for more."),
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(help="Markdown for the card: data and terms, known failures.")
    ] = None,
    benchmark: Annotated[
        str | None, typer.Option(help="Dataset repository whose board the records count for.")
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Make the repository private.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the files, upload nothing.")
    ] = False,
) -> None:
    """Put the averaged weights of a run on the Hub: description, weights, ONNX, card and scores."""
    with plain_errors():
        require_torch("publishing")
        from deblur.publish.publication import prepare, workspace
        from deblur.publish.push import check_name, push
        from deblur.training.run.checkpoint import load_checkpoint

        check_name(repo)
        saved = load_checkpoint(checkpoint)
        spec = described(saved.training_config(), name, trained_on, licence)
        with workspace() as folder:
            files = prepare(
                repo,
                spec,
                saved.ema,
                _collect_story(saved, notes),
                folder,
                variants=variant or (),
                records=record or (),
                benchmark=benchmark,
            )
            _show(files)
            if dry_run:
                OUT.print("nothing was sent (--dry-run)")
                return
            done = push(repo, files, f"Publish {spec.name}", private=private)
    OUT.print(f"{done.url} is at {done.commit[:7]}" + ("" if done.changed else ": nothing is new"))


def _collect_story(saved: "Checkpoint", notes: Path | None) -> "Story":
    from deblur.publish.publication import Story

    config = saved.training_config()
    if saved.history:
        require("matplotlib", "drawing a run's curve", extra="train")
    return Story(
        training_facts(saved),
        saved.history,
        notes.read_text(encoding="utf-8") if notes else "",
        invents=config.adversarial is not None or "perceptual" in config.losses,
    )


def _show(files: Mapping[str, Path]) -> None:
    for path, file in sorted(files.items()):
        OUT.print(f"{file.stat().st_size:>12,}  {sha256_of(file)}  {path}")
