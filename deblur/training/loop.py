"""The training loop: one network, one loss, resumable at any step."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from deblur.errors import CheckpointError
from deblur.networks import build_network
from deblur.training.batches import Batch, training_batches, validation_batches
from deblur.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from deblur.training.config import TrainingConfig
from deblur.training.losses import LOSSES

CHECKPOINT = "checkpoint.pt"
CONFIG = "config.json"
VALIDATION_PICTURES = 64
ROUNDING_ERROR = 1e-5
"""Mean squared error that counts as none (50 dB), or sharp crops would rule the mean gain."""


@dataclass(frozen=True)
class Report:
    """How far a run is; `gain` is the validation's dB over the blurred input, None between."""

    step: int
    steps: int
    loss: float
    seconds: float
    gain: float | None = None


def train(
    config: TrainingConfig,
    directory: Path,
    *,
    device: str,
    resume: bool = False,
    on_report: Callable[[Report], None] = lambda report: None,
) -> Path:
    """Train to the last step and return the path of the checkpoint, in `directory`.

    Raises CheckpointError when `directory` holds another run, or none to resume; ConfigError
    and TrainingDataError for what cannot be trained.
    """
    run = _Run(config, directory, torch.device(device), resume)
    for batch in training_batches(config, run.step, run.device):
        loss = run.learn(batch)
        gain = run.validate() if run.due(config.validate_every) else None
        if run.due(config.checkpoint_every):
            run.save()
        on_report(Report(run.step, config.steps, loss, run.seconds, gain))
    return run.path


class _Run:
    """The moving parts of a run, and how they are saved and found again."""

    def __init__(
        self, config: TrainingConfig, directory: Path, device: torch.device, resume: bool
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device = config, device
        self.path = directory / CHECKPOINT
        memory = torch.channels_last if config.channels_last else torch.contiguous_format
        network = build_network(config.architecture, config.arguments)
        if config.start_from is not None:
            network.load_state_dict(_averaged_weights(Path(config.start_from), config))
        self.network = network.to(device, memory_format=memory)  # type: ignore[call-overload]
        self.ema = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
        self.step, self.before, self.history = 0, 0.0, list[dict[str, float]]()
        if resume:
            self._restore(load_checkpoint(self.path))
        elif self.path.exists():
            raise CheckpointError(f"{directory} holds a run; resume it or name another folder")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / CONFIG).write_text(config.to_json())
        self.validation = validation_batches(config, VALIDATION_PICTURES, device)
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Wall time of the run so far, earlier sittings included."""
        return self.before + time.monotonic() - self.started

    def due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    def learn(self, batch: Batch) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.step)
        loss = LOSSES[self.config.loss](self.restore(batch.blurred), batch.sharp)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_gradient)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self._average()
        return loss.item()

    def restore(self, blurred: Tensor) -> Tensor:
        """The network's answer to sRGB in [0, 1], in [0, 1] again, whatever its own range."""
        low, high = self.config.value_range
        precision = torch.float16 if self.config.precision == "fp16" else torch.bfloat16
        if self.config.channels_last:
            blurred = blurred.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, precision, enabled=self.config.precision != "fp32"):
            answer = self.network(blurred * (high - low) + low)
        return (answer.float() - low) / (high - low)

    @torch.no_grad()
    def validate(self) -> float:
        """Mean gain in dB of the averaged weights over the blurred input."""
        live = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.ema)
        gains = [gain for batch in self.validation for gain in self._gains(batch)]
        self.network.load_state_dict(live)
        gain = sum(gains) / len(gains)
        self.history.append({"step": self.step, "seconds": self.seconds, "gain": gain})
        return gain

    def save(self) -> None:
        state = Checkpoint(
            config=self.config.to_json(),
            step=self.step,
            network=self.network.state_dict(),
            ema=self.ema,
            optimizer=self.optimizer.state_dict(),
            scaler=self.scaler.state_dict(),
            seconds=self.seconds,
            history=self.history,
        )
        save_checkpoint(state, self.path)

    def _restore(self, saved: Checkpoint) -> None:
        if saved.config != self.config.to_json():
            raise CheckpointError(
                f"{self.path} was written with another configuration; "
                "resume with the same options, or start in another folder"
            )
        self.network.load_state_dict(saved.network)
        self.optimizer.load_state_dict(saved.optimizer)
        self.scaler.load_state_dict(saved.scaler)
        self.ema = {name: value.to(self.device) for name, value in saved.ema.items()}
        self.step, self.before, self.history = saved.step, saved.seconds, saved.history

    def _gains(self, batch: Batch) -> Iterable[float]:
        restored = self.restore(batch.blurred).clamp(0, 1)
        before = (batch.blurred - batch.sharp).square().mean((1, 2, 3)).clamp_min(ROUNDING_ERROR)
        after = (restored - batch.sharp).square().mean((1, 2, 3)).clamp_min(ROUNDING_ERROR)
        return (10 * (before / after).log10()).tolist()

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.config.ema, self.step / (self.step + 10))
        for name, value in self.network.state_dict().items():
            self.ema[name].lerp_(value, 1 - decay)


def _averaged_weights(path: Path, config: TrainingConfig) -> dict[str, Tensor]:
    saved = load_checkpoint(path)
    trained = saved.training_config()
    if (trained.architecture, trained.arguments) != (config.architecture, config.arguments):
        raise CheckpointError(
            f"{path} holds {trained.architecture} {dict(trained.arguments)}, which "
            f"{config.architecture} {dict(config.arguments)} cannot start from"
        )
    return saved.ema


def learning_rate(config: TrainingConfig, step: int) -> float:
    """The rate of a step: a linear rise over the warm-up, then half a cosine down to zero."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
