"""Batches on the training device: samples are drawn on the CPU, blurred where the network is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from deblur.errors import ConfigError, TrainingDataError
from deblur.synthesis.blur import Blur
from deblur.synthesis.devices import beside
from deblur.synthesis.pairs import synthesize
from deblur.training.config import Augmentation, SourceConfig, TrainingConfig
from deblur.training.data.samples import Sample, TrainingSamples
from deblur.training.tree import DataFile

Keys = list[tuple[int, int]]
"""Index and side of each sample of a batch."""

_VALIDATION_SEED = 2**31


@dataclass(frozen=True)
class Batch:
    """Blurred and sharp pictures, sRGB (N, 3, side, side) in [0, 1]."""

    blurred: Tensor
    sharp: Tensor


class TrainingBatches(Iterator[Batch]):
    """Batches in order, drawn ahead by `workers` processes and blurred on `device` in `next`.

    Raises TrainingDataError, from whichever process found it, for what cannot be read.
    """

    def __init__(
        self, samples: TrainingSamples, keys: Iterable[Keys], device: torch.device, workers: int
    ) -> None:
        self._samples, self._device = samples, device
        loader = DataLoader(
            _Stacks(samples),
            batch_size=None,
            sampler=keys,
            collate_fn=_as_it_is,
            num_workers=workers,
            pin_memory=device.type == "cuda",
        )
        self._stacks = iter(loader)

    @property
    def skipped(self) -> dict[DataFile, str]:
        """The files that were left out, each with the reason; of a pair, the sharp one."""
        return self._samples.skipped

    def __next__(self) -> Batch:
        stack = next(self._stacks)
        if isinstance(stack, TrainingDataError):
            raise TrainingDataError(*stack.args)
        return _finish(stack, self._samples.recipe.margin, self._device)


def training_batches(
    config: TrainingConfig, first_step: int, device: torch.device, *, rank: int = 0, world: int = 1
) -> TrainingBatches:
    """The batches of the steps from `first_step` on, each a function of (seed, step).

    Of `world` processes, `rank` gets every `world`-th sample of each batch. Raises ConfigError
    when a batch cannot be shared out evenly, TrainingDataError for data that is unfit.
    """
    uneven = [stage.batch for stage in config.crops if stage.batch % world]
    if uneven:
        raise ConfigError(
            f"a batch of {uneven[0]} cannot be shared by {world} processes: choose a multiple "
            f"of {world}"
        )
    samples = _samples(config, config.sources, config.seed, config.augmentation, world)
    steps = _Steps(config, first_step, rank, world)
    return TrainingBatches(samples, steps, device, config.workers)


def validation_batches(
    config: TrainingConfig, sources: Sequence[SourceConfig], count: int, device: torch.device
) -> TrainingBatches:
    """Fixed batches, `count` pictures in all, drawn with a seed that training never uses.

    They are as large as the run's last crops, from anywhere in the photos, and not augmented.
    """
    last = config.crops[-1]
    plain = Augmentation(flip=False, turns=False)
    samples = _samples(config, sources, config.seed + _VALIDATION_SEED, plain)
    keys = [(index, last.side) for index in range(count)]
    batches = [keys[first : first + last.batch] for first in range(0, count, last.batch)]
    return TrainingBatches(samples, batches, device, config.workers)


def _samples(
    config: TrainingConfig,
    sources: Sequence[SourceConfig],
    seed: int,
    augmentation: Augmentation,
    world: int = 1,
) -> TrainingSamples:
    return TrainingSamples(
        sources,
        largest=max(stage.side for stage in config.crops),
        seed=seed,
        recipe=config.recipe,
        augmentation=augmentation,
        skip_bad=config.skip_bad,
        processes=max(1, config.workers) * world,
    )


@dataclass(frozen=True)
class _Steps:
    """The samples of each step: those that follow all earlier steps' samples."""

    config: TrainingConfig
    first: int
    rank: int
    world: int

    def __iter__(self) -> Iterator[Keys]:
        seen = 0
        for step in range(self.config.steps):
            stage = self.config.stage_at(step)
            if step >= self.first:
                mine = range(seen + self.rank, seen + stage.batch, self.world)
                yield [(index, stage.side) for index in mine]
            seen += stage.batch


class _Stack(NamedTuple):
    """The samples of a batch, of a kind together: `synthesised` tells which they were."""

    synthesised: list[bool]
    blurred: Tensor | None
    sharp: Tensor | None
    photos: Tensor | None
    blurs: list[Blur]


class _Stacks(Dataset["_Stack | TrainingDataError"]):
    """Whole batches; what is wrong is handed over, for an error thrown here loses its words."""

    def __init__(self, samples: TrainingSamples) -> None:
        self._samples = samples

    def __getitem__(self, keys: Keys) -> "_Stack | TrainingDataError":
        try:
            return _stack([self._samples[key] for key in keys])
        except TrainingDataError as error:
            return error


def _stack(samples: Sequence[Sample]) -> _Stack:
    real = [(each.blurred, each.sharp) for each in samples if each.blurred is not None]
    photos = [(each.sharp, each.blur) for each in samples if each.blur is not None]
    return _Stack(
        [each.blur is not None for each in samples],
        torch.stack([blurred for blurred, _ in real]) if real else None,
        torch.stack([sharp for _, sharp in real]) if real else None,
        torch.stack([photo for photo, _ in photos]) if photos else None,
        [blur for _, blur in photos],
    )


def _finish(stack: _Stack, margin: int, device: torch.device) -> Batch:
    """Blur the photos, without their margin, and put all samples back in order."""
    blurred, sharp = [], []
    if stack.blurred is not None and stack.sharp is not None:
        blurred.append(_unit(stack.blurred, device))
        sharp.append(_unit(stack.sharp, device))
    if stack.photos is not None:
        made = synthesize(_unit(stack.photos, device), stack.blurs, margin)
        blurred.append(made[0])
        sharp.append(made[1])
    order = torch.tensor(stack.synthesised).int().argsort(stable=True).argsort()
    places = beside(order, blurred[0])
    return Batch(torch.cat(blurred)[places], torch.cat(sharp)[places])


def _as_it_is(stack: Any) -> Any:
    return stack


def _unit(pixels: Tensor, device: torch.device) -> Tensor:
    return pixels.to(device, non_blocking=True).float() / 255
