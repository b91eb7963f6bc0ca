"""What the diagnosis is worth, on photos and pairs that it has not learnt from."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.datasets import Dataset
from benchmarks.errors import DatasetError
from deblur.diagnosis import Kind, TileReport, diagnose
from deblur.diagnosis.record import DEFOCUSED, MOVED
from deblur.image_io import INPUT_SUFFIXES, DecodedImage, decode_image
from deblur.quality import psnr
from deblur.synthesis.tiles import RECIPES, SIDE, Pixels, TileLabels, draw_tiles

BATCH_SIZE = 16
MIN_SIDE = SIDE + 2 * max(recipe.margin for recipe in RECIPES)
TIMED_SIDES = (1000, 3464)
"""Of square photos of 1 and 12 megapixels."""


@dataclass(frozen=True)
class TileScores:
    """On synthesised tiles: `right` of `count`, and the relative errors, medians over tiles.

    `confusion` counts (drawn, found). The angle's error is in degrees, of strokes of 5 px or more;
    the noise's of 255 and the quality's in steps.
    """

    count: int
    right: float
    confusion: Mapping[tuple[Kind, Kind], int]
    length: float
    angle: float
    radius: float
    noise: float
    quality: float


@dataclass(frozen=True)
class SharpScores:
    """Of `count` sharp photos of a folder, how many are called sharp, and soft on purpose."""

    folder: str
    count: int
    sharp: int
    shallow: int


@dataclass(frozen=True)
class PairScores:
    """Spearman's correlation of the extent with the PSNR of blurred against sharp; -1 is best.

    Not a number for fewer than three pairs.
    """

    title: str
    count: int
    correlation: float


def measure_tiles(photos: Sequence[Pixels], count: int, seed: int) -> TileScores:
    """`count` tiles of sharp photos, as many of each recipe, each looked at in its whole size."""
    random = np.random.default_rng(seed)
    found: list[tuple[TileLabels, TileReport]] = []
    while len(found) < count:
        recipe = RECIPES[len(found) // BATCH_SIZE % len(RECIPES)]
        tiles, labels = draw_tiles(photos, recipe, random, BATCH_SIZE)
        for tile, label in zip(tiles, labels, strict=True):
            pixels = (tile.permute(1, 2, 0) * 255).round().byte().numpy()
            seen = diagnose(DecodedImage(pixels, None, "PNG"), reduction=1)
            found.append((label, seen.tiles[0]))
    return _scored(found)


def _scored(found: Sequence[tuple[TileLabels, TileReport]]) -> TileScores:
    confusion: dict[tuple[Kind, Kind], int] = {}
    for label, tile in found:
        confusion[label.kind, tile.kind] = confusion.get((label.kind, tile.kind), 0) + 1
    moved = [(label, tile) for label, tile in found if label.kind in MOVED]
    defocused = [(label, tile) for label, tile in found if label.kind in DEFOCUSED]
    strokes = [(label, tile) for label, tile in moved if label.length >= 5]
    return TileScores(
        count=len(found),
        right=sum(n for (drawn, seen), n in confusion.items() if drawn == seen) / len(found),
        confusion=confusion,
        length=_median(abs(tile.length / label.length - 1) for label, tile in moved),
        angle=_median(abs((tile.angle - label.angle + 90) % 180 - 90) for label, tile in strokes),
        radius=_median(abs(tile.radius / label.radius - 1) for label, tile in defocused),
        noise=_median(abs(tile.noise - label.noise) for label, tile in found),
        quality=_median(abs(tile.quality - label.quality) for label, tile in found),
    )


def _median(errors: Iterable[float]) -> float:
    """Not a number without any."""
    return float(np.median(found)) if (found := [*errors]) else math.nan


def measure_sharp(folder: Path) -> SharpScores:
    """How sharp photos of a folder are called."""
    kinds = [diagnose(path).kind for path in pictures_in(folder)]
    return SharpScores(str(folder), len(kinds), kinds.count(Kind.sharp), kinds.count(Kind.shallow))


def measure_pairs(datasets: Mapping[str, Dataset]) -> list[PairScores]:
    """The correlation over the pairs of each dataset, by its title, and over all together."""
    scores, everything = [], []
    for title, dataset in datasets.items():
        points = [*_points(dataset)]
        everything += points
        scores.append(_correlated(title, points))
    return [*scores, _correlated("all together", everything)] if len(datasets) > 1 else scores


def _points(dataset: Dataset) -> Iterator[tuple[float, float]]:
    """Of each pair the extent and the PSNR."""
    for item in dataset.items:
        loaded = dataset.load(item)
        if loaded.sharp is None:
            raise DatasetError(f"{dataset.name}: {item.id} has no sharp picture; name pairs")
        distance = psnr(
            loaded.blurred.pixels,
            loaded.sharp.pixels,
            peak=float(np.iinfo(loaded.sharp.pixels.dtype).max),
        )
        yield diagnose(loaded.blurred).extent, distance


def _correlated(name: str, points: Sequence[tuple[float, float]]) -> PairScores:
    correlation = spearmanr(points).statistic if len(points) > 2 else math.nan
    return PairScores(name, len(points), float(correlation))


def measure_time(pixels: Pixels, side: int, threads: int, rounds: int = 5) -> float:
    """Seconds a megapixel for a decoded square photo, the best of some rounds."""
    repeats = [-(-side // length) for length in pixels.shape[:2]]
    photo = DecodedImage(np.tile(pixels, (*repeats, 1))[:side, :side], None, "PNG")
    seconds = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        diagnose(photo, threads=threads)
        seconds.append(time.perf_counter() - begun)
    return min(seconds[1:]) / photo.megapixels


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder, in order. Raises DatasetError where there is none."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in INPUT_SUFFIXES)
    if not found:
        raise DatasetError(f"{folder} holds no pictures; name a folder that does")
    return found


def large_enough(folder: Path) -> list[NDArray[np.uint8]]:
    """The photos of a folder that tiles can be cut from: RGB of 8 bits, MIN_SIDE at least.

    Raises DatasetError where there is none.
    """
    photos = []
    for path in pictures_in(folder):
        image = decode_image(path)
        if image.pixels.dtype == np.uint8 and min(image.height, image.width) >= MIN_SIDE:
            photos.append(np.broadcast_to(image.pixels, (image.height, image.width, 3)))
    if not photos:
        raise DatasetError(f"{folder} holds no photo of {MIN_SIDE} pixels or more each way")
    return photos
