"""What of a photo goes along into which format: the one table, for the code and for the docs."""

from dataclasses import dataclass

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
EXIF, ICC, XMP, IPTC, TEXTS = "EXIF, with GPS", "ICC profile", "XMP", "IPTC", "Comments, PNG texts"
RESOLUTION, COLOUR, HDR = "Resolution", "Colours said without a profile", "HDR (PQ, HLG)"
DEPTH, ALPHA = "16 bits a channel", "Transparency"


@dataclass(frozen=True)
class Carried:
    """`read_from` are the formats that may hold it, `places` where each of FORMATS keeps it.

    A format without a place cannot hold it; what is dropped then, the notes of a result say.
    """

    read_from: tuple[str, ...]
    places: dict[str, str]


_ALL = ("JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF", "JXL")
_PROFILE = "as an ICC profile"
_DESCRIPTION = "ImageDescription, where it is free"
CARRIED = {
    EXIF: Carried(
        _ALL,
        {"JPEG": "APP1, up to 64 kB", "PNG": "eXIf", "WEBP": "EXIF", "TIFF": "its directories"},
    ),
    ICC: Carried(
        _ALL[:-1],
        {"JPEG": "APP2", "PNG": "iCCP", "WEBP": "ICCP; grey becomes sRGB", "TIFF": "tag 34675"},
    ),
    XMP: Carried(
        _ALL, {"JPEG": "APP1, also extended", "PNG": "iTXt", "WEBP": "XMP", "TIFF": "tag 700"}
    ),
    IPTC: Carried(
        ("JPEG", "PNG", "TIFF"),
        {"JPEG": "APP13", "PNG": "Raw profile type iptc", "TIFF": "tag 33723"},
    ),
    TEXTS: Carried(
        ("JPEG", "PNG", "GIF"),
        {"JPEG": "COM", "PNG": "tEXt, iTXt", "WEBP": _DESCRIPTION, "TIFF": _DESCRIPTION},
    ),
    RESOLUTION: Carried(
        (*_ALL, "BMP"),
        {"JPEG": "JFIF density", "PNG": "pHYs", "WEBP": "EXIF", "TIFF": "tags 282, 283, 296"},
    ),
    COLOUR: Carried(
        ("PNG", "HEIF", "AVIF", "JXL"),
        {"JPEG": _PROFILE, "PNG": "cICP; gAMA, cHRM, sRGB", "WEBP": _PROFILE, "TIFF": _PROFILE},
    ),
    HDR: Carried(("PNG", "HEIF", "AVIF", "JXL"), {"PNG": "cICP, at 16 bits"}),
    DEPTH: Carried(("JPEG", "PNG", "TIFF", "HEIF", "AVIF", "JXL"), {"PNG": "yes", "TIFF": "yes"}),
    ALPHA: Carried((*_ALL[1:], "BMP", "GIF"), {"PNG": "yes", "WEBP": "yes", "TIFF": "yes"}),
}


@dataclass(frozen=True)
class LeftOut:
    """What no result holds: the formats that may, and the note that says so."""

    read_from: tuple[str, ...]
    note: str


LEFT_OUT = {
    "Gain map (Ultra HDR, Apple)": LeftOut(
        ("JPEG", "HEIF", "AVIF"),
        "its gain map (HDR) was left out: the result is the ordinary picture",
    ),
    "Motion photo": LeftOut(("JPEG", "HEIF"), "its video (motion photo) was left out"),
    "Further pictures (MPO)": LeftOut(("JPEG",), "its further pictures (MPO) were left out"),
    "Data behind the picture": LeftOut(
        ("JPEG",), "the data that lies behind the picture was left out"
    ),
    "Depth map": LeftOut(("HEIF",), "its depth map was left out"),
    "Content credentials (C2PA)": LeftOut(
        ("JPEG", "PNG"),
        "its content credentials (C2PA) were left out: they belong to the photo as it was",
    ),
    "Further pages": LeftOut(("TIFF",), "has more than one page: the first one is used"),
    "Reduced and sub-images": LeftOut(
        ("TIFF",), "its further pictures (reduced or sub-images) were left out"
    ),
    "GeoTIFF": LeftOut(("TIFF",), "its GeoTIFF tags (place on the map) were left out"),
    "Photoshop layers": LeftOut(("TIFF",), "its Photoshop layers were left out"),
    "Further channels": LeftOut(("TIFF",), "its further channels were left out"),
}


def holds(format: str, what: str) -> bool:
    """Whether one of FORMATS has a place for a row of CARRIED."""
    return format in CARRIED[what].places


def note_on(what: str) -> str:
    """The sentence that says that a row of LEFT_OUT was left out."""
    return LEFT_OUT[what].note


def as_markdown() -> str:
    """Both tables, as they stand in docs/formats.md."""
    lines = [
        "| What | read from | JPEG | PNG | WebP | TIFF |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for what, carried in CARRIED.items():
        places = [carried.places.get(format, "no, with a note") for format in FORMATS]
        lines.append(f"| {' | '.join([what, ', '.join(carried.read_from), *places])} |")
    lines += ["", "| What no result holds | read from | the note |", "| --- | --- | --- |"]
    for what, left in LEFT_OUT.items():
        lines.append(f"| {what} | {', '.join(left.read_from)} | {left.note} |")
    return "\n".join(lines) + "\n"
