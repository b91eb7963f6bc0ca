"""How long a large board takes to load, to rank, to show, and in a browser to open and to sort.

python scripts/board_times.py [--rows 5000] [--votes 50000] [--datasets 1] [--pictures 100]
                              [--browser]

The runs and votes are made up; all runs of a dataset are of models of their own under one
protocol, so that all are ranked together. `--browser` also serves the page, on this machine only,
and visits it with the Chromium that the tests use.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from deblur.records.run_result import RunResult, dataset_digest, mean_scores  # noqa: E402
from deblur.records.run_result import read_record as read  # noqa: E402
from leaderboard.judging.questions import contestants  # noqa: E402
from leaderboard.judging.votes import BLURRED, SHARP, Preference, Rating, id_of  # noqa: E402
from leaderboard.store.files import VOTES, place_of  # noqa: E402
from leaderboard.store.folder_store import Board, FolderStore  # noqa: E402
from leaderboard.table.cells import board_html  # noqa: E402
from leaderboard.table.table import build_table  # noqa: E402
from leaderboard.table.views import View  # noqa: E402
from leaderboard.tabs.board_plots import figures_of  # noqa: E402
from leaderboard.tabs.leaderboard_tab import MAX_ROWS, write_downloads  # noqa: E402
from scripts.browser import SWITCHES, find_browser  # noqa: E402
from scripts.visitors import served  # noqa: E402

PATTERN = CHECKOUT / "tests" / "records" / "record-of-schema-2.json"
DAY, GRADES = "2026-01-01", (1, 2, 3, 4, 5)
ANSWERS = 40
"""What one person answers, a check among it."""


def made_up(pattern: RunResult, number: int, dataset: str, pictures: int) -> RunResult:
    """A record of a model of its own, whose scores are around those of the pattern."""
    random = np.random.default_rng(number)
    noise = random.normal(0, 2) + random.normal(0, 1, pictures)
    images = tuple(
        pattern.images[0].model_copy(
            update={"id": f"{place:04}", "scores": {"psnr": 28 + float(by), "ssim": 0.8}}
        )
        for place, by in enumerate(noise)
    )
    about = {"name": dataset, "images": pictures, "digest": dataset_digest(images)}
    changes = {
        "dataset": pattern.dataset.model_copy(update=about),
        "model": pattern.model.model_copy(update={"name": f"model-{number}"}),
        "images": images,
        "metrics": {name: pattern.metrics[name] for name in ("psnr", "ssim")},
        "means": mean_scores(images, ["psnr", "ssim"]),
        "cost": None,
    }
    return pattern.model_copy(update=changes)


def write_runs(root: Path, rows: int, datasets: int, pictures: int) -> None:
    """Measured runs, spread over some datasets."""
    pattern = read(PATTERN)
    for number in range(rows):
        record = made_up(pattern, number, f"made-up-{number % datasets}", pictures)
        path = root / place_of(record)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record.to_json())


def write_votes(root: Path, count: int) -> None:
    """Ratings on the embedded photos by people who have passed a check."""
    random, models = np.random.default_rng(0), contestants()
    for number in range(count):
        about: dict[str, Any] = {
            "rater": f"{number // ANSWERS:016x}",
            "dataset": "mini",
            "date": DAY,
        }
        photo = f"photo-{number % ANSWERS}"
        vote: Rating | Preference
        if number % ANSWERS:
            shown = (models[int(random.integers(len(models)))],)
            vote = Rating(**about, photo=photo, shown=shown, grade=random.choice(GRADES))
        else:
            vote = Preference(**about, photo=photo, shown=(BLURRED, SHARP), choice="right")
        path = root / VOTES / id_of(vote)[:2] / f"{id_of(vote)}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(vote.model_dump_json())


def told(what: str, act: Callable[[], Any]) -> Any:
    """Carry something out, and print how long it took."""
    start = time.perf_counter()
    found = act()
    print(f"{time.perf_counter() - start:8.2f} s  {what}", flush=True)
    return found


def make_ready(board: Board, folder: Path) -> None:
    """All that the page is sent of a dataset."""
    table = build_table(board, "made-up-0")
    board_html(table.frame.head(MAX_ROWS), View().shown(table), board.rows)
    write_downloads(table, folder)
    figures_of(table, table.frame.head(MAX_ROWS), board)


def on_the_server(root: Path, folder: Path) -> None:
    """What the page's process does when it starts, and for its visitors."""
    told("the first server reads every run and vote", FolderStore(root).load)
    store = FolderStore(root)
    told("the next server loads the board", store.load)
    told("its next visitor's board", store.load)
    board = store.load()
    told("the first table: ranks", lambda: build_table(board, "made-up-0"))
    told("the same, made ready for the page", lambda: make_ready(board, folder))
    shown = (contestants()[0],)
    store.add_vote(
        Rating(attempt=0, rater="f" * 16, dataset="mini", photo="p", date=DAY, shown=shown, grade=5)
    )
    told("the board after a new vote", store.load)


def in_the_browser(address: str) -> None:
    """What visitors wait for: the first one, the next one, and to sort."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=SWITCHES)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        expect.set_options(timeout=120_000)
        for visitor in ("first", "second", "third"):
            told(f"the {visitor} visitor sees the table", lambda: see_table(page, address))
        for click in ("once", "again"):
            print(f"{sorting(page) / 1000:8.3f} s  it is sorted by model, {click}", flush=True)
        browser.close()


def see_table(page: Page, address: str) -> None:
    """Open the board, and wait for its first row."""
    page.goto(f"{address}?board=made-up-0")
    expect(page.locator("#board tbody tr").first).to_be_visible()


def sorting(page: Page) -> float:
    """Milliseconds from a click on the header of the models until other rows are painted."""
    head = page.locator('#board [data-sort-by="model"]')
    expect(head).to_be_visible()
    return float(head.evaluate(_CLICK_AND_WAIT))


_CLICK_AND_WAIT = """
(head) => new Promise((done) => {
  const first = () => document.querySelector("#board tbody tr")?.dataset.id;
  const before = first(), start = performance.now();
  head.click();
  const look = () => first() === before && performance.now() - start < 30000
    ? requestAnimationFrame(look)
    : requestAnimationFrame(() => done(performance.now() - start));
  requestAnimationFrame(look);
})
"""


def main() -> None:
    """Make the board, and print seconds."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = {"rows": 5000, "votes": 50_000, "datasets": 1, "pictures": 100}
    for name, size in sizes.items():
        options.add_argument(f"--{name}", type=int, default=size)
    options.add_argument("--browser", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary, "board")
        write_runs(root, asked.rows, asked.datasets, asked.pictures)
        write_votes(root, asked.votes)
        on_the_server(root, Path(temporary))
        if asked.browser:
            with served(Path(temporary), LEADERBOARD_ROOT=str(root)) as page:
                in_the_browser(page.address)


if __name__ == "__main__":
    main()
