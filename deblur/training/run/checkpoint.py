"""Checkpoints: everything that a run needs to go on, in one file that is never half written."""

import hashlib
import json
import os
import pickle
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from deblur.errors import CheckpointError
from deblur.training.config import TrainingConfig

PART_BYTES = 15 << 20
"""Parts stay under 16 MiB, a usual limit of what carries them."""


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
    """Write a checkpoint under a temporary name, down to the disk, and rename it.

    Raises CheckpointError when the folder cannot be written; what stood there stays.
    """
    temporary = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            torch.save(asdict(checkpoint), stream)
            stream.flush()
            os.fsync(stream.fileno())
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
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise CheckpointError(f"{path} is damaged: {damaged} is not what was written")
        return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint at {path}") from error
    except (OSError, RuntimeError, pickle.UnpicklingError, TypeError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is not a checkpoint of this program ({error})") from error


def split_checkpoint(path: Path, directory: Path, part_bytes: int = PART_BYTES) -> Path:
    """Cut a file into parts of at most `part_bytes` and return their index, a JSON file.

    Raises CheckpointError when there is no such file or the folder cannot be written.
    """
    try:
        content = path.read_bytes()
        directory.mkdir(parents=True, exist_ok=True)
        parts = []
        for number, start in enumerate(range(0, len(content), part_bytes), 1):
            parts.append(f"{path.name}.part-{number:02}")
            (directory / parts[-1]).write_bytes(content[start : start + part_bytes])
        index = directory / f"{path.name}.parts.json"
        digest = hashlib.sha256(content).hexdigest()
        index.write_text(json.dumps({"file": path.name, "sha256": digest, "parts": parts}))
    except OSError as error:
        raise CheckpointError(f"{path} cannot be split into {directory} ({error})") from error
    return index


def join_checkpoint(index: Path, path: Path) -> None:
    """Put the parts of an index back together.

    Raises CheckpointError, writing nothing, when a part is missing or damaged, or there is a
    file already.
    """
    try:
        description = json.loads(index.read_text())
        content = b"".join((index.parent / part).read_bytes() for part in description["parts"])
        expected = description["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"the parts of {index} cannot be read ({error})") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise CheckpointError(f"the parts of {index} are damaged; fetch them again")
    if path.exists():
        raise CheckpointError(f"{path} exists; name another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    temporary.write_bytes(content)
    temporary.replace(path)
