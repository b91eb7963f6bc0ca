"""Which network restores which part of a photo: decided from its diagnosis, before any runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deblur.catalog import FOCUS_MODEL, GENERAL_MODEL, SHAKE_MODEL, TEXT_MODEL
from deblur.diagnosis import Diagnosis, Kind, TileReport

Floats = NDArray[np.float32]

GUIDED = (GENERAL_MODEL, SHAKE_MODEL, FOCUS_MODEL, TEXT_MODEL)
"""The models that are picked among; they are tiled alike."""
MIXED = 0.2
"""Where a second way is right for so much of a photo, each part goes its own way."""
PRIOR, DECIDED = 0.2, 3
"""How much of the whole photo's opinion every tile has, and how far an opinion is sharpened."""


@dataclass(frozen=True, eq=False)
class Guidance:
    """The parts of `models` in the restored photo; what they lack of 1 is the unchanged photo.

    The models see the photo at 1 / `reduction` of its size, at which they know its blur. `parts`
    (rows, columns, models) are those at the centres of a grid, `rows` and `columns` in pixels of
    what the models see; between these they change evenly.
    """

    models: tuple[str, ...]
    parts: Floats
    rows: Floats
    columns: Floats
    reduction: int = 1

    @classmethod
    def whole(cls, *models: str, reduction: int = 1) -> "Guidance":
        """One model for all of a photo, or none, which does not change it."""
        centre = np.zeros(1, np.float32)
        parts = np.ones((1, 1, len(models)), np.float32)
        return cls(models, parts, centre, centre, reduction)

    @property
    def is_whole(self) -> bool:
        """Whether one model restores all of the photo, or none any of it."""
        return not self.models or (len(self.models) == 1 and float(self.parts.min()) == 1)

    def at(self, top: int, left: int, height: int, width: int) -> Floats:
        """The parts (height, width, models) in a rectangle of what the models see, in pixels."""
        down = _between(self.rows, top, height)
        along = _between(self.columns, left, width)
        within: Floats = np.einsum("yr,rcm,xc->yxm", down, self.parts, along, optimize=True)
        return within


def guide(found: Diagnosis) -> Guidance:
    """The way of each part of a photo; a photo that is sharp, or soft on purpose, stays as it is.

    Print, writing and screens go to the model for text, what is out of focus to the one for
    that, what is shaken, also when it is out of focus too, to the general one. They see the photo
    at the size at which it was diagnosed; where that is a part of its size, the shake is strong,
    and has a model of its own.
    """
    if not found.confidence or found.kind in (Kind.sharp, Kind.shallow):
        return Guidance.whole()
    weights = np.array([tile.weight for tile in found.tiles], np.float32)
    opinions = np.array([_opinion(tile) for tile in found.tiles], np.float32)
    shares = weights @ opinions / weights.sum()
    for_shake = GENERAL_MODEL if found.reduction == 1 else SHAKE_MODEL
    models = (for_shake, FOCUS_MODEL, TEXT_MODEL)
    if np.sort(shares)[-2] < MIXED:
        return Guidance.whole(models[int(shares[:-1].argmax())], reduction=found.reduction)
    return _part_by_part(models, found.tiles, weights, opinions, shares, found.reduction)


def _opinion(tile: TileReport) -> Sequence[float]:
    """How much speaks for the models for shake, defocus and text, and for changing nothing."""
    sharp, shallow, motion, focus, both = tile.odds
    photo = 1 - tile.text
    blurred = motion + focus + both
    return (
        photo * (motion + both),
        photo * focus,
        tile.text * blurred,
        sharp + shallow,
    )


def _part_by_part(
    models: Sequence[str],
    tiles: Sequence[TileReport],
    weights: Floats,
    opinions: Floats,
    shares: Floats,
    reduction: int,
) -> Guidance:
    rows = np.array(sorted({tile.top for tile in tiles}), np.float32)
    columns = np.array(sorted({tile.left for tile in tiles}), np.float32)
    grid = (len(rows), len(columns))
    said = _spread((weights[:, None] * opinions).reshape(*grid, -1)) + PRIOR * shares
    parts = (said / said.sum(2, keepdims=True)) ** DECIDED
    parts /= parts.sum(2, keepdims=True)
    height, width = tiles[0].height, tiles[0].width
    kept = [index for index in range(len(models)) if parts[..., index].max() > MIXED]
    return Guidance(
        tuple(models[index] for index in kept),
        np.ascontiguousarray(parts[..., kept]),
        (rows + height / 2) / np.float32(reduction),
        (columns + width / 2) / np.float32(reduction),
        reduction,
    )


def _spread(said: Floats) -> Floats:
    """Each tile hears its neighbours, half as much as itself."""
    for axis in (0, 1):
        padded = np.pad(said, [(1, 1) if each == axis else (0, 0) for each in range(3)])
        length = said.shape[axis]
        before, after = (padded.take(range(start, start + length), axis=axis) for start in (0, 2))
        said = (2 * said + before + after) / np.float32(4)
    return said


def _between(centres: Floats, start: int, count: int) -> Floats:
    """For each of `count` places from `start` on, how much each centre has to say (count, n)."""
    places = np.arange(start, start + count) + 0.5
    unit = np.eye(len(centres), dtype=np.float32)
    return np.stack([np.interp(places, centres, each) for each in unit], 1).astype(np.float32)
