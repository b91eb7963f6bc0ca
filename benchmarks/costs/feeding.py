"""Does synthesis feed the network: what drawing and blurring a batch costs of a training step."""

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from benchmarks.costs.machine import machine_name
from benchmarks.costs.timing import Timing, time_calls
from deblur.errors import ConfigError
from deblur.networks import build_network
from deblur.training.config import SourceConfig, TrainingConfig
from deblur.training.data.batches import Batch, TrainingBatches, training_batches
from deblur.training.learning.losses import weighted_loss
from deblur.training.learning.optimizers import build_optimizer
from deblur.training.presets import build_config, count_photos
from deblur.training.run.devices import open_accelerator
from deblur.weights import find_model

_DRAWS_OF_EACH = 5
_MAX_WARM_UP_SECONDS = 60.0
_MANY_STEPS = 1_000_000


@dataclass(frozen=True)
class FeedingRun:
    """What a training step of `batch` crops of `crop` pixels costs.

    `drawing` is the time for a batch, drawn and blurred in this process; `learning` that for
    forward, backward and optimiser; both in seconds.
    """

    machine: str
    model: str
    precision: str
    batch: int
    crop: int
    drawing: Timing
    learning: Timing

    @property
    def step(self) -> float:
        """Seconds of a whole step: the sum of both medians."""
        return self.drawing.median + self.learning.median

    @property
    def share(self) -> float:
        """The share of a whole step that goes to its batch, from 0 to 1."""
        return self.drawing.median / self.step


def feeding_config(
    photos: str, model: str, *, batch: int | None = None, crop: int | None = None
) -> TrainingConfig:
    """The run to measure: the preset `fast` for a model, on `photos` as `train --data` takes it.

    `batch` crops of `crop` pixels, by default the preset's first. Raises ConfigError for what
    cannot be trained, and UnknownModelError.
    """
    spec = find_model(model)
    changes: dict[str, Any] = {
        "sources": [asdict(SourceConfig.parse(photos))],
        "steps": _MANY_STEPS,
    }
    first = build_config("fast", spec, None, changes).crops[0]
    side, size = (first.side if crop is None else crop), (first.batch if batch is None else batch)
    changes["crops"] = [{"start": 0.0, "side": side, "batch": size}]
    return build_config("fast", spec, None, changes)


def measure_feeding(
    config: TrainingConfig, *, device: str = "auto", seconds: float = 6.0
) -> FeedingRun:
    """Time the batches and the steps of a run for `seconds` each, after a warm-up.

    Nothing is drawn ahead, and a GAN's critic is left out: a run with workers, or with a
    critic, spends a smaller share on its batches. A GPU is waited for before each clock is
    read. Raises ConfigError and TrainingDataError for what cannot be trained on.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        open_accelerator(config, Path(folder), _known(device), None) as accelerator,
    ):
        batches = training_batches(config, 0, accelerator.device)
        _warm_up(batches, config)
        drawing = _time(lambda: next(batches), accelerator.device, seconds)
        learn, batch = _learner(config, accelerator), next(batches)
        learning = _time(lambda: learn(batch), accelerator.device, seconds)
        machine = machine_name(accelerator.device.type)
    stage = config.crops[0]
    return FeedingRun(
        machine, config.model, config.precision, stage.batch, stage.side, drawing, learning
    )


def _known(device: str) -> str:
    if device not in ("auto", "cpu", "cuda", "mps"):
        raise ConfigError(f"device: expected auto, cpu, cuda or mps, not {device!r}")
    return device


def _warm_up(batches: TrainingBatches, config: TrainingConfig) -> None:
    """Draw until nearly every photo lies decoded in memory, as it does in a long run."""
    crops = _DRAWS_OF_EACH * count_photos(config)
    started = time.monotonic()
    for _ in range(math.ceil(crops / config.crops[0].batch)):
        next(batches)
        if time.monotonic() - started > _MAX_WARM_UP_SECONDS:
            return


def _time(work: Callable[[], object], device: torch.device, seconds: float) -> Timing:
    def finished() -> None:
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        elif device.type == "mps":
            torch.mps.synchronize()

    return time_calls(finished, seconds=seconds)


def _learner(config: TrainingConfig, accelerator: Accelerator) -> Callable[[Batch], None]:
    """Forward, backward and optimiser as the training loop does them, on fresh weights."""
    memory = torch.channels_last if config.channels_last else torch.contiguous_format
    network = build_network(config.architecture, config.arguments)
    network.to(memory_format=memory)
    settings = config.optimizer
    network, optimizer = accelerator.prepare(network, build_optimizer(settings, network))
    loss = weighted_loss(config).to(accelerator.device)
    low, high = config.value_range

    def learn(batch: Batch) -> None:
        blurred = (batch.blurred * (high - low) + low).contiguous(memory_format=memory)
        with accelerator.autocast():
            answer = network(blurred)
        accelerator.backward(loss((answer.float() - low) / (high - low), batch.sharp)[0])
        accelerator.clip_grad_norm_(network.parameters(), settings.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return learn
