"""Comparing models in a real browser, on a picture of a dataset and on one's own."""

from threading import Event
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from deblur.catalog import CATALOG
from deblur.image_io import decode_image
from deblur.page import restorers, restoring
from deblur.restorer import Restorer
from deblur.restoring.tiled_network import TiledNetwork
from leaderboard.tabs.compare_tab import OPENING_EXAMPLE
from tests.browser.canvas import canvas
from tests.browser.held import HeldBackend
from tests.browser.photos import blurred, download, png, restore, settled, upload
from tests.browser.visits import TIMEOUT_MS, visit

MANY = 1000
GAP = 4


@pytest.fixture
def compared(page: Page) -> Page:
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator("#comparison .note")).to_contain_text("blurred by camera shake")
    settled(page, "restored")
    return page


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model gives back what it gets."""
    backend = HeldBackend()
    backend.allowed.release(MANY)
    restorer = Restorer(TiledNetwork(CATALOG["srcnn"], backend, tile=64))
    monkeypatch.setattr(restoring, "open_restorer", lambda *_: restorer)


def compare(page: Page) -> None:
    page.get_by_role("button", name="Compare", exact=True).click()
    settled(page, "restored")


def leave_out_srcnn(page: Page) -> None:
    page.locator("#compare-choices").get_by_label("Remove srcnn").or_(
        page.locator("#compare-choices .token-remove").nth(1)
    ).first.click()


def add_own(page: Page, name: str, content: bytes) -> None:
    payload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("#compare-actions input[type=file]").set_input_files(payload)  # type: ignore[arg-type]


def test_models_stand_side_by_side_with_their_scores(compared: Page) -> None:
    lines = compared.locator(".compared li").all_inner_texts()
    assert [text.split()[0] for text in lines] == [*("blurred", *OPENING_EXAMPLE[1], "sharp")]
    assert all("PSNR" in text and "SSIM" in text for text in lines[:3])
    tags = compared.locator(".viewer .tag")
    expect(tags).to_have_text(["blurred", *OPENING_EXAMPLE[1], "sharp"])
    assert all(each.is_visible() for each in tags.all())
    assert canvas(compared).std() > 30


def test_two_of_many_are_split(compared: Page) -> None:
    compared.get_by_role("button", name="Split").click()
    expect(compared.locator(".viewer")).to_have_attribute("data-mode", "split")
    first = canvas(compared)
    middle = first.shape[1] // 2
    compared.get_by_label("Second picture").select_option("sharp")
    settled(compared, "restored")
    second = canvas(compared)
    np.testing.assert_array_equal(first[:, :middle], second[:, :middle])
    assert not np.array_equal(first[:, middle:], second[:, middle:])
    shown = compared.locator(".viewer .tag:visible")
    expect(shown).to_have_text(["blurred", "sharp"])


def test_error_maps_take_the_pictures_place(compared: Page) -> None:
    pictures = canvas(compared)
    compared.get_by_label("error maps").check()
    settled(compared, "restored")
    quarter = pictures.shape[1] // 4
    errors = canvas(compared)
    assert errors[:, :quarter].mean() < 0.5 * pictures[:, :quarter].mean()
    np.testing.assert_array_equal(errors[:, -quarter:], pictures[:, -quarter:])
    compare(compared)
    expect(compared.get_by_label("error maps")).to_be_checked()


def test_a_finger_on_a_picture_that_is_seen_whole_scrolls_the_page(compared: Page) -> None:
    expect(compared.locator(".viewer")).to_have_attribute("data-fitting", "true")
    style = "stage => getComputedStyle(stage).touchAction"
    assert compared.locator("#comparison .stage").evaluate(style) == "pan-y"


def test_a_single_model_is_not_compared(compared: Page) -> None:
    leave_out_srcnn(compared)
    compared.get_by_role("button", name="Compare", exact=True).click()
    expect(compared.locator("#comparison")).to_contain_text("choose 2 to 4")


@pytest.mark.usefixtures("alike")
def test_one_view_moves_all_pictures(page: Page) -> None:
    page.get_by_role("tab", name="Compare").click()
    add_own(page, "own.png", png(blurred(600, 900)))
    expect(page.locator("#comparison")).to_contain_text("Press Compare")
    compare(page)
    page.get_by_role("button", name="200 %").click()
    stage = page.locator("#comparison .stage")
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 30, steps=5)
    page.mouse.up()
    page.mouse.wheel(0, -200)
    expect(page.locator(".viewer")).not_to_have_attribute("data-scale", "2")
    settled(page, "restored")
    shown = canvas(page)
    width = (shown.shape[1] - 2 * GAP) // 3
    boxes = [shown[:, place * (width + GAP) :][:, :width] for place in range(3)]
    assert boxes[0].std() > 10
    for each in boxes[1:]:
        np.testing.assert_array_equal(each, boxes[0])


def test_ones_own_photo_is_compared_and_each_result_can_be_had(page: Page) -> None:
    page.get_by_role("tab", name="Compare").click()
    add_own(page, "own.png", png(blurred(96, 128)))
    expect(page.get_by_label("Picture", exact=True)).to_have_value("own.png")
    compare(page)
    expect(page.locator(".viewer .tag")).to_have_text(["Before", *OPENING_EXAMPLE[1]])
    made = [download(page, f"what {model} made") for model in OPENING_EXAMPLE[1]]
    assert [name for name, _ in made] == ["own-deblurred.png"] * 2
    strong, small = (decode_image(content).pixels for _, content in made)
    assert strong.shape == small.shape == (96, 128, 3)
    assert not np.array_equal(strong, small)
    page.get_by_role("tab", name="Restore").click()
    expect(page.locator(".shelf")).to_contain_text("own.png")
    expect(page.locator(".shelf")).to_contain_text("not restored yet")


def test_a_photo_that_was_restored_is_the_one_to_compare(page: Page) -> None:
    upload(page, ("seen.png", png(blurred(48, 64))), ("other.png", png(blurred(64, 64))))
    settled(page)
    restore(page)
    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_label("Picture", exact=True)).to_have_value("seen.png")
    expect(page.get_by_label("Dataset")).to_have_value("Your photo")


@pytest.fixture
def opening(page: Page, monkeypatch: pytest.MonkeyPatch) -> Event:
    """The tab is opened, and what it opens on is made once this is set."""
    begun, allowed, open_one = Event(), Event(), restorers.open_restorer

    def held(*wanted: Any) -> Restorer:
        begun.set()
        assert allowed.wait(TIMEOUT_MS / 1000)
        return open_one(*wanted)

    monkeypatch.setattr(restorers, "open_restorer", held)
    monkeypatch.setattr(restorers, "_restored", {})
    page.get_by_role("tab", name="Compare").click()
    assert begun.wait(TIMEOUT_MS / 1000)
    return allowed


@pytest.mark.parametrize("wish", ["add", "compare"])
def test_what_the_tab_opens_on_takes_no_messages_place(
    page: Page, opening: Event, context: BrowserContext, address: str, wish: str
) -> None:
    if wish == "add":
        add_own(page, "notes.png", b"this is text")
    else:
        leave_out_srcnn(page)
        page.get_by_role("button", name="Compare", exact=True).click()
    message = "notes.png is not a picture" if wish == "add" else "choose 2 to 4"
    expect(page.locator("#comparison")).to_contain_text(message)
    opening.set()
    with visit(context, address) as other:  # its turn comes when the first one's is over
        other.get_by_role("tab", name="Compare").click()
        expect(other.locator("#comparison .note")).to_contain_text("camera shake")
    expect(page.locator("#comparison")).to_contain_text(message)


def test_what_is_no_photo_is_told(compared: Page) -> None:
    add_own(compared, "notes.png", b"this is text")
    expect(compared.locator("#comparison")).to_contain_text("notes.png is not a picture")
