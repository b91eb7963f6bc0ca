"""What a photo says comes out in every format that has a place for it, and else in a note."""

import io
import re
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image

from deblur.image_io import (
    OUTPUT_FORMATS,
    DecodedImage,
    decode_image,
    encode_image,
    left_out,
)
from deblur.image_io.metadata import carried
from deblur.image_io.metadata.extras import Extras, Resolution
from tests.image_io.files import again, exif_block, heic, photo, saved, smooth, swapped_primaries
from tests.image_io.metadata_bytes import (
    EXTENDED_HEAD,
    IPTC,
    PLAIN_XMP,
    XMP,
    XMP_HEAD,
    jpeg_that_says_all,
    jpeg_with,
    png_that_says_all,
    png_with,
    segment,
    tiff_that_says_all,
)

DOCS = Path(__file__).parents[2] / "docs" / "formats.md"
SAYING_ALL = {"JPEG": jpeg_that_says_all, "PNG": png_that_says_all, "TIFF": tiff_that_says_all}
COMMENT = "A quay at dusk"


def result(image: DecodedImage, format: str, **options: object) -> tuple[bytes, tuple[str, ...]]:
    stream = io.BytesIO()
    notes = encode_image(image, stream, format=format, **options)
    return stream.getvalue(), notes


@pytest.mark.parametrize("source", SAYING_ALL)
@pytest.mark.parametrize("target", OUTPUT_FORMATS)
class TestEveryPair:
    def given(self, source):
        return decode_image(SAYING_ALL[source](exif_block(), swapped_primaries()))

    def test_xmp_says_upright_and_the_rest(self, source, target):
        back = again(self.given(source), format=target)
        assert b'xmp:Rating="4"' in back.extras.xmp
        assert b'tiff:Orientation="1"' in back.extras.xmp

    def test_iptc_or_a_note(self, source, target):
        data, notes = result(self.given(source), target)
        holds = target in ("JPEG", "PNG", "TIFF")
        assert decode_image(data).extras.iptc == (IPTC if holds else None)
        assert ("IPTC" in " ".join(notes)) == (not holds)
        assert carried.holds(target, carried.IPTC) == holds

    def test_resolution(self, source, target):
        back = again(self.given(source), format=target)
        assert back.extras.resolution.dots_per_inch == (300, 300)

    def test_exif_and_profile(self, source, target):
        back = again(self.given(source), format=target)
        exif = Image.Exif()
        exif.load(back.exif)
        assert exif[ExifTags.Base.Make] == "Camera & Sons"
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        assert back.icc_profile == swapped_primaries()

    def test_strip_leaves_colours_alone(self, source, target):
        data, notes = result(self.given(source), target, strip_metadata=True)
        back = decode_image(data)
        assert notes == ()
        assert back.exif is None or b"Camera" not in back.exif
        assert (back.extras.xmp, back.extras.iptc, back.extras.texts) == (None, None, ())
        assert back.extras.resolution is None
        assert back.icc_profile == swapped_primaries()
        assert b"quay" not in data


@pytest.mark.parametrize("source", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("target", OUTPUT_FORMATS)
def test_a_comment_comes_along(source, target):
    if source == "GIF":
        image = decode_image(saved(photo(), "GIF", comment=COMMENT))
    else:
        image = decode_image(SAYING_ALL[source](exif_block(), swapped_primaries()))
    back = again(image, format=target)
    if target in ("JPEG", "PNG"):
        assert back.extras.texts == (("Comment", COMMENT),)
    else:
        exif = Image.Exif()
        exif.load(back.exif)
        assert exif[ExifTags.Base.ImageDescription] == COMMENT


def test_texts_keep_their_keywords_and_letters():
    image = DecodedImage(
        smooth(3), None, "PNG", extras=Extras(texts=(("Title", "Zürich"), ("Author", "Đặng")))
    )
    assert again(image, format="PNG").extras.texts == image.extras.texts
    assert again(image, format="JPEG").extras.texts == (
        ("Comment", "Title: Zürich"),
        ("Comment", "Author: Đặng"),
    )


@pytest.mark.parametrize("target", ["WEBP", "TIFF", "HEIF", "AVIF"])
def test_a_comment_for_which_there_is_no_place_is_noted(target):
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "A boat"
    image = decode_image(saved(photo(), "JPEG", exif=exif, comment=COMMENT))
    data, notes = result(image, target)
    assert notes == left_out(image, target)
    assert "comments were left out" in notes[0]
    kept = Image.Exif()
    kept.load(decode_image(data).exif)
    assert kept[ExifTags.Base.ImageDescription] == "A boat"


@pytest.mark.parametrize("source", ["WEBP", "HEIF", "AVIF", "PNG"])
def test_xmp_comes_in_from_every_container(source):
    xmp = PLAIN_XMP
    if source == "HEIF":
        data = heic(photo(), xmp=xmp)
    elif source == "PNG":
        data = png_with((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp))
    else:
        data = saved(photo(), source, xmp=xmp)
    assert b'xmp:Rating="4"' in decode_image(data).extras.xmp


class TestExtendedXmp:
    GUID = b"0123456789ABCDEF0123456789ABCDEF"
    INNER = XMP % (b"", b"<more:Text xmlns:more='urn:more'>" + b"words " * 20_000 + b"</more:Text>")

    def given(self, drop: int | None = None) -> DecodedImage:
        announced = b' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="%s"'
        main = XMP % (announced % self.GUID, b"")
        parts = [self.INNER[at : at + 60_000] for at in range(0, len(self.INNER), 60_000)]
        segments = [segment(0xE1, XMP_HEAD + main)]
        for number, part in enumerate(parts):
            place = len(self.INNER).to_bytes(4, "big") + (60_000 * number).to_bytes(4, "big")
            if number != drop:
                segments.append(segment(0xE1, EXTENDED_HEAD + self.GUID + place + part))
        return decode_image(jpeg_with(*segments))

    @pytest.mark.parametrize("target", OUTPUT_FORMATS)
    def test_comes_along_whole(self, target):
        back = again(self.given(), format=target)
        told = back.extras.xmp + (back.extras.extended_xmp or b"")
        assert told.count(b"words ") == 20_000
        assert (b"HasExtendedXMP" in told) == (target == "JPEG")

    def test_a_part_that_is_missing_is_not_announced(self):
        back = again(self.given(drop=1))
        assert back.extras.extended_xmp is None
        assert b'xmp:Rating="4"' in back.extras.xmp
        assert b"HasExtendedXMP" not in back.extras.xmp

    def test_a_large_packet_of_another_format_is_split(self):
        image = DecodedImage(smooth(3), None, "PNG", extras=Extras(xmp=self.INNER))
        back = again(image, format="JPEG")
        assert b"HasExtendedXMP" in back.extras.xmp
        assert again(back, format="PNG").extras.xmp.count(b"words ") == 20_000


class TestResolution:
    @pytest.mark.parametrize("target", OUTPUT_FORMATS)
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "HEIF", "AVIF"])
    def test_a_print_is_as_large_as_before(self, source, target):
        if source in ("WEBP", "HEIF", "AVIF"):
            exif = Image.Exif()
            exif[282], exif[283], exif[296] = 240.0, 240.0, 2
            data = (
                heic(photo(), exif=exif.tobytes())
                if source == "HEIF"
                else saved(photo(), source, exif=exif)
            )
        else:
            data = saved(photo(), source, dpi=(240, 240))
        pillow_heif.register_heif_opener()
        with Image.open(io.BytesIO(result(decode_image(data), target)[0])) as seen:
            shown = seen.info.get("dpi") or tuple(seen.getexif()[tag] for tag in (282, 283))
        assert [round(float(side), 1) for side in shown] == [240, 240]

    def test_pixels_that_are_not_square_stay_so_when_turned(self):
        exif = exif_block(6)
        data = jpeg_with(exif=exif, dpi=(300, 150))
        assert decode_image(data).extras.resolution.dots_per_inch == (150, 300)

    @pytest.mark.parametrize("target", ["JPEG", "PNG", "TIFF"])
    def test_a_bare_ratio_stays_one(self, target):
        image = DecodedImage(
            smooth(3), None, "PNG", extras=Extras(resolution=Resolution(2, 1, absolute=False))
        )
        back = again(image, format=target).extras.resolution
        assert (back.absolute, back.x / back.y) == (False, 2)

    def test_per_centimetre_is_read_as_what_it_is(self):
        data = bytearray(saved(photo(), "JPEG", dpi=(100, 100)))
        data[13] = 2
        assert decode_image(bytes(data)).extras.resolution == Resolution(10_000, 10_000)


class TestLeftOut:
    def notes(self, data: bytes) -> tuple[str, ...]:
        return decode_image(data).notes

    def test_a_gain_map(self):
        packet = XMP % (
            b' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"',
            b"",
        )
        data = jpeg_with(segment(0xE1, XMP_HEAD + packet), behind=saved(photo("L"), "JPEG"))
        image = decode_image(data)
        assert image.notes == (carried.note_on("Gain map (Ultra HDR, Apple)"),)
        assert b"hdrgm:Version" not in image.extras.xmp

    def test_a_motion_photo(self):
        packet = XMP % (b' xmlns:GCamera="urn:g" GCamera:MotionPhoto="1"', b"")
        video = b"\0\0\0\x18ftypmp42" + bytes(3000)
        image = decode_image(jpeg_with(segment(0xE1, XMP_HEAD + packet), behind=video))
        assert image.notes == (carried.note_on("Motion photo"),)
        assert b"MotionPhoto=" not in image.extras.xmp
        assert self.notes(jpeg_with(behind=video)) == (carried.note_on("Motion photo"),)

    def test_what_lies_behind_a_picture(self):
        assert self.notes(jpeg_with(behind=b"voice" * 100)) == (
            carried.note_on("Data behind the picture"),
        )
        assert self.notes(jpeg_with(behind=bytes(5000))) == ()

    def test_geotiff_layers_and_further_channels(self):
        stream = io.BytesIO()
        photo().save(stream, "TIFF", tiffinfo={33550: (1.0, 1.0, 0.0), 37724: b"layers"})
        assert self.notes(stream.getvalue()) == tuple(
            carried.note_on(what) for what in ("GeoTIFF", "Photoshop layers")
        )
        values = np.zeros((8, 8, 6), np.uint8)
        data = imagecodecs.tiff_encode(values, photometric="rgb", extrasample="unassalpha")
        assert self.notes(data) == (carried.note_on("Further channels"),)

    def test_content_credentials(self):
        data = jpeg_with(segment(0xEB, b"JP\0\0\0\0\0\1\0\0\0\x20jumb" + bytes(20)))
        assert self.notes(data) == (carried.note_on("Content credentials (C2PA)"),)
        assert self.notes(png_with((b"caBX", b"jumb"))) == (
            carried.note_on("Content credentials (C2PA)"),
        )

    @pytest.mark.parametrize("target", OUTPUT_FORMATS)
    def test_16_bits_where_there_are_8(self, target):
        notes = result(DecodedImage(smooth(3, np.uint16), None, "PNG"), target)[1]
        assert any("16 bits" in note for note in notes) != carried.holds(target, carried.DEPTH)


def test_the_table_in_the_docs_is_that_of_the_code():
    text = DOCS.read_text(encoding="utf-8")
    assert carried.as_markdown() in text
    named = {name for row in carried.CARRIED.values() for name in row.read_from}
    assert named | {"GIF"} == {*re.findall(r"^- \*\*(\w+)\*\*", text, re.MULTILINE)}


def test_a_video_behind_a_heic():
    video = (3008).to_bytes(4, "big") + b"mpvd" + bytes(3000)
    assert decode_image(heic(photo()) + video).notes == (carried.note_on("Motion photo"),)


def test_a_gain_map_in_a_container():
    container = pillow_heif.from_pillow(photo())
    container.add_from_pillow(photo().resize((32, 24)))
    stream = io.BytesIO()
    container.save(stream, primary_index=0)
    data = stream.getvalue()
    assert carried.note_on("Gain map (Ultra HDR, Apple)") not in decode_image(data).notes
    second = data.rindex(b"hvc1", 0, data.index(b"iprp"))
    changed = data[:second] + b"tmap" + data[second + 4 :]
    assert carried.note_on("Gain map (Ultra HDR, Apple)") in decode_image(changed).notes
