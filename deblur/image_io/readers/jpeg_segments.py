"""How a JPEG is laid out: its segments, its frame and where it ends, before anything is decoded.

Source: ITU-T T.81, annex B.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deblur.image_io.given import GivenFile
from deblur.language import say

SOI, EOI, SOS, DQT, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xFE
APP0, APP1, APP2, APP11, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_FRAME_KINDS = {0xC3: "a lossless JPEG", 0xC5: "a hierarchical JPEG", 0xC6: "a hierarchical JPEG"}
_FRAME_KINDS |= dict.fromkeys((0xC7, 0xCB, 0xCD, 0xCE, 0xCF), "a JPEG of a rare coding")
_MAX_HEAD_BYTES = 1 << 20
_MAX_SEGMENTS = 10_000
_MAX_SCANS = 100
_MAX_SCANNED_PIXELS = 3e9
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")


@dataclass(frozen=True)
class JpegLayout:
    """`segments` are (marker, content) before the first scan, as slices of `data`."""

    data: bytes = field(repr=False)
    segments: tuple[tuple[int, slice], ...]
    frame: slice
    frame_marker: int
    first_scan: int
    scans: int
    end: int
    has_end: bool

    def contents(self, marker: int) -> Iterator[bytes]:
        """What the segments of a marker hold, in order."""
        return (self.data[place] for found, place in self.segments if found == marker)

    @property
    def bits(self) -> int:
        """Bits a sample."""
        return int(self.data[self.frame.start])

    @property
    def components(self) -> int:
        """Samples of a pixel: 1, 3 or 4."""
        return int(self.data[self.frame.start + 5])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = struct.unpack_from(">HH", self.data, self.frame.start + 1)
        return width, height

    @property
    def subsampling(self) -> str:
        """Of the chroma of three components, "" for others."""
        parts = self.data[self.frame.start + 5 : self.frame.stop]
        factors = [parts[at] for at in range(2, len(parts), 3)]
        names = {0x11: "4:4:4", 0x21: "4:2:2", 0x22: "4:2:0"}
        return names.get(factors[0], "") if factors[1:] == [0x11, 0x11] else ""

    def bare(self) -> bytes:
        """The picture alone, without what only tells of it, and with an end mark."""
        metadata_markers = {*range(APP1, 0xF0), COM} - {APP14}
        kept = [b"\xff\xd8"]
        for marker, place in self.segments:
            if marker not in metadata_markers:
                kept.append(self.data[place.start - 4 : place.stop])
        kept.append(self.data[self.first_scan : self.end])
        return b"".join(kept if self.has_end else [*kept, b"\xff\xd9"])


def layout_of(given: GivenFile, data: bytes) -> JpegLayout:
    """Walk through the markers of the first picture in `data`.

    Raises UnsupportedImageError for codings that are not handled, ImageTooLargeError for sides,
    segments and scans that no photo has, OSError where it ends before its first scan, and
    ValueError where it has no frame.
    """
    segments: list[tuple[int, slice]] = []
    frame, frame_marker, at = slice(0, 0), 0, 2
    while True:
        marker, place = _segment(data, at)
        if marker in _FRAMES:
            frame, frame_marker = place, marker
        if marker == SOS:
            break
        segments.append((marker, place))
        if len(segments) > _MAX_SEGMENTS:
            raise _too_many(given, "segments", _MAX_SEGMENTS)
        at = place.stop
    _check_frame(given, data, frame, frame_marker)
    scans, end, has_end = _scans(given, data, at, struct.unpack_from(">HH", data, frame.start + 1))
    return JpegLayout(data, tuple(segments), frame, frame_marker, at, scans, end, has_end)


def is_deep_jpeg(photo: Path) -> bool:
    """Whether a JPEG file has more than 8 bits a sample; False where that cannot be read."""
    try:
        with photo.open("rb") as stream:
            head = stream.read(_MAX_HEAD_BYTES)
        at, marker = 2, 0
        while marker not in _FRAMES:
            marker, place = _segment(head, at)
            at = place.stop
        return bool(head[place.start] > 8)
    except (OSError, ValueError, IndexError):
        return False


def _segment(data: bytes, at: int) -> tuple[int, slice]:
    """The marker at or after `at`, and its content."""
    found = _NEXT_MARKER.search(data, at)
    if found is None or found.end() + 2 > len(data):
        raise OSError("it ends before the picture begins")
    marker, start = data[found.end() - 1], found.end()
    if marker in (SOI, EOI, 0x01):
        return (marker, slice(start, start)) if marker == 0x01 else _nothing(marker)
    length = max(2, int.from_bytes(data[start : start + 2], "big"))
    return marker, slice(start + 2, start + length)


def _nothing(marker: int) -> tuple[int, slice]:
    raise ValueError(f"the marker {marker:02X} stands where the picture should begin")


def _check_frame(given: GivenFile, data: bytes, frame: slice, marker: int) -> None:
    if frame.stop - frame.start < 9 or frame.stop > len(data):
        raise ValueError("it has no frame")
    height, width = struct.unpack_from(">HH", data, frame.start + 1)
    given.check_size(width, height)
    if marker in _FRAME_KINDS:
        raise given.unsupported(_FRAME_KINDS[marker])
    if data[frame.start] not in (8, 12):
        raise given.unsupported(say("a JPEG of {bits} bits a sample", bits=data[frame.start]))
    if data[frame.start + 5] not in (1, 3, 4):
        raise given.unsupported(say("a JPEG of {count} components", count=data[frame.start + 5]))


def _scans(given: GivenFile, data: bytes, at: int, sides: tuple[int, ...]) -> tuple[int, int, bool]:
    """How many scans there are, where the picture ends, and whether its end is marked."""
    scans, segments = 0, 0
    most = min(_MAX_SCANS, max(30, int(_MAX_SCANNED_PIXELS / max(1, sides[0] * sides[1]))))
    while found := _NEXT_MARKER.search(data, at):
        marker = data[found.end() - 1]
        if marker == EOI:
            return scans, found.end(), True
        scans, segments = scans + (marker == SOS), segments + 1
        if scans > most:
            raise _too_many(given, "scans", most)
        if segments > _MAX_SEGMENTS:
            raise _too_many(given, "segments", _MAX_SEGMENTS)
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        at = found.end() + (0 if marker == SOI else length)
    return scans, len(data), False


def _too_many(given: GivenFile, what: str, most: int) -> Exception:
    return given.too_large(
        say("is a JPEG of more than {most} {what}, which no camera writes", most=most, what=what)
    )
