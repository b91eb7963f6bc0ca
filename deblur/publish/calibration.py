"""Tiles of real blurred photos, as a network would see them."""

from collections.abc import Sequence
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from deblur.backends.base import Batch
from deblur.errors import DeblurError, ExportError
from deblur.files import files_below
from deblur.image_io import INPUT_SUFFIXES, DecodedImage, decode_image
from deblur.restorer import Restorer
from deblur.restoring.tiled_network import TiledNetwork
from deblur.spec import ModelSpec, Precision

SIDE = 128
"""Of a tile, in pixels: smaller photos are of no use here."""
MAX_TILES = 48
_SPARE_FACTOR = 4
"""Factor by which more tiles than its share are cut from a photo: others may be too small."""


def calibration_tiles(photos: Path, spec: ModelSpec) -> tuple[list[Batch], list[Batch]]:
    """Tiles (1, 3, h, w) to calibrate with, and others, from the same photos, to measure with.

    They are all of one size, up to MAX_TILES in all, in the network's own value range; of each
    photo every other tile goes to either. Raises ExportError for a folder without two tiles.
    """
    if not photos.is_dir():
        raise ExportError(
            f"there is no folder {photos}; name one with blurred photos: --photos DIR"
        )
    side = max(SIDE // spec.size_multiple, 1) * spec.size_multiple
    files = [path for path in files_below(photos) if path.suffix.lower() in INPUT_SUFFIXES]
    chosen = _evenly(files, MAX_TILES // 2)
    each_most = max(2, _SPARE_FACTOR * MAX_TILES // max(1, len(chosen)))
    found = [tiles for path in chosen if (tiles := _tiles(path, spec, side, each_most))]
    halves = [
        [tiles[(number + half) % 2 :: 2] for number, tiles in enumerate(found)] for half in (0, 1)
    ]
    calibrating, measuring = (_in_turn(half)[: MAX_TILES // 2] for half in halves)
    if not calibrating or not measuring:
        raise ExportError(
            f"{photos} has {sum(map(len, found))} tiles of {side}x{side} pixels in it; to "
            "calibrate and to measure takes two or more: name a folder with larger or more photos"
        )
    return calibrating, measuring


def _in_turn(groups: Sequence[Sequence[Batch]]) -> list[Batch]:
    """The first of each group, then the second of each, and so on."""
    return [tile for each in zip_longest(*groups) for tile in each if tile is not None]


def _evenly(given: Sequence[Any], most: int) -> list[Any]:
    places = np.linspace(0, len(given) - 1, min(len(given), most))
    return [given[int(place)] for place in places]


def _tiles(path: Path, spec: ModelSpec, side: int, most: int) -> list[Batch]:
    """Up to `most` tiles of a photo, evenly placed; each passes through the pipeline as a whole."""
    try:
        photo = decode_image(path.read_bytes())
    except DeblurError as error:
        raise ExportError(f"{path} cannot be calibrated with: {error}") from error
    seen = _Listener()
    restorer = Restorer(TiledNetwork(spec, seen, tile=0))
    tops, lefts = (range(0, length - side + 1, side) for length in (photo.height, photo.width))
    for top, left in _evenly([*product(tops, lefts)], most):
        cut = photo.pixels[top : top + side, left : left + side]
        restorer.restore(DecodedImage(np.ascontiguousarray(cut), None, photo.format))
    return seen.batches


class _Listener:
    """A backend that keeps what it is given, and gives it back."""

    name = "none"
    device = "cpu"
    precision: Precision = "fp32"
    execution_provider = "none"
    notes: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def run(self, batch: Batch) -> Batch:
        """See Backend.run."""
        self.batches.append(batch)
        return batch

    def at_full_precision(self) -> "_Listener":
        """See Backend.at_full_precision."""
        return self
