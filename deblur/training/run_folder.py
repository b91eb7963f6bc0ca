"""The folder of a run: what lies there, and under which name."""

from collections.abc import Iterable
from pathlib import Path

from deblur.errors import CheckpointError
from deblur.training.config import TrainingConfig
from deblur.training.split import write_split

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
CONFIG = "config.json"
SPLIT = "split.json"
LEFT_OUT = "left-out.txt"


def refuse_folder_of_a_run(directory: Path) -> None:
    """Raises CheckpointError when a run lies in a folder already."""
    if (directory / CHECKPOINT).exists():
        raise CheckpointError(
            f"{directory} holds a run: go on with `python -m deblur train --resume {directory}`, "
            "or name another folder with --output"
        )


def describe_run(directory: Path, config: TrainingConfig, left_out: Iterable[str]) -> None:
    """Write what a run is and learns from: its configuration, split, and files not learned from."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / CONFIG).write_text(config.to_json(), encoding="utf-8")
    if any(source.split for source in config.sources):
        write_split(directory / SPLIT, config.sources)
    if reasons := [*left_out]:
        (directory / LEFT_OUT).write_text("\n".join(reasons) + "\n", encoding="utf-8")
