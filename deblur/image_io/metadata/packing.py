"""What of a photo's metadata goes into a format, in the form that the format holds it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.metadata import carried, xmp
from deblur.image_io.metadata.colour import ColourSignal, profile_changes_colours
from deblur.image_io.metadata.directories import TEXT, Entry
from deblur.image_io.metadata.exif import DESCRIPTION, exif_with, resolution_tags, tags_of_exif
from deblur.image_io.metadata.extras import Extras
from deblur.image_io.signatures import one

MAX_SEGMENT_BYTES = 65533
_SAYS_CODE_POINTS = ("HEIF", "AVIF")
_MAX_JPEG_PROFILE_BYTES = 255 * (MAX_SEGMENT_BYTES - 14)


@dataclass
class _Packing:
    """A photo on its way into a format; each step changes it and may leave a note."""

    image: DecodedImage
    format: str
    notes: list[str] = field(default_factory=list)

    def says(self, signal: ColourSignal) -> bool:
        """Whether the format says these colours as they were said."""
        return self.format == "PNG" or (self.format in _SAYS_CODE_POINTS and signal.is_still)

    def change(self, **extras: object) -> None:
        self.image = replace(self.image, extras=replace(self.image.extras, **extras))  # type: ignore[arg-type]

    def holds(self, what: str) -> bool:
        return carried.holds(self.format, what)

    def leave(self, what: str, plural: bool = False) -> None:
        verb = "were" if plural else "was"
        self.notes.append(f"its {what} {verb} left out, which {one(self.format)} cannot hold")


def packed(
    image: DecodedImage, format: str, strip_metadata: bool
) -> tuple[DecodedImage, tuple[str, ...]]:
    """The photo with the metadata that one of OUTPUT_FORMATS takes, and notes on the rest."""
    packing = _Packing(image, format)
    if strip_metadata:
        kept = Extras(colour=image.extras.colour, coding=image.extras.coding)
        packing.image = replace(image, exif=None, extras=kept)
    _pack_colours(packing, strip_metadata)
    for step in _STEPS:
        step(packing)
    return packing.image, tuple(packing.notes)


def _pack_colours(packing: _Packing, strip_metadata: bool) -> None:
    profile, signal = packing.image.icc_profile, packing.image.extras.colour
    channels = packing.image.pixels.shape[2]
    if signal is not None and not packing.says(signal):
        packing.change(colour=None)
        said = None if signal.is_srgb else signal.icc_profile(channels)
        if signal.is_srgb or said:
            profile = said
        elif signal.hdr:
            packing.notes.append(
                f"its colours are HDR ({signal.name}), which {one(packing.format)} cannot say, so "
                "it will look flat; choose PNG, HEIC or AVIF"
            )
        else:
            packing.leave(f"colour signal ({signal.name})")
    if strip_metadata and profile and not profile_changes_colours(profile, channels):
        profile = None
    if packing.format == "JPEG" and profile and len(profile) > _MAX_JPEG_PROFILE_BYTES:
        packing.leave(f"colour profile of {len(profile) / 1e6:.0f} MB")
        profile = None
    packing.image = replace(packing.image, icc_profile=profile)


def _pack_depth(packing: _Packing) -> None:
    if packing.image.pixels.dtype == np.uint16 and not packing.holds(carried.DEPTH):
        packing.notes.append(
            f"its 16 bits a channel were rounded to {carried.bits_of(packing.format)}, "
            f"which is what {one(packing.format)} holds"
        )


def _pack_iptc(packing: _Packing) -> None:
    if packing.image.extras.iptc and not packing.holds(carried.IPTC):
        packing.change(iptc=None)
        packing.leave("IPTC data")


def _pack_xmp(packing: _Packing) -> None:
    extras = packing.image.extras
    if not extras.xmp or packing.format == "JPEG":
        return
    whole = xmp.merged(extras.xmp, extras.extended_xmp)
    if whole is None:
        whole = xmp.without_extension(extras.xmp)
        packing.notes.append("the extended part of its XMP does not fit the rest and was left out")
    packing.change(xmp=whole, extended_xmp=None)


def _pack_texts(packing: _Packing) -> None:
    """Where there is no place for texts, they become the description that EXIF and TIFF have."""
    texts = packing.image.extras.texts
    if not texts or packing.format in ("JPEG", "PNG"):
        return
    packing.change(texts=())
    lines = [text if keyword == "Comment" else f"{keyword}: {text}" for keyword, text in texts]
    content = "\n".join(lines).replace("\0", "").encode() + b"\0"
    if packing.image.exif and DESCRIPTION in tags_of_exif(packing.image.exif)[0]:
        packing.leave("comments", plural=True)
        return
    described = {DESCRIPTION: Entry(TEXT, len(content), content)}
    packing.image = replace(packing.image, exif=exif_with(packing.image.exif, described))


def _pack_resolution(packing: _Packing) -> None:
    resolution = packing.image.extras.resolution
    if resolution is not None and packing.format not in ("JPEG", "PNG", "TIFF"):
        exif = exif_with(packing.image.exif, resolution_tags(resolution))
        packing.image = replace(packing.image, exif=exif)


def _pack_exif(packing: _Packing) -> None:
    exif = packing.image.exif
    if not exif:
        return
    if packing.format == "TIFF" and tags_of_exif(exif)[1]:
        packing.notes.append("part of its EXIF data is damaged and was left out")
    if packing.format == "JPEG" and len(exif) > MAX_SEGMENT_BYTES:
        packing.image = replace(packing.image, exif=None)
        packing.leave(f"EXIF data ({len(exif)} bytes)")


_STEPS: tuple[Callable[[_Packing], None], ...] = (
    _pack_depth,
    _pack_iptc,
    _pack_xmp,
    _pack_texts,
    _pack_resolution,
    _pack_exif,
)
