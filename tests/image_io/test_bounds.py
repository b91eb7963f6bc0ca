"""What a header promises is checked before memory or time is spent on it."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from deblur.errors import ImageTooLargeError, UnreadableImageError
from deblur.image_io import decode_image
from tests.image_io.files import (
    HEIGHT,
    WIDTH,
    heic,
    photo,
    saved,
    smooth,
    srgb,
    tiff,
)
from tests.image_io.metadata_bytes import jpeg_with, png_with, segment

RGB_8 = {258: (8, 8, 8), 262: 2, 277: 3}


def refused(data: bytes, error: type[Exception], *words: str, **options: object) -> None:
    with pytest.raises(error) as caught:
        decode_image(data, **options)
    for word in words:
        assert word in str(caught.value)


class TestTiff:
    def test_samples_a_pixel(self):
        packed = zlib.compress(bytes(30_000))
        shape = {**RGB_8, 256: 160, 257: 160, 259: 8, 278: 160}
        refused(
            tiff({**shape, 277: 65535}, packed), ImageTooLargeError, "65535 samples", "64 samples"
        )
        # Fewer samples, but more than the pixels that are allowed.
        refused(
            tiff({**shape, 277: 60}, packed), ImageTooLargeError, "60 samples", max_pixels=30_000
        )

    @pytest.mark.parametrize("side", [20_000, 60_000])
    def test_tiles_larger_than_the_picture(self, side):
        shape = {**RGB_8, 256: WIDTH, 257: HEIGHT, 259: 8, 322: side, 323: side}
        refused(tiff(shape, bytes(100)), ImageTooLargeError, f"tiles of {side} x {side}")

    def test_pixels_that_so_few_bytes_cannot_be(self):
        for compression in (1, 8, 32773):
            shape = {**RGB_8, 256: 9000, 257: 9000, 259: compression, 278: 9000}
            refused(tiff(shape, bytes(1000)), UnreadableImageError, "bytes of pixels are expected")

    def test_a_large_tag(self):
        stream = io.BytesIO()
        Image.new("RGB", (8, 8)).save(stream, "TIFF", tiffinfo={34675: bytes(70_000_000)})
        refused(stream.getvalue(), ImageTooLargeError, "a tag (34675) of 70 MB")


class TestPng:
    def test_a_profile_and_xmp_as_large_as_they_come(self):
        profile = srgb() + os.urandom(1_500_000)
        packet = b"<x>" + b"word " * 320_000 + b"</x>"
        chunks = ((b"iCCP", b"p\0\0" + zlib.compress(profile, 1)),)
        chunks += ((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)),)
        decoded = decode_image(png_with(*chunks))
        assert decoded.icc_profile == profile
        assert decoded.extras.xmp == packet

    def test_many_texts_that_swell_together(self):
        text = (b"zTXt", b"name\0\0" + zlib.compress(bytes(7_000_000), 1))
        refused(
            png_with(*[text] * 6), UnreadableImageError, "text or profile", "without its metadata"
        )

    def test_pixels_that_so_few_bytes_cannot_be(self):
        data = bytearray(saved(photo(), "PNG"))
        data[16:24] = struct.pack(">II", 9000, 9000)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
        refused(bytes(data), UnreadableImageError, "bytes of pixels are expected")

    def test_a_damaged_text_is_left_out_and_the_photo_is_not(self):
        data = bytearray(png_with((b"tEXt", b"Title\0Quay")))
        data[data.index(b"Quay")] ^= 1
        decoded = decode_image(bytes(data))
        np.testing.assert_array_equal(decoded.pixels, smooth(3))
        assert decoded.extras.texts == ()
        assert decoded.notes == ("its chunk 'tEXt' is damaged and was left out",)


class TestJpeg:
    def test_scans(self):
        whole = saved(photo("L"), "JPEG", progressive=True)
        last = whole[whole.rindex(b"\xff\xda") : -2]
        assert decode_image(whole[:-2] + last * 20 + b"\xff\xd9").width == WIDTH
        refused(whole[:-2] + last * 200 + b"\xff\xd9", ImageTooLargeError, "more than 100 scans")

    def test_fewer_scans_where_each_takes_longer(self):
        whole = saved(Image.new("L", (9900, 9900)), "JPEG", progressive=True)
        last = whole[whole.rindex(b"\xff\xda") : -2]
        refused(whole[:-2] + last * 40 + b"\xff\xd9", ImageTooLargeError, "more than 30 scans")

    def test_segments(self):
        many = [segment(0xE1, b"Exif\0\0" + bytes(20))] * 11_000
        refused(jpeg_with(*many), ImageTooLargeError, "more than 10000 segments")
        assert decode_image(jpeg_with(*many[:500])).width == WIDTH

    @pytest.mark.parametrize("progressive", [False, True])
    def test_pixels_that_so_few_bytes_cannot_be(self, progressive):
        data = bytearray(saved(photo(), "JPEG", progressive=progressive))
        frame = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
        data[frame + 5 : frame + 9] = struct.pack(">HH", 9000, 9000)
        refused(bytes(data), UnreadableImageError, "bytes of pixels are expected")


class TestContainers:
    @pytest.mark.parametrize("format", ["HEIF", "AVIF"])
    @pytest.mark.parametrize("lie", [(64, 64), (1024, 2)])
    def test_a_picture_larger_than_its_box_says(self, format, lie):
        large = Image.new("RGB", (1600, 1600))
        data = bytearray(heic(large) if format == "HEIF" else saved(large, "AVIF"))
        at = data.index(b"ispe") + 8
        data[at : at + 8] = struct.pack(">II", *lie)
        refused(bytes(data), UnreadableImageError, f"{lie[0]} x {lie[1]}", "1600 x 1600")
        refused(bytes(data), ImageTooLargeError, "max_pixels", max_pixels=1_000_000)

    def test_a_first_frame_larger_than_the_animation_says(self):
        frames = [Image.new("RGB", (1600, 1600), colour) for colour in ("red", "lime")]
        data = saved(frames[0], "AVIF", save_all=True, append_images=frames[1:])
        assert decode_image(data).width == 1600
        for form in (">II", ">HH"):
            true = struct.pack(form, 1600, 1600)
            assert true in data
            data = data.replace(true, struct.pack(form, 64, 64))
        refused(data, ImageTooLargeError, "1600 x 1600", max_pixels=2_000_000)

    def test_a_large_profile(self):
        large = bytes(70_000_000)
        refused(heic(photo(), icc_profile=large), ImageTooLargeError, "a box of more than 64 MB")
        refused(saved(photo(), "WEBP", icc_profile=large), ImageTooLargeError, "a chunk of 70 MB")


def test_a_file_longer_than_any_picture_of_that_size():
    data = saved(photo(), "PNG") + bytes(70_000_000)
    refused(data, ImageTooLargeError, "a file of 70 MB", max_pixels=WIDTH * HEIGHT)
    assert decode_image(data).width == WIDTH


def test_a_profile_beyond_all_use_is_left_out():
    decoded = decode_image(saved(photo(), "WEBP", icc_profile=bytes(20_000_000)))
    assert decoded.icc_profile is None
    assert decoded.notes == ("its colour profile of 20 MB is too large and was left out",)


def test_texts_that_hold_nothing():
    empty = png_with((b"tEXt", b""), (b"iTXt", b"x"), (b"zTXt", b"y\0\0z"))
    assert decode_image(empty).width == WIDTH
