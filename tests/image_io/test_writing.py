"""Photos out: coded as asked, and written as a whole or not at all."""

import io
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deblur.errors import (
    OutputError,
    OutputExistsError,
)
from deblur.image_io import (
    INPUT_SUFFIXES,
    OUTPUT_FORMATS,
    DecodedImage,
    decode_image,
    output_format,
    suffix_of,
    write_image,
)
from deblur.image_io.metadata.extras import JpegCoding
from tests.image_io.files import (
    HEIGHT,
    WIDTH,
    WRITTEN,
    again,
    encoded,
    exif_block,
    heic,
    photo,
    saved,
    smooth,
    srgb,
)


class TestEncode:
    @pytest.mark.parametrize(
        ("came", "requested", "expected"),
        [
            *[(format, None, format) for format in WRITTEN],
            *[(format, None, "PNG") for format in ("HEIF", "AVIF", "BMP", "GIF")],
            ("PNG", "jpg", "JPEG"),
            ("PNG", "JPEG", "JPEG"),
            ("PNG", ".TIF", "TIFF"),
            ("JPEG", "webp", "WEBP"),
            ("HEIF", "heic", "HEIF"),
            ("JPEG", ".HIF", "HEIF"),
            ("HEIF", "avif", "AVIF"),
        ],
    )
    def test_format(self, came, requested, expected):
        assert output_format(DecodedImage(smooth(3), None, came), requested) == expected
        assert suffix_of(expected) in INPUT_SUFFIXES

    def test_format_that_is_not_written(self):
        with pytest.raises(OutputError, match="jxl is not an output format; choose"):
            output_format(DecodedImage(smooth(3), None, "JXL"), "jxl")

    @pytest.mark.parametrize("format", ["JPEG", "WEBP"])
    def test_16_bits_are_rounded_to_8(self, format):
        deep = np.full((16, 16, 3), 100 * 257 + 129, np.uint16)
        back = again(DecodedImage(deep, None, "PNG"), format=format, quality=100)
        assert back.pixels.dtype == np.uint8
        assert np.abs(back.pixels.astype(int) - 101).max() <= 1
        assert round(back.pixels.mean()) == 101

    def test_jpeg_keeps_full_colour_resolution_and_grey(self):
        with Image.open(io.BytesIO(encoded(DecodedImage(smooth(3), None, "JPEG")))) as seen:
            assert [layer[1:3] for layer in seen.layer] == [(1, 1)] * 3
        assert again(DecodedImage(smooth(1), None, "JPEG")).pixels.shape == (HEIGHT, WIDTH, 1)

    @pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF", "BMP"])
    @pytest.mark.parametrize("format", OUTPUT_FORMATS)
    def test_grey_as_it_was_decoded_goes_into_every_format(self, source, format):
        image = decode_image(heic(photo("L")) if source == "HEIF" else saved(photo("L"), source))
        back = again(image, format=format)
        assert np.abs(back.pixels.astype(int) - image.pixels).max() <= 12

    def test_quality_matters_and_is_checked(self):
        noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        image = DecodedImage(noise, None, "JPEG")
        assert len(encoded(image, quality=50)) < len(encoded(image, quality=95)) / 2
        with pytest.raises(OutputError, match="1 to 100"):
            encoded(image, quality=101)

    @pytest.mark.parametrize("quality", [40, 75, 88, 96])
    @pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
    def test_a_jpeg_is_coded_as_the_photo_was(self, quality, subsampling):
        noise = np.random.default_rng(4).integers(0, 256, (96, 96, 3), dtype=np.uint8)
        given = saved(Image.fromarray(noise), "JPEG", quality=quality, subsampling=subsampling)
        image = decode_image(given)
        assert image.extras.coding == JpegCoding(quality, subsampling)
        result = encoded(image)
        assert 0.7 < len(result) / len(given) < 1.1
        assert decode_image(result).extras.coding == image.extras.coding
        asked = decode_image(encoded(image, quality=95, subsampling="4:4:4"))
        assert asked.extras.coding == JpegCoding(95, "4:4:4")

    def test_a_subsampling_that_there_is_not(self):
        with pytest.raises(OutputError, match="choose one of 4:4:4"):
            encoded(DecodedImage(smooth(3), None, "JPEG"), subsampling="4:1:1")

    def test_transparency_in_a_jpeg_is_an_error_that_says_what_to_do(self):
        alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
        assert again(DecodedImage(smooth(3), alpha, "PNG"), format="JPEG").alpha is None
        alpha[3, 4] = 254
        with pytest.raises(OutputError, match="choose PNG, WebP, TIFF, HEIC or AVIF"):
            encoded(DecodedImage(smooth(3), alpha, "PNG"), format="JPEG")

    @pytest.mark.parametrize("format", ["JPEG", "WEBP", "HEIF", "AVIF"])
    def test_sides_that_a_format_cannot_hold(self, format):
        long = np.zeros((1, 70_000, 1), np.uint8)
        with pytest.raises(OutputError, match="70000 x 1"):
            encoded(DecodedImage(long, None, "PNG"), format=format)

    def test_webp_keeps_alpha_and_the_look_of_tagged_grey(self):
        alpha = smooth(4)[..., 3]
        back = again(DecodedImage(smooth(1), alpha, "PNG", srgb()), format="WEBP")
        np.testing.assert_array_equal(back.alpha, alpha)
        assert np.abs(back.pixels.astype(int) - smooth(1)).max() <= 4

    def test_with_pixels_keeps_the_rest(self):
        alpha = smooth(4)[..., 3]
        image = DecodedImage(smooth(3), alpha, "TIFF", srgb(), exif_block(), ("a note",))
        other = image.with_pixels(255 - image.pixels)
        assert other.alpha is alpha
        assert (other.format, other.icc_profile, other.exif) == ("TIFF", srgb(), exif_block())
        assert (other.height, other.width) == (HEIGHT, WIDTH)
        assert other.megapixels == pytest.approx(HEIGHT * WIDTH / 1e6)


class TestWrite:
    image = DecodedImage(smooth(3), None, "PNG")

    def test_writes_and_leaves_nothing_else(self, tmp_path):
        write_image(self.image, tmp_path / "restored.png")
        np.testing.assert_array_equal(
            decode_image(tmp_path / "restored.png").pixels, self.image.pixels
        )
        assert [path.name for path in tmp_path.iterdir()] == ["restored.png"]

    @pytest.mark.parametrize(
        ("name", "format", "expected"),
        [
            ("a.jpg", None, "JPEG"),
            ("a.TIFF", None, "TIFF"),
            ("a", None, "PNG"),
            ("a.out", "webp", "WEBP"),
            ("a.HEIC", None, "HEIF"),
            ("a.avif", None, "AVIF"),
            ("a.png", "jpeg", "JPEG"),
        ],
    )
    def test_the_suffix_decides_unless_a_format_is_given(self, tmp_path, name, format, expected):
        write_image(self.image, str(tmp_path / name), format=format)
        assert decode_image(tmp_path / name).format == expected

    def test_a_suffix_that_is_not_written(self, tmp_path):
        with pytest.raises(OutputError, match="jxl"):
            write_image(self.image, tmp_path / "a.jxl")

    def test_what_stands_there_is_kept_unless_told_otherwise(self, tmp_path):
        path = tmp_path / "restored.png"
        path.write_bytes(b"mine")
        with pytest.raises(OutputExistsError, match=r"restored\.png"):
            write_image(self.image, path)
        assert path.read_bytes() == b"mine"
        write_image(self.image, path, overwrite=True)
        assert decode_image(path).width == WIDTH
        assert len(list(tmp_path.iterdir())) == 1

    @pytest.mark.parametrize("links", [True, False])
    def test_of_many_at_once_exactly_one_writes(self, tmp_path, monkeypatch, links):
        if not links:
            monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(OSError(95)))
        path = tmp_path / "restored.png"
        start = threading.Barrier(8)

        def write(_: int) -> bool:
            start.wait()
            try:
                write_image(self.image, path)
            except OutputExistsError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(write, range(8))) == 1
        assert [found.name for found in tmp_path.iterdir()] == ["restored.png"]
        assert decode_image(path).width == WIDTH

    def test_no_folder(self, tmp_path):
        with pytest.raises(OutputError, match="there is no folder"):
            write_image(self.image, tmp_path / "gone" / "a.png")

    def test_a_folder_in_the_way(self, tmp_path):
        (tmp_path / "a.png").mkdir()
        with pytest.raises(OutputExistsError):
            write_image(self.image, tmp_path / "a.png")
        with pytest.raises(OutputError):
            write_image(self.image, tmp_path / "a.png", overwrite=True)
        assert [path.name for path in tmp_path.iterdir()] == ["a.png"]

    @pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
    @pytest.mark.parametrize("format", WRITTEN)
    def test_no_room_left_leaves_no_half_file(self, tmp_path, format):
        resource = pytest.importorskip("resource")
        noise = np.random.default_rng(3).integers(0, 256, (200, 200, 3), dtype=np.uint8)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            with pytest.raises(OutputError, match="free space"):
                write_image(DecodedImage(noise, None, format), tmp_path / "a.out", format=format)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
    def test_the_file_has_ordinary_permissions(self, tmp_path):
        write_image(self.image, tmp_path / "restored.png")
        (tmp_path / "ordinary").touch()
        modes = {path.stat().st_mode for path in tmp_path.iterdir()}
        assert len(modes) == 1

    def test_an_error_leaves_nothing(self, tmp_path):
        alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
        with pytest.raises(OutputError, match="transparent"):
            write_image(DecodedImage(smooth(3), alpha, "PNG"), tmp_path / "a.jpg")
        assert list(tmp_path.iterdir()) == []
