"""What the averaged weights do for pictures that are not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from accelerate import Accelerator
from torch import Tensor

from deblur.synthesis.recipe import BlurRecipe
from deblur.training.config import SourceConfig, TrainingConfig
from deblur.training.data.batches import Batch, validation_batches
from deblur.training.learning.learner import Learner, Restore
from deblur.training.learning.revival import dormant_features
from deblur.training.tree import DataFile

ROUNDING_ERROR = 1e-5
"""Mean squared error that counts as none (50 dB), or sharp crops would rule the mean gain."""
SAMPLE_PICTURES = 4
"""Number of pictures of each validation that go to the trackers."""


@dataclass(frozen=True)
class Validation:
    """Mean gains in dB over the blurred input, `general` on the general set if there is one.

    `dormant` features of the network hardly ever fire.
    """

    gain: float
    general: float | None
    dormant: int


class Validator:
    """The pictures that a run is validated on, drawn once, and its measure of a learner.

    Raises TrainingDataError for data that is unfit; `left_out` has the files that are skipped.
    """

    def __init__(self, config: TrainingConfig, accelerator: Accelerator) -> None:
        self.accelerator = accelerator
        self.left_out = dict[DataFile, str]()
        self.batches = self._draw(config, config.validation or config.sources)
        plain = replace(config, recipe=BlurRecipe())
        self.general = self._draw(plain, config.general) if config.general else []

    def _draw(self, config: TrainingConfig, sources: Sequence[SourceConfig]) -> list[Batch]:
        count = config.validation_pictures
        batches = validation_batches(config, sources, count, self.accelerator.device)
        drawn = list(batches)
        self.left_out |= batches.skipped
        return drawn

    @property
    def probe(self) -> Tensor:
        """Blurred pictures to see which features fire, sRGB in [0, 1]."""
        return self.batches[0].blurred

    def measure(self, learner: Learner) -> Validation:
        """What the learner's averaged weights gain; every process takes its share of pictures."""
        with learner.averaged() as restore:
            found = dormant_features(learner.bare, learner.in_own_range(self.probe))
            return Validation(
                gain=self._mean_gain(restore, self.batches),
                general=self._mean_gain(restore, self.general) if self.general else None,
                dormant=sum(int(mask.sum()) for _, mask in found),
            )

    def sample(self, learner: Learner) -> Tensor:
        """Some pictures to look at: see `side_by_side`."""
        with learner.averaged() as restore:
            return side_by_side(restore, self.batches[0])

    def _mean_gain(self, restore: Restore, batches: Sequence[Batch]) -> float:
        mine = batches[self.accelerator.process_index :: self.accelerator.num_processes]
        total = total_gain(restore, mine).to(self.accelerator.device)
        gain, pictures = self.accelerator.reduce(total).tolist()
        return float(gain / pictures)


@torch.no_grad()
def total_gain(restore: Restore, batches: Sequence[Batch]) -> Tensor:
    """The sum over pictures of the gain in dB over the blurred input, and their number: (2,)."""
    gains = [gain for batch in batches for gain in _gains(restore, batch)]
    return torch.tensor([sum(gains), float(len(gains))])


def _gains(restore: Restore, batch: Batch) -> list[float]:
    restored = restore(batch.blurred).clamp(0, 1)
    before = (batch.blurred - batch.sharp).square().mean((1, 2, 3)).clamp_min(ROUNDING_ERROR)
    after = (restored - batch.sharp).square().mean((1, 2, 3)).clamp_min(ROUNDING_ERROR)
    return (10 * (before / after).log10()).tolist()


@torch.no_grad()
def side_by_side(restore: Restore, batch: Batch) -> Tensor:
    """The first pictures blurred, restored and sharp: (N, 3, h, 3 w) in [0, 1]."""
    blurred, sharp = batch.blurred[:SAMPLE_PICTURES], batch.sharp[:SAMPLE_PICTURES]
    return torch.cat([blurred, restore(blurred).clamp(0, 1), sharp], -1)
