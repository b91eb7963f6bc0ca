"""What `python -m deblur train` can be asked."""

from pathlib import Path
from typing import Annotated

import typer

from deblur.catalog import DEFAULT_MODEL
from deblur.cli.options import Tracker
from deblur.errors import ConfigError
from deblur.training.durations import duration

_SOURCE = (
    "KIND:PATH@WEIGHT, KIND one of photos, pairs (blur/ and sharp/), frames and gopro; KIND: and "
    "@WEIGHT may be left out"
)


def _duration(text: str) -> float:
    try:
        return duration(text)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error


Texts = list[str] | None
Data = Annotated[Texts, typer.Option(help=f"Training data: {_SOURCE}. Repeatable.")]
Model = Annotated[
    str | None,
    typer.Option(
        help=f"A name from `models` (default: what --init-from names, or {DEFAULT_MODEL})."
    ),
]
Validation = Annotated[
    Texts, typer.Option(help="Validation data, in the same form (default: 20 % of the data).")
]
General = Annotated[
    Texts, typer.Option(help="General photos that fine-tuning must not forget, in the same form.")
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder of the run (default: runs/ and the model)."),
]
Resume = Annotated[
    Path | None, typer.Option(help="Folder of a run to continue, with its configuration.")
]
InitFrom = Annotated[
    str | None,
    typer.Option(help="Weights to begin with: a model's name, a file, a run's folder, owner/name."),
]
Losses = Annotated[Texts, typer.Option(help="NAME or NAME=WEIGHT, as l1=0.5; repeat it for a sum.")]
Steps = Annotated[int | None, typer.Option(help="Optimiser steps in all (default: the preset's).")]
Within = Annotated[
    float | None,
    typer.Option(
        parser=_duration, help="Instead of --steps: as many steps as fit into this time, e.g., 2h."
    ),
]
Batch = Annotated[int | None, typer.Option(help="Number of crops in a step, for the whole run.")]
Crop = Annotated[int | None, typer.Option(help="Side of the crops in px, for the whole run.")]
Rate = Annotated[float | None, typer.Option(min=0, help="The highest rate of the run.")]
Config = Annotated[
    list[Path] | None,
    typer.Option(
        help="JSON with fields of config.json; later files win, and options win over files."
    ),
]
TimeLimit = Annotated[
    float | None, typer.Option(parser=_duration, help="Stop and save after, e.g., 9m.")
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out files that cannot be used.")]
Track = Annotated[Tracker | None, typer.Option(help="Log the run with this as well.")]
WriteConfig = Annotated[
    Path | None, typer.Option(help="Write the configuration here, and do not train.")
]
