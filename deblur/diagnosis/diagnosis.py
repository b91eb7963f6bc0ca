"""From a photo to its diagnosis: tiles, the network's answers, and what they say together."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime

from deblur.diagnosis.grid import Place, as_seen, luma_of, places_in, weight_of
from deblur.diagnosis.record import Diagnosis, TileReport
from deblur.diagnosis.summary import summarise
from deblur.errors import WeightsCorruptError, WeightsUnavailableError
from deblur.image_io import DecodedImage, decode_image
from deblur.language import say
from deblur.onnx_file import open_session
from deblur.synthesis.kinds import Kind
from deblur.weights import sha256_of

NETWORK = Path(__file__).parent / "model.onnx"
NETWORK_SHA256 = "59ac3fb40f77d23855aee6bf03a3fae7505279bda80a2d9c73d05a8983718e3a"
BATCH_SIZE = 4
"""Tiles in the network together."""
PERHAPS_WIDE = 14.0, 4.0
"""Pixels of shake and of defocus: what is found to be so wide may be wider."""
WIDE = 15.0, 3.0
"""The same at a part of the size, in its pixels: blur so wide is better undone there."""
STILL_SHARP = 0.14
"""The share of a photo, looked at smaller, that may be sharp where its blur is wide."""
MOST_TEXT = 0.5
"""With a larger share of text a photo is not looked at smaller: small letters do not show there."""
REDUCTIONS = 4, 2
"""The smallest picture comes first: blur that is too wide for a picture is taken for another."""
MIN_SMALLER_SIDE = 64
"""Pixels; a photo is not looked at any smaller."""


def diagnose(
    photo: DecodedImage | Path | str, *, threads: int | None = None, reduction: int | None = None
) -> Diagnosis:
    """What happened to a photo, decoded or as a file, of any size.

    It looks at up to `grid.MAX_TILES` tiles, on `threads` cores (None: all cores). Where the blur
    may be too wide for the network, it looks again at the photo at a quarter and at half of its
    size; `reduction` says at what part of its size to look, 1 / `reduction`. Raises what
    `decode_image` raises, WeightsUnavailableError where the network's file is missing, and
    WeightsCorruptError where it is not the one that was published.
    """
    image = photo if isinstance(photo, DecodedImage) else decode_image(photo)
    if reduction is not None:
        return _look(image, reduction, threads)
    found = _look(image, 1, threads)
    if not _reaches(found, *PERHAPS_WIDE):
        return found
    for reduction in REDUCTIONS:
        if min(image.height, image.width) >= reduction * MIN_SMALLER_SIDE:
            smaller = _look(image, reduction, threads)
            if _is_wide(smaller):
                return replace(smaller, noise=found.noise, quality=found.quality)
    return found


def _reaches(found: Diagnosis, length: float, radius: float) -> bool:
    """Whether the blur is so wide in what the network saw."""
    return max(found.length / length, found.radius / radius) >= found.reduction


def _is_wide(found: Diagnosis) -> bool:
    """Whether a photo is better restored at the part of its size at which it was looked at."""
    sharp = found.shares[Kind.sharp] + found.shares[Kind.shallow]
    return _reaches(found, *WIDE) and sharp <= STILL_SHARP and found.text <= MOST_TEXT


def _look(image: DecodedImage, reduction: int, threads: int | None) -> Diagnosis:
    places = [*places_in(image.height // reduction, image.width // reduction)]
    tiles: list[TileReport] = []
    for first in range(0, len(places), BATCH_SIZE):
        group = places[first : first + BATCH_SIZE]
        tiles += _run_network(image, group, reduction, _session(threads))
    return summarise(image.height, image.width, tiles, reduction)


@lru_cache(maxsize=2)
def _session(threads: int | None) -> onnxruntime.InferenceSession:
    if not NETWORK.is_file():
        raise WeightsUnavailableError(
            say("{file} is missing; install Deblur Arena again", file=NETWORK)
        )
    if sha256_of(NETWORK) != NETWORK_SHA256:
        raise WeightsCorruptError(
            say(
                "{file} is not the file that was published (its sha256 differs); install Deblur "
                "Arena again",
                file=NETWORK,
            )
        )
    return open_session(NETWORK, threads=threads)


def _run_network(
    image: DecodedImage,
    places: Sequence[Place],
    reduction: int,
    session: onnxruntime.InferenceSession,
) -> list[TileReport]:
    lumas = [luma_of(image, place, reduction) for place in places]
    seen = np.stack([as_seen(each) for each in lumas])[:, None]
    odds, figures = session.run(["kinds", "figures"], {"luma": seen})
    angles = np.degrees(np.arctan2(figures[:, 2], figures[:, 1])) / 2 % 180
    return [
        TileReport(
            top=reduction * place.top,
            left=reduction * place.left,
            height=reduction * place.height,
            width=reduction * place.width,
            odds=tuple(map(float, odds[index])),
            length=reduction * float(figures[index, 0]),
            angle=float(angles[index]),
            radius=reduction * float(figures[index, 3]),
            noise=float(figures[index, 4]),
            quality=float(np.clip(figures[index, 5], 1, 100)),
            text=float(figures[index, 6]),
            weight=weight_of(lumas[index]),
        )
        for index, place in enumerate(places)
    ]
