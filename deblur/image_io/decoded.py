"""A photo in memory: what was stored, upright, and the metadata that goes back out."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from deblur.image_io.metadata.extras import NO_EXTRAS, Extras

Array = npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """A photo as it was stored, turned upright; the arrays may be read-only.

    `pixels` is uint8 or uint16 over its whole range, H x W x C, C = 1 (grey) or 3 (RGB);
    `alpha`, where there is one, has the same dtype and is H x W, not multiplied in. `format` is
    the format it came in, `icc_profile` belongs to `pixels`, `exif` starts with b"Exif\\0\\0",
    says upright and holds no thumbnail, `notes` are sentences for the user, and
    `extras` is everything else that the file says.
    """

    pixels: Array
    alpha: Array | None
    format: str
    icc_profile: bytes | None = None
    exif: bytes | None = None
    notes: tuple[str, ...] = ()
    extras: Extras = NO_EXTRAS

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.pixels.shape[1])

    @property
    def megapixels(self) -> float:
        """Pixels, in millions."""
        return self.height * self.width / 1e6

    def with_pixels(self, new_pixels: Array) -> "DecodedImage":
        """The same photo and metadata with other pixels, H x W x C, uint8 or uint16."""
        return dataclasses.replace(self, pixels=new_pixels)
