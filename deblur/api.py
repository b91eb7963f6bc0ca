"""`restore`: a photo in whatever form it is at hand, and back a sharper one with its report."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deblur.catalog import AUTO, CATALOG
from deblur.errors import UnsupportedImageError
from deblur.image_io import DEFAULT_MAX_PIXELS, DecodedImage, decode_image, write_image
from deblur.restorer import Progress, Restorer, RestoreReport
from deblur.spec import Precision

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Photo = str | os.PathLike[str] | Image.Image | Pixels | DecodedImage

_MAX_OPEN = 2
_KEPT_AS = {
    **dict.fromkeys(("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "PNG"),
    "CMYK": "TIFF",
}
"""The modes of PIL images that are photos, each with a format that holds it without a loss."""


@dataclass(frozen=True, eq=False)
class Restored:
    """A restored photo: `image` with its metadata, and the `report` of what ran."""

    image: DecodedImage
    report: RestoreReport

    @property
    def array(self) -> Pixels:
        """The pixels as uint8 or uint16: (h, w) of grey, (h, w, 3) of RGB, (h, w, 4) with alpha.

        Grey with alpha is (h, w, 2).
        """
        pixels, alpha = self.image.pixels, self.image.alpha
        if alpha is not None:
            return np.dstack([pixels, alpha])
        return pixels[..., 0] if pixels.shape[2] == 1 else pixels

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        quality: int = 95,
        strip_metadata: bool = False,
        overwrite: bool = False,
    ) -> Path:
        """Write the photo with its metadata, and say where; see `write_image`.

        Raises OutputExistsError where a file stands, OutputError where none can be written.
        """
        place = Path(path)
        write_image(
            self.image,
            place,
            format=format,
            quality=quality,
            strip_metadata=strip_metadata,
            overwrite=overwrite,
        )
        return place


def restore(
    photo: Photo,
    *,
    model: str = AUTO,
    engine: str = "auto",
    device: str = "auto",
    precision: Precision | None = None,
    tile: int | None = None,
    threads: int | None = None,
    fast: bool = False,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    strength: float = 100.0,
    on_progress: Callable[[Progress], None] | None = None,
    cancel: Event | None = None,
) -> Restored:
    """Sharpen a photo.

    `photo` is a path (a string is always one), a PIL image, an array of uint8 or uint16, (h, w),
    (h, w, 3) or (h, w, 4) in RGB(A), sRGB-encoded over the whole range, or a DecodedImage. The
    other arguments are those of `Restorer.open` and `decode_image`; by default the photo's
    diagnosis picks the model. The two that were asked for last stay open. Raises an ImageError for
    what is no such photo, before anything runs, and the ModelError or BackendError that says what
    is missing.
    """
    image = as_decoded(photo, max_pixels=max_pixels)
    restorer = _restorer(model, engine, device, precision, tile, threads, fast)
    return Restored(
        *restorer.restore_reported(image, strength=strength, on_progress=on_progress, cancel=cancel)
    )


def available_models() -> tuple[str, ...]:
    """The names of the models that have weights, the one to recommend first."""
    return tuple(name for name, spec in CATALOG.items() if spec.weights)


def as_decoded(photo: Any, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> DecodedImage:
    """The photo that a path, a PIL image, an array or a DecodedImage holds; see `restore`.

    Raises UnsupportedImageError for anything else, and what `decode_image` raises.
    """
    if isinstance(photo, DecodedImage):
        return photo
    if isinstance(photo, str | os.PathLike):
        return decode_image(Path(photo), max_pixels=max_pixels)
    if isinstance(photo, Image.Image):
        return _from_pillow(photo, max_pixels)
    if isinstance(photo, np.ndarray):
        return _from_array(photo)
    raise UnsupportedImageError(
        f"a photo is a path, a PIL image, an array or a DecodedImage, not {type(photo).__name__}"
    )


@lru_cache(maxsize=_MAX_OPEN)
def _restorer(
    model: str,
    engine: str,
    device: str,
    precision: Precision | None,
    tile: int | None,
    threads: int | None,
    fast: bool,
) -> Restorer:
    return Restorer.open(
        model,
        engine=engine,
        device=device,
        precision=precision,
        tile=tile,
        threads=threads,
        fast=fast,
    )


def _from_array(values: NDArray[Any]) -> DecodedImage:
    wanted = "expected uint8 or uint16 of shape (h, w), (h, w, 3) or (h, w, 4)"
    if values.dtype not in (np.uint8, np.uint16):
        hint = "; multiply by 255 and round" if values.dtype.kind == "f" else ""
        raise UnsupportedImageError(f"the array is of {values.dtype}: {wanted}{hint}")
    is_picture = values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))
    if not is_picture or not values.size:
        raise UnsupportedImageError(f"the array has the shape {values.shape}: {wanted}")
    if values.ndim == 2:
        return DecodedImage(values[..., None], None, "PNG")
    alpha = values[..., 3] if values.shape[2] == 4 else None
    return DecodedImage(values[..., :3], alpha, "PNG")


def _from_pillow(photo: Image.Image, max_pixels: int) -> DecodedImage:
    """By way of a lossless file, so that orientation, palette, profile and EXIF are understood."""
    if photo.mode not in _KEPT_AS:
        raise UnsupportedImageError(
            f"the PIL image is of mode {photo.mode}: convert it to one of {', '.join(_KEPT_AS)}"
        )
    content = io.BytesIO()
    options: dict[str, Any] = {"compress_level": 1} if _KEPT_AS[photo.mode] == "PNG" else {}
    if profile := photo.info.get("icc_profile"):
        options["icc_profile"] = profile
    if exif := photo.getexif():
        options["exif"] = exif
    photo.save(content, _KEPT_AS[photo.mode], **options)
    return replace(decode_image(content.getvalue(), max_pixels=max_pixels), format="PNG")
