"""TIFF directories, as they lie in TIFF files and in EXIF: read within bounds, laid out anew."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

import numpy as np

from deblur.image_io.given import MAX_RECORD_BYTES

BYTE, TEXT, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7
_LONG8 = (13, 16, 17, 18)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_SIZES |= {13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "u1", 3: "u2", 4: "u4", 6: "i1", 8: "i2", 9: "i4", 11: "f4", 12: "f8"}
_NUMBERS |= {5: "u4", 10: "i4", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}
_MAX_ENTRIES = 4096


@dataclass(frozen=True)
class Entry:
    """A value as it lies in the file; `byte_order` is that of its numbers, "<" or ">"."""

    kind: int
    count: int
    raw: bytes | memoryview = field(repr=False)
    byte_order: str = "<"

    def numbers(self, most: int = 64) -> tuple[int, ...]:
        """At most the first `most` whole numbers, () for texts; of a rational both parts."""
        if self.kind not in _NUMBERS or self.kind in (11, 12):
            return ()
        dtype = np.dtype(self.byte_order + _NUMBERS[self.kind])
        raw = self.raw[: most * dtype.itemsize]
        values = np.frombuffer(raw[: len(raw) // dtype.itemsize * dtype.itemsize], dtype)
        return tuple(int(value) for value in values)

    def ratio(self) -> float | None:
        """The first number, a rational as its quotient; None where there is none."""
        numbers = self.numbers(2)
        if self.kind in (5, 10):
            return numbers[0] / numbers[1] if len(numbers) == 2 and numbers[1] else None
        return float(numbers[0]) if numbers else None

    def little_endian(self) -> tuple[int, int, bytes]:
        """Kind, count and bytes as a little-endian file of 32-bit offsets holds them."""
        if self.kind in _LONG8:
            numbers = [number & 0xFFFFFFFF for number in self.numbers(self.count)]
            return LONG, len(numbers), struct.pack(f"<{len(numbers)}I", *numbers)
        if self.byte_order == ">" and self.kind in _NUMBERS:
            dtype = np.dtype(">" + _NUMBERS[self.kind])
            return self.kind, self.count, np.frombuffer(self.raw, dtype).byteswap().tobytes()
        return self.kind, self.count, bytes(self.raw)


Directory = Mapping[int, Union[Entry, "Directory"]]
Entries = dict[int, Entry]


class Block:
    """A TIFF file or the body of EXIF. `bytes` may be damaged: what does not lie in it is missing.

    `first` is where the first directory lies, `lost` counts entries that were damaged. Raises
    ValueError where it does not begin as a TIFF does.
    """

    def __init__(self, data: bytes) -> None:
        self.data = memoryview(data)
        self.byte_order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]), "")
        magic = data[2:4] if self.byte_order == "<" else data[3:1:-1]
        if not self.byte_order or magic not in (b"*\0", b"+\0") or len(data) < 8:
            raise ValueError("no TIFF directory")
        self.is_big = magic == b"+\0"
        self.lost = 0
        self.first = self._number("Q", 8) if self.is_big else self._number("I", 4)

    def _number(self, kind: str, at: int) -> int:
        size = struct.calcsize("<" + kind)
        if at < 0 or at + size > len(self.data):
            raise ValueError(f"a directory ends after {len(self.data)} bytes")
        value: int = struct.unpack_from(self.byte_order + kind, self.data, at)[0]
        return value

    def directory(self, at: int) -> tuple[Entries, int]:
        """The entries of the directory at an offset, and the offset of the next one or 0.

        Raises ValueError where it does not lie in the bytes.
        """
        count, start, width = self._number("H", at), at + 2, 12
        if self.is_big:
            count, start, width = self._number("Q", at), at + 8, 20
        if count > _MAX_ENTRIES:
            raise ValueError(f"a directory of {count} entries, and {_MAX_ENTRIES} are expected")
        entries: Entries = {}
        for place in range(start, start + count * width, width):
            entry = self._entry(place)
            if entry is None:
                self.lost += 1
            else:
                entries.setdefault(self._number("H", place), entry)
        end = start + count * width
        try:
            return entries, self._number("Q" if self.is_big else "I", end)
        except ValueError:
            return entries, 0

    def _entry(self, place: int) -> Entry | None:
        kind = self._number("H", place + 2)
        count = self._number("Q" if self.is_big else "I", place + 4)
        length = count * _SIZES.get(kind, 0)
        inline = 8 if self.is_big else 4
        value = place + 4 + inline
        at = value if length <= inline else self._number("Q" if self.is_big else "I", value)
        if not length or at + length > len(self.data):
            return None
        return Entry(kind, count, self.data[at : at + length], self.byte_order)

    def below(self, entries: Entries, tag: int) -> Entries:
        """The directory that a tag of another points at; {} where there is none to be read."""
        places = entries[tag].numbers(1) if tag in entries else ()
        try:
            return self.directory(places[0])[0] if places else {}
        except ValueError:
            self.lost += 1
            return {}


def entry_bytes(entry: Entry | None) -> bytes | None:
    """The value as plain bytes; None where there is none, or more than a record may take."""
    if entry is None or not 0 < len(entry.raw) <= MAX_RECORD_BYTES:
        return None
    return bytes(entry.raw)


def shorts(*values: int) -> Entry:
    """16-bit numbers."""
    return Entry(SHORT, len(values), struct.pack(f"<{len(values)}H", *values))


def longs(*values: int) -> Entry:
    """32-bit numbers; raises struct.error where one is larger."""
    return Entry(LONG, len(values), struct.pack(f"<{len(values)}I", *values))


def rational(value: float) -> Entry:
    """A number not below 0 as a quotient, to four decimals."""
    parts = 1 if value == int(value) else 10_000
    return Entry(RATIONAL, 1, struct.pack("<II", round(value * parts), parts))


def laid_out(directory: Directory, at: int) -> bytes:
    """A directory for a little-endian file, to lie at an even offset: itself, then its values.

    Directories within it follow behind. Raises struct.error where it does not fit into 4 GB.
    """
    table, behind = struct.pack("<H", len(directory)), bytearray()
    end = at + 2 + 12 * len(directory) + 4
    for tag, value in sorted(directory.items()):
        if isinstance(value, Entry):
            kind, count, content = value.little_endian()
        else:
            place = end + len(behind)
            kind, count, content = LONG, 1, struct.pack("<I", place)
            behind += laid_out(value, place)
        if len(content) > 4:
            place = end + len(behind)
            behind += content + bytes(len(content) % 2)
            content = struct.pack("<I", place)
        table += struct.pack("<HHI", tag, kind, count) + content.ljust(4, b"\0")
    return table + bytes(4) + bytes(behind)
