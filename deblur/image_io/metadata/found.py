"""What the readers found in a file, in one form."""

import struct
from dataclasses import dataclass, replace

from deblur.image_io.given import MAX_RECORD_BYTES
from deblur.image_io.metadata import xmp
from deblur.image_io.metadata.exif import exif_resolution, upright_exif
from deblur.image_io.metadata.extras import NO_EXTRAS, Extras


@dataclass(frozen=True)
class Metadata:
    """What a file says besides its pixels; `orientation` is the EXIF one, 1 to 8."""

    orientation: int = 1
    exif: bytes | None = None
    icc_profile: bytes | None = None
    extras: Extras = NO_EXTRAS
    notes: tuple[str, ...] = ()


def metadata_of(
    exif: bytes | None,
    icc_profile: bytes | None,
    notes: tuple[str, ...] = (),
    extras: Extras = NO_EXTRAS,
) -> Metadata:
    """Bring what was found upright and leave out what no longer holds, with notes.

    `exif` is a TIFF block, with or without b"Exif\\0\\0" before it. Damaged EXIF is left out, and
    so are records larger than MAX_RECORD_BYTES.
    """
    exif, notes = _of_bearable_size(exif, "EXIF data", notes)
    icc_profile, notes = _of_bearable_size(icc_profile, "colour profile", notes)
    orientation = 1
    if exif:
        try:
            orientation, exif = upright_exif(exif)
        except (struct.error, KeyError):
            exif, notes = None, (*notes, "its EXIF data is damaged and was left out")
    extras, notes = _still_true(extras, notes)
    if exif and extras.resolution is None:
        extras = replace(extras, resolution=exif_resolution(exif))
    if extras.resolution is not None:
        extras = replace(extras, resolution=extras.resolution.turned(orientation))
    return Metadata(orientation, exif or None, icc_profile, extras, notes)


def _of_bearable_size(
    record: bytes | None, name: str, notes: tuple[str, ...]
) -> tuple[bytes | None, tuple[str, ...]]:
    if record and len(record) > MAX_RECORD_BYTES:
        size = f"{len(record) / 1e6:.0f} MB"
        return None, (*notes, f"its {name} of {size} is too large and was left out")
    return record or None, notes


def _still_true(extras: Extras, notes: tuple[str, ...]) -> tuple[Extras, tuple[str, ...]]:
    packet, notes = _of_bearable_size(extras.xmp, "XMP", notes)
    extended, notes = _of_bearable_size(extras.extended_xmp, "extended XMP", notes)
    iptc, notes = _of_bearable_size(extras.iptc, "IPTC data", notes)
    if packet:
        packet = xmp.still_true(packet)
    if packet and not extended:
        packet = xmp.without_extension(packet)
    extended = xmp.still_true(extended) if extended and packet else None
    return replace(extras, xmp=packet, extended_xmp=extended, iptc=iptc), notes
