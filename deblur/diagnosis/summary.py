"""What the tiles of a photo say together."""

from collections.abc import Collection, Sequence

import numpy as np

from deblur.diagnosis.record import DEFOCUSED, MOVED, Diagnosis, TileReport
from deblur.synthesis.kinds import Kind

MIN_WEIGHT = 0.1
"""Where no tile weighs so much there is nothing to see."""
IN_FOCUS = 0.25
"""With so much of a photo sharp, what is out of focus is so on purpose."""
BLURRED = 0.35
"""With so much of it soft it is not simply sharp."""


def summarise(
    height: int, width: int, tiles: Sequence[TileReport], reduction: int = 1
) -> Diagnosis:
    """The diagnosis of a photo of `height` x `width` pixels, by the weight of its tiles.

    They were looked at in the photo at 1 / `reduction` of its size.
    """
    weights = np.array([tile.weight for tile in tiles])
    if weights.max(initial=0) < MIN_WEIGHT:
        return _nothing_to_see(height, width, tiles, reduction)
    odds = np.array([tile.odds for tile in tiles])
    shares = dict(zip(Kind, map(float, weights @ odds / weights.sum()), strict=True))
    kind, confidence = kind_of(shares)
    moved = [tile for tile in tiles if tile.kind in MOVED] if kind in MOVED else []
    defocused = [tile for tile in tiles if tile.kind in DEFOCUSED]
    return Diagnosis(
        height=height,
        width=width,
        kind=kind,
        confidence=confidence,
        length=_median(moved, [tile.length for tile in moved]),
        angle=_mean_angle(moved),
        radius=_median(defocused, [tile.radius for tile in defocused]) * (kind in DEFOCUSED),
        extent=float(weights @ [tile.extent for tile in tiles] / weights.sum()),
        noise=_median(tiles, [tile.noise for tile in tiles]),
        quality=round(_median(tiles, [tile.quality for tile in tiles])),
        text=float(weights @ [tile.text for tile in tiles] / weights.sum()),
        shares=shares,
        reduction=reduction,
        tiles=tuple(tiles),
    )


def kind_of(shares: dict[Kind, float]) -> tuple[Kind, float]:
    """The kind of a photo by the shares of its tiles, and how far they agree.

    Out of focus beside what is sharp is soft on purpose; what moves beside it is a motion.
    """
    sharp = shares[Kind.sharp] + shares[Kind.shallow]
    moved = shares[Kind.motion] + shares[Kind.both]
    soft = shares[Kind.focus] + shares[Kind.shallow]
    if sharp >= max(IN_FOCUS, moved):
        kind = Kind.shallow if soft > BLURRED else Kind.sharp
        return kind, sharp + shares[Kind.focus]
    kind = max((Kind.motion, Kind.focus, Kind.both), key=shares.__getitem__)
    return kind, shares[kind]


def _nothing_to_see(
    height: int, width: int, tiles: Sequence[TileReport], reduction: int
) -> Diagnosis:
    noise = float(np.median([tile.noise for tile in tiles])) if tiles else 0.0
    return Diagnosis(
        height=height,
        width=width,
        kind=Kind.sharp,
        confidence=0.0,
        length=0.0,
        angle=0.0,
        radius=0.0,
        extent=0.0,
        noise=noise,
        quality=100,
        text=0.0,
        shares=dict.fromkeys(Kind, 0.0),
        reduction=reduction,
        tiles=tuple(tiles),
    )


def _median(tiles: Sequence[TileReport], values: Sequence[float]) -> float:
    """By the weight of the tiles; 0 without any."""
    weights = np.array([tile.weight for tile in tiles])
    if not weights.sum():
        return 0.0
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order[int(np.searchsorted(reached, 0.5))]])


def _mean_angle(tiles: Collection[TileReport]) -> float:
    """Of axes, in degrees; 0 without any."""
    doubled = sum(tile.weight * tile.length * np.exp(2j * np.radians(tile.angle)) for tile in tiles)
    return float(np.degrees(np.angle(doubled)) / 2 % 180) if tiles else 0.0
