"""Colours that a file says without a profile look the same in the result, in a browser."""

import base64
import io
import struct
from collections.abc import Iterator

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from deblur.image_io import decode_image, encode_image
from tests.image_io.files import png_chunk, saved, smooth

MIME = {"JPEG": "jpeg", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
SHOWN = """async source => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return Array.from(context.getImageData(0, 0, image.width, image.height).data);
}"""
P3_CHROMATICITIES = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def png(*chunks: tuple[bytes, bytes], grey: bool = False) -> bytes:
    picture = Image.fromarray(smooth(3) // 2 + 60).convert("L" if grey else "RGB")
    data = saved(picture, "PNG")
    return data[:33] + b"".join(png_chunk(*chunk) for chunk in chunks) + data[33:]


def avif(primaries: int, transfer: int) -> bytes:
    values = (smooth(3) // 2 + 60).astype(np.uint16) * 4
    return imagecodecs.avif_encode(
        values,
        level=100,
        bitspersample=10,
        pixelformat="444",
        primaries=primaries,
        transfer=transfer,
    )


GIVEN = {
    "linear": png((b"gAMA", struct.pack(">I", 100_000))),
    "linear grey": png((b"gAMA", struct.pack(">I", 100_000)), grey=True),
    "gamma 2.2": png((b"gAMA", struct.pack(">I", 45_455))),
    "P3 by chromaticities": png((b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", P3_CHROMATICITIES)),
    "P3": png((b"cICP", bytes((12, 13, 0, 1)))),
    "BT.2020": png((b"cICP", bytes((9, 13, 0, 1)))),
    "broadcast": png((b"cICP", bytes((9, 1, 0, 1)))),
    "AVIF P3": avif(12, 13),
    "AVIF broadcast": avif(1, 1),
    "AVIF BT.2020 broadcast": avif(9, 14),
}


@pytest.fixture(scope="module")
def blank(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def shown(page: Page, data: bytes, format: str) -> np.ndarray:
    source = f"data:image/{MIME[format]};base64,{base64.b64encode(data).decode()}"
    return np.array(page.evaluate(SHOWN, source)).reshape(-1, 4)[:, :3]


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_looks_as_before(blank: Page, name: str, format: str) -> None:
    image = decode_image(GIVEN[name])
    result = io.BytesIO()
    encode_image(image, result, format=format, quality=100)
    before = shown(blank, GIVEN[name], image.format)
    after = shown(blank, result.getvalue(), format)
    difference = np.abs(before - after)
    assert difference.mean() < 1.3
    assert np.percentile(difference, 99) <= (8 if format == "AVIF" else 6)


@pytest.mark.parametrize(("format", "most"), [("PNG", 4), ("AVIF", 12)])
def test_hdr_is_kept(blank: Page, format: str, most: int) -> None:
    given = avif(9, 16)
    image, result = decode_image(given), io.BytesIO()
    notes = encode_image(image, result, format=format, quality=100)
    assert not any("HDR" in note for note in notes)
    difference = np.abs(shown(blank, given, "AVIF") - shown(blank, result.getvalue(), format))
    assert difference.max() <= most
    assert np.percentile(difference, 99) <= 4
    assert "HDR" in encode_image(image, io.BytesIO(), format="JPEG")[0]
