"""Checkpoints: everything that a run needs to go on, in one file that is never half written."""

import pickle
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from deblur.errors import CheckpointError
from deblur.files import replacing
from deblur.training.config import TrainingConfig


@dataclass
class Checkpoint:
    """The state of a run after `step` steps. `history` holds one record per validation: step,
    seconds, gain and the mean loss since the one before.

    `schedule` counts validations without progress, `game` is the critic's side of an
    adversarial run, `skipped` the number of steps whose gradient was not finite.
    """

    config: str
    step: int
    network: dict[str, Tensor]
    ema: dict[str, Tensor]
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    schedule: dict[str, float]
    game: dict[str, Any]
    seconds: float = 0.0
    skipped: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def training_config(self) -> TrainingConfig:
        """The configuration of the run. Raises ConfigError when it cannot be read."""
        return TrainingConfig.from_json(self.config)


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint, down to the disk, in place of the last one.

    Raises CheckpointError when the folder cannot be written; what stood there stays.
    """
    try:
        # By a stream: of a path, torch would write the name into the file.
        with replacing(path, durable=True) as temporary, temporary.open("wb") as stream:
            torch.save(asdict(checkpoint), stream)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"the checkpoint {path} cannot be written ({error}); the last one is untouched"
        ) from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU. Raises CheckpointError when it is missing or damaged."""
    if path.is_file() and not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} is not a checkpoint, or it was cut short")
    try:
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise CheckpointError(f"{path} is damaged: {damaged} is not what was written")
        return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint at {path}") from error
    except (OSError, RuntimeError, pickle.UnpicklingError, TypeError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this program ({error})") from error
