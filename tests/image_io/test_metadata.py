"""What a photo says about itself goes along."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from deblur.image_io import (
    DecodedImage,
    decode_image,
    encode_image,
    left_out,
)
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
    swapped_primaries,
    with_thumbnail,
)
from tests.image_io.metadata_bytes import png_with


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

    @pytest.mark.parametrize("format", WRITTEN)
    @pytest.mark.parametrize("place", [34665, 34853])
    def test_a_damaged_part_of_exif_is_left_out_where_it_is_taken_apart(self, format, place):
        block = bytearray(exif_block())
        at = block.index(place.to_bytes(2, "big"))
        block[at + 8 : at + 12] = (1 << 31).to_bytes(4, "big")
        decoded = decode_image(saved(photo(), "WEBP", exif=bytes(block)))
        stream = io.BytesIO()
        notes = encode_image(decoded, stream, format=format)
        assert b"Camera & Sons" in decode_image(stream.getvalue()).exif
        damaged = ("part of its EXIF data is damaged and was left out",)
        assert notes == (damaged if format == "TIFF" else ())

    def test_exif_that_older_programs_wrote_as_a_text(self):
        block = exif_block(6)
        text = f"\nexif\n{len(block):8}\n{block.hex()}\n".encode()
        decoded = decode_image(
            png_with((b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text)))
        )
        assert decoded.pixels.shape == (WIDTH, HEIGHT, 3)
        assert b"Camera & Sons" in decoded.exif
        assert decoded.extras.texts == ()

    def test_exif_too_large_for_a_jpeg_is_left_out_and_said_so(self):
        image = DecodedImage(smooth(3), None, "PNG", None, exif_block(1) + bytes(70_000))
        stream = io.BytesIO()
        notes = encode_image(image, stream, format="JPEG")
        assert decode_image(stream.getvalue()).exif is None
        assert "EXIF" in notes[0]
        assert notes == left_out(image, "JPEG")
        assert again(image, format="PNG").exif
