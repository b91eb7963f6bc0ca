"""A page that is killed while visitors hand in, vote or restore, again and again.

What the page has said yes to is in its store, each thing once, with no half file and none that was
altered; and the next page removes what visitors had sent to the killed one.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from leaderboard.store.folder_store import FolderStore
from scripts.visitors import Page, RefusedError, Visitor, photo, served

VISITORS = 6
"""Visitors who act until the page is killed."""

MAX_SECONDS = 3.0
"""Seconds, at most, from the first answer to the kill."""

Row = tuple[str, str, bool]
Act = Callable[[Page, int], Any]
"""One thing that a visitor does; returns once the page has said yes."""


def hand_in(page: Page, number: int) -> None:
    """Another record."""
    Visitor(page, number).hand_in(f"kill-{number}", number)


def vote(page: Page, number: int) -> None:
    """One answer of another person."""
    visitor, person = Visitor(page, number), uuid4().hex
    visitor.ask("_begin", [person, None])
    visitor.ask("answer", [person, None])


def restore(page: Page, number: int) -> None:
    """Another photo."""
    Visitor(page, number).restore(photo(96, number))


def entries_of(store: FolderStore) -> int:
    """How many were handed in."""
    return len(store.load().rows)


def votes_of(store: FolderStore) -> int:
    """How many votes there are."""
    return len(store.votes().votes)


KINDS: dict[str, tuple[Act, Callable[[FolderStore], int] | None]] = {
    "submissions": (hand_in, entries_of),
    "votes": (vote, votes_of),
    "restores": (restore, None),
}
"""What is done when the page is killed, and how what was kept of it is counted."""


def kills(folder: Path, count: int, kind: str) -> Row:
    """Kill the page so often amid one kind of work, and look at what is left."""
    act, kept_of = KINDS[kind]
    asked = answered = left = 0
    sent: list[Path] = []
    for _ in range(count):
        with served(folder) as page:
            left += sum(path.exists() for path in sent)
            asked, agreed = _killed_amid(page, act, asked)
            answered += agreed
            sent = [path for path in page.files if "shown" in path.parts]
    with served(folder):
        left += sum(path.exists() for path in sent)
    left += len([*(folder / "files").glob("deblur-arena-page-*")])
    store = FolderStore(folder / "board")
    kept = kept_of(store) if kept_of else answered
    problems = store.load().problems
    told = f"{count} kills amid {kind}: {answered} of {asked} answered, "
    told += f"{kept} kept, " if kept_of else ""
    told += f"{len(problems)} damaged, {left} files or folders left"
    held = answered <= kept <= asked and not problems and not left and answered > 0
    return told, "; ".join(problems)[:200], held


def _killed_amid(page: Page, act: Act, first: int) -> tuple[int, int]:
    """Let visitors act, kill the page soon after the first answer: how many asked so far, and
    how many of them were answered this time."""
    answers: list[int] = []
    one = threading.Event()
    numbers = iter(range(first, first + 1_000_000))
    lock = threading.Lock()
    last = first

    def many() -> None:
        nonlocal last
        while page.process.poll() is None:
            with lock:
                number = next(numbers)
                last = number + 1
            try:
                act(page, number)
            except (RefusedError, httpx.HTTPError, KeyError, ValueError):
                continue
            answers.append(number)
            one.set()

    with ThreadPoolExecutor(VISITORS) as pool:
        for _ in range(VISITORS):
            pool.submit(many)
        one.wait(120)
        time.sleep(random.uniform(0, MAX_SECONDS))
        page.process.kill()
        page.process.wait()
    return last, len(answers)
