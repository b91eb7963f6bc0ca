"""A model that has to be fetched: its mark, its bytes while it comes, and Cancel."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from deblur.catalog import CATALOG
from tests.browser.photos import blurred, choose, png, settled, upload
from tests.browser.served import served
from tests.browser.visits import visit
from tests.loopback_hub import Hub

REF = CATALOG["nafnet-reds"].weights[0]


@pytest.fixture
def home(hub: Hub, tmp_path: Path) -> Iterator[Path]:
    """What a page keeps from a Hub that sends half of a file, and the rest never."""
    hub.add_repo(REF.repo or "").commit({REF.file: os.urandom(300_000)})
    hub.hold = Event()
    yield tmp_path / "home"
    hub.hold.set()


@pytest.fixture
def page(context: BrowserContext, hub: Hub, home: Path, tmp_path: Path) -> Iterator[Page]:
    settings = hub.environment(home, HF_HUB_OFFLINE="0")
    with served(tmp_path / "board", **settings) as address, visit(context, address) as page:
        yield page


def test_it_is_marked_shows_its_bytes_and_is_cancelled(page: Page, home: Path) -> None:
    upload(page, ("photo.png", png(blurred(640, 640))))
    settled(page)
    choose(page, "NAFNet, REDS")
    expect(page.locator(".models")).to_contain_text("(has to be fetched: 92 MB)")
    for start in (page.get_by_role("button", name="Restore", exact=True), None):
        (start or page.get_by_role("button", name="Try this piece")).click()
        expect(page.get_by_text("Fetching the model: 0.1 of 0.3 MB")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Restore", exact=True)).to_be_enabled()
        settled(page)
    expect(page.get_by_text("That did not work")).to_have_count(0)
    assert not [*home.rglob(REF.file)]
