"""Photos in, photos out: real files, made by other libraries than the code under test."""

import io
import struct
import sys
import threading
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import ExifTags, Image, ImageCms

from deblur.errors import (
    ImageTooLargeError,
    OutputError,
    OutputExistsError,
    UnreadableImageError,
    UnsupportedImageError,
)
from deblur.image_io import (
    INPUT_SUFFIXES,
    DecodedImage,
    decode_image,
    encode_image,
    output_format,
    preview_of,
    suffix_of,
    write_image,
)

HEIGHT, WIDTH = 48, 64
WRITTEN = ("PNG", "TIFF", "WEBP", "JPEG")
TRANSPOSE = Image.Transpose
# What a camera held that way stores: the inverse of what a viewer has to do.
STORED_BY = {
    1: None,
    2: TRANSPOSE.FLIP_LEFT_RIGHT,
    3: TRANSPOSE.ROTATE_180,
    4: TRANSPOSE.FLIP_TOP_BOTTOM,
    5: TRANSPOSE.TRANSPOSE,
    6: TRANSPOSE.ROTATE_90,
    7: TRANSPOSE.TRANSVERSE,
    8: TRANSPOSE.ROTATE_270,
}


def smooth(channels: int, dtype: type = np.uint8) -> np.ndarray:
    """A gradient that no flip or turn maps onto itself, over most of the range."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    top = np.iinfo(dtype).max
    planes = [
        rows / HEIGHT * 0.7 + columns / WIDTH * 0.2,
        columns / WIDTH * 0.9,
        1 - rows / HEIGHT * 0.6,
        0.2 + columns / WIDTH * 0.7,
    ]
    return (np.stack(planes[:channels], axis=-1) * top).astype(dtype)


def photo(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(smooth(4), "RGBA").convert(mode)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def encoded(image: DecodedImage, **options: object) -> bytes:
    stream = io.BytesIO()
    encode_image(image, stream, **options)
    return stream.getvalue()


def again(image: DecodedImage, **options: object) -> DecodedImage:
    return decode_image(encoded(image, **options))


def heic(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, **options)
    return stream.getvalue()


def exif_block(orientation: int = 1, **extra: object) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Camera & Sons"
    exif[ExifTags.Base.DateTime] = "2024:05:06 07:08:09"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 800
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = 0.25
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif.tobytes()


def with_thumbnail(exif: bytes, thumbnail: bytes) -> bytes:
    """Link a second directory with a JPEG thumbnail behind the block, as cameras do."""
    block = bytearray(exif.removeprefix(b"Exif\0\0"))
    endian = "<" if block[:2] == b"II" else ">"
    (first,) = struct.unpack_from(endian + "I", block, 4)
    (count,) = struct.unpack_from(endian + "H", block, first)
    struct.pack_into(endian + "I", block, first + 2 + 12 * count, len(block))
    at = len(block) + 2 + 2 * 12 + 4
    block += struct.pack(endian + "H", 2)
    block += struct.pack(endian + "HHII", 0x201, 4, 1, at)
    block += struct.pack(endian + "HHII", 0x202, 4, 1, len(thumbnail))
    block += struct.pack(endian + "I", 0) + thumbnail
    return b"Exif\0\0" + bytes(block)


@cache
def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_primaries() -> bytes:
    """A sound RGB profile in which red and blue have changed places."""
    profile = bytearray(srgb())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def hollow_png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [png_chunk(b"IHDR", header), png_chunk(b"IDAT", rows), png_chunk(b"IEND", b"")]
    )


def tiff(entries: dict[int, int | tuple[int, ...]], data: bytes) -> bytes:
    """A little-endian TIFF of one strip, its directory in front, from short tags."""
    entries = {273: 0, 279: len(data), **entries}
    wide = b""
    start = 8 + 2 + 12 * len(entries) + 4
    directory = struct.pack("<H", len(entries))
    behind = start + 2 * sum(len(v) for v in entries.values() if isinstance(v, tuple))
    for tag, value in sorted(entries.items()):
        values = value if isinstance(value, tuple) else (value,)
        if tag in (273, 279):
            value = behind if tag == 273 else value
            directory += struct.pack("<HHII", tag, 4, 1, value)
        elif len(values) > 2:
            directory += struct.pack("<HHII", tag, 3, len(values), start + len(wide))
            wide += struct.pack(f"<{len(values)}H", *values)
        else:
            packed = struct.pack(f"<{len(values)}H", *values).ljust(4, b"\0")
            directory += struct.pack("<HHI", tag, 3, len(values)) + packed
    padding = bytes(behind - start - len(wide))
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + wide + padding + data


@st.composite
def photos(draw: st.DrawFn, dtypes: tuple[type, ...] = (np.uint8, np.uint16)) -> DecodedImage:
    dtype = draw(st.sampled_from(dtypes))
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    channels = draw(st.sampled_from([1, 3]))
    pixels = draw(hnp.arrays(dtype, (height, width, channels)))
    alpha = draw(st.none() | hnp.arrays(dtype, (height, width)))
    return DecodedImage(pixels, alpha, "PNG")


class TestLossless:
    @given(image=photos(), format=st.sampled_from(["PNG", "TIFF"]))
    @settings(max_examples=80, deadline=None)
    def test_comes_back_bit_for_bit(self, image, format):
        back = again(image, format=format)
        assert back.format == format
        assert back.pixels.dtype == image.pixels.dtype
        np.testing.assert_array_equal(back.pixels, image.pixels)
        if image.alpha is None:
            assert back.alpha is None
        else:
            np.testing.assert_array_equal(back.alpha, image.alpha)

    @pytest.mark.parametrize("format", ["PNG", "TIFF"])
    @pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
    @pytest.mark.parametrize("transparent", [False, True])
    def test_other_readers_see_the_same(self, format, channels, mode, transparent):
        pixels = smooth(channels)
        alpha = smooth(4)[..., 3] if transparent else None
        stream = io.BytesIO(encoded(DecodedImage(pixels, alpha, "PNG"), format=format))
        with Image.open(stream) as seen:
            assert seen.mode == mode + ("A" if transparent else "")
            assert seen.format == format
            values = np.asarray(seen).reshape(HEIGHT, WIDTH, -1)
        np.testing.assert_array_equal(values[..., :channels], pixels)
        if transparent:
            np.testing.assert_array_equal(values[..., -1], alpha)

    def test_a_tiff_of_many_strips_comes_back(self):
        pixels = np.random.default_rng(0).integers(0, 65536, (700, 900, 3), dtype=np.uint16)
        data = encoded(DecodedImage(pixels, None, "TIFF"))
        np.testing.assert_array_equal(decode_image(data).pixels, pixels)
        np.testing.assert_array_equal(imagecodecs.tiff_decode(data), pixels)


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
    def test_stands_upright_and_says_so(self, orientation, format):
        upright = photo()
        turn = STORED_BY[orientation]
        stored = upright if turn is None else upright.transpose(turn)
        options = {"quality": 100, "lossless": True, "subsampling": 0}
        given_file = saved(stored, format, exif=exif_block(orientation), **options)
        decoded = decode_image(given_file)
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)
        difference = decoded.pixels.astype(int) - smooth(3)
        assert np.abs(difference).max() <= (4 if format == "JPEG" else 0)
        exif = Image.Exif()
        exif.load(decoded.exif)
        assert exif[ExifTags.Base.Orientation] == 1
        assert exif[ExifTags.Base.Make] == "Camera & Sons"

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_of_16_bits_with_alpha(self, orientation):
        upright = smooth(4, np.uint16)
        turn = STORED_BY[orientation]
        planes = [Image.fromarray(upright[..., i].astype(np.int32)) for i in range(4)]
        planes = planes if turn is None else [plane.transpose(turn) for plane in planes]
        stored = np.stack([np.asarray(plane).astype(np.uint16) for plane in planes], axis=-1)
        png = imagecodecs.png_encode(stored)
        block = exif_block(orientation).removeprefix(b"Exif\0\0")
        png = png[:33] + png_chunk(b"eXIf", block) + png[33:]
        decoded = decode_image(png)
        np.testing.assert_array_equal(decoded.pixels, upright[..., :3])
        np.testing.assert_array_equal(decoded.alpha, upright[..., 3])

    def test_of_a_16_bit_tiff(self):
        upright = smooth(3, np.uint16)
        stored = np.ascontiguousarray(np.rot90(upright))
        height, width, _ = stored.shape
        shape = {256: width, 257: height, 258: (16, 16, 16), 259: 1, 262: 2, 277: 3, 278: height}
        decoded = decode_image(tiff({**shape, 274: 6}, stored.tobytes()))
        np.testing.assert_array_equal(decoded.pixels, upright)

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["HEIF", "AVIF"])
    def test_of_containers_that_turn_the_picture_themselves(self, format, orientation):
        turn = STORED_BY[orientation]
        stored = photo() if turn is None else photo().transpose(turn)
        block = exif_block(orientation)
        if format == "HEIF":
            data = heic(stored, exif=block, quality=95, chroma=444)
        else:
            data = saved(stored, "AVIF", exif=block, quality=95, subsampling="4:4:4")
        decoded = decode_image(data)
        assert decoded.format == format
        assert np.abs(decoded.pixels.astype(int) - smooth(3)).max() <= 8
        exif = Image.Exif()
        exif.load(decoded.exif)
        assert exif.get(ExifTags.Base.Orientation, 1) == 1

    @pytest.mark.parametrize("value", [0, 9, 60000])
    def test_nonsense_counts_as_upright(self, value):
        decoded = decode_image(saved(photo(), "PNG", exif=exif_block(value)))
        np.testing.assert_array_equal(decoded.pixels, smooth(3))


class TestKindsOfPixels:
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "BMP"])
    def test_grey_stays_grey(self, format):
        decoded = decode_image(saved(photo("L"), format))
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 1)
        assert decoded.alpha is None

    @pytest.mark.parametrize("format", ["PNG", "TIFF"])
    def test_16_bit_grey_stays_16_bit_grey(self, format):
        grey = smooth(1, np.uint16)
        decoded = decode_image(saved(Image.fromarray(grey[..., 0]), format))
        np.testing.assert_array_equal(decoded.pixels, grey)

    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_16_bit_png(self, channels):
        stored = smooth(channels, np.uint16)
        decoded = decode_image(imagecodecs.png_encode(stored))
        colours = 3 if channels > 2 else 1
        np.testing.assert_array_equal(decoded.pixels, stored[..., :colours])
        assert (decoded.alpha is None) == (channels in (1, 3))
        if decoded.alpha is not None:
            np.testing.assert_array_equal(decoded.alpha, stored[..., -1])

    @pytest.mark.parametrize(
        "options", [{}, {"compression": 5, "predictor": True}, {"tile": (16, 16)}]
    )
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_16_bit_tiff(self, channels, options):
        stored = smooth(channels, np.uint16)
        photometric = "rgb" if channels > 2 else "minisblack"
        values = stored[..., 0] if channels == 1 else stored
        if channels % 2 == 0:
            options = {"extrasample": "unassalpha", **options}
        data = imagecodecs.tiff_encode(values, photometric=photometric, **options)
        decoded = decode_image(data)
        np.testing.assert_array_equal(decoded.pixels, stored[..., : 3 if channels > 2 else 1])
        assert (decoded.alpha is None) == (channels in (1, 3))

    def test_planar_big_and_white_is_zero_tiff(self):
        colour, grey = smooth(3, np.uint16), smooth(1, np.uint16)[..., 0]
        planes = np.ascontiguousarray(np.moveaxis(colour, -1, 0))
        planar = imagecodecs.tiff_encode(planes, planarconfig="separate", photometric="rgb")
        big = imagecodecs.tiff_encode(colour, bigtiff=True)
        negative = imagecodecs.tiff_encode(~grey, photometric="miniswhite")
        np.testing.assert_array_equal(decode_image(planar).pixels, colour)
        np.testing.assert_array_equal(decode_image(big).pixels, colour)
        np.testing.assert_array_equal(decode_image(negative).pixels[..., 0], grey)

    def test_alpha_that_was_multiplied_in_is_divided_out(self):
        straight = smooth(4, np.uint16)
        alpha = straight[..., 3:].astype(np.float64) / 65535
        multiplied = np.concatenate(
            [np.rint(straight[..., :3] * alpha), straight[..., 3:]], axis=-1
        )
        data = imagecodecs.tiff_encode(
            multiplied.astype(np.uint16), photometric="rgb", extrasample="assocalpha"
        )
        difference = decode_image(data).pixels.astype(int) - straight[..., :3]
        assert np.abs(difference).max() <= 3

    @pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    def test_alpha_is_kept(self, format):
        picture = photo("RGBA")
        data = (
            heic(picture, quality=-1) if format == "HEIF" else saved(picture, format, quality=100)
        )
        decoded = decode_image(data)
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(decoded.alpha.astype(int) - smooth(4)[..., 3]).max() <= 2

    def test_grey_with_alpha(self):
        decoded = decode_image(saved(photo("LA"), "PNG"))
        np.testing.assert_array_equal(decoded.pixels[..., 0], np.asarray(photo("LA"))[..., 0])
        np.testing.assert_array_equal(decoded.alpha, smooth(4)[..., 3])

    @pytest.mark.parametrize("format", ["PNG", "GIF"])
    def test_palette_with_transparency(self, format):
        picture = photo("RGB").quantize(16)
        decoded = decode_image(saved(picture, format, transparency=3))
        expected = np.asarray(picture.convert("RGB"))
        seen = np.asarray(picture) != 3
        np.testing.assert_array_equal(decoded.pixels[seen], expected[seen])
        np.testing.assert_array_equal(decoded.alpha, np.where(seen, 255, 0))

    def test_palette_keeps_its_profile(self):
        decoded = decode_image(saved(photo().quantize(16), "PNG", icc_profile=swapped_primaries()))
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)
        assert decoded.alpha is None
        assert decoded.icc_profile == swapped_primaries()

    @pytest.mark.parametrize(("mode", "key"), [("L", 90), ("RGB", (90, 90, 90)), ("1", 1)])
    def test_one_transparent_colour(self, mode, key):
        picture = Image.new("RGB", (8, 6), "black")
        picture.paste((90, 90, 90) if mode != "1" else "white", (2, 1, 5, 4))
        decoded = decode_image(saved(picture.convert(mode), "PNG", transparency=key))
        expected = np.full((6, 8), 255)
        expected[1:4, 2:5] = 0
        np.testing.assert_array_equal(decoded.alpha, expected)

    def test_black_and_white(self):
        decoded = decode_image(saved(photo("L").convert("1"), "TIFF"))
        np.testing.assert_array_equal(
            decoded.pixels[..., 0], np.asarray(photo("L").convert("1")) * 255
        )

    @pytest.mark.parametrize("format", ["JPEG", "TIFF"])
    def test_cmyk_without_a_profile(self, format):
        decoded = decode_image(saved(photo("RGB").convert("CMYK"), format, quality=100))
        assert np.abs(decoded.pixels.astype(int) - smooth(3)).max() <= 8
        assert "CMYK" in decoded.notes[0]
        assert "without a sound colour profile" in decoded.notes[0]

    def test_ten_bit_heic_fills_16_bits(self):
        stored = smooth(3, np.uint16)
        stored[:8] = 65535
        stream = io.BytesIO()
        size = (WIDTH, HEIGHT)
        pillow_heif.from_bytes("RGB;16", size, stored.tobytes()).save(
            stream, quality=-1, chroma=444
        )
        decoded = decode_image(stream.getvalue())
        assert decoded.pixels.dtype == np.uint16
        assert decoded.pixels.max() == 65535
        assert np.abs(decoded.pixels.astype(int) - stored).max() <= 192

    @pytest.mark.parametrize("bits", [10, 12])
    def test_deep_avif_fills_16_bits(self, bits):
        stored = smooth(3, np.uint16)
        stored[:8] = 65535
        data = imagecodecs.avif_encode(stored >> (16 - bits), level=100, bitspersample=bits)
        decoded = decode_image(data)
        assert decoded.pixels.max() == 65535
        assert np.abs(decoded.pixels.astype(int) - stored).max() < 2 ** (17 - bits)

    def test_grey_heic_and_avif(self):
        grey = np.asarray(photo("L"))
        stream = io.BytesIO()
        pillow_heif.from_bytes("L", (WIDTH, HEIGHT), grey.tobytes()).save(stream, quality=-1)
        assert decode_image(stream.getvalue()).pixels.shape == (HEIGHT, WIDTH, 1)
        assert decode_image(imagecodecs.avif_encode(grey)).pixels.shape == (HEIGHT, WIDTH, 1)


class TestFrames:
    @pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
    def test_the_first_of_an_animation_is_used_and_said_so(self, format):
        frames = [Image.new("RGB", (12, 8), colour) for colour in ("red", "lime", "blue")]
        options = {"lossless": True} if format == "WEBP" else {}
        data = saved(frames[0], format, save_all=True, append_images=frames[1:], **options)
        decoded = decode_image(data)
        assert decoded.pixels[4, 6, 0] > 250
        assert decoded.pixels[4, 6, 1] < 5
        assert decoded.notes == ("animated, 3 frames: the first one is used",)

    def test_the_first_page_of_a_tiff(self):
        pages = [Image.new("RGB", (12, 8), colour) for colour in ("red", "lime")]
        decoded = decode_image(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
        assert decoded.pixels[4, 6].tolist() == [255, 0, 0]
        assert decoded.notes == ("has more than one page: the first one is used",)

    def test_a_phone_photo_with_an_inner_second_picture_is_a_still(self):
        data = saved(photo(), "MPO", save_all=True, append_images=[Image.new("RGB", (32, 24))])
        decoded = decode_image(data)
        assert decoded.format == "JPEG"
        assert decoded.notes == ()
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)

    def test_the_main_picture_of_several(self):
        container = pillow_heif.from_pillow(Image.new("RGB", (64, 64), "red"))
        container.add_from_pillow(photo())
        stream = io.BytesIO()
        container.save(stream, primary_index=1)
        decoded = decode_image(stream.getvalue())
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)
        assert decoded.notes == ("holds 2 pictures: the main one is used",)


class TestMetadata:
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    @pytest.mark.parametrize("target", WRITTEN)
    def test_goes_from_every_format_to_every_other(self, source, target):
        options = {"exif": exif_block(1), "icc_profile": swapped_primaries()}
        given_file = (
            heic(photo(), **options) if source == "HEIF" else saved(photo(), source, **options)
        )
        decoded = decode_image(given_file)
        assert decoded.icc_profile == swapped_primaries()
        with Image.open(io.BytesIO(encoded(decoded, format=target))) as seen:
            assert seen.format == target
            seen.load()
            assert seen.info["icc_profile"] == swapped_primaries()
            exif = seen.getexif()
            assert exif[ExifTags.Base.Make] == "Camera & Sons"
            assert exif.get(ExifTags.Base.Orientation, 1) == 1
            assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 800
            assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] == 0.25
            assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"

    @pytest.mark.parametrize("format", ["PNG", "TIFF"])
    def test_goes_along_with_16_bits(self, format):
        image = DecodedImage(
            smooth(3, np.uint16), None, "PNG", swapped_primaries(), exif_block(1), ()
        )
        back = again(image, format=format)
        assert back.icc_profile == image.icc_profile
        exif = Image.Exif()
        exif.load(back.exif)
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 800

    def test_a_wide_gamut_photo_keeps_its_values(self):
        decoded = decode_image(saved(photo(), "PNG", icc_profile=swapped_primaries()))
        np.testing.assert_array_equal(decoded.pixels, smooth(3))

    @pytest.mark.parametrize("kind", [">", "<"])
    def test_the_blurred_thumbnail_is_gone_and_all_else_stays_in_place(self, kind):
        thumbnail = saved(photo().resize((16, 12)), "JPEG")
        plain = Image.Exif()
        plain.load(exif_block(6))
        plain.endian = kind
        block = with_thumbnail(plain.tobytes(), thumbnail)
        decoded = decode_image(saved(photo(), "JPEG", exif=block))
        assert thumbnail in block
        assert b"\xff\xd8\xff" not in decoded.exif
        assert len(decoded.exif) < len(block) - len(thumbnail) + 1
        assert decoded.exif[6:10] == block[6:10]
        exif = Image.Exif()
        exif.load(decoded.exif)
        assert exif.get_ifd(ExifTags.IFD.IFD1) == {}
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 800
        assert thumbnail not in encoded(decoded)

    @pytest.mark.parametrize("block", [b"Exif\0\0II*\0\xff\xff\0\0", b"Exif\0\0hello", b"Exif\0\0"])
    def test_damaged_exif_is_left_out(self, block):
        decoded = decode_image(saved(photo(), "JPEG", exif=block, quality=100, subsampling=0))
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)
        assert decoded.exif is None
        assert decoded.notes == ("its EXIF data is damaged and was left out",)

    @given(st.binary(max_size=200))
    @settings(max_examples=60, deadline=None)
    def test_no_exif_whatever_stops_a_photo(self, block):
        tiny = Image.new("L", (4, 3))
        for data in (b"II*\0\x08\0\0\0" + block, b"MM\0*" + block):
            assert decode_image(saved(tiny, "PNG", exif=data)).pixels.size == 12

    @pytest.mark.parametrize("format", WRITTEN)
    def test_strip_drops_exif_but_not_what_the_colours_need(self, format):
        image = DecodedImage(smooth(3), None, "PNG", swapped_primaries(), exif_block(1))
        back = again(image, format=format, strip_metadata=True)
        assert back.exif is None or b"Camera" not in back.exif
        assert back.icc_profile == swapped_primaries()

    @pytest.mark.parametrize("channels", [1, 3])
    def test_strip_drops_a_profile_that_changes_nothing(self, channels):
        kept = again(DecodedImage(smooth(3), None, "PNG", srgb()))
        stripped = again(DecodedImage(smooth(channels), None, "PNG", srgb()), strip_metadata=True)
        assert kept.icc_profile == srgb()
        assert stripped.icc_profile is None

    def test_exif_too_large_for_a_jpeg_is_an_error_that_says_so(self):
        image = DecodedImage(smooth(3), None, "PNG", None, exif_block(1) + bytes(70_000))
        with pytest.raises(OutputError, match="EXIF"):
            encoded(image, format="JPEG")
        assert again(image, format="PNG").exif


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
        ],
    )
    def test_format(self, came, requested, expected):
        assert output_format(DecodedImage(smooth(3), None, came), requested) == expected
        assert suffix_of(expected) in INPUT_SUFFIXES

    def test_format_that_is_not_written(self):
        with pytest.raises(OutputError, match="heic is not a format that is written; choose"):
            output_format(DecodedImage(smooth(3), None, "HEIF"), "heic")

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

    def test_quality_matters_and_is_checked(self):
        noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        image = DecodedImage(noise, None, "JPEG")
        assert len(encoded(image, quality=50)) < len(encoded(image, quality=95)) / 2
        with pytest.raises(OutputError, match="1 to 100"):
            encoded(image, quality=101)

    def test_transparency_in_a_jpeg_is_an_error_that_says_what_to_do(self):
        alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
        assert again(DecodedImage(smooth(3), alpha, "PNG"), format="JPEG").alpha is None
        alpha[3, 4] = 254
        with pytest.raises(OutputError, match="choose PNG, WebP or TIFF"):
            encoded(DecodedImage(smooth(3), alpha, "PNG"), format="JPEG")

    @pytest.mark.parametrize("format", ["JPEG", "WEBP"])
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
            ("a.png", "jpeg", "JPEG"),
        ],
    )
    def test_the_suffix_decides_unless_a_format_is_given(self, tmp_path, name, format, expected):
        write_image(self.image, tmp_path / name, format=format)
        assert decode_image(tmp_path / name).format == expected

    def test_a_suffix_that_is_not_written(self, tmp_path):
        with pytest.raises(OutputError, match="heic"):
            write_image(self.image, tmp_path / "a.heic")

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


def test_threads_do_not_mix_their_photos():
    def round_trip(level: int) -> bool:
        pixels = np.full((64, 64, 3), level, np.uint8)
        formats = ("PNG", "TIFF", "JPEG", "WEBP")
        image = DecodedImage(pixels, None, formats[level % 4])
        return all(np.abs(again(image).pixels.astype(int) - level).max() <= 2 for _ in range(3))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(round_trip, range(64)))


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 5, 3), (7, 1, 1), (60, 30, 3), (20, 90, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_preview_is_8_bit_opaque_and_of_limited_size(
    shape: tuple[int, int, int], dtype: type[np.uint8]
) -> None:
    pixels = np.full(shape, np.iinfo(dtype).max, dtype)
    image = DecodedImage(pixels, alpha=pixels[..., 0], format="PNG", exif=b"Exif\0\0")
    preview = preview_of(image, 30)
    assert preview.pixels.dtype == np.uint8
    assert preview.pixels.shape[2] == shape[2]
    assert max(preview.height, preview.width) == min(30, max(shape[:2]))
    assert preview.pixels.min() == 255
    assert preview.alpha is None
    assert preview.exif is None
