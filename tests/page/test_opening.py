"""A stranger's photo is opened within limits of time and memory."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from deblur.errors import ImageError, ImageTooLargeError, UnreadableImageError
from deblur.image_io import DecodedImage, decode_image, write_image
from deblur.page.visiting import opening
from deblur.page.visiting.opening import open_photo


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    pixels = np.full((40, 60, 3), 257 * 40, np.uint16)
    write_image(DecodedImage(pixels, np.full((40, 60), 65535, np.uint16), "PNG"), path)
    return path


def test_a_photo_is_described_and_shown(photo: Path, tmp_path: Path) -> None:
    preview = tmp_path / "preview.jpg"
    opened = open_photo(photo, preview, max_pixels=10_000, side=30)
    assert (opened.width, opened.height, opened.format, opened.bits) == (60, 40, "PNG", 16)
    assert (opened.transparent, opened.output) == (True, "PNG")
    shown = decode_image(preview)
    assert (shown.format, shown.width, shown.height) == ("JPEG", 30, 20)


def test_what_is_wrong_is_told(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="the limit is"):
        open_photo(photo, tmp_path / "p.jpg", max_pixels=100, side=30)
    photo.write_bytes(b"no photo")
    with pytest.raises(ImageError, match="not a picture"):
        open_photo(photo, tmp_path / "p.jpg", max_pixels=100, side=30)


def test_a_photo_that_takes_too_long_is_given_up(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="takes longer"):
        open_photo(photo, tmp_path / "p.jpg", max_pixels=10_000, side=30, seconds=0.001)


def test_a_photo_that_takes_too_much_memory_is_given_up(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process then ends without a word."""
    monkeypatch.setattr(opening.sys, "executable", shutil.which("false"))
    with pytest.raises(ImageTooLargeError, match="more memory or time"):
        open_photo(photo, tmp_path / "p.jpg", max_pixels=10_000, side=30)
