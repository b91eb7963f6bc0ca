"""TIFF and BigTIFF of either byte order: grey and RGB as they are, other kinds through Pillow."""

import io
import struct
from dataclasses import replace
from typing import Any

import imagecodecs
import numpy as np
from PIL import TiffImagePlugin

from deblur.image_io.decoded import DecodedImage
from deblur.image_io.given import GivenFile
from deblur.image_io.metadata.carried import note_on
from deblur.image_io.metadata.directories import Block, Entries, entry_bytes, laid_out
from deblur.image_io.metadata.exif import exif_of_tiff, resolution_of
from deblur.image_io.metadata.extras import Extras
from deblur.image_io.metadata.found import Metadata, metadata_of
from deblur.image_io.metadata.iptc import iptc_of
from deblur.image_io.readers.from_pillow import decoded, decoded_by_pillow
from deblur.language import say

SUB_PICTURES, REDUCED, XMP, IPTC, PHOTOSHOP, ICC = 330, 254, 700, 33723, 34377, 34675
_DNG, _LAYERS = 50706, 37724
_GEO = (33550, 33922, 34264, 34735, 42112)
_JPEG = 7
_COMPRESSIONS = {2: "CCITT", 3: "CCITT fax 3", 4: "CCITT fax 4", 6: "old-style JPEG"}
_COMPRESSIONS |= {34712: "JPEG 2000", 34887: "LERC", 34892: "lossy DNG JPEG", 50002: "JPEG XL"}
_COMPRESSIONS |= {34661: "JBIG", 32809: "ThunderScan", 34676: "SGI LogLuv", 34677: "SGI LogLuv"}
_DECODED = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000, 50001})
_GREY_OR_RGB = {0: 1, 1: 1, 2: 3}
_LUMA_CHROMA = 6
_WHITE_IS_ZERO = 0
_PREMULTIPLIED = 1
_MAX_SAMPLES = 64
# How many times smaller than the pixels a strip can be at most.
_MAX_PACKING_RATIO = {1: 1, 32773: 64, 8: 1040, 32946: 1040}
_MAX_TAG_BYTES = 64 << 20
_MAX_TILE_BYTES = 128 << 20


class _Tags:
    """The numbers of a directory, with the defaults of the standard."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.width, self.height = self.number(256, 0), self.number(257, 0)
        self.samples = self.number(277, 1)
        self.bits = entries[258].numbers() if 258 in entries else (1,)
        self.compression = self.number(259, 1)
        self.photometric = self.number(262, 1)
        self.planar = self.number(284, 1) == 2 and self.samples > 1

    def number(self, tag: int, default: int) -> int:
        found = self.entries[tag].numbers(1) if tag in self.entries else ()
        return found[0] if found else default

    @property
    def row_bytes(self) -> int:
        """Of all samples of one row."""
        return (self.width * self.samples * max(self.bits) + 7) // 8


def read_tiff(given: GivenFile) -> DecodedImage:
    """Read the first page of a TIFF; see decode_image for what is raised."""
    data = given.data()
    block = Block(data)
    entries, following = block.directory(block.first)
    tags = _Tags(entries)
    _refuse_unusual(given, tags)
    given.check_size(tags.width, tags.height)
    _check_promises(given, tags, len(data))
    metadata = _metadata(block, entries, tags, bool(following))
    plain = tags.photometric in _GREY_OR_RGB and set(tags.bits) in ({8}, {16})
    if tags.compression == _JPEG and (plain or tags.photometric == _LUMA_CHROMA):
        return decoded(given, imagecodecs.tiff_decode(data, index=0), metadata)
    if plain:
        return _read_plain(given, data, tags, metadata)
    if block.is_big and block.byte_order == ">":
        data = _as_little_endian(given, data, entries, tags)
    return _read_with_pillow(given, data, tags, metadata)


def _refuse_unusual(given: GivenFile, tags: _Tags) -> None:
    if _DNG in tags.entries or (SUB_PICTURES in tags.entries and tags.number(REDUCED, 0) == 1):
        raise given.raw("DNG" if _DNG in tags.entries else "")
    bits = max(tags.bits, default=1)
    kinds = set(tags.entries[339].numbers() if 339 in tags.entries else (1,))
    if 3 in kinds:
        raise given.unsupported(say("a TIFF of {bits}-bit floating-point numbers", bits=bits))
    if not kinds <= {1, 4} or bits not in (1, 2, 4, 8, 16):
        raise given.unsupported(say("a TIFF of {bits}-bit numbers of an unusual kind", bits=bits))
    if tags.compression not in _DECODED:
        name = _COMPRESSIONS.get(tags.compression, "a rare compression")
        raise given.unsupported(
            say(
                "a TIFF with {name} (compression {compression})",
                name=name,
                compression=tags.compression,
            )
        )


def _check_promises(given: GivenFile, tags: _Tags, length: int) -> None:
    """Refuse what would take more memory than the pixels that are allowed; nothing is decoded."""
    for tag, entry in tags.entries.items():
        if len(entry.raw) > _MAX_TAG_BYTES:
            raise given.too_large(
                say(
                    "holds a tag ({tag}) of {size} MB, and {most} MB are expected at most",
                    tag=tag,
                    size=f"{len(entry.raw) / 1e6:.0f}",
                    most=_MAX_TAG_BYTES >> 20,
                )
            )
    whole = tags.row_bytes * tags.height
    if not 1 <= tags.samples <= _MAX_SAMPLES or whole > given.max_bytes:
        raise given.too_large(
            say(
                "has {samples} samples a pixel and would take {whole} GB; "
                "{max_samples} samples and {max_bytes} GB are allowed",
                samples=tags.samples,
                whole=f"{whole / 1e9:.1f}",
                max_samples=_MAX_SAMPLES,
                max_bytes=f"{given.max_bytes / 1e9:.1f}",
            )
        )
    given.check_length(
        length, whole / _MAX_PACKING_RATIO.get(tags.compression, whole or 1), "pixels"
    )
    width, height = tags.number(322, 0), tags.number(323, 0)
    tile = width * height * tags.samples * max(tags.bits) // 8
    if tile > max(_MAX_TILE_BYTES, 2 * whole) or (tile and tile > 64 * (whole + (4 << 20))):
        raise given.too_large(
            say(
                "is a TIFF in tiles of {width} x {height} pixels, larger than itself",
                width=width,
                height=height,
            )
        )


def _metadata(block: Block, entries: Entries, tags: _Tags, has_more: bool) -> Metadata:
    iptc = entry_bytes(entries.get(IPTC)) or b""
    extras = Extras(
        xmp=entry_bytes(entries.get(XMP)),
        iptc=iptc.rstrip(b"\0") if iptc.startswith(b"\x1c") else _resource(entries),
        resolution=resolution_of(entries),
    )
    profile = bytes(entries[ICC].raw) if ICC in entries else None
    return metadata_of(
        exif_of_tiff(block, entries), profile, tuple(_left_behind(entries, tags, has_more)), extras
    )


def _resource(entries: Entries) -> bytes | None:
    return iptc_of(entry_bytes(entries.get(PHOTOSHOP)) or b"")


def _left_behind(entries: Entries, tags: _Tags, has_more: bool) -> list[str]:
    colours = _GREY_OR_RGB.get(tags.photometric, tags.samples)
    found = {
        "Further pages": has_more,
        "GeoTIFF": any(tag in entries for tag in _GEO),
        "Photoshop layers": _LAYERS in entries,
        "Reduced and sub-images": SUB_PICTURES in entries,
        "Further channels": tags.samples > colours + 1,
    }
    return [note_on(what) for what, is_there in found.items() if is_there]


def _read_plain(given: GivenFile, data: bytes, tags: _Tags, metadata: Metadata) -> DecodedImage:
    """Grey or RGB of 8 or 16 bits, with or without alpha."""
    colours, samples = _GREY_OR_RGB[tags.photometric], tags.samples
    shape: tuple[int, ...] = (tags.height, tags.width, samples)
    if tags.planar:
        shape = (samples, tags.height, tags.width)
    array: Any = np.empty(shape if samples > 1 else shape[:2], f"u{tags.bits[0] // 8}")
    imagecodecs.tiff_decode(data, index=0, out=array)
    array = np.moveaxis(array, 0, -1) if tags.planar else array.reshape(*array.shape[:2], samples)
    if tags.photometric == _WHITE_IS_ZERO:
        array[..., 0] = ~array[..., 0]
    extra = tags.number(338, 2 if 338 not in tags.entries else 0) if samples > colours else 0
    array = array[..., : colours + (extra != 0)]
    return decoded(given, array, metadata, premultiplied=extra == _PREMULTIPLIED)


def _as_little_endian(given: GivenFile, data: bytes, entries: Entries, tags: _Tags) -> bytes:
    """A big-endian BigTIFF, which Pillow cannot open, with another directory behind its pixels."""
    if max(tags.bits) > 8:
        raise given.unsupported("a big-endian BigTIFF of 16-bit pixels other than grey or RGB")
    at = len(data) + len(data) % 2
    directory = laid_out(entries, at)
    return b"II*\0" + struct.pack("<I", at) + data[8:].ljust(at - 8, b"\0") + directory


def _read_with_pillow(
    given: GivenFile, data: bytes, tags: _Tags, metadata: Metadata
) -> DecodedImage:
    try:
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(data), "")
    except (SyntaxError, struct.error) as error:
        raise given.unsupported(say("a TIFF of an unusual kind ({error})", error=error)) from error
    given.check_size(*image.size)
    image.load()
    found = decoded_by_pillow(given, image, metadata)
    if max(tags.bits) == 16:
        return replace(found, notes=(*found.notes, "its 16 bits a channel were reduced to 8"))
    return found
