"""What the first visitor of a page waits for, in a browser that has nothing of it yet.

python scripts/page_times.py [--rounds 5]

It serves the page on this machine only, with the board that comes with the project, and visits it
with the Chromium that the tests use, over loopback. Each round begins with an empty cache. First
paint is what the browser itself reports; the least and the median of all rounds are printed.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from scripts.browser import SWITCHES, find_browser  # noqa: E402
from scripts.visitors import served  # noqa: E402

_NOW = "performance.now() / 1000"
_PAINTED = """
() => performance.getEntriesByName("first-contentful-paint").map(({ startTime }) => startTime)[0]
"""
_BYTES = """
() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)
"""
_OPEN_AND_WAIT = """
(tab) => new Promise((done) => {
  const start = performance.now();
  const look = () => document.querySelector("#board tbody tr")?.getClientRects().length
    ? requestAnimationFrame(() => done((performance.now() - start) / 1000))
    : requestAnimationFrame(look);
  tab.click();
  look();
})
"""


def visited(browser: Browser, address: str) -> Mapping[str, float]:
    """What one visitor waits for, in seconds, and gets, in megabytes."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    button = page.locator("#photo button").first
    expect(button).to_be_visible(timeout=60_000)
    ready = page.evaluate(_NOW)
    painted = page.wait_for_function(_PAINTED).json_value()
    megabytes = page.evaluate(_BYTES) / 1e6
    opened = page.get_by_role("tab", name="Leaderboard").evaluate(_OPEN_AND_WAIT)
    context.close()
    return {
        "s  first contentful paint": painted / 1000,
        "s  the page can be used": ready,
        "s  the Leaderboard's first opening": opened,
        "MB that came for it, compressed": megabytes,
    }


def main() -> None:
    """Visit the page, and print what was waited for."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    board = str(CHECKOUT / "leaderboard" / "data")
    with (
        tempfile.TemporaryDirectory() as base,
        sync_playwright() as playwright,
        served(Path(base), LEADERBOARD_ROOT=board) as page,
    ):
        browser = playwright.chromium.launch(executable_path=find_browser(), args=SWITCHES)
        seen = [visited(browser, page.address) for _ in range(rounds)]
        browser.close()
    print(f"{'least':>8} {'median':>8}  of {rounds} visits")
    for what in seen[0]:
        values = [each[what] for each in seen]
        print(f"{min(values):8.2f} {statistics.median(values):8.2f}  {what}")


if __name__ == "__main__":
    main()
