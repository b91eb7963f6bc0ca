"""What a run carries from step to step, and from one sitting to the next."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from deblur.errors import TrainingError
from deblur.training.config import TrainingConfig
from deblur.training.learning.learner import Learner, StepResult
from deblur.training.learning.schedule import LearningCurve, learning_rate
from deblur.training.run.clock import Clock
from deblur.training.run.validator import Validation

MAX_SKIPPED_IN_A_ROW = 50
"""This number of steps in a row without a finite gradient ends a run."""


class RunState:
    """A learner, and how far it is: all that a checkpoint holds.

    `step` steps were looked at, `skipped` of them not taken, their gradient not finite. `history`
    has one record per validation: step, seconds, gains, dormant features, and the mean loss since
    the one before.
    """

    def __init__(self, config: TrainingConfig, learner: Learner, clock: Clock) -> None:
        self.config, self.learner, self.clock = config, learner, clock
        self.step, self.skipped, self.skipped_in_a_row = 0, 0, 0
        self.curve, self.history = LearningCurve(), list[dict[str, float]]()

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return learning_rate(self.config, self.step, self.curve.reductions)

    def due(self, every: int) -> bool:
        """Whether it is time for what happens at regular steps, and at the last one."""
        return self.step % every == 0 or self.step == self.config.steps

    def add_step(self, result: StepResult) -> None:
        """Take note of a step. Raises TrainingError when too many in a row were not taken."""
        self.skipped_in_a_row = 0 if result.taken else self.skipped_in_a_row + 1
        if self.skipped_in_a_row == MAX_SKIPPED_IN_A_ROW:
            raise TrainingError(
                f"the gradients of {MAX_SKIPPED_IN_A_ROW} steps in a row were not finite, the "
                f"last at step {self.step}: lower the learning rate, or train at bf16 or fp32; "
                "the checkpoint in the run's folder is from before"
            )
        if result.taken:
            self.curve.add_loss(result.loss)
        self.skipped += not result.taken
        self.step += 1

    def add_validation(self, found: Validation, loss: float | None) -> bool:
        """Take note of a validation; True for the best weights so far.

        `loss` is the mean since the last validation, None where no step was taken since.
        """
        record = {"step": self.step, "seconds": self.clock.seconds, "loss": loss, **vars(found)}
        self.history.append({name: float(x) for name, x in record.items() if x is not None})
        return self.curve.add_gain(found.gain, self.config, fit=not self.forgot)

    @property
    def forgot(self) -> bool:
        """Whether the gain on the general set has fallen too far since the first validation."""
        first, last = (each.get("general", 0.0) for each in (self.history[0], self.history[-1]))
        return last < first - self.config.forgetting

    def state_dict(self) -> dict[str, Any]:
        """All of it, by the names of `Checkpoint`."""
        return {
            **self.learner.state_dict(),
            "step": self.step,
            "schedule": asdict(self.curve),
            "seconds": self.clock.seconds,
            "skipped": self.skipped,
            "history": self.history,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave. Raises RuntimeError for another network's."""
        self.learner.load_state_dict(state)
        self.step, self.skipped, self.history = state["step"], state["skipped"], state["history"]
        self.curve = LearningCurve(**state["schedule"])
        self.clock.before = state["seconds"]
