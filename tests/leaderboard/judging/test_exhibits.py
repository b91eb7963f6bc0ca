"""The pictures that are judged: lossless, at 100 %, and silent about what made them."""

from pathlib import Path

import numpy as np
import pytest

from deblur.image_io import DecodedImage, decode_image, write_image
from leaderboard.judging.exhibits import MARGIN, MAX_SIDE, Exhibits, window_of
from leaderboard.judging.questions import Photo
from leaderboard.judging.votes import BLURRED, SHARP


class Darkroom:
    """Restores by inverting, and remembers what it was given."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen = folder, list[tuple[str, tuple[int, ...]]]()

    def restore(self, model: str, file: Path) -> Path:
        image = decode_image(file)
        self.seen.append((model, image.pixels.shape))
        path = self.new_folder() / f"by-{model}.png"
        write_image(image.with_pixels(255 - image.pixels), path)
        return path

    def new_folder(self) -> Path:
        place = self.folder / f"{len([*self.folder.iterdir()])}"
        place.mkdir()
        return place


@pytest.fixture
def darkroom(tmp_path: Path) -> Darkroom:
    folder = tmp_path / "darkroom"
    folder.mkdir()
    return Darkroom(folder)


def photo_of(folder: Path, height: int, width: int) -> tuple[Photo, np.ndarray]:
    """A grey photo with detail in the lower right quarter."""
    pixels = np.full((height, width, 3), 128, np.uint8)
    random = np.random.default_rng(0)
    corner = pixels[height // 2 :, width // 2 :]
    corner[:] = random.integers(0, 256, corner.shape)
    write_image(DecodedImage(pixels, None, "png"), folder / "blurred.png")
    write_image(DecodedImage(pixels // 2, None, "png"), folder / "sharp.png")
    return Photo("mine", "1", folder / "blurred.png", folder / "sharp.png"), pixels


def test_small_photos_are_shown_whole(darkroom: Darkroom, tmp_path: Path) -> None:
    photo, pixels = photo_of(tmp_path, 120, 90)
    exhibits = Exhibits(darkroom.restore, darkroom.new_folder)
    for contestant, expected in ((BLURRED, pixels), (SHARP, pixels // 2), ("net@12", 255 - pixels)):
        shown = decode_image(exhibits.file(photo, contestant))
        assert shown.format.lower() == "png"
        assert np.array_equal(shown.pixels, expected)


def test_of_large_photos_one_part_is_shown_and_restored(darkroom: Darkroom, tmp_path: Path) -> None:
    photo, pixels = photo_of(tmp_path, 1400, 1600)
    rows, columns = window_of(pixels)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (MAX_SIDE, MAX_SIDE)
    assert rows.start >= 700
    assert columns.start >= 800
    exhibits = Exhibits(darkroom.restore, darkroom.new_folder)
    shown = {name: decode_image(exhibits.file(photo, name)).pixels for name in (BLURRED, "net@12")}
    assert np.array_equal(shown[BLURRED], pixels[rows, columns])
    assert np.array_equal(shown["net@12"], 255 - pixels[rows, columns])
    ((model, shape),) = darkroom.seen
    assert model == "net"
    assert max(shape) <= MAX_SIDE + 2 * MARGIN


def test_a_picture_is_made_once_and_again_when_it_is_gone(
    darkroom: Darkroom, tmp_path: Path
) -> None:
    photo, _ = photo_of(tmp_path, 60, 60)
    exhibits = Exhibits(darkroom.restore, darkroom.new_folder)
    made = exhibits.file(photo, "net@12")
    assert exhibits.file(photo, "net@12") == made
    assert len(darkroom.seen) == 1
    made.unlink()
    assert exhibits.file(photo, "net@12").is_file()
    assert len(darkroom.seen) == 2


def test_neither_name_nor_size_tells_what_made_it(darkroom: Darkroom, tmp_path: Path) -> None:
    photo, _ = photo_of(tmp_path, 60, 60)
    exhibits = Exhibits(darkroom.restore, darkroom.new_folder)
    files = [exhibits.file(photo, name) for name in (BLURRED, SHARP, "net@12")]
    assert {file.name for file in files} == {"picture.png"}
    assert not any(word in str(file.parent) for file in files for word in ("net", "sharp", "by-"))
