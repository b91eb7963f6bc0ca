"""A sheet of what synthesis makes, to be held against real blurred photos."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deblur.training.config import CropStage, SourceConfig, TrainingConfig
from deblur.training.data.batches import validation_batches

COLUMNS = 6


def preview_sheet(photos: Path, count: int, side: int, seed: int) -> NDArray[np.uint8]:
    """Rows of sharp crops over their blurred ones: RGB uint8, six crops of `side` to a row.

    Raises TrainingDataError when the folder holds no photo that is large enough.
    """
    source = SourceConfig("photos", str(photos))
    config = TrainingConfig(
        model="none",
        architecture="none",
        arguments={},
        sources=(source,),
        crops=(CropStage(0.0, side, min(count, COLUMNS)),),
        seed=seed,
    )
    rows = [
        torch.cat([_row(batch.sharp), _row(batch.blurred)], 1)
        for batch in validation_batches(config, [source], count, torch.device("cpu"))
    ]
    sheet = torch.zeros(3, 2 * side * len(rows), rows[0].shape[-1])
    for number, row in enumerate(rows):
        sheet[:, 2 * side * number : 2 * side * (number + 1), : row.shape[-1]] = row
    return np.asarray((sheet * 255).round().byte().permute(1, 2, 0).numpy())


def _row(pictures: torch.Tensor) -> torch.Tensor:
    return torch.cat(list(pictures), -1)
