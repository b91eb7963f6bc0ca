"""The page under load, over loopback, with bounds: a table of what held and how long it took.

python scripts/load.py [--visitors N] [--submissions N] [--votes N] [--leavings N] [--flood N]
                       [--photos N] [--kills N]

It serves the page itself, on a store and in a folder that are thrown away. Visitors come from
addresses of their own, as a proxy on this machine would say. The figures of docs/performance.md
come from: --visitors 200 --submissions 200 --votes 1500 --leavings 50 --flood 30 --photos 1000
--kills 5
"""

import argparse
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
from PIL import Image

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from leaderboard.store.folder_store import FolderStore  # noqa: E402
from tests.leaderboard.entries import ABOUT, images, record  # noqa: E402

AT_ONCE = 40
"""Visitors who act in the same moment."""

OWN = 2_000_000
"""Bytes of the page's own files, which its quota does not count."""

PATIENCE = 20.0
"""Seconds that a visitor beside a flood waits at most."""

Row = tuple[str, str, bool]


class RefusedError(Exception):
    """The page did not take a request in."""


@dataclass
class Page:
    """A page that is served: its process, address, store and folder."""

    process: subprocess.Popen[str]
    address: str
    root: Path
    base: Path
    functions: dict[str, int] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        """What visitors sent and got."""
        return [path for path in self.base.rglob("*") if path.is_file()]


class Visitor:
    """A session from an address of its own, or from `network`."""

    def __init__(self, page: Page, network: int) -> None:
        self.page, self.session = page, uuid4().hex[:11]
        host = f"198.{18 + network // 65_536 % 2}.{network // 256 % 256}.{network % 256}"
        self.http = httpx.Client(
            base_url=f"{page.address}gradio_api/",
            timeout=600,
            headers={"X-Forwarded-For": host},
        )

    def join(self, name: str, data: list[Any]) -> str:
        """Ask for something; the event's id. Raises RefusedError."""
        body = {"fn_index": self.page.functions[name], "data": data, "session_hash": self.session}
        answer = self.http.post("queue/join", json=body)
        if answer.status_code != 200:
            raise RefusedError(answer.text)
        return str(answer.json()["event_id"])

    def result(self, event: str) -> list[Any]:
        """Wait for what was asked for. Raises RefusedError with what the page says instead."""
        with self.http.stream("GET", f"queue/data?session_hash={self.session}") as stream:
            for line in stream.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed" and message["event_id"] == event:
                    if not message["success"]:
                        raise RefusedError(str(message["output"]))
                    return list(message["output"]["data"])
        raise RefusedError("the stream ended")

    def ask(self, name: str, data: list[Any]) -> list[Any]:
        """Ask for something, and wait for it."""
        return self.result(self.join(name, data))

    def send(self, name: str, content: bytes) -> dict[str, Any]:
        """Upload a file. Raises RefusedError."""
        answer = self.http.post("upload", files={"files": (name, content)})
        if answer.status_code != 200:
            raise RefusedError(answer.text)
        return {"path": answer.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def restore(self, content: bytes, *, wait: bool = True) -> list[Any] | str:
        """Send a photo, see it, and have it restored; with `wait` False only ask for that."""
        self.ask("visit", [uuid4().hex])
        self.ask("take", [None, [self.send("photo.png", content)]])
        self.ask("start", [None, None])
        event = self.join("restore_next", [None, None, "auto auto", "", None])
        return self.result(event) if wait else event


def photo(side: int, seed: int = 0) -> bytes:
    """A PNG, of coarse noise."""
    noise = np.random.default_rng(seed).integers(0, 255, (side // 8, side // 8, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC).save(stream, "PNG")
    return stream.getvalue()


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Page]:
    """The page on a free port, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    root, base = folder / "board", folder / "files"
    base.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "LEADERBOARD_ROOT": str(root),
        "GRADIO_TEMP_DIR": str(base),
        "PORT": port,
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().partition(": ")[2].strip()
        if not address:
            raise RefusedError(f"the page did not start; it ended with {process.wait(60)}")
        config = httpx.get(f"{address}config", timeout=60).json()
        functions = {each["api_name"]: each["id"] for each in config["dependencies"]}
        yield Page(process, address, root, base, functions)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


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

    with ThreadPoolExecutor(AT_ONCE) as pool:
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
        f"{count} visitors, {AT_ONCE} at once: median {median(waits)}, longest {max(waits):.1f} s"
    )
    return told, said(refusals), not refusals


def submissions(page: Page, count: int) -> Row:
    """Everybody hands in another record, each of which is one row."""

    def hand_in(number: int) -> None:
        visitor = Visitor(page, number)
        made = record(f"load-{number}", images(seed=number)).to_json().encode()
        fields = [ABOUT[name] for name in ("licence", "training_data", "contact", "link")]
        answer = visitor.ask("submit", [visitor.send("r.json", made), "", "mini", *fields, ""])
        if not answer[0]["kept"]:
            raise RefusedError(str(answer[0]["complaints"]))

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
        (wait <= PATIENCE),
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
    return told, "", max(waits) <= PATIENCE


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


def kills(folder: Path, count: int) -> Row:
    """A page is killed with files in it, again and again; the next one leaves none of them."""
    left = 0
    for _ in range(count):
        with served(folder) as page:
            sent = Path(Visitor(page, 1).send("photo.png", photo(64))["path"])
            page.process.kill()
            page.process.wait()
        with served(folder) as page:
            left += sent.exists()
    left += len([*(folder / "files").glob("deblur-arena-page-*")])
    return f"{count} kills: {left} files or folders left", "", left == 0


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
        for outside, name in ((bounded_disk, "photos"), (kills, "kills")):
            if size := getattr(asked, name):
                rows.append(outside(folder / name, size))
                print(f"{'held' if rows[-1][2] else 'FELL':5} {rows[-1][0]}  {rows[-1][1]}")
    sys.exit(0 if all(held for *_, held in rows) else 1)


if __name__ == "__main__":
    main()
