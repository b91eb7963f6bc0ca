"""Training samples, each a function of (seed, index) alone."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.utils.data import Dataset

from deblur.errors import TrainingDataError
from deblur.synthesis.blur import BURST_FRAMES, Blur, draw_blur
from deblur.synthesis.recipe import BlurRecipe
from deblur.training.config import Augmentation, SourceConfig, SourceKind
from deblur.training.data.augment import Pixels, draw_crop
from deblur.training.data.folders import Item
from deblur.training.data.photos import (
    PhotoCache,
    check_items,
    check_pixels,
    check_sizes,
    size_of,
)
from deblur.training.data.split import MAX_BURST_FRAMES, items_of
from deblur.training.tree import DataFile


class Sample(NamedTuple):
    """One crop, uint8 (3, side, side): the blurred picture, or the blur still to be made.

    With a `blur`, `sharp` has the recipe's margin more on each side.
    """

    blurred: Tensor | None
    sharp: Tensor
    blur: Blur | None


@dataclass(frozen=True)
class Drawing:
    """What all sources of a mixture share; `largest` is the side of its largest crops."""

    cache: PhotoCache
    augmentation: Augmentation
    recipe: BlurRecipe
    largest: int
    skip_bad: bool


class Source(ABC):
    """Checked items that crops are drawn from, and what was `skipped`: file and reason.

    Raises TrainingDataError for the first bad item, or, with `skip_bad`, when none is good.
    """

    def __init__(self, config: SourceConfig, drawing: Drawing) -> None:
        items = items_of(config)
        if not items:
            raise TrainingDataError(
                f"{config.path}: no scene fell into its {config.split} share; lay more scenes "
                "into it, or name a folder for this on its own"
            )
        self.drawing = drawing
        self.skipped: dict[DataFile, str] = {}
        self.items = self._usable(items)
        if not self.items:
            reason = next(iter(self.skipped.values()))
            raise TrainingDataError(
                f"{config.path}: none of its {len(items)} {config.kind} is usable: {reason}"
            )

    @property
    def margin(self) -> int:
        """Pixels drawn on each side of a crop, to be cut off later."""
        return 0

    def _usable(self, items: list[Item]) -> list[Item]:
        side = self.drawing.largest + 2 * self.margin
        kept = self._passing(items, lambda item: check_sizes(item, side))
        return self._passing(kept, check_pixels) if self.drawing.skip_bad else kept

    def _passing(self, items: list[Item], check: Callable[[Item], None]) -> list[Item]:
        kept = []
        for item, error in zip(items, check_items(items, check), strict=True):
            if error and not self.drawing.skip_bad:
                raise error
            if error:
                self.skipped[item[-1]] = str(error)
            else:
                kept.append(item)
        return kept

    @abstractmethod
    def draw(self, side: int, random: Generator) -> tuple[Pixels | None, Pixels]:
        """One random crop, blurred and sharp: (side, side, 3), plus `margin` on each side."""

    def _cut(self, pictures: Sequence[Pixels], side: int, random: Generator) -> list[Pixels]:
        size = pictures[0].shape[0], pictures[0].shape[1]
        crop = draw_crop(size, side + 2 * self.margin, self.drawing.augmentation, random)
        return [crop.cut(picture) for picture in pictures]


class PhotoSource(Source):
    """Sharp photos, still to be blurred, with a margin that their blur reaches into."""

    @property
    def margin(self) -> int:
        """See Source.margin."""
        return self.drawing.recipe.margin

    def draw(self, side: int, random: Generator) -> tuple[None, Pixels]:
        """See Source.draw."""
        (photo,) = self.items[random.integers(len(self.items))]
        (sharp,) = self._cut([self.drawing.cache.read(photo)], side, random)
        return None, sharp


class PairSource(Source):
    """Real pairs: blurred and sharp."""

    def draw(self, side: int, random: Generator) -> tuple[Pixels, Pixels]:
        """See Source.draw."""
        pair = self.items[random.integers(len(self.items))]
        blurred, sharp = self._cut([self.drawing.cache.read(photo) for photo in pair], side, random)
        return blurred, sharp


class FrameSource(Source):
    """A fast clip: the mean of an odd number of frames is blurred, the middle one sharp.

    The mean is of the stored values (GoPro's `blur`, Nah et al. 2017) or of their light
    (`blur_gamma`), one as often as the other. No mean reaches over a frame that was skipped.
    """

    def _usable(self, items: list[Item]) -> list[Item]:
        usable = {*super()._usable(items)}
        sizes = {size_of(frame) for (frame,) in usable}
        if len(sizes) > 1:
            raise TrainingDataError(
                f"{items[0][0].root}: the frames of a clip must be of one size, not of "
                f"{len(sizes)} sizes"
            )
        windows = [
            tuple(frame for (frame,) in items[first : first + MAX_BURST_FRAMES])
            for first in range(len(items) - MAX_BURST_FRAMES + 1)
            if usable.issuperset(items[first : first + MAX_BURST_FRAMES])
        ]
        if not windows:
            raise TrainingDataError(
                f"{items[0][0].root} holds {len(usable)} usable frames; {MAX_BURST_FRAMES} in a "
                "row are needed"
            )
        return windows

    def draw(self, side: int, random: Generator) -> tuple[Pixels, Pixels]:
        """See Source.draw."""
        window = self.items[random.integers(len(self.items))]
        left_out = (MAX_BURST_FRAMES - int(random.choice(BURST_FRAMES))) // 2
        window = window[left_out : MAX_BURST_FRAMES - left_out]
        frames = self._cut([self.drawing.cache.read(frame) for frame in window], side, random)
        gamma = random.choice((1.0, 2.2))
        light = np.linspace(0, 1, 256, dtype=np.float32) ** np.float32(gamma)
        total = np.zeros(frames[0].shape, np.float32)
        for frame in frames:
            total += light[frame]
        mean = (total / len(frames)) ** np.float32(1 / gamma)
        return (mean * 255).round().astype(np.uint8), frames[len(frames) // 2]


_SOURCES: dict[SourceKind, type[Source]] = {
    "photos": PhotoSource,
    "pairs": PairSource,
    "frames": FrameSource,
    "gopro": PairSource,
}


class TrainingSamples(Dataset[Sample]):
    """The endless mixture of some sources, as a map from (index, side) to sample.

    A sample is the same in every process and after every resumption. All files' headers are
    read at the start, and checked for crops of `largest` pixels; with `skip_bad` all files are
    decoded once besides (some 10 ms a megapixel, in threads), so that what is bad is left out,
    and counted in `skipped`, before anything is drawn.

    Raises TrainingDataError for what cannot be trained on, at the start; without `skip_bad` a
    file that is cut short shows when it is drawn. `processes` share the cache's budget.
    """

    def __init__(
        self,
        sources: Sequence[SourceConfig],
        *,
        largest: int,
        seed: int,
        recipe: BlurRecipe,
        augmentation: Augmentation,
        skip_bad: bool = False,
        processes: int = 1,
    ) -> None:
        cache = PhotoCache(processes)
        drawing = Drawing(cache, augmentation, recipe, largest, skip_bad)
        self.sources = [_SOURCES[source.kind](source, drawing) for source in sources]
        weights = np.array([source.weight for source in sources])
        self.shares = weights / weights.sum()
        self.seed, self.recipe = seed, recipe

    @property
    def skipped(self) -> dict[DataFile, str]:
        """The files that are left out, each with the reason; of a pair, the sharp one."""
        return {photo: why for each in self.sources for photo, why in each.skipped.items()}

    def __getitem__(self, key: tuple[int, int]) -> Sample:
        index, side = key
        random = np.random.default_rng((self.seed, index))
        source = self.sources[random.choice(len(self.sources), p=self.shares)]
        blurred, sharp = source.draw(side, random)
        if blurred is not None:
            return Sample(_tensor(blurred), _tensor(sharp), None)
        return Sample(None, _tensor(sharp), draw_blur(self.recipe, random, len(sharp)))


def _tensor(crop: Pixels) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1)))
