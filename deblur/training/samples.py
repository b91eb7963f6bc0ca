"""Training samples, each a function of (seed, index) alone."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from deblur.errors import TrainingDataError
from deblur.training.config import SourceConfig

Pixels = NDArray[np.uint8]
Sample = tuple[Tensor, Tensor, bool]
"""Blurred and sharp, uint8 (3, side, side), and whether the blur is still to be synthesised."""

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
CACHE_BYTES = 6 << 30


class PhotoCache:
    """Decoded photos, kept while they fit into `budget` bytes."""

    def __init__(self, budget: int = CACHE_BYTES) -> None:
        self._budget = budget
        self._kept: dict[Path, Pixels] = {}

    def read(self, path: Path) -> Pixels:
        """RGB uint8 (h, w, 3). Raises TrainingDataError, naming the file, when it is no photo."""
        if path in self._kept:
            return self._kept[path]
        try:
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            raise TrainingDataError(
                f"{path}: cannot be read as a photo ({error}); repair or remove it"
            ) from error
        if pixels.nbytes <= self._budget:
            self._budget -= pixels.nbytes
            self._kept[path] = pixels
        return pixels


class Source(ABC):
    """A folder that gives crops: blurred and sharp, (side, side, 3)."""

    synthesise = False

    def __init__(self, folder: Path, cache: PhotoCache) -> None:
        self.folder = folder
        self.cache = cache

    @abstractmethod
    def draw(self, side: int, random: Generator) -> tuple[Pixels, Pixels]:
        """One random crop."""


class PhotoSource(Source):
    """Sharp photos, still to be blurred: both pictures of a crop are the sharp one."""

    synthesise = True

    def __init__(self, folder: Path, cache: PhotoCache) -> None:
        super().__init__(folder, cache)
        self.files = list_photos(folder)

    def draw(self, side: int, random: Generator) -> tuple[Pixels, Pixels]:
        """See Source.draw."""
        path = self.files[random.integers(len(self.files))]
        photo = self.cache.read(path)
        window = _window(photo, side, random, path)
        return photo[window], photo[window]


class PairSource(Source):
    """Real pairs: `blur/NAME` beside `sharp/NAME`."""

    def __init__(self, folder: Path, cache: PhotoCache) -> None:
        super().__init__(folder, cache)
        self.files = list_pairs(folder)

    def draw(self, side: int, random: Generator) -> tuple[Pixels, Pixels]:
        """See Source.draw."""
        blurred_path, sharp_path = self.files[random.integers(len(self.files))]
        blurred, sharp = self.cache.read(blurred_path), self.cache.read(sharp_path)
        if blurred.shape != sharp.shape:
            raise TrainingDataError(
                f"{blurred_path} is {blurred.shape[1]}x{blurred.shape[0]} but {sharp_path} is "
                f"{sharp.shape[1]}x{sharp.shape[0]}; a pair must be of one size"
            )
        window = _window(sharp, side, random, sharp_path)
        return blurred[window], sharp[window]


class FrameSource(Source):
    """A fast clip: the mean of an odd number of frames is blurred, the middle one sharp.

    The mean is of the stored values (GoPro's `blur`, Nah et al. 2017) or of their light
    (`blur_gamma`), one as often as the other.
    """

    frames = (7, 9, 11, 13)

    def __init__(self, folder: Path, cache: PhotoCache) -> None:
        super().__init__(folder, cache)
        self.files = list_photos(folder)
        if len(self.files) < max(self.frames):
            raise TrainingDataError(
                f"{folder} holds {len(self.files)} frames; {max(self.frames)} are needed"
            )

    def draw(self, side: int, random: Generator) -> tuple[Pixels, Pixels]:
        """See Source.draw."""
        count = int(random.choice(self.frames))
        first = int(random.integers(len(self.files) - count + 1))
        clip = [self.cache.read(path) for path in self.files[first : first + count]]
        window = _window(clip[0], side, random, self.files[first])
        gamma = random.choice((1.0, 2.2))
        light = np.linspace(0, 1, 256, dtype=np.float32) ** np.float32(gamma)
        mean = np.mean([light[frame[window]] for frame in clip], axis=0) ** (1 / gamma)
        return (mean * 255).round().astype(np.uint8), clip[count // 2][window]


SOURCES: dict[str, type[Source]] = {
    "photos": PhotoSource,
    "pairs": PairSource,
    "frames": FrameSource,
}


class TrainingSamples(Dataset[Sample]):
    """The endless mixture of a run's sources, as a map from index to sample.

    Sample `index` is the same in every process and after every resumption. Turns by 90
    degrees and mirroring are drawn with it.
    """

    def __init__(
        self, sources: Sequence[SourceConfig], *, side: int, seed: int, start: int, count: int
    ) -> None:
        cache = PhotoCache()
        self.sources = [SOURCES[source.kind](Path(source.path), cache) for source in sources]
        weights = np.array([source.weight for source in sources])
        self.shares = weights / weights.sum()
        self.side, self.seed, self.start, self.count = side, seed, start, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        random = np.random.default_rng((self.seed, self.start + index))
        source = self.sources[random.choice(len(self.sources), p=self.shares)]
        blurred, sharp = source.draw(self.side, random)
        turns, mirrored = int(random.integers(4)), random.random() < 0.5
        return _turn(blurred, turns, mirrored), _turn(sharp, turns, mirrored), source.synthesise


def list_photos(folder: Path) -> list[Path]:
    """The photos in a folder and below it, sorted. Raises TrainingDataError when there are none."""
    if not folder.is_dir():
        raise TrainingDataError(f"{folder} is not a folder")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise TrainingDataError(f"{folder} holds no photo ({', '.join(sorted(SUFFIXES))})")
    return files


def list_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Blurred and sharp files of the same names. Raises TrainingDataError naming a lonely one."""
    blurred = {path.name: path for path in list_photos(folder / "blur")}
    sharp = {path.name: path for path in list_photos(folder / "sharp")}
    lonely = sorted(blurred.keys() ^ sharp.keys())
    if lonely:
        raise TrainingDataError(f"{folder}: {lonely[0]} has no partner ({len(lonely)} in all)")
    return [(blurred[name], sharp[name]) for name in sorted(blurred)]


def _window(photo: Pixels, side: int, random: Generator, path: Path) -> tuple[slice, slice]:
    height, width = photo.shape[:2]
    if min(height, width) < side:
        raise TrainingDataError(
            f"{path} is {width}x{height}; at least {side}x{side} is needed for this crop: "
            "remove it or choose a smaller --crop"
        )
    top, left = random.integers(height - side + 1), random.integers(width - side + 1)
    return slice(top, top + side), slice(left, left + side)


def _turn(crop: Pixels, turns: int, mirrored: bool) -> Tensor:
    turned = np.rot90(crop, turns)
    if mirrored:
        turned = turned[:, ::-1]
    return torch.from_numpy(np.ascontiguousarray(turned.transpose(2, 0, 1)))


def collate(samples: Sequence[Sample]) -> tuple[Tensor, Tensor, Tensor]:
    """Stack samples: blurred, sharp uint8 (N, 3, side, side), and the mask of what to blur."""
    blurred, sharp, synthesise = zip(*samples, strict=True)
    return torch.stack(blurred), torch.stack(sharp), torch.tensor(synthesise)
