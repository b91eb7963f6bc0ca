"""Pixels between a library's buffer and ours: orientation, colour models, depth.

Everything goes in strips, so that no second copy of a large photo is made on the way.
"""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageCms

from deblur.image_io.decoded import Array
from deblur.image_io.metadata.colour import cms_transform

_STRIP_PIXELS = 1 << 18
_SIDEWAYS = (5, 6, 7, 8)
_STORED_VIEWS: dict[int, Callable[[Array], Array]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: upright.swapaxes(0, 1)[::-1],
    7: lambda upright: upright.swapaxes(0, 1)[::-1, ::-1],
    8: lambda upright: upright.swapaxes(0, 1)[:, ::-1],
}
_STRIP_MODES = {
    **{"1": "L", "L": "L", "LA": "LA", "La": "LA"},
    **{"P": "RGB", "PA": "RGBA", "RGB": "RGB", "RGBX": "RGB", "RGBA": "RGBA", "RGBa": "RGBA"},
    **{"CMYK": "RGB", "YCbCr": "RGB", "LAB": "RGB"},
}
PILLOW_MODES = frozenset(_STRIP_MODES)


def strips(height: int, width: int) -> Iterator[slice]:
    """Rows in runs of about a quarter of a million pixels."""
    rows = max(1, _STRIP_PIXELS // max(1, width))
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def turned_upright(stored: Array, orientation: int) -> Array:
    """The pixels H x W or H x W x C as they are to be seen; no copy where none is needed."""
    if orientation == 1:
        return np.ascontiguousarray(stored)
    upright = _empty_upright(stored.shape, stored.dtype, orientation)
    _STORED_VIEWS[orientation](upright)[:] = stored
    return upright


def _empty_upright(stored: tuple[int, ...], dtype: np.dtype[np.generic], orientation: int) -> Array:
    height, width, *channels = stored
    sides = (width, height) if orientation in _SIDEWAYS else (height, width)
    return np.empty((*sides, *channels), dtype)


def pixels_and_alpha(stored: Array, orientation: int) -> tuple[Array, Array | None]:
    """Split H x W or H x W x 1 to 4 (grey, grey and alpha, RGB, RGB and alpha), upright."""
    # Not by np.newaxis, whose stride of 0 encoders refuse.
    stored = stored.reshape(*stored.shape, 1) if stored.ndim == 2 else stored
    colours = 3 if stored.shape[2] >= 3 else 1
    pixels = turned_upright(stored[..., :colours], orientation)
    if stored.shape[2] == colours:
        return pixels, None
    return pixels, turned_upright(stored[..., colours], orientation)


def pixels_of_pillow(
    image: Image.Image, orientation: int, icc_profile: bytes | None
) -> tuple[Array, Array | None]:
    """The upright pixels and alpha, uint8, of a picture whose mode is in PILLOW_MODES.

    CMYK goes to sRGB through its profile where there is a sound one.
    """
    mode = _STRIP_MODES[image.mode]
    if image.has_transparency_data and not mode.endswith("A"):
        mode += "A"
    colours = 1 if mode.startswith("L") else 3
    byte = np.dtype(np.uint8)
    pixels = _empty_upright((image.height, image.width, colours), byte, orientation)
    alpha = None
    if mode.endswith("A"):
        alpha = _empty_upright((image.height, image.width), byte, orientation)
    stored = _STORED_VIEWS[orientation](pixels)
    stored_alpha = None if alpha is None else _STORED_VIEWS[orientation](alpha)
    transform = colour_transform(image.mode, icc_profile)
    for rows in strips(image.height, image.width):
        strip = image.crop((0, rows.start, image.width, rows.stop))
        strip = transform.apply(strip) if transform else strip.convert(mode)
        values = np.asarray(strip).reshape(strip.height, strip.width, -1)
        stored[rows] = values[..., :colours]
        if stored_alpha is not None:
            stored_alpha[rows] = values[..., colours]
    return pixels, alpha


def colour_transform(mode: str, icc_profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """How CMYK or Lab becomes sRGB; None for other modes and for CMYK without a sound profile."""
    if mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    if mode == "CMYK" and icc_profile:
        return cms_transform(icc_profile, mode)
    return None


def divided_by_alpha(pixels: Array, alpha: Array) -> Array:
    """Undo the multiplication of `pixels` by `alpha`, rounded; the same dtype."""
    top = np.iinfo(pixels.dtype).max
    divided = np.empty_like(pixels)
    for rows in strips(*alpha.shape):
        scale = np.float32(top) / np.maximum(alpha[rows], 1)[..., np.newaxis]
        divided[rows] = np.minimum(np.rint(pixels[rows] * scale), top)
    return divided


def spread_to_16_bit(values: Array, bits: int) -> Array:
    """Bring values of `bits` significant low bits (8 to 16) to the whole range of uint16."""
    return (values << (16 - bits)) | (values >> (2 * bits - 16))


def rounded_to_8_bit(values: Array) -> Array:
    """The nearest 8-bit value for each 16-bit one; 8-bit values as they are."""
    if values.dtype == np.uint8:
        return values
    rounded = np.empty(values.shape, np.uint8)
    for rows in strips(*values.shape[:2]):
        rounded[rows] = (values[rows].astype(np.uint32) + 128) // 257
    return rounded


def rounded_to_10_bit(values: Array) -> Array:
    """The nearest value from 0 to 1023 for each 16-bit one; 8-bit values as they are."""
    if values.dtype == np.uint8:
        return values
    rounded = np.empty_like(values)
    for rows in strips(*values.shape[:2]):
        rounded[rows] = (values[rows].astype(np.uint32) * 1023 + 32767) // 65535
    return rounded
