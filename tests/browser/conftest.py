"""The served page and a browser, once for all tests that look at it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

import app
from tests.browser.visits import SWITCHES, TIMEOUT_MS, visit


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    yield app.serve("127.0.0.1", port)
    app.demo.close(verbose=False)


@pytest.fixture(scope="session")
def context(chromium: Path) -> Iterator[BrowserContext]:
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        context = browser.new_context()
        context.set_default_timeout(TIMEOUT_MS)
        yield context
        browser.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    with visit(context, address) as page:
        yield page
