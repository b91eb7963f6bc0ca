"""The page served on this machine, and visitors who talk to it as a browser does."""

import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import httpx
import numpy as np
from PIL import Image

from tests.leaderboard.entries import ABOUT, images, record

CHECKOUT = Path(__file__).parents[1]
PORTS = range(20_000, 30_000)
"""Below those that a system gives to connections: a page takes seconds to start, and one of those
may be somebody else's by then."""

MAX_ATTEMPTS = 3
"""So many ports are tried."""

SECONDS_TO_END = 60
"""A page that was asked to end has so long."""


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

    def hand_in(self, model: str, seed: int) -> None:
        """Submit a record of a model's. Raises RefusedError where it is not kept."""
        made = record(model, images(seed=seed)).to_json().encode()
        about = [ABOUT[name] for name in ("licence", "training_data", "contact", "link")]
        answer = self.ask("submit", [self.send("r.json", made), "", "mini", *about, ""])
        if not answer[0]["kept"]:
            raise RefusedError(str(answer[0]["complaints"]))

    def restore(self, content: bytes, *, wait: bool = True) -> list[Any] | str:
        """Send a photo, see it, and have it restored; with `wait` False only ask for that."""
        key = uuid4().hex
        self.ask("visit", [key])
        self.ask("take", [key, [self.send("photo.png", content)]])
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
    """The page on a store and with files below a folder, until the block ends.

    Raises RefusedError, with what the page said, where it does not start or does not end.
    """
    root, base = folder / "board", folder / "files"
    base.mkdir(parents=True, exist_ok=True)
    settings = {"LEADERBOARD_ROOT": str(root), "GRADIO_TEMP_DIR": str(base), **settings}
    with tempfile.TemporaryFile("w+") as said:
        process, address = _started({**os.environ, **settings}, said)
        try:
            config = httpx.get(f"{address}config", timeout=60).json()
            functions = {each["api_name"]: each["id"] for each in config["dependencies"]}
            yield Page(process, address, root, base, functions)
        finally:
            _end(process, said)


def _started(environment: dict[str, str], said: IO[str]) -> tuple[subprocess.Popen[str], str]:
    """A page and its address; another port where the first one is taken."""
    for _ in range(MAX_ATTEMPTS):
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=CHECKOUT,
            env={**environment, "PORT": _free_port()},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        assert process.stdout is not None
        if address := process.stdout.readline().partition(": ")[2].strip():
            return process, address
        process.wait()
    raise RefusedError(f"the page did not start: {_last_lines(said)}")


def _free_port() -> str:
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
            return str(port)
    raise RefusedError(f"no port from {PORTS[0]} to {PORTS[-1]} is free")


def _end(process: subprocess.Popen[str], said: IO[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise RefusedError(f"the page did not end when asked: {_last_lines(said)}") from None


def _last_lines(said: IO[str]) -> str:
    said.seek(0)
    return " ".join(said.read().split())[-400:]
