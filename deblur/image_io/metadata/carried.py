"""What of a photo goes along into which format: the one table, for the code and for the docs."""

from dataclasses import dataclass, field

from deblur.image_io.signatures import title_of

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF")
EXIF, ICC, XMP, IPTC, TEXTS = "EXIF, with GPS", "ICC profile", "XMP", "IPTC", "Comments, PNG texts"
RESOLUTION, COLOUR, HDR = "Resolution", "Colours said without a profile", "HDR (PQ, HLG)"
DEPTH, ALPHA = "16 bits a channel", "Transparency"


@dataclass(frozen=True)
class Carried:
    """`read_from` are the formats that may hold it, `places` where each of FORMATS keeps it.

    A format without a place cannot hold it; what is dropped then, the notes of a result say. In
    `partly` it keeps some, and the notes say that, too.
    """

    read_from: tuple[str, ...]
    places: dict[str, str]
    partly: dict[str, str] = field(default_factory=dict)

    def kept_in(self, format: str) -> str:
        """What of it one of FORMATS keeps, and where."""
        return self.places.get(format) or self.partly.get(format, "no, with a note")


_ALL = ("JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF", "JXL")
_PROFILE = "as an ICC profile"
_DESCRIPTION = "ImageDescription, where it is free"
_CODE_POINTS = "nclx; of a PNG's gAMA an ICC profile"
_BITS_OF = {"JPEG": 8, "WEBP": 8, "HEIF": 10, "AVIF": 10}
CARRIED = {
    EXIF: Carried(
        _ALL,
        {
            **{"JPEG": "APP1, up to 64 kB", "PNG": "eXIf", "WEBP": "EXIF"},
            **{"TIFF": "its directories", "HEIF": "item Exif", "AVIF": "item Exif"},
        },
    ),
    ICC: Carried(
        _ALL[:-1],
        {
            **{"JPEG": "APP2", "PNG": "iCCP", "WEBP": "ICCP; grey becomes sRGB"},
            **{"TIFF": "tag 34675", "HEIF": "colr", "AVIF": "colr"},
        },
    ),
    XMP: Carried(
        _ALL,
        {
            **{"JPEG": "APP1, also extended", "PNG": "iTXt", "WEBP": "XMP", "TIFF": "tag 700"},
            **{"HEIF": "item mime", "AVIF": "item mime"},
        },
    ),
    IPTC: Carried(
        ("JPEG", "PNG", "TIFF"),
        {"JPEG": "APP13", "PNG": "Raw profile type iptc", "TIFF": "tag 33723"},
    ),
    TEXTS: Carried(
        ("JPEG", "PNG", "GIF"),
        {"JPEG": "COM", "PNG": "tEXt, iTXt", **dict.fromkeys(FORMATS[2:], _DESCRIPTION)},
    ),
    RESOLUTION: Carried(
        (*_ALL, "BMP"),
        {
            **{"JPEG": "JFIF density", "PNG": "pHYs", "TIFF": "tags 282, 283, 296"},
            **dict.fromkeys(("WEBP", "HEIF", "AVIF"), "EXIF"),
        },
    ),
    COLOUR: Carried(
        ("PNG", "HEIF", "AVIF", "JXL"),
        {
            **{"JPEG": _PROFILE, "PNG": "cICP; gAMA, cHRM, sRGB", "WEBP": _PROFILE},
            **{"TIFF": _PROFILE, "HEIF": _CODE_POINTS, "AVIF": _CODE_POINTS},
        },
    ),
    HDR: Carried(
        ("PNG", "HEIF", "AVIF", "JXL"),
        {"PNG": "cICP, at 16 bits", "HEIF": "nclx, at 10 bits", "AVIF": "nclx, at 10 bits"},
    ),
    DEPTH: Carried(
        ("JPEG", "PNG", "TIFF", "HEIF", "AVIF", "JXL"),
        {"PNG": "yes", "TIFF": "yes"},
        dict.fromkeys(("HEIF", "AVIF"), "10 bits, with a note"),
    ),
    ALPHA: Carried((*_ALL[1:], "BMP", "GIF"), dict.fromkeys(FORMATS[1:], "yes")),
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


def bits_of(format: str) -> int:
    """Bits a channel that one of FORMATS holds at most."""
    return _BITS_OF.get(format, 16)


def note_on(what: str) -> str:
    """The sentence that says that a row of LEFT_OUT was left out."""
    return LEFT_OUT[what].note


def as_markdown() -> str:
    """Both tables, as they stand in docs/formats.md."""
    lines = [
        f"| What | read from | {' | '.join(map(title_of, FORMATS))} |",
        f"| {' | '.join(['---'] * (2 + len(FORMATS)))} |",
    ]
    for what, carried in CARRIED.items():
        places = [carried.kept_in(format) for format in FORMATS]
        lines.append(f"| {' | '.join([what, ', '.join(carried.read_from), *places])} |")
    lines += ["", "| What no result holds | read from | the note |", "| --- | --- | --- |"]
    for what, left in LEFT_OUT.items():
        lines.append(f"| {what} | {', '.join(left.read_from)} | {left.note} |")
    return "\n".join(lines) + "\n"
