"""From a photo to its diagnosis: tiles, the network's answers, and what they say together."""

from collections.abc import Sequence
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
from deblur.weights import sha256_of

NETWORK = Path(__file__).parent / "model.onnx"
NETWORK_SHA256 = "4fcd005336523ab5441bbcdae7c8c32a2f79459085eea020cbac39cc1c6f4837"
BATCH_SIZE = 4
"""Tiles in the network together."""


def diagnose(photo: DecodedImage | Path | str, *, threads: int | None = None) -> Diagnosis:
    """What happened to a photo, decoded or as a file, of any size.

    It looks at up to `grid.MAX_TILES` tiles, on `threads` cores (None: all cores). Raises what
    `decode_image` raises, WeightsUnavailableError where the network's file is missing, and
    WeightsCorruptError where it is not the one that was published.
    """
    image = photo if isinstance(photo, DecodedImage) else decode_image(photo)
    places = [*places_in(image.height, image.width)]
    tiles: list[TileReport] = []
    for first in range(0, len(places), BATCH_SIZE):
        tiles += _run_network(image, places[first : first + BATCH_SIZE], _session(threads))
    return summarise(image.height, image.width, tiles)


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
    image: DecodedImage, places: Sequence[Place], session: onnxruntime.InferenceSession
) -> list[TileReport]:
    lumas = [luma_of(image, place) for place in places]
    seen = np.stack([as_seen(each) for each in lumas])[:, None]
    odds, figures = session.run(["kinds", "figures"], {"luma": seen})
    angles = np.degrees(np.arctan2(figures[:, 2], figures[:, 1])) / 2 % 180
    return [
        TileReport(
            *place,
            odds=tuple(map(float, odds[index])),
            length=float(figures[index, 0]),
            angle=float(angles[index]),
            radius=float(figures[index, 3]),
            noise=float(figures[index, 4]),
            quality=float(np.clip(figures[index, 5], 1, 100)),
            text=float(figures[index, 6]),
            weight=weight_of(lumas[index]),
        )
        for index, place in enumerate(places)
    ]
