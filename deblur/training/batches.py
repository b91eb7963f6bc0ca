"""Batches on the training device: samples are drawn on the CPU, blurred where the network is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from deblur.synthesis.pairs import synthesize
from deblur.training.config import SourceConfig, TrainingConfig
from deblur.training.samples import TrainingSamples, collate


@dataclass(frozen=True)
class Batch:
    """Blurred and sharp pictures, sRGB (N, 3, crop, crop) in [0, 1]."""

    blurred: Tensor
    sharp: Tensor


def training_batches(
    config: TrainingConfig, first_step: int, device: torch.device
) -> Iterator[Batch]:
    """The batches of the steps from `first_step` on, each a function of (seed, step)."""
    start, count = first_step * config.batch, (config.steps - first_step) * config.batch
    return _batches(config, config.sources, config.seed, start, count, device)


def validation_batches(config: TrainingConfig, count: int, device: torch.device) -> list[Batch]:
    """Fixed batches, `count` pictures in all, drawn with a seed that training never uses."""
    sources = config.validation or config.sources
    return list(_batches(config, sources, config.seed + 2**31, 0, count, device))


def _batches(
    config: TrainingConfig,
    sources: Sequence[SourceConfig],
    seed: int,
    start: int,
    count: int,
    device: torch.device,
) -> Iterator[Batch]:
    margin = config.recipe.kernel_size // 2 + 4
    side = config.crop + 2 * margin
    samples = TrainingSamples(sources, side=side, seed=seed, start=start, count=count)
    loader = DataLoader(
        samples,
        config.batch,
        collate_fn=collate,
        num_workers=config.workers,
        pin_memory=device.type == "cuda",
    )
    inner = (..., slice(margin, -margin), slice(margin, -margin))
    for number, (blurred, sharp, synthesise) in enumerate(loader, start // config.batch):
        blurred, sharp = (_unit(pixels, device) for pixels in (blurred, sharp))
        generator = torch.Generator(device).manual_seed(_mix(seed, number))
        if synthesise.any():
            chosen = synthesise.to(device)
            blurred[chosen] = synthesize(sharp[chosen], config.recipe, generator)
        yield Batch(blurred[inner], sharp[inner])


def _mix(seed: int, number: int) -> int:
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0])


def _unit(pixels: Tensor, device: torch.device) -> Tensor:
    return pixels.to(device, non_blocking=True).float() / 255
