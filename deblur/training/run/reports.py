"""What a run tells about itself while it goes on, and when it ends."""

import time
from dataclasses import dataclass, field
from pathlib import Path


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


@dataclass(frozen=True)
class Outcome:
    """Where a run's last checkpoint lies, and why it ended there."""

    path: Path
    step: int
    reason: str


@dataclass
class Clock:
    """Where the time of this sitting goes; seconds and pictures."""

    before: float = 0.0
    opened: float = field(default_factory=time.monotonic)
    started: float = field(default_factory=time.monotonic)
    waited: float = 0.0
    pictures: int = 0

    @property
    def since_opened(self) -> float:
        """Seconds since the run was opened, its preparation included."""
        return time.monotonic() - self.opened

    @property
    def here(self) -> float:
        """Seconds of this sitting."""
        return time.monotonic() - self.started
