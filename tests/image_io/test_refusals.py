"""Files that are damaged, hostile or no photos are refused by name."""

import struct
import tracemalloc
import zlib

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deblur.errors import (
    ImageTooLargeError,
    UnreadableImageError,
    UnsupportedImageError,
)
from deblur.image_io import (
    decode_image,
)
from tests.image_io.files import (
    HEIGHT,
    WIDTH,
    heic,
    hollow_png,
    photo,
    png_chunk,
    saved,
    smooth,
    tiff,
)


class TestRefused:
    def expect(self, source, error, *words, **options):
        with pytest.raises(error) as caught:
            decode_image(source, **options)
        for word in words:
            assert word in str(caught.value)

    def test_missing_file_and_folder(self, tmp_path):
        self.expect(tmp_path / "gone.jpg", UnreadableImageError, "gone.jpg", "check the path")
        self.expect(tmp_path, UnreadableImageError, tmp_path.name, "folder")

    def test_empty(self, tmp_path):
        path = tmp_path / "empty.jpg"
        path.touch()
        self.expect(path, UnreadableImageError, "empty.jpg", "0 bytes")
        self.expect(b"", UnreadableImageError, "0 bytes")

    def test_text_by_the_name_of_a_photo(self, tmp_path):
        path = tmp_path / "notes.jpg"
        path.write_text("Dear diary, today I took no photo at all.")
        self.expect(str(path), UnreadableImageError, "notes.jpg is not a picture", "JPEG")

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"8BPS" + bytes(40), "Photoshop"),
            (b"<?xml version='1.0'?><svg/>", "SVG"),
            (b"\0\0\0\x18ftypisom" + bytes(20), "video"),
            (b"\0\0\0\x18ftypcrx " + bytes(20), "raw file"),
            (b"%PDF-1.7" + bytes(40), "PDF"),
        ],
    )
    def test_other_kinds_by_name(self, data, words):
        self.expect(data, UnsupportedImageError, words, "save it as")

    def test_a_name_of_another_kind_inside_a_photo_changes_nothing(self):
        data = saved(photo(), "PNG")
        data = data[:33] + png_chunk(b"tEXt", b"Source\0drawn from <svg> code") + data[33:]
        np.testing.assert_array_equal(decode_image(data).pixels, smooth(3))

    def test_raw_files_that_look_like_tiff(self):
        shape = {254: 1, 256: 4, 257: 3, 258: 8, 259: 1, 262: 1, 277: 1, 278: 3, 330: 0}
        self.expect(tiff(shape, bytes(12)), UnsupportedImageError, "raw file of a camera")

    def test_float_and_other_depths(self):
        values = smooth(3).astype(np.float32) / 255
        data = imagecodecs.tiff_encode(values, photometric="rgb")
        self.expect(data, UnsupportedImageError, "32-bit floating-point", "8 or 16 bits")
        self.expect(saved(photo("F"), "TIFF"), UnsupportedImageError, "floating-point")
        self.expect(saved(photo("I"), "TIFF"), UnsupportedImageError, "32-bit")

    @pytest.mark.parametrize("cut", [0.03, 0.3, 0.6, 0.9])
    @pytest.mark.parametrize(
        ("format", "options"),
        [
            ("JPEG", {}),
            ("JPEG", {"progressive": True}),
            ("PNG", {}),
            ("WEBP", {}),
            ("WEBP", {"lossless": True}),
            ("TIFF", {}),
            ("TIFF", {"compression": "tiff_lzw"}),
            ("BMP", {}),
            ("GIF", {}),
            ("AVIF", {}),
            ("HEIF", {}),
            ("deep PNG", {}),
        ],
    )
    def test_cut_short(self, format, options, cut):
        noise = np.random.default_rng(1).integers(0, 65536, (HEIGHT, WIDTH, 3), dtype=np.uint16)
        picture = Image.fromarray((noise >> 8).astype(np.uint8))
        if format == "HEIF":
            whole = heic(picture)
        elif format == "deep PNG":
            whole = imagecodecs.png_encode(noise)
        else:
            whole = saved(picture, format, **options)
        assert decode_image(whole).pixels.shape == (HEIGHT, WIDTH, 3)
        words = ("damaged or cut short", "again") if cut * len(whole) > 20 else ()
        self.expect(whole[: int(cut * len(whole))], UnreadableImageError, *words)

    def test_the_cause_is_chained(self):
        with pytest.raises(UnreadableImageError) as caught:
            decode_image(saved(photo(), "JPEG")[:400])
        assert isinstance(caught.value.__cause__, OSError)

    def test_bombs_are_refused_before_they_are_decoded(self, tmp_path):
        path = tmp_path / "bomb.png"
        path.write_bytes(hollow_png(30000, 30000))
        tracemalloc.start()
        self.expect(
            path, ImageTooLargeError, "bomb.png", "30000 x 30000", "900.0 megapixels", "100 mega"
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1_000_000

    @pytest.mark.parametrize(
        "format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF"]
    )
    def test_the_limit_is_on_pixels_in_every_format(self, format):
        data = heic(photo()) if format == "HEIF" else saved(photo(), format)
        self.expect(data, ImageTooLargeError, "max_pixels", max_pixels=HEIGHT * WIDTH - 1)
        assert decode_image(data, max_pixels=HEIGHT * WIDTH).width == WIDTH

    def test_a_limit_above_that_of_the_library_is_ours_to_give(self, monkeypatch, recwarn):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300_000)
        large = Image.new("RGB", (900, 800))
        for format in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"):
            assert decode_image(saved(large, format)).width == 900
        assert not recwarn.list

    def test_a_heic_that_lies_about_its_size(self):
        data = bytearray(heic(Image.new("RGB", (1024, 1024))))
        at = data.index(b"ispe") + 8
        data[at : at + 8] = struct.pack(">II", 64, 64)
        with pytest.raises((UnreadableImageError, ImageTooLargeError)):
            decode_image(bytes(data))

    def test_a_tiff_that_lies_about_its_size(self):
        shape = {256: 9000, 257: 9000, 258: 8, 259: 1, 262: 1, 277: 1, 278: 9000}
        self.expect(tiff(shape, bytes(100)), UnreadableImageError, "cut short")

    @pytest.mark.parametrize("kind", [b"iCCP", b"zTXt"])
    def test_a_png_with_a_swollen_chunk(self, kind):
        swollen = b"name\0\0" + zlib.compress(bytes(50_000_000), 1)
        data = saved(photo(), "PNG")
        tracemalloc.start()
        with pytest.raises(UnreadableImageError):
            decode_image(data[:33] + png_chunk(kind, swollen) + data[33:])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 10_000_000

    @given(st.data())
    @settings(max_examples=80, deadline=None)
    def test_no_damage_brings_anything_but_our_own_errors(self, data):
        format = data.draw(st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP"]))
        damaged = bytearray(saved(photo().resize((12, 9)), format))
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        try:
            decoded = decode_image(bytes(damaged), max_pixels=100_000)
        except (UnreadableImageError, UnsupportedImageError, ImageTooLargeError):
            return
        assert decoded.pixels.dtype in (np.uint8, np.uint16)
        assert decoded.pixels.shape[2] in (1, 3)
