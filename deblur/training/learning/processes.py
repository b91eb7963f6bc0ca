"""What the processes of one run find out together."""

import torch
from accelerate import Accelerator
from torch import Tensor


def any_process(accelerator: Accelerator, found: bool) -> bool:
    """Whether any process found something, so that all act on it at the same step."""
    if accelerator.num_processes == 1:
        return found
    return bool(accelerator.reduce(torch.tensor([float(found)], device=accelerator.device)).item())


def mean_of_processes(accelerator: Accelerator, mean: Tensor) -> Tensor:
    """The mean of what every process has."""
    found: Tensor = accelerator.reduce(mean, reduction="mean")
    return found
