"""What a run tells about itself while it goes on, and when it ends."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from accelerate import Accelerator

from deblur.training.run.state import RunState
from deblur.training.run.validator import Validation

LOGGED_EVERY = 10
"""Trackers get the figures of every tenth step, and of all validations."""


@dataclass(frozen=True)
class Report:
    """How far a run is.

    `losses` are the parts of the step's loss; `gain` is the validation's dB over the blurred
    input, `general` the same on the general set, None between validations, and `forgot` tells
    that the latter has fallen too far for the weights to be kept as the best; `dormant` features
    of the network hardly ever fire. `waiting` is the share of the time spent on waiting for data,
    `memory` the GPU's peak in bytes, `skipped` the number of steps that were not taken because
    their gradient was not finite, `left_out` the files that are not learned from, with the reason;
    `losses` are empty before step 1.
    """

    step: int
    steps: int
    losses: dict[str, float]
    seconds: float
    learning_rate: float
    images_per_second: float
    waiting: float
    memory: int
    skipped: int
    left_out: tuple[str, ...]
    gain: float | None = None
    general: float | None = None
    forgot: bool = False
    dormant: int = 0

    def __str__(self) -> str:
        """The step in a line, or the validation after it."""
        if self.gain is None:
            return f"step {self.step}: {self.pace}"
        line = f"step {self.step}: {self.gain:+.3f} dB over the input"
        if self.general is not None:
            line += f", {self.general:+.3f} dB on the general set"
        if self.forgot:
            line += " (forgets too much: not kept as the best)"
        if self.dormant:
            line += f", {self.dormant} features hardly ever fire"
        if self.skipped:
            line += f", {self.skipped} steps skipped (gradient not finite)"
        return line

    @property
    def pace(self) -> str:
        """What the step lost, and what it cost, in a line."""
        figures = [f"{name} {value:.4f}" for name, value in self.losses.items()]
        figures += [f"{self.images_per_second:.1f} images/s", f"data {self.waiting:.0%}"]
        if self.memory:
            figures.append(f"GPU {self.memory / 1e9:.1f} GB")
        return "  ".join(figures)


@dataclass(frozen=True)
class Outcome:
    """Where a run's last checkpoint lies, and why it ended there."""

    path: Path
    step: int
    reason: str


class Reporter:
    """Tells trackers, and on the first process `on_report`, how far a run is."""

    def __init__(
        self,
        accelerator: Accelerator,
        left_out: tuple[str, ...],
        on_report: Callable[[Report], None],
    ) -> None:
        self.accelerator, self.left_out, self.on_report = accelerator, left_out, on_report
        self.on_gpu = accelerator.device.type == "cuda"
        if self.on_gpu:
            torch.cuda.reset_peak_memory_stats(accelerator.device)

    def tell(self, state: RunState, losses: dict[str, float], found: Validation | None) -> None:
        """Report the last step, and the validation after it if there was one."""
        clock, device = state.clock, self.accelerator.device
        report = Report(
            step=state.step,
            steps=state.config.steps,
            losses=losses,
            seconds=clock.seconds,
            learning_rate=state.learner.optimizer.param_groups[0]["lr"],
            images_per_second=clock.pictures / clock.here,
            waiting=clock.waited / clock.here,
            memory=torch.cuda.max_memory_allocated(device) if self.on_gpu else 0,
            skipped=state.skipped,
            left_out=self.left_out,
            forgot=found is not None and state.forgot,
            **(vars(found) if found else {}),
        )
        if self.accelerator.trackers and (found or state.step % LOGGED_EVERY == 0):
            figures = asdict(report) | losses
            self.accelerator.log(
                {name: each for name, each in figures.items() if isinstance(each, float | int)},
                step=state.step,
            )
        if self.accelerator.is_main_process:
            self.on_report(report)
