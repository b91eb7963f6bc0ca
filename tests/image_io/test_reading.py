"""Photos in: every value, upright, of every kind, the right frame of several."""

import io
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from deblur.image_io import (
    DecodedImage,
    decode_image,
    preview_of,
)
from deblur.image_io.metadata import carried
from tests.image_io.files import (
    HEIGHT,
    STORED_BY,
    WIDTH,
    again,
    encoded,
    exif_block,
    heic,
    photo,
    photos,
    png_chunk,
    saved,
    smooth,
    swapped_primaries,
    tiff,
)


class TestJpeg:
    @pytest.mark.parametrize("cut", [None, -200])
    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize(("mode", "subsampling"), [("L", 0), ("RGB", 0), ("RGB", 2)])
    def test_has_the_pixels_that_pillow_finds(self, mode, subsampling, progressive, cut):
        """Of a file that was cut and given an end mark, too."""
        noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).convert(mode)
        whole = saved(picture, "JPEG", subsampling=subsampling, progressive=progressive)
        data = whole if cut is None else whole[:cut] + b"\xff\xd9"
        expected = np.asarray(Image.open(io.BytesIO(data)))
        found = decode_image(data).pixels
        np.testing.assert_array_equal(found, expected.reshape(found.shape))


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
        assert decoded.notes == (carried.note_on("Further pictures (MPO)"),)
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)

    def test_the_main_picture_of_several(self):
        container = pillow_heif.from_pillow(Image.new("RGB", (64, 64), "red"))
        container.add_from_pillow(photo())
        stream = io.BytesIO()
        container.save(stream, primary_index=1)
        decoded = decode_image(stream.getvalue())
        assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)
        assert decoded.notes == ("holds 2 pictures: the main one is used",)


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
