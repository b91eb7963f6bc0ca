"""The page under load, over loopback, with bounds: a table of what held and how long it took.

python scripts/load.py [--visitors N] [--submissions N] [--votes N] [--leavings N] [--flood N]
                       [--photos N] [--kills N]

It serves the page itself, on a store and in a folder that are thrown away. Visitors come from
addresses of their own, as a proxy on this machine would say. The figures of docs/performance.md
come from: --visitors 200 --submissions 200 --votes 1500 --leavings 50 --flood 30 --photos 1000
--kills 20 (so many amid each kind of work)
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import numpy as np

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from leaderboard.store.folder_store import FolderStore  # noqa: E402
from scripts.kills import KINDS, kills  # noqa: E402
from scripts.visitors import Page, RefusedError, Visitor, photo, served  # noqa: E402

VISITORS = 40
"""Visitors who act in the same moment."""

OWN = 2_000_000
"""Bytes of the page's own files, which its quota does not count."""

MAX_WAIT = 20.0
"""Seconds that a visitor beside a flood waits at most."""

Row = tuple[str, str, bool]


def timed(act: Callable[[int], Any], count: int) -> tuple[list[float], list[str]]:
    """Let many act at once: the seconds of each who was served, and what others were told."""
    waits: list[float] = []
    refusals: list[str] = []

    def one(number: int) -> None:
        start = time.perf_counter()
        try:
            act(number)
            waits.append(time.perf_counter() - start)
        except (RefusedError, httpx.HTTPError) as error:
            refusals.append(f"{type(error).__name__}: {error}")

    with ThreadPoolExecutor(VISITORS) as pool:
        list(pool.map(one, range(count)))
    return waits or [float("nan")], refusals


def visits(page: Page, count: int) -> Row:
    """Everybody opens the board, and has a photo restored that only they sent."""

    def visit(number: int) -> None:
        visitor = Visitor(page, number)
        visitor.ask("begin", [])
        shown = visitor.restore(photo(64 + 8 * (number % 16), number))
        size = 64 + 8 * (number % 16)
        if f"{size * size / 1e6:.1f} MP" not in str(shown):
            raise RefusedError("somebody else's photo")

    waits, refusals = timed(visit, count)
    told = (
        f"{count} visitors, {VISITORS} at once: median {median(waits)}, longest {max(waits):.1f} s"
    )
    return told, said(refusals), not refusals


def submissions(page: Page, count: int) -> Row:
    """Everybody hands in another record, each of which is one row."""

    def hand_in(number: int) -> None:
        Visitor(page, number).hand_in(f"load-{number}", number)

    waits, refusals = timed(hand_in, count)
    rows = FolderStore(page.root).load().rows
    kept = int((rows["kind"] == "self-reported").sum())
    told = f"{count} submissions: {kept} rows, median {median(waits)}, longest {max(waits):.1f} s"
    return told, said(refusals), kept == count


def votes(page: Page, count: int) -> Row:
    """Everybody answers ten questions; each answer is one vote."""
    each = 10

    def judge(number: int) -> None:
        visitor = Visitor(page, number)
        person = uuid4().hex
        visitor.ask("_begin", [person, None])
        for _ in range(each):
            visitor.ask("answer", [person, None])

    waits, refusals = timed(judge, max(1, count // each))
    kept = len(FolderStore(page.root).votes().votes)
    told = f"{count} votes: {kept} kept, ten in {median(waits)}, longest {max(waits):.1f} s"
    return told, said(refusals), kept == max(1, count // each) * each


def leavings(page: Page, count: int) -> Row:
    """Many ask for a large photo and leave; the next visitor waits for none of them."""
    content = photo(1024)
    _, refusals = timed(lambda number: Visitor(page, number).restore(content, wait=False), count)
    start = time.perf_counter()
    Visitor(page, 60_000).restore(photo(96))
    wait = time.perf_counter() - start
    return (
        f"{count} leave while they wait: the next one waits {wait:.1f} s",
        said(refusals),
        (wait <= MAX_WAIT),
    )


def flood(page: Page, count: int) -> Row:
    """One network asks for large photos in many sessions; a visitor from another comes beside."""
    content = photo(2048)

    def many(number: int) -> None:
        visitor = Visitor(page, 0)
        event = visitor.restore(content, wait=False)
        visitor.result(str(event))

    background = Thread(target=timed, args=(many, count), daemon=True)
    background.start()
    time.sleep(5)
    waits = []
    for number in range(3):
        start = time.perf_counter()
        Visitor(page, 50_000 + number).restore(photo(96))
        waits.append(time.perf_counter() - start)
    background.join()
    told = (
        f"a flood of {count}: visitors beside it wait {median(waits)}, longest {max(waits):.1f} s"
    )
    return told, "", max(waits) <= MAX_WAIT


def bounded_disk(folder: Path, count: int) -> Row:
    """Many photos, and a quota that half of them fill: more than that is never there."""
    each, most = 200_000, 0
    quota = count * each // 2
    with served(folder, PAGE_GIGABYTES=str(quota / 1e9)) as page:
        visitor, refused = Visitor(page, 1), 0
        for number in range(count):
            try:
                visitor.send(f"{number}.png", np.random.default_rng(number).bytes(each))
            except RefusedError:
                refused += 1
            if number % 50 == 0 or number + 1 == count:
                most = max(most, sum(path.stat().st_size for path in page.files))
        answers = httpx.get(page.address, timeout=60).status_code == 200
    told = (
        f"{count} photos of {each / 1e6} MB, {quota / 1e6:.0f} MB of disk: at most "
        f"{most / 1e6:.1f} MB there, {refused} refused"
    )
    return told, "", answers and most <= quota + OWN


def median(values: list[float]) -> str:
    """The middle one, in seconds."""
    return f"{sorted(values)[len(values) // 2]:.1f} s"


def said(refusals: list[str]) -> str:
    """How many were refused, and what the first was told."""
    if not refusals:
        return ""
    return f"{len(refusals)} refused: {' '.join(refusals[0].split())[:120]}"


def main() -> None:
    """Carry out what is asked for, and print the table; exit code 1 where anything fell."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = {"visitors": 12, "submissions": 12, "votes": 40, "leavings": 6, "flood": 12}
    for name, size in {**sizes, "photos": 40, "kills": 1}.items():
        options.add_argument(f"--{name}", type=int, default=size)
    asked = options.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with served(folder / "page") as page:
            for act, name in (
                (visits, "visitors"),
                (submissions, "submissions"),
                (votes, "votes"),
                (leavings, "leavings"),
                (flood, "flood"),
            ):
                if size := getattr(asked, name):
                    rows.append(act(page, size))
                    print(f"{'held' if rows[-1][2] else 'FELL':5} {rows[-1][0]}  {rows[-1][1]}")
        apart: list[tuple[Callable[[Path, int], Row], str, str]] = [
            (bounded_disk, "photos", "photos"),
            *((partial(kills, kind=kind), "kills", kind) for kind in KINDS),
        ]
        for outside, name, place in apart:
            if size := getattr(asked, name):
                rows.append(outside(folder / place, size))
                print(f"{'held' if rows[-1][2] else 'FELL':5} {rows[-1][0]}  {rows[-1][1]}")
    sys.exit(0 if all(held for *_, held in rows) else 1)


if __name__ == "__main__":
    main()
