"""The page in a real browser: what somebody with a blurred photo sees."""

import io
import re
import zlib
from collections.abc import Iterator
from struct import pack
from urllib.parse import urlsplit

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms
from playwright.sync_api import BrowserContext, Page, expect

import app
from deblur.backends import Wishes, choices
from deblur.catalog import CATALOG, DEFAULT_MODEL
from deblur.image_io import decode_image
from deblur.page import restoring
from deblur.restorer import Restorer
from deblur.restoring.tiled_network import TiledNetwork
from tests.browser import photos
from tests.browser.held import HeldBackend
from tests.browser.photos import choose, download, png, restore
from tests.browser.visits import TIMEOUT_MS, visit
from tests.pictures import scene

MANY = 1000


def upload(page: Page, name: str, content: bytes) -> None:
    photos.upload(page, (name, content))


def test_a_photo_goes_in_and_a_file_of_its_name_comes_out(page: Page) -> None:
    upload(page, "holiday (1).png", png(scene(72, 96)))
    choose(page, CATALOG[DEFAULT_MODEL].title)
    restore(page)
    name, content = download(page)
    restored = decode_image(content)
    assert name == "holiday (1)-deblurred.png"
    assert (restored.format, restored.width, restored.height) == ("PNG", 96, 72)
    facts = page.locator(".facts").inner_text()
    spec = CATALOG[DEFAULT_MODEL]
    taken = choices(spec, Wishes())[0]
    assert all(part in facts for part in (spec.title, f"{taken.device}, {taken.precision}"))


def test_a_model_that_has_to_be_fetched_says_so_before_and_why_it_cannot_be(page: Page) -> None:
    told = page.locator("#introduction")
    choose(page, CATALOG[DEFAULT_MODEL].title)
    expect(told).to_contain_text("Apache-2.0")
    choose(page, "NAFNet")
    for part in ("92 MB", "opencv/deblurring_nafnet", "MIT", "not measured here"):
        expect(told).to_contain_text(part)
    upload(page, "a.png", png(scene(48, 64)))
    expect(page.get_by_role("button", name="Restore", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.locator(".failure")).to_contain_text("HF_HUB_OFFLINE is set")


def test_what_is_faster_can_be_chosen_and_is_named_afterwards(page: Page) -> None:
    upload(page, "a.png", png(scene(48, 64)))
    page.get_by_role("button", name="Advanced").click()
    page.get_by_label("Engine").click()
    page.get_by_role("option", name="Faster, nearly the same").click()
    restore(page)
    taken = choices(CATALOG[DEFAULT_MODEL], Wishes(fast=True))[0]
    expect(page.locator("#account")).to_contain_text(f"{taken.device}, {taken.precision}")
    choose(page, "SRCNN")
    expect(page.get_by_label("Engine")).to_have_value("Automatic")
    page.get_by_label("Engine").click()
    expect(page.get_by_role("option", name="ONNX Runtime on CPU")).to_be_visible()
    expect(page.get_by_role("option", name="Faster")).to_have_count(0)


def test_sixteen_bits_and_transparency_survive(page: Page) -> None:
    pixels = scene(48, 64, 4).astype(np.uint16) * 257 + 1
    upload(page, "deep.png", png(pixels))
    restore(page)
    restored = decode_image(download(page)[1])
    assert restored.alpha is not None
    assert restored.pixels.dtype == restored.alpha.dtype == np.uint16
    assert np.array_equal(restored.alpha, pixels[..., 3])


def test_a_rotated_jpeg_with_a_profile_comes_back_upright_with_it(page: Page) -> None:
    stored, exif = io.BytesIO(), Image.Exif()
    exif[274] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(scene(48, 80)).save(stored, "JPEG", exif=exif, icc_profile=profile)
    upload(page, "turned.jpg", stored.getvalue())
    restore(page)
    restored = decode_image(download(page)[1])
    assert (restored.width, restored.height) == (48, 80)
    assert restored.icc_profile == profile


def test_a_heic_comes_back_as_png(page: Page) -> None:
    stored = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(scene(64, 80))).save(stored)
    upload(page, "phone.heic", stored.getvalue())
    restore(page)
    assert download(page)[0] == "phone-deblurred.png"


def test_a_grey_tiff_stays_grey_and_becomes_the_format_that_is_chosen(page: Page) -> None:
    stored = io.BytesIO()
    Image.fromarray(scene(48, 64, 1)[..., 0]).save(stored, "TIFF")
    upload(page, "scan.tif", stored.getvalue())
    page.get_by_label("Save as").click()
    page.get_by_role("option", name="WebP").click()
    restore(page)
    name, content = download(page)
    assert (name, decode_image(content).format) == ("scan-deblurred.webp", "WEBP")


def one_bit_png(side: int) -> bytes:
    """A sound PNG of side x side black pixels, small as a file and huge in memory."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))

    rows = zlib.compressobj(1)
    packed = b"".join(rows.compress(bytes(1 + (side + 7) // 8)) for _ in range(side)) + rows.flush()
    header = pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.jpg", b"this is text", "notes.jpg is not a picture"),
        ("empty.png", b"", "empty.png is empty"),
        ("half.png", png(scene(96, 96))[:2000], "half.png is damaged or cut short"),
        ("bomb.png", one_bit_png(30000), "30000 x 30000 pixels (900.0 megapixels)"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_page_goes_on(
    page: Page, name: str, content: bytes, sentence: str
) -> None:
    upload(page, name, content)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.get_by_role("button", name="Restore", exact=True)).to_be_hidden()
    upload(page, "good.png", png(scene(48, 48)))
    expect(page.get_by_role("alert")).to_have_count(0)
    restore(page)


def test_an_error_leaves_the_photo_where_it_was(page: Page) -> None:
    upload(page, "cut-out.png", png(scene(48, 64, 4)))
    page.get_by_label("Save as").click()
    page.get_by_role("option", name="JPEG").click()
    expect(page.get_by_role("button", name="Restore", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("which a JPEG cannot hold")
    page.get_by_label("Save as").click()
    page.get_by_role("option", name="PNG", exact=True).click()
    restore(page)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldBackend]:
    backend = HeldBackend()
    restorer = Restorer(TiledNetwork(CATALOG["srcnn"], backend, tile=64))
    monkeypatch.setattr(restoring, "open_restorer", lambda *_: restorer)
    yield backend
    backend.allowed.release(MANY)


def test_cancel_stops_the_work_and_keeps_the_photo(page: Page, held: HeldBackend) -> None:
    upload(page, "long.png", png(scene(256, 256)))
    expect(page.get_by_role("button", name="Restore", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Restore", exact=True).click()
    assert held.reached.wait(TIMEOUT_MS / 1000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#message")).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Restore", exact=True)).to_be_enabled()
    assert held.tiles == 1
    held.allowed.release(MANY)
    restore(page)
    assert held.tiles > 20


def test_progress_counts_the_tiles(page: Page, held: HeldBackend) -> None:
    upload(page, "long.png", png(scene(256, 256)))
    expect(page.get_by_role("button", name="Restore", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Restore", exact=True).click()
    held.allowed.release(9)
    progress = page.locator("#message [data-testid=status-tracker]")
    expect(progress).to_contain_text(re.compile(r"9/36 tiles.*about \d+ s left"))
    held.allowed.release(MANY)
    expect(page.locator(".facts")).to_be_visible()


def test_two_visitors_see_only_their_own_photos(
    page: Page, context: BrowserContext, address: str
) -> None:
    red, blue = (np.full((40, 40, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))
    with visit(context, address) as other:
        upload(page, "same name.png", png(red))
        upload(other, "same name.png", png(blue))
        restore(page)
        restore(other)
        for visitor, channel in ((page, 0), (other, 2)):
            name, content = download(visitor)
            assert name == "same name-deblurred.png"
            assert decode_image(content).pixels.mean((0, 1)).argmax() == channel


def test_an_example_is_loaded_by_a_click(page: Page) -> None:
    page.get_by_role("button", name="Coffee").click()
    expect(page.locator(".viewer")).to_have_attribute("data-settled", "true")
    expect(page.locator("#examples")).to_be_hidden()
    restore(page)
    assert download(page)[0] == "coffee-deblurred.jpg"


def test_no_file_of_the_project_is_served_by_its_path(page: Page, address: str) -> None:
    for path in (*app.EXAMPLES.values(), app.HERE / "app.py"):
        assert page.request.get(f"{address}gradio_api/file={path}").status == 403


GIVE = """([kind, bytes]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })
        : new DragEvent("drop", { dataTransfer: transfer, bubbles: true });
    document.querySelector("header").dispatchEvent(event);
}"""


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_photo_pasted_or_dropped_anywhere_takes_the_place_of_the_last(
    page: Page, kind: str
) -> None:
    page.evaluate(GIVE, [kind, list(png(scene(40, 50)))])
    expect(page.locator("#message")).to_contain_text("50 × 40")
    page.evaluate(GIVE, [kind, list(png(scene(60, 70)))])
    expect(page.locator("#message")).to_contain_text("70 × 60")
    expect(page.get_by_role("button", name="Restore", exact=True)).to_be_enabled()


def test_the_pictures_can_be_seen_in_fullscreen(page: Page) -> None:
    upload(page, "small.png", png(scene(48, 64)))
    restore(page)
    page.locator(".viewer").get_by_role("button", name="Fullscreen").click()
    expect(page.locator(".viewer").get_by_role("button", name="Exit fullscreen")).to_be_visible()


def test_nothing_is_asked_from_another_machine(context: BrowserContext, address: str) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    with visit(context, address) as page:
        page.get_by_role("button", name="Page of print").click()
        restore(page)
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}


def test_the_page_works_within_its_policy(context: BrowserContext, address: str) -> None:
    """No tab asks for what the content security policy forbids."""
    page, told = context.new_page(), list[str]()
    page.on("console", lambda message: told.append(message.text))
    answer = page.goto(address)
    assert answer is not None
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    upload(page, "a.png", png(scene(48, 64)))
    restore(page)
    for name in ("Leaderboard", "Compare", "Judge", "Submit"):
        page.get_by_role("tab", name=name).click()
    page.get_by_role("tab", name="Judge").click()
    expect(page.locator(".exhibits img").first).to_be_visible()
    assert [each for each in told if "Content Security Policy" in each] == []
    page.close()
