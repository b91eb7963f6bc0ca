"""What a diagnosis says of a photo and of each of its tiles."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deblur.synthesis.kinds import Kind

MOVED = frozenset({Kind.motion, Kind.both})
DEFOCUSED = frozenset({Kind.focus, Kind.both})


@dataclass(frozen=True)
class TileReport:
    """One tile of a photo: `top`, `left`, `height` and `width` in its pixels, and what is seen.

    `odds` are the probabilities of the kinds, in the order of Kind. `length` of the shake at
    `angle` (degrees in [0, 180), against the clock from the horizontal) and `radius` of the
    defocus are in pixels, and mean something where the kind has them. `noise` is a standard
    deviation of 255, `quality` that of a JPEG, 100 for none; `text` in [0, 1] is how likely the
    tile is print, writing or a screen. `weight` in [0, 1] is how much there
    is to see: flat tiles say nothing.
    """

    top: int
    left: int
    height: int
    width: int
    odds: tuple[float, ...]
    length: float
    angle: float
    radius: float
    noise: float
    quality: float
    text: float
    weight: float

    @property
    def kind(self) -> Kind:
        """The likeliest kind."""
        return max(zip(self.odds, Kind, strict=True), key=lambda each: each[0])[1]

    @property
    def extent(self) -> float:
        """How wide a point is spread, in pixels: a stroke's length, a disc's diameter, or both.

        Each counts by the odds that it is there at all.
        """
        _, _, motion, focus, both = self.odds
        return math.hypot((motion + both) * self.length, (focus + both) * 2 * self.radius)


@dataclass(frozen=True)
class Diagnosis:
    """What happened to a photo of `height` x `width` pixels.

    `length` and `angle` are those of the shake and `radius` that of the defocus, 0 where the kind
    has none; `extent` is how wide points are spread in the mean over the photo, sharp parts
    included; all in pixels, the angle as in TileReport. `noise` and `quality` are as there, `text`
    is the share of the photo that is text.
    `confidence` in [0, 1] is how far the tiles agree; 0 when there is nothing to see, and then the
    kind is `sharp`, so that such a photo is left alone. `shares` are those of the tiles of each
    kind, by weight, and `tiles` the reports themselves, row by row. The network looked at the photo
    at 1 / `reduction` of its size: more than 1 where the blur is too wide for its whole size.
    """

    height: int
    width: int
    kind: Kind
    confidence: float
    length: float
    angle: float
    radius: float
    extent: float
    noise: float
    quality: int
    text: float
    shares: Mapping[Kind, float]
    reduction: int
    tiles: tuple[TileReport, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it as what JSON can hold; each tile says its kind."""
        written = dataclasses.asdict(self)
        written["tiles"] = [
            {"kind": tile.kind, **each}
            for tile, each in zip(self.tiles, written["tiles"], strict=True)
        ]
        return written
