"""The viewer shows pixels as they are, and every way of moving it ends at its bounds."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from deblur.catalog import CATALOG, DEFAULT_MODEL
from deblur.page.restorers import COMPARED_MODELS
from tests.browser.canvas import canvas
from tests.browser.photos import blurred, choose, download, opened, png, restore, settled, upload

WIDTH, HEIGHT = 3200, 1200


def at(page: Page) -> tuple[float, float, float]:
    """Where the corner of the box lies in the photo, and how large a pixel is."""
    told = page.locator(".viewer")
    x, y = (float(each) for each in (told.get_attribute("data-at") or "").split(","))
    return x, y, float(told.get_attribute("data-scale") or 0)


@pytest.fixture
def photo() -> np.ndarray:
    """Flat but for one place, which lies beyond what a preview would show."""
    values = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    values[700:1100, 2300:2900] = blurred(400, 600)
    return values


@pytest.fixture
def seen(page: Page, photo: np.ndarray) -> Page:
    upload(page, ("large.png", png(photo)))
    settled(page)
    return page


def shown_part(page: Page, photo: np.ndarray) -> np.ndarray:
    x, y, scale = at(page)
    assert scale == 1
    height, width = canvas(page).shape[:2]
    return photo[round(y) : round(y) + height, round(x) : round(x) + width]


def test_it_opens_at_100_percent_on_the_most_detailed_part_pixel_by_pixel(
    seen: Page, photo: np.ndarray
) -> None:
    x, y, _ = at(seen)
    height, width = canvas(seen).shape[:2]
    assert x < 2300
    assert x + width > 2900
    assert y < 900 < y + height
    np.testing.assert_array_equal(canvas(seen), shown_part(seen, photo))


def test_fit_100_and_200_percent(seen: Page) -> None:
    seen.get_by_role("button", name="Fit").click()
    expect(seen.locator(".viewer")).to_have_attribute("data-fitting", "true")
    assert at(seen)[2] < 0.5
    seen.get_by_role("button", name="200 %").click()
    expect(seen.locator(".viewer")).to_have_attribute("data-scale", "2")
    expect(seen.get_by_role("button", name="200 %")).to_have_attribute("aria-pressed", "true")


def test_dragging_and_keys_end_at_the_bounds(seen: Page) -> None:
    box = seen.locator(".stage").bounding_box()
    assert box is not None
    for _ in range(3):
        seen.mouse.move(box["x"] + 40, box["y"] + 40)
        seen.mouse.down()
        seen.mouse.move(box["x"] + box["width"] - 10, box["y"] + box["height"] - 10, steps=4)
        seen.mouse.up()
    expect(seen.locator(".viewer")).to_have_attribute("data-at", "0,0")
    seen.locator(".stage").focus()
    for _ in range(60):
        seen.keyboard.press("ArrowRight")
    width = canvas(seen).shape[1]
    expect(seen.locator(".viewer")).to_have_attribute("data-at", f"{WIDTH - width},0")
    seen.keyboard.press("0")
    expect(seen.locator(".viewer")).to_have_attribute("data-fitting", "true")


def test_the_wheel_zooms_around_the_pointer_and_two_clicks_go_back_and_forth(seen: Page) -> None:
    box = seen.locator(".stage").bounding_box()
    assert box is not None
    before = at(seen)
    seen.mouse.move(box["x"] + 200, box["y"] + 100)
    seen.mouse.wheel(0, -400)
    expect(seen.locator(".viewer")).not_to_have_attribute("data-scale", "1")
    x, y, scale = at(seen)
    assert scale > 2
    assert abs((x + 200 / scale) - (before[0] + 200)) < 1.5
    assert abs((y + 100 / scale) - (before[1] + 100)) < 1.5
    seen.mouse.dblclick(box["x"] + 300, box["y"] + 100)
    expect(seen.locator(".viewer")).to_have_attribute("data-fitting", "true")
    seen.mouse.dblclick(box["x"] + 300, box["y"] + 100)
    expect(seen.locator(".viewer")).to_have_attribute("data-scale", "1")


@pytest.fixture
def compared(page: Page) -> Page:
    """A photo that its stage holds whole, and its result."""
    upload(page, ("small.png", png(blurred(240, 320))))
    settled(page)
    choose(page, CATALOG[DEFAULT_MODEL].title)
    restore(page)
    return page


def test_the_border_is_a_slider_for_the_keyboard(compared: Page) -> None:
    border = compared.get_by_role("slider", name="Border between before and after")
    expect(border).to_have_attribute("aria-valuenow", "50")
    border.focus()
    compared.keyboard.press("ArrowRight")
    expect(border).to_have_attribute("aria-valuenow", "52")
    compared.keyboard.press("End")
    expect(border).to_have_attribute("aria-valuenow", "100")
    whole = canvas(compared)
    compared.keyboard.press("Home")
    expect(border).to_have_attribute("aria-valuenow", "0")
    assert not np.array_equal(whole, canvas(compared))


def test_hold_shows_before_as_long_as_it_is_held(compared: Page) -> None:
    compared.get_by_role("button", name="Hold to see before").click()
    expect(compared.locator(".viewer")).to_have_attribute("data-mode", "hold")
    after = canvas(compared)
    expect(compared.locator(".tag", has_text="After")).to_be_visible()
    compared.locator(".stage").focus()
    compared.keyboard.down(" ")
    expect(compared.locator(".tag", has_text="Before")).to_be_visible()
    assert not np.array_equal(canvas(compared), after)
    compared.keyboard.up(" ")
    expect(compared.locator(".tag", has_text="After")).to_be_visible()
    np.testing.assert_array_equal(canvas(compared), after)


def test_strength_is_seen_at_once_and_is_in_the_file(compared: Page) -> None:
    full = opened(download(compared)[1])
    compared.get_by_role("button", name="Side by side").click()
    expect(compared.locator(".viewer")).to_have_attribute("data-mode", "side")
    strength = compared.get_by_role("slider", name="Strength")
    strength.fill("0")
    expect(compared.locator("output[for=strength]")).to_have_text("0 %")
    np.testing.assert_array_equal(opened(download(compared)[1]), blurred(240, 320))
    strength.fill("50")
    half = opened(download(compared)[1])
    assert not np.array_equal(half, full)
    assert not np.array_equal(half, blurred(240, 320))
    compared.wait_for_function("document.querySelector('.viewer').dataset.settled === 'true'")
    picture = canvas(compared)
    pane = picture[:, -((picture.shape[1] - 4) // 2) :]
    top, left = (pane.shape[0] - 239) // 2, (pane.shape[1] - 319) // 2
    shown = pane[top : top + 240, left : left + 320].astype(int)
    assert np.abs(shown - half).max() <= 2


def test_a_piece_is_tried_where_its_frame_is_put(seen: Page) -> None:
    choose(seen, CATALOG[DEFAULT_MODEL].title)
    before = canvas(seen)
    frame = seen.get_by_label("Frame of the piece to try")
    frame.focus()
    seen.keyboard.press("ArrowLeft")
    seen.keyboard.press("Enter")
    expect(seen.locator("#message")).to_contain_text("The whole photo: about")
    settled(seen)
    seen.wait_for_function(
        "() => { const v = document.querySelector('.viewer');"
        " return JSON.parse(v.dataset.seen).piece && v.dataset.settled === 'true'; }"
    )
    assert not np.array_equal(canvas(seen), before)


def test_several_models_on_one_piece_to_choose_from(seen: Page) -> None:
    seen.get_by_role("button", name="Try several models here").click()
    pieces = seen.locator(".strip button")
    expect(pieces).to_have_count(len(COMPARED_MODELS))
    pieces.filter(has_text="Largest").click()
    expect(seen.get_by_label("Largest")).to_be_checked()
    restore(seen)
    expect(seen.locator(".facts")).to_contain_text(CATALOG["residual-unet-m"].title)
