"""Comparing models in a real browser, on a picture that comes with the project."""

import pytest
from playwright.sync_api import Page, expect

from leaderboard.tabs.compare_tab import TELLING


@pytest.fixture
def compared(page: Page) -> Page:
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator(".panes figure")).to_have_count(4)
    expect(page.locator("#comparison .note")).to_contain_text("a shaken camera")
    return page


def transforms(page: Page) -> list[str]:
    return page.locator(".panes img").evaluate_all(
        "pictures => pictures.map(each => each.style.transform)"
    )


def test_models_stand_side_by_side_with_their_scores(compared: Page) -> None:
    captions = compared.locator(".panes figcaption").all_inner_texts()
    assert [text.split()[0] for text in captions] == [*("blurred", *TELLING[1], "sharp")]
    assert all("PSNR" in text and "SSIM" in text for text in captions[:3])
    first = compared.locator(".panes img").first
    expect(first).to_be_visible()
    assert first.evaluate("each => each.naturalWidth") > 100


def test_one_zoom_moves_all(compared: Page) -> None:
    compared.get_by_role("button", name="300 %").click()
    before = transforms(compared)
    assert len({*before}) == 1
    assert before[0].startswith("scale(3)")
    pane = compared.locator(".pane").nth(1)
    pane.hover()
    compared.mouse.down()
    compared.mouse.move(10, 10)
    compared.mouse.up()
    box = pane.bounding_box()
    assert box is not None
    compared.mouse.move(box["x"] + 100, box["y"] + 100)
    compared.mouse.wheel(0, -200)
    compared.wait_for_function(
        "before => document.querySelector('.panes img').style.transform !== before", arg=before[0]
    )
    assert len({*transforms(compared)}) == 1


def test_error_maps_take_the_pictures_place(compared: Page) -> None:
    errors = compared.locator(".panes img.errors")
    expect(errors).to_have_count(3)
    expect(errors.first).to_be_hidden()
    compared.get_by_label("error maps").check()
    expect(errors.first).to_be_visible()


def test_a_single_model_is_not_compared(page: Page) -> None:
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare-choices").get_by_label("Remove srcnn").or_(
        page.locator("#compare-choices .token-remove").nth(1)
    ).first.click()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#comparison")).to_contain_text("choose 2 to 4")
