"""Photos of a visit: nothing is lost by accident, and what is shown is what is downloaded."""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import imagecodecs
import pytest
from playwright.sync_api import BrowserContext, Page, expect

import app
from deblur.catalog import CATALOG, DEFAULT_MODEL
from deblur.image_io import decode_image
from deblur.page import restoring
from deblur.restorer import Restorer
from deblur.restoring.tiled_network import TiledNetwork
from tests.browser.held import HeldBackend
from tests.browser.photos import blurred, choose, download, opened, png, restore, settled, upload
from tests.browser.visits import TIMEOUT_MS, visit

FAST = CATALOG[DEFAULT_MODEL].title


def thumbs(page: Page) -> list[str]:
    return page.locator(".shelf .name").all_inner_texts()


@pytest.fixture
def restored(page: Page) -> Page:
    upload(page, ("first.png", png(blurred(96, 128))))
    settled(page)
    choose(page, FAST)
    restore(page)
    return page


def test_what_is_no_photo_takes_nothing_away(restored: Page) -> None:
    before = download(restored)[1]
    upload(restored, ("notes.txt", b"this is text"))
    expect(restored.get_by_role("alert")).to_contain_text("notes.txt is not a picture")
    settled(restored, "restored")
    assert thumbs(restored) == ["first.png"]
    assert download(restored) == ("first-deblurred.png", before)


def test_a_large_photo_is_refused_by_the_pages_own_limit(page: Page) -> None:
    huge = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (30000).to_bytes(4) * 2 + b"\x01\0\0\0\0"
    upload(page, ("huge.png", huge + (0).to_bytes(4)))
    told = page.get_by_role("alert")
    expect(told).to_be_visible()
    expect(told).not_to_contain_text("max_pixels")


def test_the_download_is_what_is_shown(restored: Page) -> None:
    name, first = download(restored)
    assert name == "first-deblurred.png"
    choose(restored, CATALOG["srcnn"].title)
    restored.get_by_role("button", name="Restore", exact=True).click()
    expect(restored.locator(".facts")).to_contain_text(CATALOG["srcnn"].title)
    assert (opened(download(restored)[1]) != opened(first)).any()
    restored.get_by_label("Save as").click()
    restored.get_by_role("option", name="WebP").click()
    expect(restored.get_by_role("link", name="Download")).to_contain_text("WebP")
    assert download(restored)[0] == "first-deblurred.webp"


def test_a_format_that_cannot_hold_the_photo_is_said_and_not_offered(page: Page) -> None:
    upload(page, ("clear.png", png(blurred(96, 128)[..., [0, 1, 2, 0]])))
    settled(page)
    restore(page)
    page.get_by_label("Save as").click()
    page.get_by_role("option", name="JPEG").click()
    expect(page.get_by_role("alert")).to_contain_text("which a JPEG cannot hold")
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    page.get_by_label("Save as").click()
    page.get_by_role("option", name="PNG", exact=True).click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert download(page)[0] == "clear-deblurred.png"


def test_what_a_heic_becomes_is_said_before(page: Page) -> None:
    import pillow_heif
    from PIL import Image

    stored = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(blurred(96, 128))).save(stored)
    upload(page, ("phone.heic", stored.getvalue()))
    settled(page)
    expect(page.get_by_label("Save as")).to_have_value("HEIC → PNG")


def test_what_a_format_leaves_out_is_said_when_it_is_chosen(page: Page) -> None:
    values = blurred(96, 128).astype("uint16") * 4
    hdr = imagecodecs.avif_encode(values, bitspersample=10, primaries=9, transfer=16)
    upload(page, ("night.avif", hdr))
    settled(page)
    choose(page, FAST)
    restore(page)
    account = page.locator("#account")
    for title, told in (("JPEG", "it will look flat"), ("HEIC", "rounded to 10"), ("PNG", "")):
        page.get_by_label("Save as").click()
        page.get_by_role("option", name=title, exact=True).click()
        expect(page.get_by_role("link", name="Download")).to_contain_text(title)
        expect(account).to_contain_text(told)
        if title == "HEIC":
            name, content = download(page)
            assert (name, decode_image(content).format) == ("night-deblurred.heic", "HEIF")
    expect(account).not_to_contain_text("rounded")


def test_several_photos_are_restored_one_after_the_other_and_come_as_one_zip(page: Page) -> None:
    names = ("v1.0", "1.png", "v1.2")
    hidden = ("._1.png", b"what a Mac leaves on a stick")
    upload(page, hidden, *((name, png(blurred(64, 96, seed))) for seed, name in enumerate(names)))
    expect(page.locator(".shelf li")).to_have_count(3)
    expect(page.locator(".viewer")).to_have_attribute("aria-label", "v1.0")
    expect(page.locator("#message")).not_to_contain_text("did not work")
    choose(page, FAST)
    page.get_by_role("button", name="Restore all").click()
    expect(page.locator(".all")).to_contain_text("3 of 3 restored")
    name, content = download(page, "Download all as a zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert name == "deblurred.zip"
        assert sorted(archive.namelist()) == [
            f"{stem}-deblurred.png" for stem in ("1", "v1.0", "v1.2")
        ]
    page.get_by_role("button", name="1.png", exact=False).first.click()
    expect(page.locator(".shelf [aria-pressed=true]")).to_contain_text("1.png")
    page.get_by_role("button", name="Delete 1.png now").click()
    expect(page.locator(".shelf li")).to_have_count(2)
    assert thumbs(page) == ["v1.0", "v1.2"]


def test_a_reload_finds_the_photos_again_and_delete_takes_them_away(restored: Page) -> None:
    restored.reload()
    settled(restored, "restored")
    assert thumbs(restored) == ["first.png"]
    expect(restored.locator(".until")).to_contain_text(re.compile(r"deleted in \d+ min"))
    picture = restored.locator(".shelf img").evaluate("image => image.src")
    assert restored.request.get(picture).status == 200
    restored.get_by_role("button", name="Delete first.png now").click()
    expect(restored.locator(".shelf")).to_have_count(0)
    assert restored.request.get(picture).status == 404
    expect(restored.locator("#examples")).to_be_visible()


def test_an_expired_photo_is_told_as_such(restored: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.visits, "keep", 0)
    restored.get_by_role("button", name="Restore", exact=True).click()
    expect(restored.get_by_role("alert")).to_contain_text("the photo was deleted")
    expect(restored.get_by_role("alert")).not_to_contain_text("/")


@contextmanager
def one_place() -> Iterator[None]:
    queue = app.demo._queue.event_queue_per_concurrency_id["restoring"]
    before, queue.concurrency_limit = queue.concurrency_limit, 1
    try:
        yield
    finally:
        queue.concurrency_limit = before


def test_cancelling_in_the_queue_acts_at_once(
    page: Page, context: BrowserContext, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = HeldBackend()
    restorer = Restorer(TiledNetwork(CATALOG["srcnn"], backend, tile=64))
    monkeypatch.setattr(restoring, "open_restorer", lambda *_: restorer)
    with one_place(), visit(context, address) as other:
        for visitor in (page, other):
            upload(visitor, ("a.png", png(blurred(96, 128))))
            settled(visitor)
        page.get_by_role("button", name="Restore", exact=True).click()
        assert backend.reached.wait(TIMEOUT_MS / 1000)
        other.get_by_role("button", name="Restore", exact=True).click()
        other.get_by_role("button", name="Cancel").click()
        expect(other.locator("#message")).to_contain_text("Cancelled")
        expect(other.get_by_role("button", name="Restore", exact=True)).to_be_enabled()
        assert backend.tiles == 1
        backend.allowed.release(1000)
        settled(page, "restored")
