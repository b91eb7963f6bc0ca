"""Encodings that photos come in and that are easily refused, and names that say something else."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from deblur.errors import UnreadableImageError, UnsupportedImageError
from deblur.image_io import decode_image, natural_suffix, output_format
from deblur.image_io.metadata.colour import ColourSignal
from tests.image_io.files import (
    HEIGHT,
    WIDTH,
    encoded,
    exif_block,
    heic,
    photo,
    png_chunk,
    saved,
    smooth,
    tiff,
)
from tests.image_io.metadata_bytes import png_with

CLOSE = 6


def differs(pixels: np.ndarray, expected: np.ndarray) -> int:
    return int(np.abs(pixels.astype(int) - expected).max())


class TestJpegInTiff:
    @pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr"])
    def test_of_every_colour_model(self, mode):
        data = saved(photo(mode), "TIFF", compression="jpeg", quality=95)
        decoded = decode_image(data)
        expected = smooth(3) if mode != "L" else np.asarray(photo("L"))[..., np.newaxis]
        assert decoded.pixels.shape == expected.shape
        assert differs(decoded.pixels, expected) <= 3 * CLOSE
        assert decoded.alpha is None

    @pytest.mark.parametrize("byte_order", ["<", ">"])
    @pytest.mark.parametrize("bigtiff", [False, True])
    @pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}, {"rowsperstrip": 16}])
    def test_in_every_layout(self, byte_order, bigtiff, layout):
        data = written(smooth(3), byte_order, bigtiff, compression="jpeg", **layout)
        assert differs(decode_image(data).pixels, smooth(3)) <= 6 * CLOSE


def written(values: np.ndarray, byte_order: str, bigtiff: bool, **options: object) -> bytes:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, byteorder=byte_order, bigtiff=bigtiff) as writer:
        photometric = "rgb" if values.ndim == 3 else "minisblack"
        writer.write(values, photometric=photometric, metadata=None, **options)
    return stream.getvalue()


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_bigtiff_of_either_byte_order(byte_order, compression, dtype):
    values = smooth(3, dtype)
    data = written(
        values, byte_order, True, compression=compression, resolution=(300, 300), software="Scan"
    )
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, values)
    assert decoded.extras.resolution.dots_per_inch == (300, 300)
    assert b"Scan" in decoded.exif


BIG_ENDIAN_KINDS = {
    "separated": np.asarray(photo("CMYK")),
    "palette": np.asarray(photo("RGB").quantize(16)),
    "minisblack": np.asarray(photo("1")),
}


@pytest.mark.parametrize("photometric", BIG_ENDIAN_KINDS)
@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}])
def test_bigtiff_of_other_pixels_than_grey_and_rgb(photometric, layout):
    def of(byte_order: str, bigtiff: bool) -> bytes:
        stream, options = io.BytesIO(), dict(layout)
        if photometric == "palette":
            options["colormap"] = np.arange(768, dtype=np.uint16).reshape(3, 256) * 80
        with tifffile.TiffWriter(stream, byteorder=byte_order, bigtiff=bigtiff) as writer:
            values = BIG_ENDIAN_KINDS[photometric]
            writer.write(values, photometric=photometric, metadata=None, **options)
        return stream.getvalue()

    decoded, expected = decode_image(of(">", True)), decode_image(of("<", False))
    np.testing.assert_array_equal(decoded.pixels, expected.pixels)
    assert decoded.notes == expected.notes


def test_bigtiff_of_16_bit_cmyk_is_named():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, byteorder=">", bigtiff=True) as writer:
        writer.write(smooth(4, np.uint16), photometric="separated", metadata=None)
    with pytest.raises(UnsupportedImageError, match="big-endian BigTIFF of 16-bit"):
        decode_image(stream.getvalue())


class TestTwelveBitJpeg:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_fills_16_bits(self, channels):
        stored = smooth(channels, np.uint16)
        values = stored[..., 0] if channels == 1 else stored
        data = imagecodecs.jpeg8_encode(values >> 4, bitspersample=12, level=100)
        decoded = decode_image(data)
        assert decoded.pixels.dtype == np.uint16
        assert differs(decoded.pixels, stored) <= 200 * CLOSE
        assert output_format(decoded, None) == "PNG"
        assert decoded.notes == ("has 12 bits a sample, which become 16",)

    def test_names_the_format_that_holds_it(self, tmp_path):
        deep, plain = tmp_path / "deep.jpg", tmp_path / "plain.jpg"
        deep.write_bytes(imagecodecs.jpeg8_encode(smooth(3, np.uint16) >> 4, bitspersample=12))
        plain.write_bytes(saved(photo(), "JPEG", exif=exif_block()))
        assert natural_suffix(deep) == ".png"
        assert natural_suffix(plain) == ".jpg"

    def test_lossless_jpeg_is_named_and_not_called_damaged(self):
        data = imagecodecs.ljpeg_encode(smooth(1)[..., 0])
        with pytest.raises(UnsupportedImageError, match="a lossless JPEG"):
            decode_image(data)


class TestJpegWithoutEndMark:
    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize("mode", ["L", "RGB"])
    def test_is_restored_with_a_note(self, progressive, mode):
        whole = saved(photo(mode), "JPEG", progressive=progressive)
        decoded = decode_image(whole[:-2])
        np.testing.assert_array_equal(decoded.pixels, decode_image(whole).pixels)
        assert decoded.notes == ("its end mark is missing and the picture is whole",)

    @pytest.mark.parametrize("missing", [5, 20, 100])
    def test_one_that_was_cut_is_refused(self, missing):
        noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        whole = saved(Image.fromarray(noise), "JPEG")
        with pytest.raises(UnreadableImageError, match="cut short"):
            decode_image(whole[:-missing])


def bmp_32(alpha: int) -> bytes:
    values = np.dstack([smooth(3), np.full((HEIGHT, WIDTH), alpha, np.uint8)])
    rows = values[::-1][..., [2, 1, 0, 3]].tobytes()
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    info = struct.pack("<IiiHHIIiiII", 108, WIDTH, HEIGHT, 1, 32, 3, len(rows), 0, 0, 0, 0)
    info += masks + b"BGRs" + bytes(48)
    return (
        b"BM" + struct.pack("<IHHI", 14 + len(info) + len(rows), 0, 0, 14 + len(info)) + info + rows
    )


def test_a_bmp_whose_alpha_is_all_zero_is_shown():
    decoded = decode_image(bmp_32(0))
    np.testing.assert_array_equal(decoded.pixels, smooth(3))
    assert decoded.alpha is None
    assert "0 everywhere" in decoded.notes[0]
    assert decode_image(bmp_32(128)).alpha.max() == 128


class TestJpegXl:
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_values(self, channels, dtype):
        stored = smooth(channels, dtype)
        values = stored[..., 0] if channels == 1 else stored
        decoded = decode_image(imagecodecs.jpegxl_encode(values, lossless=True))
        np.testing.assert_array_equal(decoded.pixels, stored[..., : 1 if channels < 3 else 3])
        assert (decoded.alpha is not None) == (channels in (2, 4))
        assert output_format(decoded, None) == "PNG"

    def test_ten_bits_fill_16(self):
        stored = smooth(3, np.uint16)
        stored[:4] = 65535
        data = imagecodecs.jpegxl_encode(stored >> 6, bitspersample=10, lossless=True)
        decoded = decode_image(data)
        assert decoded.pixels.max() == 65535
        assert differs(decoded.pixels, stored) <= 64

    def test_exif_and_xmp_in_its_boxes(self):
        stream = imagecodecs.jpegxl_encode(smooth(3), lossless=True)
        block = bytes(4) + exif_block(6).removeprefix(b"Exif\0\0")
        boxes = {b"JXL ": b"\r\n\x87\n", b"ftyp": b"jxl \0\0\0\0jxl ", b"jxlc": stream}
        boxes |= {b"Exif": block, b"xml ": b"<x>quay</x>"}
        data = b"".join(
            struct.pack(">I", 8 + len(content)) + kind + content for kind, content in boxes.items()
        )
        decoded = decode_image(data)
        np.testing.assert_array_equal(decoded.pixels, smooth(3))
        assert b"Camera & Sons" in decoded.exif
        assert decoded.extras.xmp == b"<x>quay</x>"


class TestNamed:
    def refused(self, data: bytes, *words: str) -> None:
        with pytest.raises(UnsupportedImageError) as caught:
            decode_image(data)
        assert "damaged" not in str(caught.value)
        for word in words:
            assert word in str(caught.value)

    def test_encodings_of_a_tiff(self):
        shape = {256: 4, 257: 3, 258: 8, 262: 1, 277: 1, 278: 3}
        self.refused(tiff({**shape, 259: 34712}, bytes(12)), "JPEG 2000", "34712")
        self.refused(tiff({**shape, 259: 6}, bytes(12)), "old-style JPEG")

    def test_a_heif_that_is_not_hevc(self):
        data = heic(photo())
        coding = data.index(b"hvc1", data.index(b"iinf"))
        self.refused(data[:coding] + b"vvc1" + data[coding + 4 :], "coded as 'vvc1'")

    def test_components_of_a_jpeg(self):
        data = bytearray(saved(photo(), "JPEG"))
        frame = data.index(b"\xff\xc0")
        data[frame + 9] = 2
        self.refused(bytes(data), "a JPEG of 2 components")

    def test_a_bmp_that_holds_a_jpeg(self):
        data = bytearray(saved(photo(), "BMP"))
        data[30:34] = struct.pack("<I", 4)
        self.refused(bytes(data), "a BMP of a rare kind")

    def test_a_png_packed_for_an_iphone(self):
        data = saved(photo(), "PNG")
        self.refused(data[:8] + png_chunk(b"CgBI", bytes(4)) + data[8:], "CgBI")

    @pytest.mark.parametrize(
        ("data", "words"),
        [(b"P6\n8 8\n255\n" + bytes(192), "a PNM picture"), (b"qoif" + bytes(20), "QOI")],
    )
    def test_pictures_of_other_formats(self, data, words):
        self.refused(data, words, "JPEG XL, BMP or GIF was expected")

    def test_raw_files(self):
        shape = {256: 4, 257: 3, 258: 8, 259: 1, 262: 1, 277: 1, 278: 3}
        self.refused(tiff({**shape, 50706: 1}, bytes(12)), "DNG", "develop it", "darktable")
        self.refused(b"FUJIFILMCCD-RAW " + bytes(40), "Fujifilm", "save it as TIFF")
        self.refused(b"II*\0\x10\0\0\0CR\x02\0" + bytes(40), "Canon CR2", "RawTherapee")


class TestNames:
    def test_content_decides_and_a_note_says_so(self, tmp_path):
        path = tmp_path / "sticker.jpg"
        path.write_bytes(saved(photo("RGBA"), "WEBP"))
        decoded = decode_image(path)
        assert decoded.notes == ("its name ends in .jpg, and its content is WEBP",)
        assert natural_suffix(path) == ".webp"
        assert output_format(decoded, None) == "WEBP"

    @pytest.mark.parametrize(
        ("name", "format", "expected"),
        [
            ("a.JPG", "JPEG", ".JPG"),
            ("a.jpeg", "JPEG", ".jpeg"),
            ("a.jfif", "JPEG", ".jpg"),
            ("a.png", "JPEG", ".jpg"),
            ("a.tiff", "TIFF", ".tiff"),
            ("a.heic", "AVIF", ".png"),
            ("a.gif", "GIF", ".png"),
            ("a", "PNG", ".png"),
            ("2024.05.06 Quay", "JPEG", ".jpg"),
        ],
    )
    def test_the_ending_of_a_result(self, tmp_path, name, format, expected):
        path = tmp_path / name
        path.write_bytes(saved(photo(), format))
        assert natural_suffix(path) == expected
        assert decode_image(path).notes == () or path.suffix not in (expected, "")

    def test_the_ending_of_what_is_no_picture(self, tmp_path):
        assert natural_suffix(tmp_path / "gone.tif") == ".tif"
        (tmp_path / "notes.txt").write_text("Dear diary")
        assert natural_suffix(tmp_path / "notes.txt") == ".png"


class TestColourSignals:
    CHROMATICITIES = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)

    @pytest.mark.parametrize("deep", [False, True])
    def test_a_png_keeps_its_chunks(self, deep):
        chunks = {
            b"cICP": bytes((12, 13, 0, 1)),
            b"sRGB": b"\1",
            b"gAMA": struct.pack(">I", 100_000),
            b"cHRM": self.CHROMATICITIES,
        }
        kept = [[b"cICP"], [b"sRGB"], [b"gAMA", b"cHRM"], [b"cHRM"]]
        for kinds in kept:
            given = png_with(*((kind, chunks[kind]) for kind in kinds), deep=deep)
            data = encoded(decode_image(given))
            for kind in kinds:
                assert png_chunk(kind, chunks[kind]) in data

    def test_the_standards_order(self):
        gamma = (b"gAMA", struct.pack(">I", 100_000))
        srgb, points = (b"sRGB", b"\0"), (b"cICP", bytes((9, 16, 0, 1)))
        assert decode_image(png_with(gamma, srgb)).extras.colour == ColourSignal(intent=0)
        assert decode_image(png_with(gamma, srgb, points)).extras.colour.hdr == "PQ"

    @pytest.mark.parametrize("primaries", [9, 12])
    def test_of_an_avif(self, primaries):
        data = imagecodecs.avif_encode(smooth(3), level=90, primaries=primaries, transfer=13)
        assert decode_image(data).extras.colour == ColourSignal((primaries, 13, 0, 1))
        plain = imagecodecs.avif_encode(smooth(3), level=90, primaries=1, transfer=13)
        assert decode_image(plain).extras.colour is None
