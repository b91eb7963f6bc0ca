"""The chunks of a PNG: what shows the picture, and what tells of it, within bounds.

Source: PNG, third edition (W3C).
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from deblur.errors import UnreadableImageError
from deblur.image_io.given import GivenFile
from deblur.image_io.metadata.carried import note_on
from deblur.image_io.metadata.colour import ColourSignal, calibration
from deblur.image_io.metadata.extras import Extras, Resolution
from deblur.image_io.metadata.iptc import iptc_of
from deblur.language import say

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = "XML:com.adobe.xmp"
RAW_PROFILE = "Raw profile type "
_SHOWN = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_MAX_TEXT_BYTES = 8 << 20
_MAX_TEXTS_BYTES = 32 << 20
_MAX_CHUNKS = 200_000
_STEP = 1 << 16
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(frozen=True)
class PngChunks:
    """`bare` is a PNG of the picture alone; `other_chunks` has the first of each other kind.

    `texts` are pairs of a keyword and what it says, unpacked.
    """

    bare: bytes
    other_chunks: dict[bytes, bytes]
    texts: tuple[tuple[str, str], ...]
    raw_profiles: dict[str, bytes]
    icc_profile: bytes | None
    notes: tuple[str, ...]

    @property
    def frames(self) -> int:
        """How many an animation has; 1 for a still picture."""
        head = self.other_chunks.get(b"acTL", b"")
        return max(1, struct.unpack(">I", head[:4])[0]) if len(head) == 8 else 1

    @property
    def exif(self) -> bytes | None:
        """eXIf, or what older programs wrote as a text."""
        return self.other_chunks.get(b"eXIf") or self.raw_profiles.get("exif")

    def extras(self) -> Extras:
        """All that these chunks tell of the photo."""
        packet = next((text for keyword, text in self.texts if keyword == XMP_KEYWORD), "").encode()
        old = self.raw_profiles.get("xmp") or self.raw_profiles.get("APP1", b"")
        packet = packet or old.removeprefix(_XMP_HEAD)
        return Extras(
            xmp=packet if b"<" in packet else None,
            iptc=iptc_of(self.raw_profiles.get("iptc", b"")),
            texts=tuple(pair for pair in self.texts if pair[0] != XMP_KEYWORD),
            resolution=_resolution(self.other_chunks.get(b"pHYs", b"")),
            colour=_colour(self.other_chunks, self.icc_profile),
        )


def chunks_of(given: GivenFile, data: bytes) -> PngChunks:
    """Take a PNG apart. Raises UnreadableImageError where a text or profile swells too far."""
    shown: list[bytes | memoryview] = [SIGNATURE]
    other_chunks: dict[bytes, bytes] = {}
    texts: list[tuple[str, str]] = []
    room, notes = [_MAX_TEXTS_BYTES], []
    for kind, content, whole, sound in _chunks(given, data):
        if kind in _SHOWN:
            shown.append(whole)
        elif not sound:
            notes.append(f"its chunk {kind.decode('latin-1')!r} is damaged and was left out")
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            texts += _text(given, kind, content, room)
        else:
            other_chunks.setdefault(kind, content)
    profiles = {
        keyword.removeprefix(RAW_PROFILE): _raw_profile(text)
        for keyword, text in texts
        if keyword.startswith(RAW_PROFILE)
    }
    plain = tuple(pair for pair in texts if not pair[0].startswith(RAW_PROFILE))
    profile = _icc_profile(given, other_chunks.get(b"iCCP", b""), room)
    if b"caBX" in other_chunks:
        notes.append(note_on("Content credentials (C2PA)"))
    return PngChunks(b"".join(shown), other_chunks, plain, profiles, profile, tuple(notes))


def _chunks(given: GivenFile, data: bytes) -> Iterator[tuple[bytes, bytes, memoryview, bool]]:
    """Kind, content (b"" for what shows the picture), the whole chunk, whether it is sound."""
    view, at = memoryview(data), len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data):
            return
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if kind in _SHOWN:
            yield kind, b"", view[at:end], True
        elif end <= len(data):
            content = data[at + 8 : end - 4]
            (checksum,) = struct.unpack_from(">I", data, end - 4)
            yield kind, content, view[at:end], zlib.crc32(kind + content) == checksum
        if kind == b"IEND":
            return
        at = end
    raise given.too_large(say("is a PNG of more than {most} chunks", most=_MAX_CHUNKS))


def _text(given: GivenFile, kind: bytes, content: bytes, room: list[int]) -> list[tuple[str, str]]:
    """The pair in a list, or nothing where the chunk does not hold one."""
    keyword, _, rest = content.partition(b"\0")
    coding = "latin-1"
    if kind == b"zTXt":
        rest = _unpacked(given, rest[1:], room)
    elif kind == b"iTXt":
        packed, coding = rest[:1] == b"\1", "utf-8"
        rest = rest[2:].split(b"\0", 2)[-1]
        rest = _unpacked(given, rest, room) if packed else rest
    room[0] -= len(rest)
    if room[0] < 0:
        raise _too_much_text(given, _MAX_TEXTS_BYTES)
    name = keyword.decode("latin-1")
    return [(name, rest.decode(coding, "replace"))] if 1 <= len(name) <= 79 else []


def _unpacked(given: GivenFile, packed: bytes, room: list[int]) -> bytes:
    """The text, at most _MAX_TEXT_BYTES bytes of it are ever held; b"" where it is damaged."""
    unpack, parts, length = zlib.decompressobj(), [], 0
    try:
        while not unpack.eof:
            part = unpack.decompress(packed, _STEP)
            packed, length = unpack.unconsumed_tail, length + len(part)
            if length > min(_MAX_TEXT_BYTES, room[0]):
                raise _too_much_text(given, _MAX_TEXT_BYTES)
            if not part:
                return b""
            parts.append(part)
    except zlib.error:
        return b""
    return b"".join(parts)


def _too_much_text(given: GivenFile, most: int) -> UnreadableImageError:
    return UnreadableImageError(
        say(
            "{name} holds a text or profile of more than {most} MB, which no "
            "picture needs; save it again without its metadata",
            name=given.name,
            most=most >> 20,
        )
    )


def _icc_profile(given: GivenFile, content: bytes, room: list[int]) -> bytes | None:
    _, _, packed = content.partition(b"\0")
    return _unpacked(given, packed[1:], room) or None


def _raw_profile(text: str) -> bytes:
    """ImageMagick's form: a name, a length, and the bytes in hexadecimal."""
    found = re.match(r"\s*\S+\s+\d+\s+([0-9a-fA-F\s]*)$", text)
    digits = "".join(found.group(1).split()) if found else ""
    return bytes.fromhex(digits) if len(digits) % 2 == 0 else b""


def _resolution(content: bytes) -> Resolution | None:
    if len(content) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", content)
    if not 0 < x < 1e8 or not 0 < y < 1e8:
        return None
    if unit == 1:
        return Resolution(x, y)
    return Resolution(x, y, absolute=False) if x != y else None


def _colour(other_chunks: dict[bytes, bytes], icc_profile: bytes | None) -> ColourSignal | None:
    """By the standard's order: cICP, then a profile, then sRGB, then gAMA and cHRM."""
    points = other_chunks.get(b"cICP", b"")
    if len(points) == 4 and points[2] == 0:
        primaries, transfer, matrix, full = points
        return ColourSignal((primaries, transfer, matrix, full))
    if icc_profile:
        return None
    if len(other_chunks.get(b"sRGB", b"")) == 1:
        return ColourSignal(intent=other_chunks[b"sRGB"][0])
    gamma, places = other_chunks.get(b"gAMA", b""), other_chunks.get(b"cHRM", b"")
    chromaticities = None
    if len(places) == 32:
        values = [value / 100_000 for value in struct.unpack(">8I", places)]
        chromaticities = tuple(zip(values[::2], values[1::2], strict=True))
    return calibration(
        struct.unpack(">I", gamma)[0] / 100_000 if len(gamma) == 4 else None, chromaticities
    )
