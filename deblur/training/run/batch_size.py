"""How many crops a device holds."""

import gc
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from deblur.errors import DeviceMemoryError
from deblur.training.config import CropStage, TrainingConfig
from deblur.training.run.loop import train
from deblur.training.run.pace import refuse_several_processes, trial_of

SIZES = (64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)
CPU_BATCH = 8
"""Beyond this a CPU gains nothing, and memory does not tell."""


def largest_batch(config: TrainingConfig, side: int, device: str) -> int:
    """The most crops of `side` pixels that a step of this run fits into the GPU with.

    Tried with real steps, from 64 down; on a CPU it is 8. Raises DeviceMemoryError when not even
    one fits, ConfigError under several processes, which might not agree, and what `train` raises.
    """
    refuse_several_processes("--batch auto")
    if device == "cpu" or not torch.cuda.is_available():
        return CPU_BATCH
    for batch in SIZES:
        fits = _fits(config, CropStage(0.0, side, batch), device)
        gc.collect()
        torch.cuda.empty_cache()
        if fits:
            return batch
    raise DeviceMemoryError(
        f"not even one crop of {side} px fits into the GPU's memory: choose a smaller --crop"
    )


def _fits(config: TrainingConfig, stage: CropStage, device: str) -> bool:
    two_steps = replace(trial_of(config, stage), steps=2, validation_pictures=1, workers=0)
    with tempfile.TemporaryDirectory() as folder:
        try:
            train(two_steps, Path(folder) / "trial", device=device)
        except DeviceMemoryError:
            return False
    return True
