"""How the learning rate moves over a run, and when a run has learned enough."""

import math
from dataclasses import dataclass

from deblur.training.config import TrainingConfig


def learning_rate(config: TrainingConfig, step: int, reductions: int = 0) -> float:
    """The rate of a step, after `reductions` plateaus."""
    rate, schedule = config.optimizer.learning_rate, config.schedule
    if step < schedule.warmup:
        return rate * (step + 1) / schedule.warmup
    if schedule.kind == "plateau":
        return rate * schedule.factor**reductions
    progress = (step - schedule.warmup) / max(1, config.steps - schedule.warmup)
    return rate * 0.5 * (1 + math.cos(math.pi * progress))


def shortened(warmup: int, steps: int) -> int:
    """A usual warm-up, or a tenth of a run that is too short for it."""
    return min(warmup, max(0, steps // 10))


@dataclass
class LearningCurve:
    """What the losses and validations of a run have shown so far; gains are in dB.

    `waiting` counts validations in a row that brought nothing better, `since_reduction` the
    same since the rate last fell. `loss` is the sum over the `noted` steps since the last one.
    """

    best: float = -math.inf
    waiting: int = 0
    since_reduction: int = 0
    reductions: int = 0
    loss: float = 0.0
    noted: int = 0

    def add_loss(self, loss: float) -> None:
        """Take note of a step."""
        self.loss += loss
        self.noted += 1

    def take_mean_loss(self) -> float:
        """The mean loss of the steps that were noted, and start anew."""
        mean = self.loss / self.noted
        self.loss, self.noted = 0.0, 0
        return mean

    def add_gain(self, gain: float, config: TrainingConfig, *, fit: bool = True) -> bool:
        """Take note of a validation; True when it is the best so far of weights `fit` to keep."""
        if fit and gain > self.best:
            self.best, self.waiting, self.since_reduction = gain, 0, 0
            return True
        self.waiting += 1
        self.since_reduction += 1
        if self.since_reduction > config.schedule.patience:
            self.reductions += 1
            self.since_reduction = 0
        return False

    def stalled(self, config: TrainingConfig) -> bool:
        """Whether the run should end early."""
        return 0 < config.schedule.stop_after <= self.waiting
