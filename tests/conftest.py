"""What every test shares: no network, and one browser."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from scripts.browser import NO_BROWSER, find_browser

if TYPE_CHECKING:
    from tests.loopback_hub import Hub

os.environ |= {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}

# A shell has its background ignore Ctrl-C: these tests, and every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("quick", max_examples=50, deadline=None)
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def _untuned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `tune` measured for whoever runs the tests changes nothing in them."""
    monkeypatch.setattr("deblur.backends.tuned._file", lambda: tmp_path / "untuned.json")


@pytest.fixture
def hub(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator["Hub"]:
    """A Hub on this machine, to which this process's client turns, without a token."""
    from tests.loopback_hub import loopback_hub

    with loopback_hub() as hub:
        hub.adopt(monkeypatch, tmp_path_factory.mktemp("home"))
        yield hub


@pytest.fixture
def ray_for_tests() -> Iterator[None]:
    """A cluster that Ray starts when it is asked for is gone after the test."""
    yield
    import ray

    ray.shutdown()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's executable; a machine without one fails the tests that need it."""
    browser = find_browser()
    if browser is None:
        pytest.fail(NO_BROWSER)
    return browser
