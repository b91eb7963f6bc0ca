"""Visits to the page in a real browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Page, expect

SWITCHES = [
    *("--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]
TIMEOUT_MS = 60_000


@contextmanager
def visit(context: BrowserContext, address: str) -> Iterator[Page]:
    """A visitor of their own: every load of the page is a session."""
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#photo button").first).to_be_visible()
    yield page
    page.close()
