"""How many crops a device holds."""

import torch
from accelerate.utils import find_executable_batch_size

from deblur.networks import build_network
from deblur.training.config import TrainingConfig

LARGEST = 64
CPU_BATCH = 8
"""Beyond this a CPU gains nothing, and memory does not tell."""


def largest_batch(config: TrainingConfig, side: int, device: str) -> int:
    """The most crops of `side` pixels that a step of this run fits into the GPU with.

    Tried with real steps, from 64 down; on a CPU it is 8.
    """
    if device == "cpu" or not torch.cuda.is_available():
        return CPU_BATCH
    network = build_network(config.architecture, config.arguments).cuda()
    kind = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

    @find_executable_batch_size(starting_batch_size=LARGEST)  # type: ignore[untyped-decorator]
    def attempt(batch: int) -> int:
        crops = torch.rand(batch, 3, side, side, device="cuda")
        with torch.autocast("cuda", kind[config.precision], enabled=config.precision != "fp32"):
            network(crops).float().mean().backward()
        return batch

    size: int = attempt()
    torch.cuda.empty_cache()
    return size
