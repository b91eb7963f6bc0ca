"""Checkpoints: everything that a run needs to go on, in one file that is never half written."""

import pickle
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from deblur.errors import CheckpointError
from deblur.training.config import TrainingConfig


@dataclass
class Checkpoint:
    """The state of a run after `step` steps. `history` holds one record per validation."""

    config: str
    step: int
    network: dict[str, Tensor]
    ema: dict[str, Tensor]
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)

    def training_config(self) -> TrainingConfig:
        """The configuration of the run. Raises ConfigError when it cannot be read."""
        return TrainingConfig.from_json(self.config)


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint under a temporary name and rename it.

    Raises CheckpointError when the folder cannot be written; what stood there stays.
    """
    temporary = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(asdict(checkpoint), temporary)
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        raise CheckpointError(
            f"the checkpoint {path} cannot be written ({error}); the last one is untouched"
        ) from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU. Raises CheckpointError when it is missing or damaged."""
    if path.is_file() and not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} is not a checkpoint, or it was cut short")
    try:
        return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint at {path}") from error
    except (OSError, RuntimeError, pickle.UnpicklingError, TypeError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this program ({error})") from error
