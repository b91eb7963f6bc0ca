"""Photos that say a lot, made segment by segment and chunk by chunk."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
from PIL import Image

from tests.image_io.files import photo, png_chunk, saved, smooth

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    b' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmp:Rating="4" tiff:Orientation="6"%s>'
    b"%s</rdf:Description></rdf:RDF></x:xmpmeta>"
)
PLAIN_XMP = XMP % (b"", b"")
IPTC = b"\x1c\x02\x00\x00\x02\x00\x04\x1c\x02\x19\x00\x04quay\x1c\x02\x50\x00\x08Somebody"
PHOTOSHOP = b"Photoshop 3.0\0"
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_HEAD = b"http://ns.adobe.com/xmp/extension/\0"


def resource(number: int, content: bytes) -> bytes:
    head = b"8BIM" + struct.pack(">HHI", number, 0, len(content))
    return head + content + bytes(len(content) % 2)


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def jpeg_with(*segments: bytes, behind: bytes = b"", **options: object) -> bytes:
    """A JPEG with segments behind its JFIF header."""
    data = saved(photo(), "JPEG", **options)
    return data[:20] + b"".join(segments) + data[20:] + behind


def jpeg_that_says_all(exif: bytes, profile: bytes) -> bytes:
    return jpeg_with(
        segment(0xE1, XMP_HEAD + PLAIN_XMP),
        segment(0xED, PHOTOSHOP + resource(0x03ED, bytes(16)) + resource(0x0404, IPTC)),
        exif=exif,
        icc_profile=profile,
        comment="A quay at dusk",
        dpi=(300, 300),
        quality=88,
    )


def png_with(*chunks: tuple[bytes, bytes], mode: str = "RGB", deep: bool = False) -> bytes:
    data = imagecodecs.png_encode(smooth(3, np.uint16)) if deep else saved(photo(mode), "PNG")
    return data[:33] + b"".join(png_chunk(*chunk) for chunk in chunks) + data[33:]


def png_that_says_all(exif: bytes, profile: bytes) -> bytes:
    raw = resource(0x0404, IPTC)
    iptc = f"\niptc\n{len(raw):8}\n{raw.hex()}\n".encode()
    return png_with(
        (b"iCCP", b"p\0\0" + zlib.compress(profile)),
        (b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
        (b"eXIf", exif.removeprefix(b"Exif\0\0")),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PLAIN_XMP),
        (b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(iptc)),
        (b"tEXt", b"Comment\0A quay at dusk"),
    )


def tiff_that_says_all(exif: bytes, profile: bytes) -> bytes:
    block = Image.Exif()
    block.load(exif)
    block[700], block[34377] = PLAIN_XMP, resource(0x0404, IPTC)
    stream = io.BytesIO()
    photo().save(stream, "TIFF", exif=block, icc_profile=profile, dpi=(300, 300))
    return stream.getvalue()
