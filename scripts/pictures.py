"""Make the pictures of the README anew: python scripts/pictures.py

Restores example photos, and looks at the page in the Chromium that the browser tests use.
Writes JPEGs into docs/pictures.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from deblur import restore  # noqa: E402
from scripts.browser import NO_BROWSER, SWITCHES, find_browser  # noqa: E402
from scripts.visitors import served  # noqa: E402

PICTURES = CHECKOUT / "docs" / "pictures"
EXAMPLES = CHECKOUT / "examples"
WINDOWS = {"fig.jpg": (500, 300), "print.jpg": (60, 60), "stream.jpg": (500, 300)}
"""The examples that the README shows, and the left and the top of what is seen of each."""

WIDTH, HEIGHT = 420, 240
"""Pixels of a window."""

GAP = 8
MAX_WAIT = 60_000


def before_and_after() -> Image.Image:
    """Windows of photos and of their results at 100 %, side by side, a row an example."""
    height = len(WINDOWS) * (HEIGHT + GAP) - GAP
    sheet = Image.new("RGB", (2 * WIDTH + GAP, height), "white")
    for row, (name, (left, top)) in enumerate(WINDOWS.items()):
        photo = Image.open(EXAMPLES / name).convert("RGB")
        for column, shown in enumerate((photo, Image.fromarray(restore(photo).array))):
            window = shown.crop((left, top, left + WIDTH, top + HEIGHT))
            sheet.paste(window, (column * (WIDTH + GAP), row * (HEIGHT + GAP)))
    return sheet


def look(browser: Browser, address: str, language: str, file: Path) -> None:
    """A visitor restores the first example, and the screen is kept."""
    page = browser.new_page(viewport={"width": 1280, "height": 860}, locale=language)
    page.set_default_timeout(MAX_WAIT)
    page.goto(f"{address}?lang={language}")
    page.locator("#photo input[type=file]").set_input_files(EXAMPLES / next(iter(WINDOWS)))
    viewer = page.locator(".viewer")
    expect(viewer).to_have_attribute("data-settled", "true", timeout=MAX_WAIT)
    page.locator("#restore").click()
    expect(viewer).to_have_attribute("data-state", "restored", timeout=MAX_WAIT)
    expect(viewer).to_have_attribute("data-settled", "true", timeout=MAX_WAIT)
    page.screenshot(path=file, type="jpeg", quality=85)
    page.close()


def main() -> None:
    """Make every picture."""
    path = find_browser() or sys.exit(NO_BROWSER)
    PICTURES.mkdir(exist_ok=True)
    before_and_after().save(PICTURES / "before-after.jpg", quality=92, subsampling=0)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as page,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        for language, ending in (("en", ""), ("zh", ".zh")):
            look(browser, page.address, language, PICTURES / f"page{ending}.jpg")
        browser.close()


if __name__ == "__main__":
    main()
