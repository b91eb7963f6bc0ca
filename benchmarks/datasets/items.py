"""A dataset's pictures on disk, and in memory."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import DatasetError
from deblur.errors import ImageError
from deblur.image_io import DecodedImage, decode_image
from deblur.records.digests import digest_of_pixels


@dataclass(frozen=True)
class Item:
    """A blurred picture and what belongs to it; `categories` are the dataset's own.

    `kernel_turned` says that the kernel's file shows it turned by 180 degrees.
    """

    id: str
    blurred: Path
    sharp: Path | None = None
    kernel: Path | None = None
    categories: tuple[str, ...] = ()
    kernel_turned: bool = False


@dataclass(frozen=True)
class ItemDigests:
    """What the pictures of an item were when they were decoded; see `digest_of_pixels`."""

    blurred: str
    sharp: str | None = None


@dataclass(frozen=True, eq=False)
class LoadedItem:
    """An item's pictures, and its kernel as float64 (k, k) with the sum 1."""

    id: str
    blurred: DecodedImage
    sharp: DecodedImage | None
    kernel: NDArray[np.float64] | None
    digests: ItemDigests


def load_item(item: Item) -> LoadedItem:
    """Decode an item.

    Raises DatasetError, naming the file, when one cannot be read or the sharp picture is of
    another size.
    """
    blurred = _decode(item.blurred)
    sharp = _decode(item.sharp) if item.sharp else None
    if sharp is not None and sharp.pixels.shape != blurred.pixels.shape:
        raise DatasetError(
            f"{item.id}: {item.blurred} is {_size(blurred)} and {item.sharp} {_size(sharp)}; "
            "the two of a pair must be of one size, and both grey or both RGB"
        )
    digests = ItemDigests(
        digest_of_pixels(blurred.pixels), digest_of_pixels(sharp.pixels) if sharp else None
    )
    return LoadedItem(item.id, blurred, sharp, _kernel(item), digests)


def _decode(path: Path) -> DecodedImage:
    try:
        return decode_image(path)
    except ImageError as error:
        raise DatasetError(f"{path}: {error}") from error


def _kernel(item: Item) -> NDArray[np.float64] | None:
    if item.kernel is None:
        return None
    kernel = _decode(item.kernel).pixels[..., 0].astype(np.float64)
    if not kernel.any():
        raise DatasetError(f"{item.kernel} is black; a kernel has bright pixels")
    kernel = kernel[::-1, ::-1] if item.kernel_turned else kernel
    return np.asarray(kernel / kernel.sum())


def _size(image: DecodedImage) -> str:
    return f"{image.width}x{image.height} with {image.pixels.shape[2]} channels"
