"""What a file is, from how it begins."""

INPUT_KINDS = frozenset({"JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF", "BMP", "GIF"})
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"8BPS": "a Photoshop document",
    b"\0\0\0\x0cjP  \r\n": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"%PDF": "a PDF document",
    b"FUJIFILMCCD-RAW": "a raw file of a camera",
    b"IIRO": "a raw file of a camera",
    b"IIU\0": "a raw file of a camera",
}
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)


def kind_of(beginning: bytes) -> str:
    """One of INPUT_KINDS, words for another kind of file, "empty", or "" for no picture at all."""
    if not beginning:
        return "empty"
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "WEBP"
    if beginning[4:8] == b"ftyp":
        return _kind_of_brands(beginning)
    if beginning[:4] == b"II*\0" and beginning[8:10] == b"CR":
        return "a raw file of a camera"
    known = next((kind for start, kind in _BEGINNINGS.items() if beginning.startswith(start)), "")
    return known or ("an SVG drawing" if b"<svg" in beginning.lower() else "")


def _kind_of_brands(beginning: bytes) -> str:
    length = int.from_bytes(beginning[:4], "big")
    names = beginning[8:12] + beginning[16 : max(16, min(length, len(beginning)))]
    brands = {names[at : at + 4] for at in range(0, len(names), 4)}
    if b"crx " in brands:
        return "a raw file of a camera"
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else "a video"
