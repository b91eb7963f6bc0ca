"""What the readers share that decode with Pillow, or have an array and its metadata."""

from PIL import ImageFile

from deblur.image_io import pixels
from deblur.image_io.decoded import Array, DecodedImage
from deblur.image_io.given import GivenFile
from deblur.image_io.metadata.colour import cms_transform
from deblur.image_io.metadata.found import Metadata
from deblur.language import say


def first_of(frames: int) -> tuple[str, ...]:
    """A note on what becomes of an animation."""
    return (f"animated, {frames} frames: the first one is used",) if frames > 1 else ()


def decoded(
    given: GivenFile, array: Array, metadata: Metadata, *, premultiplied: bool = False
) -> DecodedImage:
    """A photo of an array H x W or H x W x 1 to 4, as it was stored."""
    colours, alpha = pixels.pixels_and_alpha(array, metadata.orientation)
    if premultiplied and alpha is not None:
        colours = pixels.divided_by_alpha(colours, alpha)
    return _with(given, colours, alpha, metadata)


def decoded_by_pillow(
    given: GivenFile, image: ImageFile.ImageFile, metadata: Metadata
) -> DecodedImage:
    """A photo of a picture that Pillow has loaded; CMYK and Lab become sRGB, with a note."""
    if image.mode not in pixels.PILLOW_MODES:
        raise given.unsupported(
            say("a {kind} with pixels of the kind {mode}", kind=given.kind, mode=image.mode)
        )
    profile = metadata.icc_profile
    colours, alpha = pixels.pixels_of_pillow(image, metadata.orientation, profile)
    if image.mode not in ("CMYK", "LAB"):
        return _with(given, colours, alpha, metadata)
    sound = (profile and cms_transform(profile, image.mode)) or image.mode == "LAB"
    how = "" if sound else ", without a sound colour profile: colours may differ slightly"
    notes = (*metadata.notes, f"{image.mode}: converted to sRGB{how}")
    return DecodedImage(colours, alpha, given.kind, None, metadata.exif, notes, metadata.extras)


def _with(
    given: GivenFile, colours: Array, alpha: Array | None, metadata: Metadata
) -> DecodedImage:
    return DecodedImage(
        colours,
        alpha,
        given.kind,
        metadata.icc_profile,
        metadata.exif,
        metadata.notes,
        metadata.extras,
    )
