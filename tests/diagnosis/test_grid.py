"""Which tiles are looked at, and what they weigh."""

import numpy as np
import pytest

from deblur.diagnosis.grid import MAX_TILES, SIDE, as_seen, luma_of, places_in, weight_of
from deblur.image_io import DecodedImage
from tests.pictures import scene


@pytest.mark.parametrize(
    "size", [(32, 32), (40, 300), (160, 160), (400, 400), (720, 1280), (3000, 4000), (200, 30000)]
)
def test_tiles_lie_inside_the_photo_and_reach_its_ends(size: tuple[int, int]) -> None:
    height, width = size
    places = [*places_in(height, width)]
    assert 1 <= len(places) <= MAX_TILES
    assert len({*places}) == len(places)
    for place in places:
        assert place.top % 8 == place.left % 8 == 0
        assert place.top + place.height <= height
        assert place.left + place.width <= width
    assert max(place.left + place.width for place in places) > width - 8
    assert [*places] == sorted(places)


def test_a_small_photo_is_looked_at_whole_and_a_megapixel_by_half() -> None:
    seen = np.zeros((400, 400), bool)
    for top, left, height, width in places_in(400, 400):
        seen[top : top + height, left : left + width] = True
    assert seen.mean() > 0.95
    assert len([*places_in(1000, 1000)]) * SIDE**2 < 0.55e6


def test_too_small_a_photo_has_no_tiles() -> None:
    assert not [*places_in(8, 8)]
    assert not [*places_in(31, 500)]


def test_luma_is_the_same_of_8_and_16_bits_and_of_grey() -> None:
    pixels = scene(160, 160)
    place = next(places_in(160, 160))
    narrow = luma_of(DecodedImage(pixels, None, "PNG"), place)
    wide = luma_of(DecodedImage(pixels.astype(np.uint16) * 257, None, "PNG"), place)
    np.testing.assert_allclose(narrow, wide, atol=1e-6)
    grey = scene(160, 160, channels=1)
    np.testing.assert_allclose(
        luma_of(DecodedImage(grey, None, "PNG"), place), grey[..., 0] / np.float32(255), atol=1e-6
    )


def test_what_a_small_photo_lacks_is_mirrored() -> None:
    luma = np.arange(40 * 170, dtype=np.float32).reshape(40, 170)[:, :160]
    seen = as_seen(luma)
    assert seen.shape == (SIDE, SIDE)
    np.testing.assert_array_equal(seen[40:80], luma[::-1])


def test_flat_and_noisy_tiles_weigh_nothing() -> None:
    random = np.random.default_rng(0)
    sky = np.linspace(0.6, 0.7, 160, dtype=np.float32)[:, None].repeat(160, 1)
    assert weight_of(sky) < 0.05
    assert weight_of(np.full((160, 160), 0.5, np.float32)) == 0
    noise = (0.5 + random.normal(0, 0.01, (160, 160))).astype(np.float32)
    assert weight_of(noise) < 0.15
    textured = scene(160, 160).mean(2).astype(np.float32) / 255
    assert weight_of(textured) == 1
    assert weight_of(textured[:80]) == pytest.approx(0.5)
