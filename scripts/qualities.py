"""How near to a photo each lossy format comes at each quality, and how large it is.

python scripts/qualities.py PHOTOS...

The mean PSNR of RGB and the size of all, for the inner 512 x 512 pixels of each photo; chroma is at
full resolution where the format has that. `--scale` prints it by the qualities of the encoders
themselves: `deblur/image_io/writers/scales.py` brings HEIC and AVIF to the scale of JPEG by that.
"""

import argparse
import io
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from deblur.image_io import DecodedImage, decode_image, encode_image  # noqa: E402
from deblur.image_io.writers import avif, heic  # noqa: E402

FORMATS: tuple[str, ...] = ("JPEG", "WEBP", "HEIF", "AVIF")
QUALITIES: tuple[int, ...] = (30, 50, 70, 80, 85, 90, 95, 98, 100)
OWN_QUALITIES = range(10, 101, 10)
SIDE = 512


def inner(path: Path) -> DecodedImage:
    """The middle of a photo, without what it says."""
    photo = decode_image(path)
    top, left = max(0, (photo.height - SIDE) // 2), max(0, (photo.width - SIDE) // 2)
    cut = np.ascontiguousarray(photo.pixels[top : top + SIDE, left : left + SIDE])
    return DecodedImage(cut, None, "PNG")


def nearness(photos: list[DecodedImage], format: str, quality: int) -> tuple[float, float]:
    """Mean PSNR in dB, and kB of all."""
    found, size = [], 0
    for photo in photos:
        stream = io.BytesIO()
        encode_image(photo, stream, format=format, quality=quality)
        size += stream.tell()
        error = decode_image(stream.getvalue()).pixels.astype(float) - photo.pixels
        found.append(10 * np.log10(255**2 / np.mean(error**2)))
    return float(np.mean(found)), size / 1000


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--scale", action="store_true")
    chosen = parser.parse_args()
    formats, qualities = FORMATS, QUALITIES
    if chosen.scale:
        formats, qualities = ("HEIF", "AVIF"), tuple(OWN_QUALITIES)
        for writer in (avif, heic):
            patch.object(writer, "same_error", lambda format, quality: quality).start()
    photos = [inner(path) for path in chosen.photos]
    print(f"| quality | {' | '.join(formats)} |\n| {' | '.join(['---'] * (1 + len(formats)))} |")
    for quality in qualities:
        cells = [nearness(photos, format, quality) for format in formats]
        told = " | ".join(f"{psnr:.1f} dB, {size:.0f} kB" for psnr, size in cells)
        print(f"| {quality} | {told} |", flush=True)


if __name__ == "__main__":
    main()
