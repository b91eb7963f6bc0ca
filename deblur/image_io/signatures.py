"""What a file is, from how it begins."""

from pathlib import Path

SUFFIXES_OF = {
    "JPEG": frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"}),
    "PNG": frozenset({".png", ".apng"}),
    "WEBP": frozenset({".webp"}),
    "TIFF": frozenset({".tif", ".tiff"}),
    "HEIF": frozenset({".heic", ".heif", ".hif"}),
    "AVIF": frozenset({".avif"}),
    "JXL": frozenset({".jxl"}),
    "BMP": frozenset({".bmp", ".dib"}),
    "GIF": frozenset({".gif"}),
}
_TITLES = {"WEBP": "WebP", "HEIF": "HEIC"}
INPUT_KINDS = frozenset(SUFFIXES_OF)
RAW = "a raw file of a camera"
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"8BPS": "a Photoshop document",
    b"\0\0\0\x0cjP  \r\n": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\0\0\0\x0cJXL ": "JXL",
    b"\xff\x0a": "JXL",
    b"\x76\x2f\x31\x01": "an OpenEXR picture",
    b"#?RADIANCE": "a Radiance HDR picture",
    b"qoif": "a QOI picture",
    b"gimp xcf": "a GIMP document",
    b"\0\0\1\0": "an icon (ICO)",
    **{f"P{digit}{gap}".encode(): "a PNM picture" for digit in range(1, 8) for gap in "\n "},
    b"%PDF": "a PDF document",
    b"FUJIFILMCCD-RAW": f"{RAW} (Fujifilm RAF)",
    b"IIRO": f"{RAW} (Olympus ORF)",
    b"IIRS": f"{RAW} (Olympus ORF)",
    b"IIU\0": f"{RAW} (Panasonic RW2)",
    b"FOVb": f"{RAW} (Sigma X3F)",
    b"\0MRM": f"{RAW} (Minolta MRW)",
}
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_SIGNATURE_BYTES = 512


def kind_of(beginning: bytes) -> str:
    """One of INPUT_KINDS, words for another kind of file, "empty", or "" for no picture at all."""
    if not beginning:
        return "empty"
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "WEBP"
    if beginning[4:8] == b"ftyp":
        return _kind_of_brands(beginning)
    if beginning[:4] == b"II*\0" and beginning[8:10] == b"CR":
        return f"{RAW} (Canon CR2)"
    known = next((kind for start, kind in _BEGINNINGS.items() if beginning.startswith(start)), "")
    return known or ("an SVG drawing" if b"<svg" in beginning.lower() else "")


def title_of(kind: str) -> str:
    """What people call one of INPUT_KINDS."""
    return _TITLES.get(kind, kind)


def one(kind: str) -> str:
    """The title with its article."""
    title = title_of(kind)
    return f"{'an' if title.startswith('A') else 'a'} {title}"


def kind_of_file(path: Path) -> str:
    """What a file holds, as kind_of says it; "" where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return kind_of(stream.read(_SIGNATURE_BYTES))
    except (OSError, ValueError):
        return ""


def _kind_of_brands(beginning: bytes) -> str:
    length = int.from_bytes(beginning[:4], "big")
    names = beginning[8:12] + beginning[16 : max(16, min(length, len(beginning)))]
    brands = {names[at : at + 4] for at in range(0, len(names), 4)}
    if b"crx " in brands:
        return f"{RAW} (Canon CR3)"
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else "a video"
