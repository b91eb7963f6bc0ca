"""The page for everybody: any size of screen, both languages, both themes, without a mouse."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from deblur.catalog import CATALOG, DEFAULT_MODEL
from tests.browser.photos import blurred, choose, png, restore, settled, upload

TABS = {
    "Leaderboard": "#board table",
    "Compare": "#compare-choices",
    "Judge": ".exhibits img",
    "Submit": "text=Training data",
}
"""Each tab, and something that is seen when it is there."""
SIZES = [(390, 844), (1280, 800), (1920, 1080)]
MIN_TARGET = 44
ABOVE_ACTIONS = """name => document.querySelector(name).getBoundingClientRect().bottom
    <= document.querySelector("#actions").getBoundingClientRect().top"""
INSIDE = """name => {
    const element = document.querySelector(name);
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
}"""


@contextmanager
def visiting(context: BrowserContext, address: str, **wishes: object) -> Iterator[Page]:
    """Somebody with another screen, language or theme."""
    assert context.browser is not None
    own = context.browser.new_context(**wishes)  # type: ignore[arg-type]
    page = own.new_page()
    page.goto(address)
    expect(page.locator(".languages a")).to_be_visible()
    yield page
    own.close()


@pytest.mark.parametrize("size", SIZES)
def test_content_is_centred_and_restore_stays_in_reach(
    context: BrowserContext, address: str, size: tuple[int, int]
) -> None:
    width, height = size
    with visiting(context, address, viewport={"width": width, "height": height}) as page:
        box = page.locator("main.contain").bounding_box()
        assert box is not None
        assert abs(box["x"] - (width - box["x"] - box["width"])) <= 1
        upload(page, ("a.png", png(blurred(1200, 1600))))
        settled(page)
        page.wait_for_function(INSIDE, arg="#restore")
        choose(page, CATALOG[DEFAULT_MODEL].title)
        restore(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for name in ("#restore", "#download a", ".viewer-bar"):
            page.wait_for_function(INSIDE, arg=name)


def test_a_failure_is_read_above_the_actions_of_a_small_phone(
    context: BrowserContext, address: str
) -> None:
    with visiting(context, address, viewport={"width": 390, "height": 600}) as page:
        upload(page, *((f"{number}.png", png(blurred(96, 128))) for number in range(4)))
        expect(page.locator(".shelf .thumb")).to_have_count(4)
        restore(page)
        page.evaluate("scrollTo(0, 0)")
        upload(page, ("notes.png", b"this is text"))
        expect(page.locator(".failure")).to_be_visible()
        page.wait_for_function(ABOVE_ACTIONS, arg=".failure")


def test_a_finger_hits_what_it_aims_at(context: BrowserContext, address: str) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    with visiting(context, address, **phone) as page:
        upload(page, ("a.png", png(blurred(96, 128))))
        settled(page)
        restore(page)
        wanted = ".viewer button, #actions button, #download a, .thumb, .models summary, .card"
        for target in page.locator(wanted).all():
            if target.is_visible():
                box = target.bounding_box()
                assert box is not None
                assert box["height"] >= MIN_TARGET - 0.5, target.inner_text()


@pytest.mark.parametrize(
    ("asked", "locale", "language"),
    [("", "zh-CN", "zh-Hans"), ("?lang=zh", "en-US", "zh-Hans"), ("?lang=en", "zh-CN", "en")],
)
def test_the_page_speaks_its_visitors_language(
    context: BrowserContext, address: str, asked: str, locale: str, language: str
) -> None:
    with visiting(context, address + asked, locale=locale) as page:
        expect(page.locator("html")).to_have_attribute("lang", language)
        restore = "复原" if language != "en" else "Restore"
        expect(page.get_by_role("tab", name=restore)).to_be_visible()
        page.get_by_role("tab").last.click()
        frameworks = "Drop File Here" if language == "en" else "将文件拖放到此处"
        expect(page.get_by_text(frameworks).locator("visible=true")).to_have_count(1)
        page.get_by_role("link", name="English" if language != "en" else "中文").click()
        other = "en" if language != "en" else "zh-Hans"
        expect(page.locator("html")).to_have_attribute("lang", other)


def test_what_a_handler_answers_is_in_the_pages_language(
    context: BrowserContext, address: str
) -> None:
    with visiting(context, f"{address}zh") as page:
        upload(page, ("a.png", png(blurred(96, 128))), ("no.txt", b"no photo"))
        expect(page.locator(".shelf")).to_contain_text("尚未复原")
        expect(page.get_by_role("alert")).to_contain_text("没有成功")


def test_every_tab_has_an_address(context: BrowserContext, address: str) -> None:
    with visiting(context, f"{address}?tab=compare") as page:
        tab = page.get_by_role("tab", name="Compare")
        expect(tab).to_have_attribute("aria-selected", "true")
        page.get_by_role("tab", name="Judge").click()
        expect(page).to_have_url(f"{address}?tab=judge")
        page.get_by_role("tab", name="Restore").click()
        expect(page).to_have_url(address)


def test_a_shared_link_says_what_it_leads_to(page: Page, address: str) -> None:
    expect(page).to_have_title("Deblur Arena")
    for name in ("og:image", "og:title", "og:description"):
        told = page.locator(f'meta[property="{name}"]')
        expect(told).to_have_count(1)
    picture = page.locator('meta[property="og:image"]').get_attribute("content") or ""
    icon = page.locator('link[rel="icon"]').first.get_attribute("href") or ""
    assert picture.startswith(address)
    assert all(page.request.get(each).status == 200 for each in (picture, icon))


def complaints(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_tab_shuts_anybody_out(context: BrowserContext, address: str, theme: str) -> None:
    with visiting(context, address, color_scheme=theme) as page:
        assert complaints(page) == []
        upload(page, ("a.png", png(blurred(96, 128))))
        settled(page)
        choose(page, CATALOG[DEFAULT_MODEL].title)
        restore(page)
        upload(page, ("no.txt", b"no photo"))
        expect(page.get_by_role("alert")).to_be_visible()
        assert complaints(page) == []
        for name, seen in TABS.items():
            page.get_by_role("tab", name=name).click()
            expect(page.locator(seen).first).to_be_visible()
            assert complaints(page) == [], name
