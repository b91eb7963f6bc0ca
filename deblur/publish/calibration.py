"""Tiles of real blurred photos, as a network would see them."""

from itertools import zip_longest
from pathlib import Path

import numpy as np

from deblur.backends.base import Batch
from deblur.errors import DeblurError, ExportError
from deblur.image_io import INPUT_SUFFIXES, DecodedImage, decode_image
from deblur.restorer import Restorer
from deblur.spec import ModelSpec, Precision

SIDE = 128
"""Of a tile, in pixels: smaller photos are of no use here."""
MOST_TILES = 48


def calibration_tiles(photos: Path, spec: ModelSpec) -> list[Batch]:
    """Up to MOST_TILES tiles (1, 3, h, w), all of one size, from every photo in a folder.

    They are in the network's own value range, and go round the photos, so that any half of the
    list has something of each. Raises ExportError for a folder without two tiles.
    """
    if not photos.is_dir():
        raise ExportError(
            f"there is no folder {photos}; name one with blurred photos: --photos DIR"
        )
    side = max(SIDE // spec.size_multiple, 1) * spec.size_multiple
    files = (path for path in sorted(photos.rglob("*")) if path.suffix.lower() in INPUT_SUFFIXES)
    rounds = zip_longest(*(_tiles(path, spec, side) for path in files))
    tiles = [tile for each in rounds for tile in each if tile is not None]
    if len(tiles) < 2:
        raise ExportError(
            f"{photos} has {len(tiles)} tiles of {side}x{side} pixels in it; to calibrate and to "
            "measure takes two or more: name a folder with larger or more photos"
        )
    places = np.linspace(0, len(tiles) - 1, min(len(tiles), MOST_TILES))
    return [tiles[int(place)] for place in places]


def _tiles(path: Path, spec: ModelSpec, side: int) -> list[Batch]:
    try:
        photo = decode_image(path.read_bytes())
    except DeblurError as error:
        raise ExportError(f"{path} cannot be calibrated with: {error}") from error
    seen = _Listener()
    restorer = Restorer(spec, seen, tile=side)
    for top in range(0, photo.height - side + 1, side):
        for left in range(0, photo.width - side + 1, side):
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
