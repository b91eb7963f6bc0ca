"""HEIC and AVIF out: near to the photo, in its depth and colours, with what it says."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import AvifImagePlugin

from deblur.errors import OutputError
from deblur.image_io import DecodedImage, check_output, decode_image
from deblur.image_io.metadata.colour import ColourSignal
from deblur.image_io.metadata.extras import Extras, JpegCoding
from deblur.image_io.writers.items import Item, with_items
from deblur.image_io.writers.scales import same_error
from tests.image_io.files import again, encoded, exif_block, smooth, srgb, swapped_primaries
from tests.image_io.metadata_bytes import PLAIN_XMP
from tests.pictures import scene

CONTAINERS = ("HEIF", "AVIF")
BT601, BT2020 = 6, 9


def psnr(image: DecodedImage, format: str, quality: int) -> float:
    back = again(image, format=format, quality=quality)
    return 10 * np.log10(255**2 / np.mean((back.pixels.astype(float) - image.pixels) ** 2))


@pytest.mark.parametrize("format", CONTAINERS)
class TestPixels:
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("transparent", [False, True])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_are_near_in_the_depth_that_they_had(self, format, channels, transparent, dtype):
        alpha = smooth(4, dtype)[..., 3].copy() if transparent else None
        image = DecodedImage(smooth(channels, dtype), alpha, "PNG")
        back = again(image, format=format, quality=100)
        top = np.iinfo(dtype).max
        assert (back.format, back.pixels.dtype) == (format, dtype)
        assert np.abs(back.pixels.astype(float) - image.pixels).mean() < 0.006 * top
        assert (back.alpha is not None) == transparent
        if alpha is not None and back.alpha is not None:
            assert np.abs(back.alpha.astype(float) - alpha).max() < 0.01 * top

    def test_ten_bits_are_more_than_eight(self, format):
        rows = np.arange(64, dtype=np.uint16)[:, None, None]
        values = np.broadcast_to(40_000 + 16 * rows, (64, 64, 3)).copy()
        back = again(DecodedImage(values, None, "PNG"), format=format, quality=100)
        assert len(np.unique(back.pixels[..., 1])) > 8
        assert np.abs(back.pixels.astype(int) - values).max() <= 2 * 64

    @pytest.mark.parametrize("quality", [40, 75, 90, 95])
    def test_quality_is_that_of_a_jpeg(self, format, quality):
        # As in photos, what is fine is in the brightness: HEIC halves the colours' resolution.
        fine = scene(256, 256, 1) // 2 + smooth(3).repeat(6, 0)[:256].repeat(4, 1) // 2
        image = DecodedImage(fine.astype(np.uint8), None, "PNG")
        assert psnr(image, format, quality) == pytest.approx(psnr(image, "JPEG", quality), abs=4)

    def test_a_higher_quality_is_nearer(self, format):
        image = DecodedImage(scene(128, 128), None, "PNG")
        found = [psnr(image, format, quality) for quality in (1, 30, 60, 80, 90, 96, 100)]
        assert found == sorted(found)
        scale = [same_error(format, quality) for quality in range(1, 101)]
        assert scale == sorted(scale)
        assert scale[-1] == 100

    def test_the_quality_of_the_jpeg_that_it_was_is_a_guide(self, format):
        coded = Extras(coding=JpegCoding(60, "4:2:0"))
        image = DecodedImage(scene(96, 96), None, "JPEG", extras=coded)
        assert encoded(image, format=format) == encoded(image, format=format, quality=60)
        assert len(encoded(image, format=format)) < len(encoded(image, format=format, quality=95))


@pytest.mark.parametrize("format", CONTAINERS)
class TestColours:
    @pytest.mark.parametrize("points", [(12, 13), (9, 13), (9, 16), (9, 18), (1, 8)])
    def test_code_points_stay(self, format, points):
        signal = ColourSignal((*points, 0, 1))
        image = DecodedImage(smooth(3, np.uint16), None, "PNG", extras=Extras(colour=signal))
        back = again(image, format=format)
        assert (back.extras.colour, back.icc_profile) == (signal, None)
        assert np.abs(back.pixels.astype(float) - image.pixels).mean() < 0.01 * 65535

    @pytest.mark.parametrize(
        "signal", [ColourSignal(gamma=1.0), ColourSignal((9, 1, 0, 1))], ids=["gAMA", "broadcast"]
    )
    def test_what_code_points_cannot_say_becomes_a_profile(self, format, signal):
        extras = Extras(colour=signal)
        back = again(DecodedImage(smooth(3), None, "PNG", extras=extras), format=format)
        assert back.extras.colour is None
        assert back.icc_profile is not None

    def test_srgb_is_said_where_nothing_is(self, format):
        data = encoded(DecodedImage(smooth(3), None, "PNG"), format=format)
        at = data.index(b"nclx")
        assert data[at + 4 : at + 10] == bytes((0, 1, 0, 13, 0, BT601))

    def test_the_matrix_belongs_to_the_primaries(self, format):
        wide = Extras(colour=ColourSignal((9, 16, 0, 1)))
        data = encoded(DecodedImage(smooth(3), None, "PNG", extras=wide), format=format)
        assert data[data.index(b"nclx") + 9] == BT2020

    def test_grey_with_a_profile_looks_the_same(self, format):
        alpha = smooth(4)[..., 3].copy()
        back = again(DecodedImage(smooth(1), alpha, "PNG", srgb()), format=format)
        assert np.abs(back.pixels.astype(int) - smooth(1)).max() <= 8


def test_other_programs_find_what_an_avif_says():
    image = DecodedImage(
        smooth(3), None, "PNG", swapped_primaries(), exif_block(), extras=Extras(xmp=PLAIN_XMP)
    )
    seen = AvifImagePlugin.AvifImageFile(io.BytesIO(encoded(image, format="AVIF")))
    seen.load()
    assert seen.info["icc_profile"] == swapped_primaries()
    assert seen.info["xmp"] == PLAIN_XMP
    assert seen.getexif()[271] == "Camera & Sons"
    assert np.abs(np.asarray(seen).astype(int) - smooth(3)).mean() < 3


def test_other_programs_find_what_a_heic_says():
    image = DecodedImage(
        smooth(3), None, "PNG", swapped_primaries(), exif_block(), extras=Extras(xmp=PLAIN_XMP)
    )
    seen = pillow_heif.open_heif(encoded(image, format="HEIF"))
    assert seen.info["icc_profile"] == swapped_primaries()
    assert b'xmp:Rating="4"' in seen.info["xmp"]
    assert b"Camera & Sons" in seen.info["exif"]
    assert seen.info["chroma"] == 420


@pytest.mark.parametrize("said", [{"icc_profile": srgb()}, {"extras": Extras(xmp=PLAIN_XMP)}, {}])
def test_an_avif_that_says_one_thing_or_nothing(said):
    image = DecodedImage(smooth(3), None, "PNG", **said)
    back = again(image, format="AVIF")
    assert back.icc_profile == image.icc_profile
    assert (back.extras.xmp is None) == (image.extras.xmp is None)
    assert np.abs(back.pixels.astype(int) - smooth(3)).mean() < 3


def test_boxes_of_another_kind_are_not_touched():
    with pytest.raises(ValueError, match="not those that were expected"):
        with_items(b"\0\0\0\x08free", [Item(b"Exif", b"\0", b"")], None)


def test_without_an_encoder_a_heic_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(pillow_heif, "libheif_info", lambda: {"HEIF": "", "AVIF": ""})
    image = DecodedImage(smooth(3), None, "PNG")
    with pytest.raises(OutputError, match="without an HEVC encoder; choose AVIF"):
        check_output(image, "heic", None)
    assert decode_image(encoded(image, format="AVIF")).format == "AVIF"
