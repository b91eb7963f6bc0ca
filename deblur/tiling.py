"""Cutting a picture into overlapping tiles and fading them back together, without a seam."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur.errors import TileError
from deblur.language import say
from deblur.spec import TilingPolicy

Floats = NDArray[np.float32]
Integers = NDArray[Any]
"""uint8 or uint16."""

_ROWS = 64
"""Rows that are rounded at once: few enough for a processor's cache."""


@dataclass(frozen=True)
class AxisPlan:
    """Tiles along one axis: equal `side`s at `starts`, over `length` pixels; all in pixels.

    `borders[i]` is where tile i - 1 starts to fade into tile i; the fade is `ramp` long.
    The last tile may reach beyond `length`, up to the next multiple.
    """

    length: int
    side: int
    starts: tuple[int, ...]
    borders: tuple[int, ...]
    ramp: int

    def span(self, index: int) -> tuple[int, int]:
        """First and one-past-last pixel, in the picture, that tile `index` contributes to."""
        last = index + 1 == len(self.starts)
        return self.borders[index], self.length if last else self.borders[index + 1] + self.ramp

    def weights(self, index: int) -> Floats:
        """The weight of each pixel in `span(index)`; over all tiles they sum to one."""
        first, end = self.span(index)
        weights = np.ones(end - first, np.float32)
        rising = (np.arange(self.ramp, dtype=np.float32) + 0.5) / max(self.ramp, 1)
        if index > 0:
            weights[: self.ramp] = rising
        if index + 1 < len(self.starts):
            weights[len(weights) - self.ramp :] *= 1 - rising
        return weights


@dataclass(frozen=True)
class Tile:
    """One tile of a plan, by its row and column in the grid."""

    row: int
    column: int


@dataclass(frozen=True)
class TilePlan:
    """The grid of tiles of one picture; every tile has the same size."""

    rows: AxisPlan
    columns: AxisPlan

    def __len__(self) -> int:
        return len(self.rows.starts) * len(self.columns.starts)

    def __iter__(self) -> Iterator[Tile]:
        """The tiles, row by row."""
        for row in range(len(self.rows.starts)):
            for column in range(len(self.columns.starts)):
                yield Tile(row, column)


def plan_tiles(height: int, width: int, policy: TilingPolicy, multiple: int) -> TilePlan:
    """Cover a picture with as few tiles as the policy allows, all of one size.

    Sides and starts are multiples of `multiple`, so that a network which folds the picture
    sees a tile exactly as it would see the whole. Raises TileError when the policy's tiles are
    smaller than `least_tile`.
    """
    check_policy(policy, multiple)
    return TilePlan(_plan_axis(height, policy, multiple), _plan_axis(width, policy, multiple))


def least_tile(policy: TilingPolicy, multiple: int) -> int:
    """The smallest side in pixels with which every photo can be tiled.

    The fade between tiles sums to one only where each begins two ramps or more after the one
    before. Photos a little larger than a tile are the hardest: two tiles share what is over.
    """
    ramps = max(1, math.ceil(2 * policy.ramp / multiple))
    return _overlap(policy, multiple) + (2 * ramps - 1) * multiple


def check_policy(policy: TilingPolicy, multiple: int) -> None:
    """Raises TileError when tiles of a policy's size are smaller than `least_tile`."""
    least = least_tile(policy, multiple)
    if policy.tile < least:
        raise TileError(
            say(
                "tiles of {tile} pixels are too small for this model; it needs at least {least}",
                tile=policy.tile,
                least=least,
            )
        )


def _overlap(policy: TilingPolicy, multiple: int) -> int:
    return math.ceil((2 * policy.halo + policy.ramp) / multiple) * multiple + multiple


def _plan_axis(length: int, policy: TilingPolicy, multiple: int) -> AxisPlan:
    padded = math.ceil(length / multiple) * multiple
    if padded <= policy.tile:
        return AxisPlan(length, padded, (0,), (0,), policy.ramp)
    largest = policy.tile // multiple * multiple
    overlap = _overlap(policy, multiple)
    count = math.ceil((padded - overlap) / (largest - overlap))
    side = math.ceil((padded + (count - 1) * overlap) / count / multiple) * multiple
    steps = (padded - side) // multiple
    starts = tuple(index * steps // (count - 1) * multiple for index in range(count))
    middles = ((start + before + side) // 2 for before, start in pairwise(starts))
    borders = (0, *(middle - policy.ramp // 2 for middle in middles))
    return AxisPlan(length, side, starts, borders, policy.ramp)


def cut_tile(pixels: Integers, plan: TilePlan, tile: Tile) -> Integers:
    """The pixels (side, side, C) that a tile covers; beyond the picture they are reflected."""
    top, left = plan.rows.starts[tile.row], plan.columns.starts[tile.column]
    cut = pixels[top : top + plan.rows.side, left : left + plan.columns.side]
    below, right = plan.rows.side - cut.shape[0], plan.columns.side - cut.shape[1]
    if below or right:
        return np.pad(cut, ((0, below), (0, right), (0, 0)), mode="symmetric")
    return cut


def merged_bands(
    plan: TilePlan, tiles: Iterable[tuple[Tile, Floats]], like: Integers
) -> Iterator[Integers]:
    """Fade restored tiles (side, side, C) in [0, 1], given row by row, into bands of a picture.

    The bands, one for each row of tiles, are of the type and width of `like`, and follow each
    other. Only the pixels that a tile shares with the next, or with those below, stay floats. The
    tiles are written over.
    """
    rows, columns, (_, width, channels) = plan.rows, plan.columns, like.shape
    above = np.empty((rows.ramp, width, channels), np.float32)
    beside = np.empty((rows.side, columns.ramp, channels), np.float32)
    for tile, restored in tiles:
        (top, bottom), (left, right) = rows.span(tile.row), columns.span(tile.column)
        first, side_start = rows.starts[tile.row], columns.starts[tile.column]
        own = restored[top - first : bottom - first, left - side_start : right - side_start]
        weights = columns.weights(tile.column)[:, None]
        if tile.column > 0:
            fading = own[:, : columns.ramp] * weights[: columns.ramp]
            own[:, : columns.ramp] = fading + beside[: len(own)]
        if tile.column + 1 < len(columns.starts):
            own, shared = np.split(own, [own.shape[1] - columns.ramp], axis=1)
            beside[: len(own)] = shared * weights[own.shape[1] :]
        place = slice(left, left + own.shape[1])
        weights = rows.weights(tile.row)[:, None, None]
        if tile.row > 0:
            fading = own[: rows.ramp] * weights[: rows.ramp]
            own[: rows.ramp] = fading + above[:, place]
        if tile.row + 1 < len(rows.starts):
            own, shared = np.split(own, [len(own) - rows.ramp])
            above[:, place] = shared * weights[len(own) :]
        if tile.column == 0:
            band = np.empty((len(own), width, channels), like.dtype)
        _quantise(own, band[:, place])
        if tile.column + 1 == len(columns.starts):
            yield band


def merge_bands(plan: TilePlan, bands: Iterable[Integers], into: Integers) -> None:
    """Put bands below each other into a picture, which may be the one that the tiles are cut from.

    Rows from which a tile is still to be cut wait until it has been.
    """
    still_cut = (*plan.rows.starts[1:], plan.rows.length)
    waiting, first = deque[Integers](), 0
    for band, free in zip(bands, still_cut, strict=True):
        waiting.append(band)
        while waiting and first < free:
            rows = waiting.popleft()
            count = min(len(rows), free - first)
            into[first : first + count] = rows[:count]
            first += count
            if count < len(rows):
                waiting.appendleft(rows[count:].copy())


def stack_bands(bands: Iterable[Integers], into: Integers) -> None:
    """Put bands below each other into a picture from which nothing is cut any more."""
    top = 0
    for band in bands:
        into[top : top + len(band)] = band
        top += len(band)


def _quantise(floats: Floats, into: Integers) -> None:
    """Round (h, w, C) in [0, 1] to integers of the whole range, a few rows at a time."""
    peak = np.iinfo(into.dtype).max
    for start in range(0, len(floats), _ROWS):
        rows = slice(start, start + _ROWS)
        values = np.clip(floats[rows], 0, 1)
        np.multiply(values, peak, out=values)
        whole = np.rint(values, out=values).astype(into.dtype)
        for channel in range(into.shape[2]):  # all at once take numpy three times as long
            into[rows, :, channel] = whole[..., channel]
