"""The page without a mouse: from load to a restored photo, and the focus is never lost."""

from playwright.sync_api import Page, expect

from deblur.image_io import decode_image
from tests.browser.photos import blurred, png, settled, upload

ENOUGH = 40
FOCUSED = """() => {
    const { activeElement: element } = document;
    return element.id || element.dataset.key || element.innerText || element.tagName;
}"""


def focused(page: Page) -> str:
    """What has the focus, once the page has drawn; it is never the body for long."""
    page.wait_for_function("document.activeElement !== document.body")
    return str(page.evaluate(FOCUSED))


def tab_to(page: Page, wanted: str, key: str = "Tab") -> None:
    for _ in range(ENOUGH):
        if focused(page).startswith(wanted):
            return
        page.keyboard.press(key)
    raise AssertionError(f"no way to {wanted}: {focused(page)}")


def test_from_load_to_a_restored_photo(page: Page) -> None:
    page.keyboard.press("Tab")
    for _ in range(ENOUGH):
        page.keyboard.press("Tab")
        if page.evaluate("Boolean(document.activeElement.closest('#photo'))"):
            break
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"  # it opens the chooser
    upload(page, ("a.png", png(blurred(96, 128))))
    settled(page)
    page.wait_for_function("document.activeElement.closest('#photo')")
    tab_to(page, "model-auto")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".models :checked")).not_to_have_value("auto")
    tab_to(page, "restore", "Shift+Tab")
    page.keyboard.press("Enter")
    settled(page, "restored")
    expect(page.locator("#restore")).to_be_visible()
    assert focused(page) == "restore"
    tab_to(page, "divider", "Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("slider", name="Border")).to_have_attribute("aria-valuenow", "52")
    tab_to(page, "download")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename == "a-deblurred.png"
    assert decode_image(started.value.path()).width == 128


def test_an_example_leads_to_restore(page: Page) -> None:
    page.keyboard.press("Tab")
    tab_to(page, "example-0")
    page.keyboard.press("Enter")
    settled(page)
    expect(page.locator("#restore")).to_be_focused()


def test_who_deletes_is_left_at_what_remains(page: Page) -> None:
    upload(page, *((f"{number}.png", png(blurred(48, 64, number))) for number in range(2)))
    expect(page.locator(".shelf li")).to_have_count(2)
    page.get_by_role("button", name="Delete 1.png now").press("Enter")
    expect(page.locator(".shelf li")).to_have_count(1)
    expect(page.locator(".shelf [aria-pressed=true]")).to_be_focused()
    page.get_by_role("button", name="Delete 0.png now").press("Enter")
    expect(page.locator(".shelf")).to_have_count(0)
    expect(page.locator("#photo button").first).to_be_focused()


def test_tabs_and_compare_keep_the_focus(page: Page) -> None:
    for name in ("Leaderboard", "Judge", "Submit", "Restore", "Compare"):
        page.get_by_role("tab", name=name).press("Enter")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
    settled(page, "restored")
    expect(page.get_by_role("tab", name="Compare")).to_be_focused()
    page.get_by_role("button", name="Split").press("Enter")
    page.get_by_role("button", name="Compare", exact=True).press("Enter")
    expect(page.locator("#comparison .note")).to_have_count(0)
    settled(page, "restored")
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_focused()
    expect(page.locator(".viewer")).to_have_attribute("data-mode", "split")
