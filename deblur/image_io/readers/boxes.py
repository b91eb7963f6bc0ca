"""The boxes of HEIF and AVIF: which pictures there are, how large, and in which colours.

Sources: ISO/IEC 14496-12 (boxes), 23008-12 (items and properties).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from deblur.image_io.readers.coded_sizes import (
    av1_sizes,
    configured_units,
    hevc_sizes,
    nal_units,
)

_MAX_BOXES = 100_000
_MAX_READ_BYTES = 1 << 20
_CODED = (b"av01", b"hvc1", b"hev1")
_DERIVED = (b"grid", b"iden", b"iovl", b"tmap")


@dataclass
class Containers:
    """The items of a file; `properties` are (kind, content) in the order of the file."""

    data: memoryview = field(repr=False)
    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    properties: list[tuple[bytes, memoryview]] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)
    track: tuple[int, int] | None = None
    has_video: bool = False

    def properties_of(self, item: int, kind: bytes) -> list[memoryview]:
        """The contents of the properties of one kind that an item has."""
        return [
            self.properties[index - 1][1]
            for index in self.owned.get(item, [])
            if 0 < index <= len(self.properties) and self.properties[index - 1][0] == kind
        ]

    def sizes(self) -> Iterator[tuple[int, int]]:
        """Width and height in every box that states one."""
        for kind, content in self.properties:
            if kind == b"ispe" and len(content) >= 12:
                yield struct.unpack_from(">II", content, 4)

    def codings(self) -> set[str]:
        """What the main picture, or its parts, are coded as: "hvc1", "av01", or another."""
        kind = self.kinds.get(self.primary, b"")
        owners = self.parts.get(self.primary, []) if kind in _DERIVED else [self.primary]
        found = {self.kinds.get(item, b"") for item in owners} - {b"", *_DERIVED}
        return {kind.decode("latin-1") for kind in found}

    def helpers(self) -> list[memoryview]:
        """What the boxes say that auxiliary pictures are for."""
        return [content for kind, content in self.properties if kind == b"auxC"]

    def size_of(self, item: int) -> tuple[int, int] | None:
        """Width and height that the boxes give for an item."""
        found = [content for content in self.properties_of(item, b"ispe") if len(content) >= 12]
        return struct.unpack_from(">II", found[0], 4) if found else None

    def coded_sizes(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Item and the width and height that its stream gives; 0 is the item of a track."""
        for item, kind in self.kinds.items():
            if kind in _CODED:
                for size in self._sizes_in(item, kind):
                    yield item, size
        if self.track:
            start, length = self.track
            for size in av1_sizes(bytes(self.data[start : start + min(length, _MAX_READ_BYTES)])):
                yield 0, size

    def _sizes_in(self, item: int, kind: bytes) -> Iterator[tuple[int, int]]:
        stream = b"".join(
            bytes(self.data[start : start + length]) for start, length in self.places.get(item, [])
        )
        if kind == b"av01":
            yield from av1_sizes(stream)
            return
        for configuration in self.properties_of(item, b"hvcC"):
            yield from hevc_sizes(configured_units(bytes(configuration)))
            width = (configuration[21] & 3) + 1 if len(configuration) > 21 else 4
            yield from hevc_sizes(nal_units(stream, width))

    def code_points(self) -> tuple[int, int] | None:
        """Primaries and transfer of the main picture, where it has no profile."""
        owners = [self.primary, *self.parts.get(self.primary, [])]
        for item in owners:
            colours = [bytes(found) for found in self.properties_of(item, b"colr")]
            if any(found[:4] in (b"prof", b"rICC") for found in colours):
                return None
            for found in colours:
                if found[:4] == b"nclx" and len(found) >= 8:
                    return struct.unpack_from(">HH", found, 4)
        return None


def containers_of(data: bytes) -> Containers:
    """Read the boxes. Raises struct.error or IndexError where they are damaged."""
    view = memoryview(data)
    found, idat, meta = Containers(view), 0, None
    for kind, start, end in _boxes(view, 0, len(view)):
        if kind == b"meta" and meta is None:
            meta = (start + 4, end)
        elif kind == b"moov":
            found.track = _first_sample(view, start, end)
        elif kind == b"mpvd":
            found.has_video = True
    inner = list(_boxes(view, *meta)) if meta else []
    for kind, start, _ in inner:
        idat = start if kind == b"idat" else idat
    for kind, start, end in inner:
        if kind == b"pitm":
            size = 2 if view[start] == 0 else 4
            found.primary = int.from_bytes(view[start + 4 : start + 4 + size], "big")
        elif kind == b"iinf":
            _read_kinds(found, view, start, end)
        elif kind == b"iloc":
            _read_places(found, _Numbers(view[start:end]), idat)
        elif kind == b"iref":
            _read_parts(found, view, start, end)
        elif kind == b"iprp":
            _read_properties(found, view, start, end)
    return found


def _boxes(view: memoryview, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of the boxes between two offsets."""
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        length, start = int.from_bytes(view[at : at + 4], "big"), at + 8
        if length == 1:
            length, start = int.from_bytes(view[at + 8 : at + 16], "big"), at + 16
        stop = end if length == 0 else min(end, at + length)
        if stop < start:
            return
        yield bytes(view[at + 4 : at + 8]), start, stop
        at = stop


class _Numbers:
    """Whole numbers, big end first, one behind the other."""

    def __init__(self, view: memoryview) -> None:
        self.view, self.at = view, 0

    def read(self, size: int) -> int:
        if self.at + size > len(self.view):
            raise IndexError("a box is cut short")
        self.at += size
        return int.from_bytes(self.view[self.at - size : self.at], "big")


def _read_kinds(found: Containers, view: memoryview, start: int, end: int) -> None:
    first = start + (6 if view[start] == 0 else 8)
    for kind, at, _ in _boxes(view, first, end):
        if kind == b"infe" and view[at] >= 2:
            size = 2 if view[at] == 2 else 4
            item = int.from_bytes(view[at + 4 : at + 4 + size], "big")
            found.kinds[item] = bytes(view[at + 6 + size : at + 10 + size])


def _read_places(found: Containers, numbers: _Numbers, idat: int) -> None:
    version = numbers.read(4) >> 24
    sizes = numbers.read(2)
    offset_size, length_size = sizes >> 12, sizes >> 8 & 15
    base_size, index_size = sizes >> 4 & 15, (sizes & 15 if version else 0)
    wide = 4 if version == 2 else 2
    for _ in range(min(numbers.read(wide), _MAX_BOXES)):
        item = numbers.read(wide)
        method = numbers.read(2) & 15 if version else 0
        numbers.read(2)
        base = numbers.read(base_size) + (idat if method == 1 else 0)
        extents = []
        for _ in range(numbers.read(2)):
            numbers.read(index_size)
            offset = base + numbers.read(offset_size)
            extents.append((offset, numbers.read(length_size) or len(found.data)))
        found.places[item] = extents if method < 2 else []


def _read_parts(found: Containers, view: memoryview, start: int, end: int) -> None:
    wide = 2 if view[start] == 0 else 4
    for kind, at, stop in _boxes(view, start + 4, end):
        if kind == b"dimg":
            numbers = _Numbers(view[at:stop])
            item = numbers.read(wide)
            found.parts[item] = [numbers.read(wide) for _ in range(numbers.read(2))]


def _read_properties(found: Containers, view: memoryview, start: int, end: int) -> None:
    for kind, at, stop in _boxes(view, start, end):
        if kind == b"ipco":
            found.properties = [(name, view[a:b]) for name, a, b in _boxes(view, at, stop)]
        elif kind == b"ipma":
            numbers = _Numbers(view[at:stop])
            head = numbers.read(4)
            wide, large = (4 if head >> 24 else 2), head & 1
            for _ in range(min(numbers.read(4), _MAX_BOXES)):
                item = numbers.read(wide)
                amount = numbers.read(1)
                mask = 0x7FFF if large else 0x7F
                indices = [numbers.read(2 if large else 1) & mask for _ in range(amount)]
                found.owned[item] = indices


def _first_sample(view: memoryview, start: int, end: int) -> tuple[int, int] | None:
    """Where the first picture of an animation lies, and how long it is."""
    offset = length = None
    path = [(start, end, 0)]
    while path:
        low, high, depth = path.pop()
        for kind, at, stop in _boxes(view, low, high):
            if kind in (b"trak", b"mdia", b"minf", b"stbl") and depth < 5:
                path.append((at, stop, depth + 1))
            elif kind == b"stsz" and length is None:
                same = int.from_bytes(view[at + 4 : at + 8], "big")
                length = same or int.from_bytes(view[at + 12 : at + 16], "big")
            elif kind in (b"stco", b"co64") and offset is None:
                size = 4 if kind == b"stco" else 8
                offset = int.from_bytes(view[at + 8 : at + 8 + size], "big")
    return (offset, length) if offset is not None and length else None
