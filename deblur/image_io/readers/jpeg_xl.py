"""JPEG XL: size and colours by its header, pixels by imagecodecs.

Source: ISO/IEC 18181-1 (codestream header), 18181-2 (boxes).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import imagecodecs
import numpy as np

from deblur.image_io import pixels
from deblur.image_io.decoded import DecodedImage
from deblur.image_io.given import MAX_RECORD_BYTES, GivenFile
from deblur.image_io.metadata.colour import ColourSignal, code_point_signal
from deblur.image_io.metadata.extras import Extras
from deblur.image_io.metadata.found import Metadata, metadata_of
from deblur.image_io.readers.from_pillow import decoded
from deblur.language import say

_RATIOS = ((1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_CODESTREAM = b"\xff\x0a"
_GREY = 1


class _Bits:
    """A reader of bits, the lowest of a byte first; raises ValueError beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("its header is cut short")
        found = self._value & ((1 << count) - 1)
        self._value >>= count
        return found

    def one_of(self, *choices: tuple[int, int]) -> int:
        """Two bits choose a (start, count of bits) to read a number by."""
        start, count = choices[self.read(2)]
        return start + self.read(count)

    def enum(self) -> int:
        return self.one_of((0, 0), (1, 0), (2, 4), (18, 6))


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    bits: int
    frames: bool
    colour: ColourSignal | None
    has_profile: bool


def read_jpeg_xl(given: GivenFile) -> DecodedImage:
    """Read the first frame of a JPEG XL; see decode_image for what is raised."""
    data = given.data()
    boxes = dict(_boxes(data))
    header = _header(_Bits(boxes[b"jxlc"][2:1024]))
    given.check_size(header.width, header.height)
    array = imagecodecs.jpegxl_decode(data, index=0)
    if array.dtype not in (np.uint8, np.uint16):
        raise given.unsupported(say("a JPEG XL of floating-point numbers"))
    if array.dtype == np.uint16 and header.bits < 16:
        array = pixels.spread_to_16_bit(array, header.bits)
    return decoded(given, array, _metadata(boxes, header))


def _metadata(boxes: dict[bytes, bytes], header: _Header) -> Metadata:
    notes: tuple[str, ...] = ()
    if header.frames:
        notes = ("animated: the first frame is used",)
    if header.has_profile:
        notes = (*notes, "its colour profile cannot be read: colours may differ slightly")
    if b"brob" in boxes:
        notes = (*notes, "its compressed metadata (brob) was left out")
    exif = boxes.get(b"Exif", b"")
    start = 4 + int.from_bytes(exif[:4], "big")
    found = metadata_of(
        exif[start:] or None, None, notes, Extras(xmp=boxes.get(b"xml "), colour=header.colour)
    )
    # The decoder turns the picture itself.
    return Metadata(1, found.exif, None, found.extras, found.notes)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content; the codestream, whole or from its parts, is called jxlc."""
    if data.startswith(_CODESTREAM):
        yield b"jxlc", data[:1024]
        return
    at, stream = 0, b""
    while at + 8 <= len(data):
        length, start, kind = (
            int.from_bytes(data[at : at + 4], "big"),
            at + 8,
            data[at + 4 : at + 8],
        )
        if length == 1:
            length, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        end = len(data) if length == 0 else at + length
        if end < start:
            break
        if kind in (b"jxlc", b"jxlp"):
            skipped = 4 if kind == b"jxlp" else 0
            stream += data[start + skipped : min(end, start + 1024)] if len(stream) < 1024 else b""
        elif end - start <= MAX_RECORD_BYTES:
            yield kind, data[start:end]
        at = end
    yield b"jxlc", stream


def _header(bits: _Bits) -> _Header:
    width, height = _size(bits)
    depth, colour, frames, has_profile = 8, None, False, False
    if bits.read(1):
        return _Header(width, height, depth, frames, colour, has_profile)
    if bits.read(1):
        frames = _extra_fields(bits)
    depth = _depth(bits)
    bits.read(1)
    for _ in range(bits.one_of((0, 0), (1, 0), (2, 4), (1, 12))):
        _skip_extra_channel(bits)
    bits.read(1)
    if not bits.read(1):
        has_profile = bool(bits.read(1))
        colour = None if has_profile else _colour(bits)
        has_profile = has_profile or (colour is not None and colour.code_points == (0, 0, 0, 0))
    return _Header(width, height, depth, frames, None if has_profile else colour, has_profile)


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.read(1)

    def side() -> int:
        if small:
            return 8 * (bits.read(5) + 1)
        return bits.one_of((1, 9), (1, 13), (1, 18), (1, 30))

    height = side()
    ratio = bits.read(3)
    return (side() if ratio == 0 else height * _RATIOS[ratio][0] // _RATIOS[ratio][1]), height


def _extra_fields(bits: _Bits) -> bool:
    """Skip orientation, intrinsic size and preview; whether it is animated."""
    bits.read(3)
    if bits.read(1):
        _size(bits)
    if bits.read(1):
        _skip_preview(bits)
    if not bits.read(1):
        return False
    bits.one_of((100, 0), (1000, 0), (1, 10), (1, 30))
    bits.one_of((1, 0), (1001, 0), (1, 8), (1, 10))
    bits.one_of((0, 0), (0, 3), (0, 16), (0, 32))
    bits.read(1)
    return True


def _skip_preview(bits: _Bits) -> None:
    in_eights = bits.read(1)
    choices = (
        ((16, 0), (32, 0), (1, 5), (33, 9))
        if in_eights
        else ((1, 6), (65, 8), (321, 10), (1345, 12))
    )
    bits.one_of(*choices)
    if bits.read(3) == 0:
        bits.one_of(*choices)


def _depth(bits: _Bits) -> int:
    if bits.read(1):
        found = bits.one_of((32, 0), (16, 0), (24, 0), (1, 6))
        bits.read(4)
        return found
    return bits.one_of((8, 0), (10, 0), (12, 0), (1, 6))


def _skip_extra_channel(bits: _Bits) -> None:
    if bits.read(1):
        return
    kind = bits.enum()
    _depth(bits)
    bits.one_of((0, 0), (3, 0), (4, 0), (1, 3))
    for _ in range(bits.one_of((0, 0), (0, 4), (16, 5), (48, 10))):
        bits.read(8)
    if kind == 0:
        bits.read(1)
    elif kind == 2:
        bits.read(64)
    elif kind == 5:
        bits.one_of((1, 0), (0, 2), (3, 4), (19, 8))


def _colour(bits: _Bits) -> ColourSignal | None:
    """Code points of an encoding; (0, 0, 0, 0) for one that has none."""
    space = bits.enum()
    white = bits.enum() if space != 2 else 1
    if white == 2:
        return ColourSignal((0, 0, 0, 0))
    primaries = bits.enum() if space not in (_GREY, 2) else 1
    if primaries == 2:
        return ColourSignal((0, 0, 0, 0))
    if bits.read(1):
        gamma = bits.read(24) / 1e7
        return ColourSignal(gamma=gamma) if white == primaries == 1 else ColourSignal((0, 0, 0, 0))
    transfer = bits.enum()
    if white == 1 and primaries == 11:
        primaries = 12
    return code_point_signal(primaries, transfer)
